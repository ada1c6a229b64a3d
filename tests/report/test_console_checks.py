"""What the console says of guardrails, approvals, resumed runs and drift, compared as wholes."""

from dataclasses import replace

import pytest

from sync.model.plan import Blocked, Rules
from sync.model.snapshot import Kind
from sync.plan.drift import Moved
from sync.report.console import Console
from sync.report.document import Document
from sync.report.lines import Lines
from tests.report.examples import (
    AUDITOR,
    DRIFTED,
    MANY,
    NO_DIFFERENCE,
    PLAN,
    PLANNED,
    REFUSED,
    RESUMED,
    SCOPED,
    STALE,
    reorder,
)


def text(lines: Lines) -> str:
    return "".join(f"{line.plain}\n" for line in lines)


def test_what_guardrails_say_and_which_settings_change_it() -> None:
    assert (
        text(Console(REFUSED).guardrails())
        == """\

==============================================================
GUARDRAILS
==============================================================
  [ALLOWED] plain HTTP: the source's token would cross the network unencrypted to \
http://staging.services.example (--allow-http is given)
  [REFUSED] many deletions: 6 of 12 mappings would be removed, more than 30 %
      → to allow it, raise --max-delete-percent
  [REFUSED] self-lockout: group 'office', which the token's user is in, would lose role 'superadmin'
      → to allow it, add --allow-self-lockout
  [REFUSED] unprotected endpoints: 1 endpoints would lose their mapping, GET /legacy$ among them
      → to allow it, leave out --fail-on-unprotected
"""
    )


def test_what_no_setting_allows_asks_for_none() -> None:
    lines = Console(replace(REFUSED, objections=(replace(MANY, setting=""),))).guardrails()
    assert lines[-1].plain == "  [REFUSED] many deletions: 6 of 12 mappings would be removed, more than 30 %"


def test_what_differs_from_the_approval_by_the_side_that_has_moved() -> None:
    assert (
        text(Console(STALE).deviations())
        == """\

==============================================================
NO LONGER WHAT WAS APPROVED
==============================================================
The source has changed since the approval:
  [CHANGED] update action 'users:read' description
The target has changed since the approval:
  [NEW SINCE THE APPROVAL] create role 'by_hand'
  [NO LONGER NEEDED] create action 'users:export'
"""
    )


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [
        ("source or target", "Both sides have changed since the approval:"),
        (
            "neither",
            "Neither side has changed since the approval, but the changes that make them equal have:",
        ),
    ],
)
def test_a_side_that_can_not_be_told(moved: str, sentence: str) -> None:
    deviations = tuple(replace(deviated, moved=moved) for deviated in STALE.deviations)
    lines = Console(replace(STALE, deviations=deviations)).deviations()
    assert [line.plain for line in lines if line.plain.endswith(":")] == [sentence]


@pytest.mark.parametrize(
    ("done", "ours", "said"),
    [
        (4, 3, "4 of 15 changes were done before, 3 of them by an earlier run of this plan."),
        (4, 4, "4 of 15 changes were done before, all of them by an earlier run of this plan."),
        (4, 0, "4 of 15 changes were done before; no checkpoint names the run."),
        (1, 0, "1 of 15 changes was done before; no checkpoint names the run."),
    ],
)
def test_what_was_done_before_and_by_whom(done: int, ours: int, said: str) -> None:
    before = PLAN.operations[:done]
    document = replace(RESUMED, done_before=before, ours=frozenset(before[:ours]))
    assert text(Console(document).resumed()) == f"\n{said}\n"


def test_drift_by_the_side_that_has_moved() -> None:
    assert (
        text(Console(DRIFTED).drift())
        == """\

==============================================================
DRIFT
==============================================================
Changed in the target by hand:
  role 'auditor': the description differs
  mapping GET /legacy$: only in the target
  group 'legacy_team': only in the target
Waiting in the source:
  action 'users:export': missing in the target
  action 'data:analyze': missing in the target
  action 'users:read': the description differs
  action 'legacy:action': only in the target
  action 'legacy:action' of role 'auditor': only in the target
  role 'data_scientist': missing in the target
  action 'users:export' of role 'admin': missing in the target
  action 'data:analyze' of role 'data_scientist': missing in the target
  mapping GET /users/export$: missing in the target
  group 'data_team': missing in the target
  role 'auditor' of group 'legacy_team': only in the target
  role 'data_scientist' of group 'data_team': missing in the target
Changed on both sides:
  mapping POST /data/(a|b)$: has action 'legacy:action' in the target, 'data:analyze' in the source
"""
    )


def test_drift_without_a_receipt_is_one_list() -> None:
    lines = text(Console(replace(DRIFTED, drift={})).drift()).splitlines()
    assert [line for line in lines[4:] if not line.startswith("  ")] == [
        "Different:",
        (
            "With the receipt of the last apply (--receipt), or a snapshot in git (--against-git), the check "
            "tells which side has changed since."
        ),
    ]
    assert len(lines[5:-1]) == 16


def test_what_can_not_be_compared_is_drift_that_no_receipt_sorts() -> None:
    unread = Blocked(kind=Kind.ROLE, name="zoo", operation=None, reason="it can't be read", remedy="")
    plan = PLAN.model_copy(update={"waves": (), "blocked": (AUDITOR, unread)})
    assert AUDITOR.operation is not None
    sorted_out = replace(DRIFTED, plan=plan, drift={AUDITOR.operation: Moved.TARGET})
    assert text(Console(sorted_out).drift()).splitlines()[4:] == [
        "Changed in the target by hand:",
        "  role 'auditor': the description differs",
        "Changed on an unknown side:",
        "  role 'zoo': can't be compared",
    ]
    alone = replace(DRIFTED, plan=plan.model_copy(update={"blocked": (unread,)}), drift={})
    assert text(Console(alone).drift()).splitlines()[4:] == ["Different:", "  role 'zoo': can't be compared"]


def test_a_mapping_that_only_stands_elsewhere_has_drifted_too() -> None:
    moved = reorder("GET /users$", "users:read")
    wave = PLAN.waves[0].model_copy(update={"operations": (moved,)})
    document = replace(DRIFTED, plan=PLAN.model_copy(update={"waves": (wave,), "blocked": ()}))
    assert text(Console(document).drift()).splitlines()[-1] == (
        "  mapping GET /users$: has another place among the overlapping mappings"
    )


def _without_drift(rules: Rules, *blocked: Blocked) -> Document:
    plan = PLAN.model_copy(update={"waves": (), "blocked": blocked, "rules": rules})
    return replace(NO_DIFFERENCE, plan=plan, drift={})


def test_no_drift_says_no_more_than_was_measured() -> None:
    assert SCOPED.plan is not None
    found = {
        "all": _without_drift(Rules()),
        "scope": _without_drift(SCOPED.plan.rules, *SCOPED.plan.blocked),
    }
    assert {case: text(Console(document).drift()).splitlines()[-1] for case, document in found.items()} == {
        "all": "✓ No drift: both sides were read, and nothing differs.",
        "scope": (
            "✓ No drift: both sides were read, and nothing in scope differs,"
            " except 1 accepted and 1 protected differences."
        ),
    }


def test_what_there_is_nothing_to_say_about_is_not_there() -> None:
    assert Console(PLANNED).guardrails() == []
    assert Console(PLANNED).deviations() == []
    assert Console(PLANNED).resumed() == []
    assert Console(replace(PLANNED, plan=None)).drift() == []
