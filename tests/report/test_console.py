"""The lines of a terminal, compared as wholes."""

import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import HeimdallSyncError, RefusedError, UnhealthyError, UsageError
from sync.heimdall.health import Finding, Level
from sync.model.outcome import Outcome, Status, Verification
from sync.model.snapshot import Kind
from sync.report import console
from sync.report.console import Mode
from sync.report.document import Document
from sync.report.lines import Lines
from sync.report.terminal import Printer
from tests.report.examples import (
    ACCEPTED,
    APPLIED,
    INTERRUPTED,
    NO_DIFFERENCE,
    OVERLAPPING,
    PLAN,
    PLANNED,
    RESUMED,
    SCOPED,
    STARTED,
    create,
)
from tests.report.hostile import HOSTILE, drift_saying, saying, stale_saying

REACH = " Compared: every row, and which mapping wins each overlap"


def text(lines: Lines) -> str:
    return "".join(f"{line.plain}\n" for line in lines)


def test_a_dry_run_reads_like_this() -> None:
    assert (
        text(console.render(PLANNED, Mode.DRY_RUN))
        == """\
==============================================================
HEIMDALL ENVIRONMENT SYNCHRONIZATION
==============================================================
Source: https://staging.services.example
Target: https://services.example
Mode: DRY RUN

==============================================================
RUNNING HEALTHCHECK
==============================================================

Checking SOURCE environment...
  URL: https://staging.services.example
  ✓ API is healthy
  ✓ Authentication valid (user: 475******07)
  ✓ User has superadmin role

Checking TARGET environment...
  URL: https://services.example
  ✓ API is healthy
  ✓ Authentication valid (user: 475******07)
  ✓ User has superadmin role

==============================================================

✓ Healthcheck PASSED - ready to sync

==============================================================
SYNCING ACTIONS
==============================================================
  Found 3 actions in source
  Found 2 actions in target
  [CREATE] Action 'users:export'
  [CREATE] Action 'data:analyze'
  [UPDATE] Action 'users:read' description
  [DELETE] Action 'legacy:action'

==============================================================
SYNCING ROLES
==============================================================
  Found 3 roles in source
  Found 2 roles in target
  [CREATE] Role 'data_scientist'

Syncing role-action assignments...
  [ASSIGN] Action 'users:export' to role 'admin'
  [ASSIGN] Action 'data:analyze' to role 'data_scientist'
  [UNASSIGN] Action 'legacy:action' from role 'auditor'
  [BLOCKED] role 'auditor' description: the target has no request that changes a role's description
      → change it in the source, or accept it: --accept role:auditor

==============================================================
SYNCING MAPPINGS
==============================================================
  Found 3 mappings in source
  Found 3 mappings in target
  [CREATE] Mapping GET /users/export$ -> users:export
  [UPDATE] Mapping POST /data/(a|b)$ -> data:analyze (was legacy:action)
  [DELETE] Mapping GET /legacy$ -> legacy:action
  ⚠ 1 endpoint loses its mapping. Requests that no other mapping matches are then not checked.

==============================================================
SYNCING GROUPS
==============================================================
  Found 2 groups in source
  Found 2 groups in target
  [CREATE] Group 'data_team'
  [DELETE] Group 'legacy_team'
      ⚠ takes away the membership of 37 people, which can't be undone

Syncing group-role assignments...
  [ASSIGN] Role 'data_scientist' to group 'data_team'
  [UNASSIGN] Role 'auditor' from group 'legacy_team'

==============================================================
SYNC SUMMARY
==============================================================
Actions:  +2 ~1 -1
Roles:    +1 ~0 -0
Mappings: +1 ~1 -1
Groups:   +1 ~0 -1
Assigned: +3 ~0 -2
Blocked:  1
Errors:   0
Total Changes: 15
Plan: sha256:7ffe476d499a1b29c8595a3323d157f868282278599c181997b9aef0c24ffaae
Nothing was changed.
==============================================================

Completed in 12.34 seconds
"""
    )


def test_an_apply_says_the_same_of_the_plan_and_then_what_became_of_it() -> None:
    assert text(console.plan_sections(APPLIED)) == text(console.plan_sections(ACCEPTED))
    assert (
        text(console.outcomes(APPLIED))
        == """\

==============================================================
RESULT
==============================================================
  Done: 15 of 15 changes
"""
    )
    assert (
        text(console.verification(APPLIED))
        == f"""\

==============================================================
VERIFICATION
==============================================================
✓ Target is identical to source, but for 1 accepted difference.{REACH}
"""
    )
    assert (
        text(console.summary(APPLIED))
        == """\

==============================================================
SYNC SUMMARY
==============================================================
Actions:  +2 ~1 -1
Roles:    +1 ~0 -0
Mappings: +1 ~1 -1
Groups:   +1 ~0 -1
Assigned: +3 ~0 -2
Blocked:  1 (1 accepted difference)
Errors:   0
Total Changes: 15
Plan: sha256:63214e21421c5e834155a3e5dabf6f302dcd3a1482a9758d41f6785f38a9af68
==============================================================

Completed in 12.34 seconds
"""
    )


def test_an_apply_that_did_not_get_through_says_what_is_missing_and_why() -> None:
    sections = (console.outcomes, console.verification, console.summary)
    assert (
        "".join(text(section(INTERRUPTED)) for section in sections)
        == """\

==============================================================
RESULT
==============================================================
  Done: 9 of 15 changes
  [FAILED] create role 'data_scientist': POST /api/v1/roles/ answers 403 Insufficient permissions
      → give the token's user the role heimdall-admin in Keycloak
  [SKIPPED] assign action 'data:analyze' to role 'data_scientist': role 'data_scientist' is not in the target
  [NOT TRIED] assign action 'users:export' to role 'admin'
  [NOT TRIED] assign role 'data_scientist' to group 'data_team'
  [NOT TRIED] delete group 'legacy_team'
  [NOT TRIED] delete action 'legacy:action'

==============================================================
VERIFICATION
==============================================================
✗ Target still differs from source: 6 changes still needed, 1 difference that no change can remove
  [BLOCKED] role 'auditor' description: the target has no request that changes a role's description
      → change it in the source, or accept it: --accept role:auditor

==============================================================
SYNC SUMMARY
==============================================================
Actions:  +2 ~1 -0
Roles:    +0 ~0 -0
Mappings: +1 ~1 -1
Groups:   +1 ~0 -0
Assigned: +0 ~0 -2
Blocked:  1
Skipped:  1
Errors:   1
Total Changes: 9
Plan: sha256:7ffe476d499a1b29c8595a3323d157f868282278599c181997b9aef0c24ffaae
✗ Failed: create role 'data_scientist': POST /api/v1/roles/ answers 403 Insufficient permissions
      → give the token's user the role heimdall-admin in Keycloak
✗ Target still differs from source: 6 changes still needed, 1 difference that no change can remove
To finish: run the same command again with --resume.
==============================================================

Completed in 12.34 seconds
"""
    )


def test_of_many_that_were_not_made_ten_are_shown_and_their_cause_is_said_once_more_at_the_end() -> None:
    failed = tuple(Outcome(create(Kind.ACTION, f"a:{n}", "A"), Status.FAILED, "503") for n in range(12))
    document = replace(PLANNED, outcomes=failed)
    shown = text(console.outcomes(document)).splitlines()
    assert sum(line.startswith("  [FAILED]") for line in shown) == 10
    assert "  … and 2 more failed, see junit.xml" in shown
    assert "  … and 5 more not tried, see junit.xml" in shown
    assert "✗ Failed: create action 'a:0' and 11 more: 503\n" in text(console.summary(document))


def test_what_nobody_planned_is_named_as_still_needed() -> None:
    by_hand = create(Kind.ROLE, "by_hand", "")
    document = replace(APPLIED, verification=Verification(remaining=(by_hand,)))
    assert "  Still needed: create role 'by_hand'\n" in text(console.verification(document))


def test_the_figures_add_up() -> None:
    for document in (PLANNED, APPLIED, INTERRUPTED, NO_DIFFERENCE):
        lines = [line.plain for line in console.summary(document)]
        rows = [line.split(":")[1].split() for line in lines if " ~" in line]
        [total] = [line for line in lines if line.startswith("Total Changes: ")]
        assert sum(int(figure[1:]) for row in rows for figure in row) == int(total.split()[-1])


def test_no_difference() -> None:
    section = text(console.plan_sections(NO_DIFFERENCE))
    assert section.count("  Nothing to change\n") == 4
    assert "identical" not in text(console.render(NO_DIFFERENCE, Mode.DRY_RUN))


def test_an_accepted_difference_asks_for_nothing() -> None:
    assert """\
  [ACCEPTED] role 'auditor' description: the target has no request that changes a role's description

""" in text(console.plan_sections(ACCEPTED))


def test_identical_is_said_only_where_the_verification_says_so() -> None:
    found = {
        "identical": replace(APPLIED, verification=Verification()),
        "not read": replace(APPLIED, verification=None),
        "unreadable": replace(APPLIED, verification=Verification(error="GET /x answers 500")),
    }
    verdicts = {
        case: text(console.verification(document)).splitlines()[-1] for case, document in found.items()
    }
    assert verdicts == {
        "identical": f"✓ Target is identical to source.{REACH}",
        "not read": "✗ Not verified: the two environments were not read again",
        "unreadable": "✗ Not verified: GET /x answers 500",
    }


def test_a_failed_healthcheck_names_the_remedy() -> None:
    document = replace(
        STARTED,
        findings=(
            Finding("source", "API", Level.PASSED, "API is healthy"),
            Finding("source", "superadmin", Level.FAILED, "User does not have superadmin role", "give it"),
        ),
        error=UnhealthyError("the healthcheck failed", "see above"),
        seconds=0.5,
    )
    assert (
        text(console.healthcheck(document) + console.summary(document))
        == """\

==============================================================
RUNNING HEALTHCHECK
==============================================================

Checking SOURCE environment...
  URL: https://staging.services.example
  ✓ API is healthy
  ✗ User does not have superadmin role
      → give it

==============================================================

✗ Healthcheck FAILED - nothing was changed

==============================================================
SYNC SUMMARY
==============================================================
✗ the healthcheck failed
      → see above
Nothing was changed.
==============================================================

Ended after 0.50 seconds
"""
    )


def test_a_warning_does_not_fail_the_healthcheck() -> None:
    soon = Finding("target", "token", Level.WARNING, "the token ends in 5 min", "get a new one")
    lines = text(console.healthcheck(replace(STARTED, findings=(soon,)))).splitlines()
    assert lines[7:9] == ["  ⚠ the token ends in 5 min", "      → get a new one"]
    assert lines[-1] == "⚠ Healthcheck PASSED with 1 warning - ready to sync"


def test_a_refusal_is_an_error_that_counts() -> None:
    document = replace(PLANNED, error=RefusedError("deletes 50 % of the roles", "allow it"))
    assert text(console.summary(document)).splitlines()[-10:] == [
        "Blocked:  1",
        "Errors:   1",
        "Total Changes: 15",
        f"Plan: {PLAN.digest}",
        "✗ deletes 50 % of the roles",
        "      → allow it",
        "Nothing was changed.",
        "==============================================================",
        "",
        "Ended after 12.34 seconds",
    ]


def test_wrong_settings_stand_one_below_another() -> None:
    error = UsageError("--source-url (HEIMDALL_SOURCE_URL): is missing", "--retries (HEIMDALL_RETRIES): is 0")
    assert (
        text(console.failure(error))
        == """\
✗ --source-url (HEIMDALL_SOURCE_URL): is missing
✗ --retries (HEIMDALL_RETRIES): is 0
      → see heimdall-sync --help
"""
    )


def test_a_resumed_run_counts_what_it_did_itself() -> None:
    assert text(console.outcomes(RESUMED)).splitlines()[-1] == "  Done: 11 of 11 changes"
    assert text(console.summary(RESUMED)).splitlines()[4:13] == [
        "Actions:  +0 ~0 -1",
        "Roles:    +1 ~0 -0",
        "Mappings: +1 ~1 -1",
        "Groups:   +0 ~0 -1",
        "Assigned: +3 ~0 -2",
        "Blocked:  1 (1 accepted difference)",
        "Errors:   0",
        "Total Changes: 11",
        "4 of 15 changes were done before, 3 of them by an earlier run of ours.",
    ]


def test_what_is_protected_is_told_apart_from_what_is_accepted() -> None:
    said = text(console.plan_sections(SCOPED))
    assert "  [ACCEPTED] role 'auditor' description: the target has no request" in said
    assert "  [PROTECTED] unassign role 'auditor' from group 'office': it is protected by a setting\n" in said
    assert "Blocked:  2 (1 accepted and 1 protected differences)\n" in text(console.summary(SCOPED))
    assert SCOPED.plan is not None
    verified = replace(SCOPED, outcomes=(), verification=Verification(blocked=SCOPED.plan.blocked))
    assert text(console.verification(verified)).splitlines()[-1] == (
        f"✓ Target is identical to source, but for 1 accepted and 1 protected differences.{REACH}"
    )


def test_an_export_has_no_target() -> None:
    lines = text(console.header(replace(STARTED, target_url=""), Mode.EXPORT)).splitlines()
    assert lines[3:] == ["Source: https://staging.services.example", "Mode: EXPORT"]


def test_sections_that_a_run_did_not_come_to_are_not_there() -> None:
    assert console.healthcheck(STARTED) == []
    assert console.plan_sections(STARTED) == []
    assert console.outcomes(PLANNED) == []
    assert console.verification(PLANNED) == []


def test_single_lines() -> None:
    assert text(console.reading()) == "\nFetching everything from source and target...\n"
    assert text(console.note("the target publishes no schema")) == "⚠ the target publishes no schema\n"
    assert text(console.failure(HeimdallSyncError("it broke", "mend it"))) == "✗ it broke\n      → mend it\n"
    assert text(console.backup(PLANNED)) == ""
    assert text(console.backup(APPLIED)) == (
        "Backup of the target: reports/backup-1.json\n"
        "To go back: heimdall-sync apply --source-url reports/backup-1.json\n"
    )
    assert text(console.next_step(PLANNED)) == f"To apply exactly this: {PLANNED.next_line}\n"
    assert text(console.next_step(STARTED)) == ""
    assert text(console.step(2, 5, "plan")) == "\n▶ Step 2 of 5: plan\n"
    assert text(console.reports(Path("out/reports"))) == "Reports: out/reports\n"
    assert (
        text(console.countdown(5))
        == """\

⚠️  WARNING: This will modify the target environment!
Press Ctrl+C within 5 seconds to cancel...
"""
    )


def shown(document: Document) -> list[str]:
    stream = io.StringIO()
    Printer(stream).show(console.render(document, Mode.LIVE))
    return stream.getvalue().splitlines()


@given(st.text(min_size=1))
def test_no_text_of_a_server_forges_a_line(said: str) -> None:
    _assert_same_lines(said)


@pytest.mark.parametrize("said", HOSTILE)
def test_no_hostile_text_forges_a_line(said: str) -> None:
    _assert_same_lines(said)


def _assert_same_lines(said: str) -> None:
    lines, harmless = _everything_shown(said), _everything_shown("name")
    assert len(lines) == len(harmless)
    assert all(line.isprintable() for line in lines)
    # What GitHub's runner acts on: `::command::` at the start of a line, `##[command]` anywhere.
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)


@cache
def _everything_shown(said: str) -> list[str]:
    return [line for document in (saying, stale_saying, drift_saying) for line in shown(document(said))]


def test_overlaps_and_flaws_are_told_after_the_mappings() -> None:
    mappings = text(console.plan_sections(OVERLAPPING)).partition("SYNCING MAPPINGS")[2]
    assert (
        mappings.partition("not checked.\n")[2].partition("\n\n====")[0]
        == """
Decided by another mapping afterwards:
  [DECIDED] GET /users/me
      before: GET /users/([^/]+)$ (action 'users:read')
      after:  GET /users/me$ (action 'me:read')

⚠ Decided by a third mapping while those that match the same are written:
  [EXPOSED] GET /users/me by GET /users/([^/]+)$: group 'office' could get through

The mappings themselves:
  [WARNING] mapping GET /n also matches more than it seems to: /nx"""
    )
    assert text(console.remarks(OVERLAPPING)) == (
        "⚠ GET /users/me in the target: decided by GET /users/([^/]+)$, its list shows GET /users/me$; "
        "the answer may come from a cache, which holds it for 300 seconds at most\n"
    )
