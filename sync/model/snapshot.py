"""What an environment is configured with: everything by name, in canonical order, without ids.

Shapes follow `snapshot.json`: what is written to such a file is these models, and what is read from it is
validated by these models.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from sync.model.endpoint import Endpoint
from sync.model.ranking import Ranking

SUPERADMIN = "superadmin"
"""The role that has every permission, holds no action edges, and can't be changed or deleted."""

READABLE_ROLES = 50
"""How many roles, by name, a server shows and changes the actions of; it answers 404 for the others."""


def fits_in_url(name: str) -> bool:
    """Tell whether a name can be a segment of a URL's path: servers take `%2F` for a slash and drop `..`."""
    return "/" not in name and name not in {"", ".", ".."}


class Kind(StrEnum):
    """What an environment is configured with, in the order in which people are told about it."""

    ACTION = "action"
    ROLE = "role"
    MAPPING = "mapping"
    GROUP = "group"

    @property
    def plural(self) -> str:
        """Return the kind's name for many of it: `roles`."""
        return f"{self.value}s"


class Value(BaseModel):
    """An immutable value that knows no field but its own."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        defer_build=True,  # until one is made, which `--help` never does
    )

    def canonical_json(self) -> str:
        """Return the value as JSON that is the same for equal values."""
        return self.model_dump_json(by_alias=True)


def _text_or_empty(description: str | None) -> str:
    return description or ""


def _names_in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        msg = f"is listed twice: {', '.join(map(repr, repeated[:5]))}"
        raise ValueError(msg)
    return tuple(sorted(names))


Description = Annotated[str, BeforeValidator(_text_or_empty)]
"""A description; none at all and an empty one are the same, and a run says once where mappings have both."""

Names = Annotated[tuple[str, ...], AfterValidator(_names_in_order)]
"""A set of names, written in order."""


class Action(Value):
    """Something that a role may allow."""

    name: str
    description: Description = ""


class Role(Value):
    """A set of actions. `actions` is None where the server shows the role but not what it holds."""

    name: str
    description: Description = ""
    actions: Names | None = ()

    @property
    def readable(self) -> bool:
        """Tell whether the server showed the role's actions."""
        return self.actions is not None


class Mapping(Value):
    """An endpoint (a method and a pattern of paths) and the action it takes to call it."""

    method: str = Field(pattern=r"^\S+$")
    path_pattern: str
    action: str
    description: Description = ""

    @property
    def name(self) -> str:
        """Return what identifies the mapping in every environment: `GET /users/me$`."""
        return f"{self.method} {self.path_pattern}"  # as `Endpoint` writes it, in half the time

    @classmethod
    def named(cls, name: str, action: str, description: str = "") -> Self:
        """Return the mapping of a name (`GET /users/me$`)."""
        method, pattern = Endpoint.parse(name)
        return cls(method=method, path_pattern=pattern, action=action, description=description)


class Group(Value):
    """A set of roles. Users are members of groups, and no part of any of this.

    `roles` is None where the server shows the group but not what it holds.
    """

    name: str
    description: Description = ""
    roles: Names | None = ()

    @property
    def readable(self) -> bool:
        """Tell whether the server showed the group's roles."""
        return self.roles is not None


Entity = Action | Role | Mapping | Group
E = TypeVar("E", Action, Role, Mapping, Group)


def _entities_in_order(entities: tuple[E, ...]) -> tuple[E, ...]:
    _names_in_order(tuple(entity.name for entity in entities))
    return tuple(sorted(entities, key=lambda entity: entity.name))


_NAMED = 5
"""The most references that are named at once."""


def _unknown(holder: str, kind: Kind, unknown: set[str]) -> Iterator[str]:
    for name in sorted(unknown):
        yield f"{holder} refers to {kind} {name!r}, which is not in the list of {kind.plural}"


class Snapshot(Value):
    """Everything that one environment is configured with, in canonical order.

    `precedence` names the mappings whose patterns overlap, each after those that it wins over; `rows` does so
    for those that only the server's database finds, each before those that it wins over. The same winners
    give the same order, whenever what was written.

    Raises `ValueError` where a name stands twice or a reference leads nowhere.
    """

    format: Literal["heimdall-sync/snapshot/1"] = Field("heimdall-sync/snapshot/1", alias="schema")
    actions: Annotated[tuple[Action, ...], AfterValidator(_entities_in_order)] = ()
    roles: Annotated[tuple[Role, ...], AfterValidator(_entities_in_order)] = ()
    mappings: Annotated[tuple[Mapping, ...], AfterValidator(_entities_in_order)] = ()
    groups: Annotated[tuple[Group, ...], AfterValidator(_entities_in_order)] = ()
    precedence: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        if found := [*self._references_to_nothing()]:
            more = f"; and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
            msg = "; ".join(found[:_NAMED]) + more
            raise ValueError(msg)
        return self

    def _references_to_nothing(self) -> Iterator[str]:
        actions = {action.name for action in self.actions}
        roles = {role.name for role in self.roles}
        for role in self.roles:
            yield from _unknown(f"role {role.name!r}", Kind.ACTION, set(role.actions or ()) - actions)
        for mapping in self.mappings:
            yield from _unknown(f"mapping {mapping.name!r}", Kind.ACTION, {mapping.action} - actions)
        for group in self.groups:
            yield from _unknown(f"group {group.name!r}", Kind.ROLE, set(group.roles or ()) - roles)
        mappings = {mapping.name for mapping in self.mappings}
        yield from _unknown("the precedence", Kind.MAPPING, set(self.precedence) - mappings)
        yield from _unknown("the order of rows", Kind.MAPPING, set(self.rows) - mappings)

    @property
    def ranking(self) -> Ranking:
        """Return in which order the overlapping mappings were written, as far as it decides anything."""
        return Ranking(self.precedence, self.rows)

    def ranked(self, ranking: Ranking) -> Self:
        """Return the snapshot with another order of its mappings."""
        return self.model_copy(update={"precedence": ranking.written, "rows": ranking.rows})

    def of(self, kind: Kind) -> tuple[Entity, ...]:
        """Return the entities of one kind, by name."""
        match kind:
            case Kind.ACTION:
                return self.actions
            case Kind.ROLE:
                return self.roles
            case Kind.MAPPING:
                return self.mappings
            case Kind.GROUP:
                return self.groups

    @property
    def digest(self) -> str:
        """Return `sha256:` and the hash of the canonical JSON."""
        return sha256_of(self.canonical_json())


def sha256_of(text: str) -> str:
    """Return `sha256:` and the hash of a text, in hexadecimal digits."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
