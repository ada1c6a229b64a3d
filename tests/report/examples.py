"""Documents that the formats are shown with: the original page's example, and how such a run can end."""

from dataclasses import replace

from sync.apply.outcome import Outcome, Status, Verification
from sync.errors import HeimdallSyncError
from sync.heimdall.health import Finding, Level
from sync.plan.model import (
    Action,
    Attributes,
    Blocked,
    Group,
    Kind,
    Mapping,
    Operation,
    Plan,
    Role,
    Rules,
    Side,
    Snapshot,
    Verb,
    Wave,
)
from sync.report.document import Document

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

PLAN = Plan(
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
    STARTED, findings=HEALTHY, source=SOURCE, target=TARGET, plan=PLAN, requests=42, seconds=12.344
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

HOSTILE = (
    "a | b || c",
    "`code` and ```` fence",
    "`",
    " ` ",
    "\\|\\`\\",
    "<script>alert(1)</script><!-- <details> </sub>",
    "]]><![CDATA[ &lt; &#10; &amp;",
    "first\nsecond\r\n\r\n# third\u2028fourth\x85",
    "\x1b[2J\x1b]0;title\x07\x00\x08\x9b31m",
    "\u202egnp.exe\u200b\ufeff",
    "half \ud83d\ude00 a pair \udcff",
    "\ufffe\uffff",
    "🧨👩\u200d👩\u200d👧" * 125,
    "[link](https://evil.example) ![image](https://evil.example/x.png) <https://evil.example>",
    "[x]: https://evil.example www.evil.example mail@evil.example",
    "@octocat, @org/team #1 GH-1",
    ":tada: $x$ **bold** _em_ ~~gone~~",
    "::error::x ##[error]x ##[add-mask]x ##vso[task.complete]x",
    "name' to role 'admin",
    "- item",
    "> [!CAUTION]",
    "1. first",
    "| --- |",
    "[!WARNING]",
    "  ",
)
"""Texts of a server that would change what a format says, if one let them."""


def saying(text: str) -> Document:
    """Return a document in which everything that a server can say is one text."""
    blank = Attributes()
    attributes = Attributes(description=text, action=text)
    entity = Attributes(description=text)
    operations = (
        *(create(kind, text, text) for kind in (Kind.ACTION, Kind.ROLE, Kind.GROUP)),
        create(Kind.MAPPING, text, text, text or "x"),
        update(Kind.ACTION, text, blank, entity),
        update(Kind.MAPPING, text, attributes, Attributes(description=f"{text}.", action=f"{text}.")),
        *(delete(kind, text, text, text if kind is Kind.MAPPING else None) for kind in Kind),
        *(change(kind, text, text) for change in (assign, unassign) for kind in (Kind.ROLE, Kind.GROUP)),
    )
    blocked = tuple(
        Blocked(kind=kind, name=text, operation=operation, reason=text, remedy=text, accepted=accepted)
        for kind in Kind
        for operation in (None, create(kind, text, text))
        for accepted in (True, False)
    )
    plan = PLAN.model_copy(
        update={
            "waves": (Wave(phase="all", operations=operations),),
            "blocked": blocked,
            "members": {text: 3},
        }
    )
    return Document(
        source_url=text,
        target_url=text,
        findings=tuple(
            Finding(side, text, level, text, text) for side in ("source", "target") for level in Level
        ),
        plan=plan,
        outcomes=(
            *(Outcome(operation, Status.FAILED, text, text, unsettled=True) for operation in operations[:4]),
            *(Outcome(operation, Status.SKIPPED, text) for operation in operations[4:6]),
            *(Outcome(operation, Status.DONE) for operation in operations[6:-1]),
        ),
        verification=Verification(remaining=operations[:2], blocked=blocked),
        error=HeimdallSyncError(text, text),
    )
