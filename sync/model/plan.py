"""What is planned: operations in waves, what stays different, and the rules it was made and judged by.

Shapes follow `plan.json`: what is written to such a file is these models, and what is read from it is
validated by these models.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, computed_field

from sync.model.endpoint import Endpoint
from sync.model.impact import Impact
from sync.model.snapshot import Description, Entity, Kind, Mapping, Names, Role, Value, sha256_of


class Verb(StrEnum):
    """What an operation does."""

    CREATE = "create"
    UPDATE = "update"
    REORDER = "reorder"
    REFRESH = "refresh"
    DELETE = "delete"
    ASSIGN = "assign"
    UNASSIGN = "unassign"


UPDATES = (Verb.UPDATE, Verb.REORDER, Verb.REFRESH)
"""What writes something that is there already."""


class Strategy(StrEnum):
    """Which guarantee holds while a plan is applied."""

    LEAST_PRIVILEGE = "least-privilege"
    ZERO_DOWNTIME = "zero-downtime"


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

    To reorder a mapping is to write it as it is, which lets it win against the others that match the same. To
    refresh one is the same request, where the server still uses the old name of its action.
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
    def endpoint(self) -> Endpoint:
        """Return what identifies the mapping that is changed."""
        return Endpoint.parse(self.name)

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


class WinnerChange(Value):
    """A request that another mapping wins after a plan than before it; None where none does."""

    method: str
    path: str
    before: str | None
    before_action: str | None
    after: str | None
    after_action: str | None


class Exposure(Value):
    """A request that a third mapping wins for a moment, while those that match it are written again.

    `groups` are those that may get through in that moment (`least-privilege`), or that may be kept out of
    it (`zero-downtime`), and neither before nor afterwards: what the strategy else guarantees.
    """

    method: str
    path: str
    mapping: str
    groups: Names


class Side(Value):
    """One of the two environments that a plan is about, as it was when the plan was made.

    The `unreadable` are those of which it did not show what they hold; `precedence` and `rows` are the
    snapshot's.
    """

    url: str
    digest: str
    unreadable_roles: Names = ()
    unreadable_groups: Names = ()
    precedence: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


Percent = Annotated[int, Field(ge=0, le=100)]


class Rules(Value):
    """What a plan is made and judged by, and an approver agrees to besides its operations.

    `accept`, `protect`, `ignore` and `recreate` are patterns: see `scope.py`. What is accepted may stay
    different, what is protected is compared and never changed, what is ignored is out of scope on both sides;
    a role that is named to `recreate` may be deleted and created again, where only its description differs
    and no request changes that. The rest are the settings of the guardrails: see `guardrails.py`.
    """

    strategy: Strategy = Strategy.LEAST_PRIVILEGE
    accept: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    recreate: tuple[str, ...] = ()
    max_delete_percent: Percent = 30
    delete_guard_minimum: int = Field(default=10, ge=1)
    allow_empty_source: bool = False
    allow_same_environment: bool = False
    allow_superadmin_grant: bool = False
    allow_self_lockout: bool = False
    allow_http: bool = False
    fail_on_unprotected: bool = False
    fail_on_transient_exposure: bool = False
    fail_on_new_access: bool = False
    sensitive: tuple[str, ...] = ()
    allow_sensitive: bool = False


class Unmatched(Value):
    """A pattern of the scope that names nothing on either side."""

    setting: Literal["protect", "ignore", "recreate", "accept"]
    pattern: str


class Provenance(Value):
    """Who or what made a plan, where and when; it is no part of what is approved.

    `run` is the page of the CI's run, `actor` who started it, `commit` what it ran; they are empty
    outside CI. `version` and what follows it tell which program it was: digests of its code and of its image,
    and the commit it was built of; empty where not known. The names are those that people gave the
    environments, empty where there are none.
    """

    at: datetime
    version: str
    code: str = ""
    revision: str = ""
    image: str = ""
    run: str = ""
    actor: str = ""
    commit: str = ""
    source_name: str = ""
    target_name: str = ""


class Plan(Value):
    """What would make the target equal to the source, and what stays different.

    `winner_changes` tell which requests another mapping wins afterwards, `exposures` where the strategy's
    guarantee can't hold for a moment. `not_compared` are the mappings of which it is not known what they
    match. `may_be_hidden` are the roles that the target may not show any more once others are created, as
    they are before that. `runs` tells how many runs it takes until every role is compared, this one included;
    None where no number does. `impact` is who gains and loses which access. `members` counts the members of
    each group that does, or is deleted, by its name; `unmatched` are the patterns that name nothing; `made`
    is who made the plan, and when. These three may change without a new approval.
    """

    format: Literal["heimdall-sync/plan/2"] = Field("heimdall-sync/plan/2", alias="schema")
    source: Side
    target: Side
    rules: Rules
    waves: tuple[Wave, ...]
    blocked: tuple[Blocked, ...]
    winner_changes: tuple[WinnerChange, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    not_compared: Names = ()
    may_be_hidden: tuple[Role, ...] = ()
    runs: int | None = 1
    impact: Impact = Impact()
    members: dict[str, int] = Field(default_factory=dict)
    unmatched: tuple[Unmatched, ...] = ()
    made: Provenance | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator above a property
    @property
    def digest(self) -> str:
        """Return `sha256:` and the hash of everything that an approver approves.

        That is all of the plan but `members`, `unmatched` and `made`. It depends neither on the clock nor on
        ids, nor on the order in which rows arrive.
        """
        apart = {"members", "unmatched", "made", "digest"}
        return sha256_of(self.model_dump_json(by_alias=True, exclude=apart))

    @property
    def strategy(self) -> Strategy:
        """Return which guarantee holds while the plan is applied."""
        return self.rules.strategy

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return every operation, in the order of the waves."""
        return tuple(operation for wave in self.waves for operation in wave.operations)

    @property
    def memberships_lost(self) -> int | None:
        """Return how many memberships go with their group and can't be brought back; None where not known."""
        deletions = [op for op in self.operations if (op.verb, op.kind) == (Verb.DELETE, Kind.GROUP)]
        counts = [self.members.get(operation.name) for operation in deletions]
        return None if None in counts else sum(count for count in counts if count is not None)

    @property
    def open_differences(self) -> tuple[Blocked, ...]:
        """Return the blocked differences that nobody has accepted."""
        return tuple(blocked for blocked in self.blocked if not blocked.accepted)
