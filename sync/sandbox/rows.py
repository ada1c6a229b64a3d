"""The rows of the sandbox's tables. Times are text as the API writes it.

Actions and mappings are referred to by id, the rest by name.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action. Rows older than the server's rules have no description."""

    id: int
    name: str
    description: str | None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role."""

    id: int
    name: str
    description: str
    created_by: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group."""

    id: int
    name: str
    description: str
    created_by: str | None
    created_at: str


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A mapping. The later `updated_at`, the earlier it is asked to decide."""

    id: int
    path_pattern: str
    method: str
    action_id: int
    description: str | None
    created_by: str | None
    created_at: str
    updated_at: str

    @property
    def endpoint(self) -> tuple[str, str]:
        """Return what no other mapping has: method and path pattern."""
        return self.method, self.path_pattern


@dataclass(frozen=True, slots=True)
class UserRow:
    """Someone whose token was seen, or who was made a member. `cpf` is the token's user name."""

    id: int
    cpf: str
    display_name: str | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A user's place in a group."""

    subject: str
    joined_at: str
    added_by: str | None
