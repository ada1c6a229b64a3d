"""Texts that would change what a format says, if one let them, and documents that are full of them."""

from dataclasses import replace
from datetime import UTC, datetime

from sync.errors import HeimdallSyncError
from sync.heimdall.health import Finding, Level
from sync.model.impact import (
    AccessChange,
    Cause,
    Dangling,
    Impact,
    Interruption,
    Replaced,
    Requests,
    Requirement,
    Through,
)
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import (
    Attributes,
    Blocked,
    Exposure,
    Plan,
    Provenance,
    Rules,
    Unmatched,
    Wave,
    WinnerChange,
)
from sync.model.snapshot import Kind
from sync.overlaps.answers import Doubt, Remark
from sync.overlaps.lint import Fault, Flaw
from sync.overlaps.winners import Winner
from sync.plan.approval import Deviated, Deviation
from sync.plan.drift import Moved
from sync.plan.guardrails import Objection
from sync.plan.three_ways import Changed, ThreeWay
from sync.report.document import Document
from tests.report.examples import PLAN, assign, create, delete, reorder, unassign, update

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
    plan = _plan_saying(text.encode(errors="replace").decode())  # what is no UTF-8 is not read
    operations = plan.operations
    return Document(
        source_url=text,
        target_url=text,
        source_name=text,
        target_name=text,
        findings=tuple(
            Finding(side, text, level, text, text) for side in ("source", "target") for level in Level
        ),
        plan=plan,
        outcomes=(
            *(Outcome(operation, Status.FAILED, text, text, unsettled=True) for operation in operations[:4]),
            *(Outcome(operation, Status.SKIPPED, text) for operation in operations[4:6]),
            *(Outcome(operation, Status.DONE) for operation in operations[6:-1]),
        ),
        verification=Verification(remaining=operations[:2], blocked=plan.blocked),
        rules=plan.rules,
        objections=tuple(
            Objection("superadmin grant", text, setting, allowed)
            for allowed in (True, False)
            for setting in ("--allow-superadmin-grant", "--fail-on-unprotected")
        ),
        done_before=operations[-1:],
        remarks=tuple(
            Remark("target", text, Winner(text, text), Winner(text, text), doubt) for doubt in Doubt
        ),
        flaws=tuple(Flaw(text, fault, text) for fault in Fault),
        error=HeimdallSyncError(text, text),
    )


def impact_saying(text: str) -> Impact:
    """Return a change of access in which every name is one text."""
    requests = (Requests(before=text, after=text, like=text), Requests(before=text, after="x", like=text))
    through = (Through(action=text, requests=requests),)
    change = AccessChange(groups=(text,), roles=(text,), causes=tuple(Cause), through=through)
    opened, closed, other = (
        Requirement(
            action_before=before,
            action_after=after,
            groups_before=(text,),
            groups_after=(text,),
            requests=requests,
            certain=after is not None,
        )
        for before, after in ((text, None), (None, text), (text, f"{text}."))
    )
    return Impact(
        superadmin=(text,),
        superadmin_granted=(text,),
        superadmin_lost=(text,),
        deleted=(text,),
        gains=(change,),
        losses=(change,),
        opened=(opened,),
        closed=(closed,),
        changed=(other,),
        replaced=(Replaced(before=text, after=text, endpoints=2),),
        moved=1,
        interruptions=(Interruption(groups=(text,), requests=requests, first=1, last=2),),
        dangling=Dangling(actions=(text,), roles=(text,), mappings=(text,)),
        unknown=(text,),
    )


def _plan_saying(text: str) -> Plan:
    blank = Attributes()
    attributes = Attributes(description=text, action=text)
    entity = Attributes(description=text)
    operations = (
        *(create(kind, text, text) for kind in (Kind.ACTION, Kind.ROLE, Kind.GROUP)),
        create(Kind.MAPPING, text, text, text or "x"),
        update(Kind.ACTION, text, blank, entity),
        update(Kind.MAPPING, text, attributes, Attributes(description=f"{text}.", action=f"{text}.")),
        *(delete(kind, text, text, text if kind is Kind.MAPPING else None) for kind in Kind),
        reorder(text, text),
        *(change(kind, text, text) for change in (assign, unassign) for kind in (Kind.ROLE, Kind.GROUP)),
    )
    blocked = tuple(
        Blocked(kind=kind, name=text, operation=operation, reason=text, remedy=text, accepted=accepted)
        for kind in Kind
        for operation in (None, create(kind, text, text))
        for accepted in (True, False)
    )
    return PLAN.model_copy(
        update={
            "rules": Rules(protect=("group:*", f"user:{text}"), ignore=(f"user:{text}",)),
            "waves": (Wave(phase="all", operations=operations),),
            "blocked": blocked,
            "members": {text: 3},
            "made": Provenance(
                at=datetime(2026, 1, 2, tzinfo=UTC),
                version=text,
                code=text,
                revision=text,
                image=text,
                run=text,
                actor=text,
                commit=text,
            ),
            "impact": impact_saying(text),
            "unmatched": tuple(Unmatched(setting=each, pattern=text) for each in ("protect", "accept")),
            "winner_changes": (
                WinnerChange(
                    method=text,
                    path=text,
                    before=text,
                    before_action=text,
                    after=None,
                    after_action=None,
                ),
            ),
            "exposures": (Exposure(method=text, path=text, mapping=text, groups=(text,)),),
        }
    )


def stale_saying(text: str) -> Document:
    """Return the same for a plan that is no longer what was approved."""
    document, hows = saying(text), list(Deviation)
    assert document.plan is not None
    deviations = tuple(
        Deviated(hows[number % len(hows)], operation, "target")
        for number, operation in enumerate(document.plan.operations)
    )
    return replace(document, outcomes=None, deviations=deviations)


def drift_saying(text: str) -> Document:
    """Return the same for a drift check."""
    document = saying(text)
    assert document.plan is not None
    sides = list(Moved)
    drift = {
        operation: sides[number % len(sides)] for number, operation in enumerate(document.plan.operations)
    }
    return replace(document, outcomes=None, verification=None, drift=drift, drift_impact=document.plan.impact)


def git_saying(text: str) -> Document:
    """Return the same for a drift check against git."""
    document, ways = drift_saying(text), [*Changed, None]
    assert document.plan is not None
    found = tuple(
        ThreeWay(
            operation.kind,
            operation.name,
            operation.member,
            way,
            operation if way else None,
            operation if number % 2 and way else None,
            hidden_in="" if way else "git",
            known=number % 3 == 0,
        )
        for number, operation in enumerate(document.plan.operations)
        for way in (ways[number % len(ways)],)
    )
    return replace(document, drift={}, git=text, three_ways=found)
