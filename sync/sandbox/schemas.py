"""Bodies of requests and answers. What they accept and publish is what the real server does."""

from typing import Annotated, Generic, Self, TypeVar

from pydantic import BaseModel, Field

from sync.sandbox.rows import ActionRow, MappingRow

MAX_PAGE = 100
"""The most rows that one page of a list has."""

NAME_PATTERN = r"^[a-z0-9_:]+$"
METHOD_PATTERN = r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$"

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=NAME_PATTERN)]
RenamedAction = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9_:-]+$")]
Reference = Annotated[str, Field(pattern=NAME_PATTERN)]
Cpf = Annotated[str, Field(pattern=r"^[0-9]{11}$")]
Description = Annotated[str, Field(min_length=1, max_length=500)]
MappingDescription = Annotated[str, Field(max_length=500)]
PathPattern = Annotated[str, Field(min_length=1, max_length=255)]
Method = Annotated[str, Field(pattern=METHOD_PATTERN)]
ActionId = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]

T = TypeVar("T")


class ActionCreateRequest(BaseModel):
    """A new action."""

    name: Name
    description: Description


class ActionUpdateRequest(BaseModel):
    """What to change about an action; null and absent fields stay as they are."""

    name: RenamedAction | None = None
    description: Description | None = None


class RoleCreateRequest(BaseModel):
    """A new role."""

    name: Name
    description: Description


class RoleUpdateRequest(BaseModel):
    """A role's new description, where the API publishes such an update."""

    description: Description


class RoleActionRequest(BaseModel):
    """The action that a role is given."""

    action_name: Reference


class RoleAssignRequest(BaseModel):
    """The role that a group is given."""

    role_name: Reference


class GroupCreateRequest(BaseModel):
    """A new group."""

    name: Name
    description: Description


class GroupUpdateRequest(BaseModel):
    """A group's new description, where the API publishes such an update."""

    description: Description


class AddMemberRequest(BaseModel):
    """Who joins a group."""

    subject: Cpf


class MappingCreateRequest(BaseModel):
    """A new mapping."""

    path_pattern: PathPattern
    method: Method
    action_id: ActionId
    description: MappingDescription | None = None


class MappingUpdateRequest(BaseModel):
    """What to change about a mapping; null and absent fields stay as they are."""

    path_pattern: PathPattern | None = None
    method: Method | None = None
    action_id: ActionId | None = None
    description: MappingDescription | None = None


class PaginatedResponse(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    total: Count
    skip: Count
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)]
    has_more: bool

    @classmethod
    def cut(cls, rows: list[T], skip: int, limit: int) -> Self:
        """Return the page of `rows` that begins after `skip` of them."""
        items = rows[skip : skip + limit]
        return cls(items=items, total=len(rows), skip=skip, limit=limit, has_more=skip + limit < len(rows))


class ActionResponse(BaseModel):
    """An action, with the number of its mappings."""

    id: int
    name: str
    description: str | None = None
    endpoint_count: int = 0

    @classmethod
    def of(cls, action: ActionRow, endpoint_count: int) -> Self:
        """Return what is shown of an action."""
        return cls(
            id=action.id, name=action.name, description=action.description, endpoint_count=endpoint_count
        )


class ActionListResponse(BaseModel):
    """A part of the list of actions."""

    actions: list[ActionResponse]
    total: int
    skip: int
    limit: int


class RoleActionItem(BaseModel):
    """An action that a role holds."""

    id: int
    name: str
    description: str | None = None


class RoleResponse(BaseModel):
    """A role."""

    id: int
    name: str
    description: str
    created_by: str | None = None
    created_at: str | None = None


class RoleActionResponse(BaseModel):
    """What became of giving an action to a role."""

    status: str
    role: str
    action: str


class RoleAssignmentResponse(BaseModel):
    """What became of giving a role to a group."""

    status: str
    group: str
    role: str


class GroupResponse(BaseModel):
    """A group."""

    id: int
    name: str
    description: str
    created_by: str | None = None
    created_at: str


class GroupMemberResponse(BaseModel):
    """A member of a group."""

    subject: str
    display_name: str | None = None
    joined_at: str
    added_by: str | None = None


class MembershipResponse(BaseModel):
    """What became of adding a member."""

    status: str
    group: str
    subject: str


class MappingResponse(BaseModel):
    """The mapping that decides a request."""

    mapping_id: int
    action: str
    path_pattern: str
    method: str
    description: str | None = None


class MappingDetailResponse(BaseModel):
    """A mapping, with the name of its action."""

    id: int
    path_pattern: str
    method: str
    action: str
    description: str | None = None
    created_by: str | None = None
    created_at: str
    updated_at: str | None = None

    @classmethod
    def of(cls, mapping: MappingRow, action: str) -> Self:
        """Return what is shown of a mapping whose action has that name."""
        return cls(
            id=mapping.id,
            path_pattern=mapping.path_pattern,
            method=mapping.method,
            action=action,
            description=mapping.description,
            created_by=mapping.created_by,
            created_at=mapping.created_at,
            updated_at=mapping.updated_at,
        )


class UserResponse(BaseModel):
    """A user, with the groups they are in and the roles they hold, directly or through those groups."""

    id: int
    cpf: Cpf
    display_name: str | None = None
    groups: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)
