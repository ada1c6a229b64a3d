"""The values that a sync compares and plans: everything by name, in canonical order, without ids.

Shapes follow `snapshot.json` and `plan.json`: what is written to those files is these models, and what
is read from them is validated by these models.
"""

import hashlib
from collections import Counter
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    computed_field,
    model_validator,
)

SUPERADMIN = "superadmin"
"""The role that has every permission, holds no action edges, and can't be changed or deleted."""


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


class Verb(StrEnum):
    """What an operation does."""

    CREATE = "create"
    UPDATE = "update"
    PROMOTE = "promote"
    DELETE = "delete"
    ASSIGN = "assign"
    UNASSIGN = "unassign"


class Strategy(StrEnum):
    """Which guarantee holds while a plan is applied."""

    LEAST_PRIVILEGE = "least-privilege"
    ZERO_DOWNTIME = "zero-downtime"


class Value(BaseModel):
    """An immutable value that knows no field but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def canonical_json(self) -> str:
        """Return the value as JSON that is the same for equal values."""
        return self.model_dump_json(by_alias=True)


def _text_or_empty(description: str | None) -> str:
    return description or ""


def _names_in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        msg = f"stands twice: {', '.join(map(repr, repeated[:5]))}"
        raise ValueError(msg)
    return tuple(sorted(names))


Description = Annotated[str, BeforeValidator(_text_or_empty)]
"""A description; none at all and an empty one are the same."""

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
        return f"{self.method} {self.path_pattern}"


class Group(Value):
    """A set of roles. Users are members of groups, and no part of any of this."""

    name: str
    description: Description = ""
    roles: Names = ()


Entity = Action | Role | Mapping | Group
E = TypeVar("E", Action, Role, Mapping, Group)


def _entities_in_order(entities: tuple[E, ...]) -> tuple[E, ...]:
    _names_in_order(tuple(entity.name for entity in entities))
    return tuple(sorted(entities, key=lambda entity: entity.name))


def _refuse_unknown(holder: str, kind: Kind, unknown: set[str]) -> None:
    if unknown:
        msg = f"{holder} refers to {kind} {min(unknown)!r}, which is not in the list of {kind.plural}"
        raise ValueError(msg)


class Snapshot(Value):
    """Everything that one environment is configured with, in canonical order.

    `precedence` names the mappings whose patterns match a path that another's matches too, each after those
    that it decides before: the same decisions give the same order, whenever what was written.

    Raises `ValueError` where a name stands twice or a reference leads nowhere.
    """

    format: Literal["heimdall-sync/snapshot/1"] = Field("heimdall-sync/snapshot/1", alias="schema")
    actions: Annotated[tuple[Action, ...], AfterValidator(_entities_in_order)] = ()
    roles: Annotated[tuple[Role, ...], AfterValidator(_entities_in_order)] = ()
    mappings: Annotated[tuple[Mapping, ...], AfterValidator(_entities_in_order)] = ()
    groups: Annotated[tuple[Group, ...], AfterValidator(_entities_in_order)] = ()
    precedence: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        actions = {action.name for action in self.actions}
        roles = {role.name for role in self.roles}
        for role in self.roles:
            _refuse_unknown(f"role {role.name!r}", Kind.ACTION, set(role.actions or ()) - actions)
        for mapping in self.mappings:
            _refuse_unknown(f"mapping {mapping.name!r}", Kind.ACTION, {mapping.action} - actions)
        for group in self.groups:
            _refuse_unknown(f"group {group.name!r}", Kind.ROLE, set(group.roles) - roles)
        _refuse_unknown(
            "the precedence", Kind.MAPPING, set(self.precedence) - {m.name for m in self.mappings}
        )
        return self

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
        return _sha256(self.canonical_json())


class Attributes(Value):
    """What an entity says besides its name. Only mappings have an action."""

    description: Description = ""
    action: str | None = None

    @classmethod
    def of(cls, entity: Entity) -> Self:
        """Return the attributes of an entity."""
        return cls(
            description=entity.description, action=entity.action if isinstance(entity, Mapping) else None
        )


class Operation(Value):
    """One change to the target, made with one request.

    To promote a mapping is to write it as it is, which lets it decide before the others that match the same.
    `name` is the entity's; for assign and unassign it is the holder's (a role or a group), and
    `member` is the action or role that it is given or loses. `before` and `after` are its attributes
    in the target now and afterwards, None where it does not exist; both are None for edges.
    """

    verb: Verb
    kind: Kind
    name: str
    member: str | None = None
    before: Attributes | None = None
    after: Attributes | None = None

    @property
    def endpoint(self) -> tuple[str, str]:
        """Return a mapping's method and path pattern."""
        method, _, path_pattern = self.name.partition(" ")
        return method, path_pattern

    @property
    def member_kind(self) -> Kind:
        """Return the kind of what the holder holds: actions for roles, roles for groups."""
        return Kind.ACTION if self.kind is Kind.ROLE else Kind.ROLE


class Blocked(Value):
    """A difference that no operation removes, with the reason and what a person can do about it.

    `operation` is what it would take, None where the two sides can't even be compared. `accepted`
    means that a setting says that the difference is known.
    """

    kind: Kind
    name: str
    operation: Operation | None
    reason: str
    remedy: str
    accepted: bool = False


class Wave(Value):
    """Operations that don't depend on each other. Waves run one after another, in the plan's order."""

    phase: str
    operations: tuple[Operation, ...]


class Decision(Value):
    """A request that another mapping decides after a plan than before it; None where none does."""

    method: str
    path: str
    before: str | None
    before_action: str | None
    after: str | None
    after_action: str | None


class Exposure(Value):
    """A request that a third mapping decides for a moment, while those that match it are written again.

    `groups` are those that may get through in that moment (`least-privilege`), or that may be kept out of
    it (`zero-downtime`), and neither before nor afterwards: what the strategy else guarantees.
    """

    method: str
    path: str
    mapping: str
    groups: Names


class Side(Value):
    """One of the two environments that a plan is about, as it was when the plan was made.

    `unreadable` are the roles of which it did not show what they hold; `precedence` is the snapshot's.
    """

    url: str
    digest: str
    unreadable: Names = ()
    precedence: tuple[str, ...] = ()


Percent = Annotated[int, Field(ge=0, le=100)]


class Rules(Value):
    """What a plan is made and judged by, and an approver agrees to besides its operations.

    `accept`, `protect` and `ignore` are patterns `kind:glob`. What is accepted may stay different, what is
    protected is compared and never changed, what is ignored is out of scope on both sides. The rest are
    the settings of the guardrails: see `guardrails.py`.
    """

    strategy: Strategy = Strategy.LEAST_PRIVILEGE
    accept: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    max_delete_percent: Percent = 30
    delete_guard_minimum: int = Field(default=10, ge=1)
    allow_empty_source: bool = False
    allow_same_environment: bool = False
    allow_superadmin_grant: bool = False
    allow_self_lockout: bool = False
    allow_http: bool = False
    fail_on_unprotected: bool = False
    no_contested_writes: bool = False


class Plan(Value):
    """What would make the target equal to the source, and what stays different.

    `decisions` tell which requests another mapping decides afterwards, `exposures` where the strategy's
    guarantee can't hold for a moment. `members` counts who loses a membership that can't be brought
    back, by the name of each group to be deleted; it may change without a new approval.
    """

    format: Literal["heimdall-sync/plan/1"] = Field("heimdall-sync/plan/1", alias="schema")
    source: Side
    target: Side
    rules: Rules
    waves: tuple[Wave, ...]
    blocked: tuple[Blocked, ...]
    decisions: tuple[Decision, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    members: dict[str, int] = Field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def digest(self) -> str:
        """Return `sha256:` and the hash of everything that an approver approves.

        That is all of the plan but `members`. It depends neither on the clock nor on ids, nor on the order
        in which rows arrive.
        """
        return _sha256(self.model_dump_json(by_alias=True, exclude={"members", "digest"}))

    @property
    def strategy(self) -> Strategy:
        """Return which guarantee holds while the plan is applied."""
        return self.rules.strategy

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return every operation, in the order of the waves."""
        return tuple(operation for wave in self.waves for operation in wave.operations)

    @property
    def open_differences(self) -> tuple[Blocked, ...]:
        """Return the blocked differences that nobody has accepted."""
        return tuple(blocked for blocked in self.blocked if not blocked.accepted)


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
