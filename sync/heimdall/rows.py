"""The rows that the server answers, as far as a sync looks at them."""

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field

from sync.model.endpoint import Endpoint


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds an invalid character (half of a surrogate pair)") from None
    return text


Text = Annotated[str, AfterValidator(_unicode)]
"""Text that can be written down again."""

Moment = Annotated[datetime, Field(strict=False), AfterValidator(_in_utc)]
"""A moment as ISO 8601 text, UTC where it names no zone."""

Total = Annotated[int, Field(ge=0, le=100_000)]
"""How many rows a list has; no environment has as many as the bound."""


class Row(BaseModel):
    """A row of a list: what else it holds (people, times) is dropped on reading."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    id: int


R = TypeVar("R", bound=Row)
T = TypeVar("T")

FirstWrong = Annotated[list[T], FailFast()]
"""A list that is read up to its first wrong row: an error for each would cost far more than the rows."""


class NamedRow(Row):
    """A role or a group, or a role that a group holds, or an action that a role holds."""

    name: Text
    description: Text | None = None


class ActionRow(NamedRow):
    """An action. `endpoint_count` is how many mappings ask for it."""

    endpoint_count: int | None = None


class ResolvedRow(BaseModel):
    """The mapping that wins a request, and the action that the server asks for, by name."""

    path_pattern: Text
    method: Text
    action: Text

    @property
    def name(self) -> str:
        """Return what identifies the mapping in every environment."""
        return str(Endpoint(self.method, self.path_pattern))


class MappingRow(ResolvedRow, Row):
    """A mapping as the list of all shows it."""

    description: Text | None = None
    created_at: Moment
    updated_at: Moment | None = None

    @property
    def written(self) -> datetime:
        """Return when the mapping was last written."""
        return self.updated_at or self.created_at


class Page(BaseModel, Generic[R]):
    """A page of a list that has `total` rows."""

    items: FirstWrong[R]
    total: Total


class RolePage(Page[NamedRow]):
    """A page of roles."""


class ActionPage(Page[ActionRow]):
    """A page of actions."""

    items: FirstWrong[ActionRow] = Field(alias="actions")


class MemberRow(BaseModel):
    """A member of a group; who it is is not read."""

    joined_at: str


class Me(BaseModel):
    """The user whose token it is."""

    cpf: str
    groups: list[str] = []
    roles: list[str] = []
