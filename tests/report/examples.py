"""Documents that the formats are shown with: the original page's example, and how such a run can end."""

from dataclasses import replace

from sync.errors import RefusedError
from sync.heimdall.health import Finding, Level
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import (
    Attributes,
    Blocked,
    Exposure,
    Operation,
    Plan,
    Rules,
    Side,
    Verb,
    Wave,
    WinnerChange,
)
from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.overlaps.answers import Doubt, Remark
from sync.overlaps.lint import Fault, Flaw
from sync.overlaps.winners import Winner
from sync.plan.approval import Deviated, Deviation
from sync.plan.drift import Moved
from sync.plan.guardrails import Objection
from sync.plan.impact import impact_of
from sync.plan.interruptions import WonRequests
from sync.plan.planned_winners import PlannedWinners
from sync.plan.side import Environment
from sync.report.document import Backup, Document

SOURCE_URL = "https://staging.services.example"
TARGET_URL = "https://services.example"

SOURCE = Snapshot(
    actions=(
        Action(name="data:analyze", description="Analyze data"),
        Action(name="users:export", description="Export users"),
        Action(name="users:read", description="See who uses the platform"),
    ),
    roles=(
        Role(name="admin", description="Runs it", actions=("users:export", "users:read")),
        Role(name="auditor", description="Looks at everything", actions=("users:read",)),
        Role(name="data_scientist", description="Analyzes", actions=("data:analyze",)),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/users$", action="users:read"),
        Mapping(method="GET", path_pattern="/users/export$", action="users:export", description="As CSV"),
        Mapping(method="POST", path_pattern="/data/(a|b)$", action="data:analyze"),
    ),
    groups=(
        Group(name="data_team", description="Analysts", roles=("data_scientist",)),
        Group(name="office", description="Everyone", roles=("auditor",)),
    ),
)

TARGET = Snapshot(
    actions=(
        Action(name="legacy:action", description="From before"),
        Action(name="users:read", description="Read users"),
    ),
    roles=(
        Role(name="admin", description="Runs it", actions=("users:read",)),
        Role(name="auditor", description="Audits", actions=("legacy:action", "users:read")),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/legacy$", action="legacy:action"),
        Mapping(method="GET", path_pattern="/users$", action="users:read"),
        Mapping(method="POST", path_pattern="/data/(a|b)$", action="legacy:action"),
    ),
    groups=(
        Group(name="legacy_team", description="Left last year", roles=("auditor",)),
        Group(name="office", description="Everyone", roles=("auditor",)),
    ),
)


def create(kind: Kind, name: str, description: str, action: str | None = None) -> Operation:
    return Operation(
        verb=Verb.CREATE, kind=kind, name=name, after=Attributes(description=description, action=action)
    )


def delete(kind: Kind, name: str, description: str = "", action: str | None = None) -> Operation:
    return Operation(
        verb=Verb.DELETE, kind=kind, name=name, before=Attributes(description=description, action=action)
    )


def update(kind: Kind, name: str, before: Attributes, after: Attributes) -> Operation:
    return Operation(verb=Verb.UPDATE, kind=kind, name=name, before=before, after=after)


def reorder(name: str, action: str) -> Operation:
    there = Attributes(action=action)
    return Operation(verb=Verb.REORDER, kind=Kind.MAPPING, name=name, before=there, after=there)


def assign(kind: Kind, member: str, holder: str) -> Operation:
    return Operation(verb=Verb.ASSIGN, kind=kind, name=holder, member=member)


def unassign(kind: Kind, member: str, holder: str) -> Operation:
    return Operation(verb=Verb.UNASSIGN, kind=kind, name=holder, member=member)


AUDITOR = Blocked(
    kind=Kind.ROLE,
    name="auditor",
    operation=update(
        Kind.ROLE, "auditor", Attributes(description="Audits"), Attributes(description="Looks at everything")
    ),
    reason="the target has no request that changes a role's description",
    remedy="change it in the source, or accept it: --accept role:auditor",
)

_PLAN = Plan(
    source=Side(url=SOURCE_URL, digest=SOURCE.digest),
    target=Side(url=TARGET_URL, digest=TARGET.digest),
    rules=Rules(),
    waves=(
        Wave(
            phase="prepare",
            operations=(
                create(Kind.ACTION, "users:export", "Export users"),
                create(Kind.ACTION, "data:analyze", "Analyze data"),
                update(
                    Kind.ACTION,
                    "users:read",
                    Attributes(description="Read users"),
                    Attributes(description="See who uses the platform"),
                ),
                create(Kind.GROUP, "data_team", "Analysts"),
            ),
        ),
        Wave(
            phase="revoke",
            operations=(
                unassign(Kind.ROLE, "legacy:action", "auditor"),
                unassign(Kind.GROUP, "auditor", "legacy_team"),
            ),
        ),
        Wave(phase="create roles", operations=(create(Kind.ROLE, "data_scientist", "Analyzes"),)),
        Wave(
            phase="remap",
            operations=(
                create(Kind.MAPPING, "GET /users/export$", "As CSV", "users:export"),
                update(
                    Kind.MAPPING,
                    "POST /data/(a|b)$",
                    Attributes(action="legacy:action"),
                    Attributes(action="data:analyze"),
                ),
                delete(Kind.MAPPING, "GET /legacy$", action="legacy:action"),
            ),
        ),
        Wave(
            phase="grant",
            operations=(
                assign(Kind.ROLE, "users:export", "admin"),
                assign(Kind.ROLE, "data:analyze", "data_scientist"),
            ),
        ),
        Wave(phase="grant", operations=(assign(Kind.GROUP, "data_scientist", "data_team"),)),
        Wave(phase="retire", operations=(delete(Kind.GROUP, "legacy_team", "Left last year"),)),
        Wave(phase="retire", operations=(delete(Kind.ACTION, "legacy:action", "From before"),)),
    ),
    blocked=(AUDITOR,),
    members={"legacy_team": 37},
)

_WINNERS = PlannedWinners(Environment(SOURCE_URL, SOURCE), Environment(TARGET_URL, TARGET))

PLAN = _PLAN.model_copy(
    update={
        "impact": impact_of(
            TARGET,
            _PLAN.waves,
            [WonRequests(*each) for each in _WINNERS.before_and_after(_PLAN.operations)],
        )
    }
)

HEALTHY = tuple(
    Finding(side, check, Level.PASSED, message)
    for side in ("source", "target")
    for check, message in (
        ("API", "API is healthy"),
        ("token", "Authentication valid (user: 475******07)"),
        ("superadmin", "User has superadmin role"),
    )
)

STARTED = Document(source_url=SOURCE_URL, target_url=TARGET_URL, version="1.2.3")

PLANNED = replace(
    STARTED,
    findings=HEALTHY,
    source=SOURCE,
    target=TARGET,
    plan=PLAN,
    next_line=f"heimdall-sync apply --plan reports/plan.json --expect-digest {PLAN.digest}",
    requests=42,
    seconds=12.344,
)

NO_DIFFERENCE = replace(
    PLANNED,
    target=SOURCE,
    plan=Plan(source=PLAN.source, target=PLAN.target, rules=Rules(), waves=(), blocked=()),
)

ACCEPTED = replace(
    PLANNED, plan=PLAN.model_copy(update={"blocked": (AUDITOR.model_copy(update={"accepted": True}),)})
)
"""The same with its blocked difference accepted."""

APPLIED = replace(
    ACCEPTED,
    outcomes=tuple(Outcome(operation, Status.DONE) for operation in PLAN.operations),
    verification=Verification(blocked=(AUDITOR.model_copy(update={"accepted": True}),)),
    backup=Backup("reports/backup-1.json", "heimdall-sync rollback --backup reports/backup-1.json"),
)

INTERRUPTED = replace(
    PLANNED,
    outcomes=(
        *(Outcome(operation, Status.DONE) for operation in PLAN.operations[:6]),
        Outcome(
            PLAN.operations[6],
            Status.FAILED,
            "POST /api/v1/roles/ answers 403 Insufficient permissions",
            "give the token's user the role heimdall-admin in Keycloak",
        ),
        *(Outcome(operation, Status.DONE) for operation in PLAN.operations[7:10]),
        Outcome(PLAN.operations[11], Status.SKIPPED, "role 'data_scientist' is not in the target"),
    ),
    verification=Verification(
        remaining=(PLAN.operations[6], *PLAN.operations[10:]),
        blocked=(AUDITOR,),
    ),
)
"""One operation failed, what depends on it was skipped, and the rest was never tried."""

PLAIN_HTTP = Objection(
    "plain HTTP",
    "the source's token would cross the network unencrypted to http://staging.services.example",
    "--allow-http",
    allowed=True,
)

MANY = Objection(
    "many deletions",
    "6 of 12 mappings would be removed, more than 30 %",
    "--max-delete-percent",
    allowed=False,
)

LOCKOUT = Objection(
    "self-lockout",
    "group 'office', which the token's user is in, would lose role 'superadmin'",
    "--allow-self-lockout",
    allowed=False,
)

UNPROTECTED = Objection(
    "unprotected endpoints",
    "1 endpoints would lose their mapping, GET /legacy$ among them",
    "--fail-on-unprotected",
    allowed=False,
)

REFUSED = replace(
    PLANNED,
    objections=(PLAIN_HTTP, MANY, LOCKOUT, UNPROTECTED),
    error=RefusedError(MANY.message, "to allow it, raise --max-delete-percent"),
)
"""Guardrails object: one is overridden, three are not."""

STALE = replace(
    PLANNED,
    deviations=(
        Deviated(Deviation.NEW, create(Kind.ROLE, "by_hand", "Made yesterday"), "target"),
        Deviated(Deviation.NO_LONGER_NEEDED, PLAN.operations[0], "target"),
        Deviated(Deviation.CHANGED, PLAN.operations[2], "source"),
    ),
    error=RefusedError("the plan is no longer what was approved", "make a new plan and have it approved"),
)
"""An approved plan, and something else is needed now."""

RESUMED = replace(
    APPLIED,
    done_before=PLAN.operations[:4],
    ours=frozenset(PLAN.operations[:3]),
    outcomes=tuple(Outcome(operation, Status.DONE) for operation in PLAN.operations[4:]),
)
"""Four changes were done before, one of them by somebody else."""

PROTECTED = Blocked(
    kind=Kind.GROUP,
    name="office",
    operation=unassign(Kind.GROUP, "auditor", "office"),
    reason="it is protected by a setting",
    remedy="leave it, or take it out of --protect",
    accepted=True,
)

SCOPED = replace(
    PLANNED,
    plan=PLAN.model_copy(
        update={
            "rules": Rules(protect=("group:office", "role:break_glass*"), ignore=("action:tmp:*",)),
            "blocked": (AUDITOR.model_copy(update={"accepted": True}), PROTECTED),
        }
    ),
)
"""Some things are protected, some ignored, some accepted."""

DRIFTED = replace(
    PLANNED,
    plan=SCOPED.plan and SCOPED.plan.model_copy(update={"blocked": (AUDITOR, PROTECTED)}),
    drift={
        **dict.fromkeys(PLAN.operations, Moved.SOURCE),
        PLAN.operations[9]: Moved.TARGET,
        PLAN.operations[13]: Moved.TARGET,
        PLAN.operations[8]: Moved.BOTH,
        **({AUDITOR.operation: Moved.TARGET} if AUDITOR.operation else {}),
    },
)
"""A drift check that knows from a receipt which side has moved."""

OVERLAPPING = replace(
    PLANNED,
    plan=PLAN.model_copy(
        update={
            "winner_changes": (
                WinnerChange(
                    method="GET",
                    path="/users/me",
                    before="GET /users/([^/]+)$",
                    before_action="users:read",
                    after="GET /users/me$",
                    after_action="me:read",
                ),
            ),
            "exposures": (
                Exposure(method="GET", path="/users/me", mapping="GET /users/([^/]+)$", groups=("office",)),
            ),
        }
    ),
    remarks=(
        Remark(
            "target",
            "GET /users/me",
            Winner("GET /users/me$", "users:self"),
            Winner("GET /users/([^/]+)$", "users:read"),
            Doubt.CACHED,
        ),
    ),
    flaws=(Flaw("GET /n", Fault.OPEN, "/nx"),),
)
"""A request that another mapping decides afterwards and a third one in between, and what there is to know."""
