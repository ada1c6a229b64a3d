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
from sync.report import messages
from sync.report.console import Console, Mode
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
from tests.report.hostile import HOSTILE, drift_saying, git_saying, saying, stale_saying

REACH = " Compared: every action, role, mapping and group, and which mapping wins each overlap"


def text(lines: Lines) -> str:
    return "".join(f"{line.plain}\n" for line in lines)


def test_a_dry_run_reads_like_this() -> None:
    assert (
        text(Console(PLANNED).render(Mode.PLAN))
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
  ⚠ 1 endpoint loses its mapping. Heimdall does not check requests that no other mapping matches.

==============================================================
SYNCING GROUPS
==============================================================
  Found 2 groups in source
  Found 2 groups in target
  [CREATE] Group 'data_team'
  [DELETE] Group 'legacy_team'
      ⚠ also deletes the membership of 37 people, which can't be undone

Syncing group-role assignments...
  [ASSIGN] Role 'data_scientist' to group 'data_team'
  [UNASSIGN] Role 'auditor' from group 'legacy_team'

==============================================================
ACCESS
==============================================================
Weigh this first:
  endpoint GET /legacy becomes open to everyone, without a token: no mapping matches any more
  group 'legacy_team' is deleted: 37 people lose the membership, and no rollback brings it back
Gains access:
  group 'data_team' (new, nobody in it yet) gains POST /data/(a|b)$: through role 'data_scientist', \
action 'data:analyze'; the group is created
Loses access:
  group 'legacy_team' (37 members) is deleted: its members lose 2 endpoints, unless another group of \
theirs gives access (not known)
  group 'office' loses POST /data/(a|b)$: through role 'auditor', action 'legacy:action'; the mapping \
asks for another action and the action is taken from the role
Becomes protected:
  endpoint GET /users/export: open to everyone before, reached by only groups with superadmin \
afterwards (action 'users:export')
Missing for a moment:
  group 'office' may be refused GET /legacy while waves 2 to 4 of the apply run

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
Plan: sha256:628ea655e1939f766b5837884faeaf678a81dc3d7acb70a2264bbf42545ed1a1
Nothing was changed.
==============================================================

Completed in 12.34 seconds
"""
    )


def test_an_apply_says_the_same_of_the_plan_and_then_what_became_of_it() -> None:
    assert text(Console(APPLIED).changes()) == text(Console(ACCEPTED).changes())
    assert (
        text(Console(APPLIED).outcomes())
        == """\

==============================================================
RESULT
==============================================================
  Done: 15 of 15 changes
"""
    )
    assert (
        text(Console(APPLIED).verification())
        == f"""\

==============================================================
VERIFICATION
==============================================================
✓ Verified: the target is identical to the source, except 1 accepted difference.{REACH}
"""
    )
    assert (
        text(Console(APPLIED).summary())
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
Plan: sha256:1abad4513ab1265fb5f2ac53b178f09f29dd73040c848cec0cff35f03fed9c90
==============================================================

Completed in 12.34 seconds
"""
    )


def test_an_apply_that_did_not_get_through_says_what_is_missing_and_why() -> None:
    shown = Console(INTERRUPTED)
    assert (
        text([*shown.outcomes(), *shown.verification(), *shown.summary()])
        == """\

==============================================================
RESULT
==============================================================
  Done: 9 of 15 changes
  [FAILED] create role 'data_scientist': POST /api/v1/roles/ answers 403 Insufficient permissions
      → give the token's user the role heimdall-admin in Keycloak
  [SKIPPED] assign action 'data:analyze' to role 'data_scientist': role 'data_scientist' is not in the target
  [NOT TRIED] assign action 'users:export' to role 'admin': the run ended before this change
  [NOT TRIED] assign role 'data_scientist' to group 'data_team': the run ended before this change
  [NOT TRIED] delete group 'legacy_team': the run ended before this change
  [NOT TRIED] delete action 'legacy:action': the run ended before this change

==============================================================
VERIFICATION
==============================================================
✗ Not equal: the target still differs from the source: 6 changes still needed, \
1 difference that no change can remove
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
Plan: sha256:628ea655e1939f766b5837884faeaf678a81dc3d7acb70a2264bbf42545ed1a1
✗ Failed: create role 'data_scientist': POST /api/v1/roles/ answers 403 Insufficient permissions
      → give the token's user the role heimdall-admin in Keycloak
✗ Not equal: the target still differs from the source: 6 changes still needed, \
1 difference that no change can remove
To finish: run the same command again with --resume.
==============================================================

Completed in 12.34 seconds
"""
    )


def test_of_many_that_were_not_made_ten_are_shown_and_their_cause_is_said_once_more_at_the_end() -> None:
    failed = tuple(Outcome(create(Kind.ACTION, f"a:{n}", "A"), Status.FAILED, "503") for n in range(12))
    document = replace(PLANNED, outcomes=failed)
    shown = text(Console(document).outcomes()).splitlines()
    assert sum(line.startswith("  [FAILED]") for line in shown) == 10
    assert "  … and 2 more failed: junit.xml has them all" in shown
    assert "  … and 5 more not tried: junit.xml has them all" in shown
    assert "✗ Failed: create action 'a:0' and 11 more: 503\n" in text(Console(document).summary())


def test_what_nobody_planned_is_named_as_still_needed() -> None:
    by_hand = create(Kind.ROLE, "by_hand", "")
    document = replace(APPLIED, verification=Verification(remaining=(by_hand,)))
    assert "  [STILL NEEDED] create role 'by_hand': the target still differs\n" in text(
        Console(document).verification()
    )


def test_the_figures_add_up() -> None:
    for document in (PLANNED, APPLIED, INTERRUPTED, NO_DIFFERENCE):
        lines = [line.plain for line in Console(document).summary()]
        rows = [line.split(":")[1].split() for line in lines if " ~" in line]
        [total] = [line for line in lines if line.startswith("Total Changes: ")]
        assert sum(int(figure[1:]) for row in rows for figure in row) == int(total.split()[-1])


def test_no_difference() -> None:
    section = text(Console(NO_DIFFERENCE).changes())
    assert section.count("  Nothing to change\n") == 4
    assert "identical" not in text(Console(NO_DIFFERENCE).render(Mode.PLAN))


def test_an_accepted_difference_asks_for_nothing() -> None:
    assert """\
  [ACCEPTED] role 'auditor' description: the target has no request that changes a role's description

""" in text(Console(ACCEPTED).changes())


def test_identical_is_said_only_where_the_verification_says_so() -> None:
    found = {
        "identical": replace(APPLIED, verification=Verification()),
        "not read": replace(APPLIED, verification=None),
        "unreadable": replace(APPLIED, verification=Verification(error="GET /x answers 500")),
    }
    verdicts = {
        case: text(Console(document).verification()).splitlines()[-1] for case, document in found.items()
    }
    assert verdicts == {
        "identical": f"✓ Verified: the target is identical to the source.{REACH}",
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
        text(Console(document).healthcheck() + Console(document).summary())
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
    lines = text(Console(replace(STARTED, findings=(soon,))).healthcheck()).splitlines()
    assert lines[7:9] == ["  ⚠ the token ends in 5 min", "      → get a new one"]
    assert lines[-1] == "⚠ Healthcheck PASSED with 1 warning - ready to sync"


def test_a_refusal_is_an_error_that_counts() -> None:
    document = replace(PLANNED, error=RefusedError("deletes 50 % of the roles", "allow it"))
    assert text(Console(document).summary()).splitlines()[-10:] == [
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
        text(messages.failure(error))
        == """\
✗ --source-url (HEIMDALL_SOURCE_URL): is missing
✗ --retries (HEIMDALL_RETRIES): is 0
      → see heimdall-sync --help
"""
    )


def test_a_resumed_run_counts_what_it_did_itself() -> None:
    assert text(Console(RESUMED).outcomes()).splitlines()[-1] == "  Done: 11 of 11 changes"
    assert text(Console(RESUMED).summary()).splitlines()[4:13] == [
        "Actions:  +0 ~0 -1",
        "Roles:    +1 ~0 -0",
        "Mappings: +1 ~1 -1",
        "Groups:   +0 ~0 -1",
        "Assigned: +3 ~0 -2",
        "Blocked:  1 (1 accepted difference)",
        "Errors:   0",
        "Total Changes: 11",
        "4 of 15 changes were done before, 3 of them by an earlier run of this plan.",
    ]


def test_what_is_protected_is_told_apart_from_what_is_accepted() -> None:
    said = text(Console(SCOPED).changes())
    assert "  [ACCEPTED] role 'auditor' description: the target has no request" in said
    assert "  [PROTECTED] unassign role 'auditor' from group 'office': it is protected by a setting\n" in said
    assert "Blocked:  2 (1 accepted and 1 protected differences)\n" in text(Console(SCOPED).summary())
    assert SCOPED.plan is not None
    verified = replace(SCOPED, outcomes=(), verification=Verification(blocked=SCOPED.plan.blocked))
    assert text(Console(verified).verification()).splitlines()[-1] == (
        "✓ Verified: the target is identical to the source, except 1 accepted and 1 protected differences."
        + REACH
    )


def test_an_export_has_no_target() -> None:
    lines = text(Console(replace(STARTED, target_url="")).header(Mode.EXPORT)).splitlines()
    assert lines[3:] == ["Source: https://staging.services.example", "Mode: EXPORT"]


def test_sections_that_a_run_did_not_come_to_are_not_there() -> None:
    assert Console(STARTED).healthcheck() == []
    assert Console(STARTED).changes() == []
    assert Console(PLANNED).outcomes() == []
    assert Console(PLANNED).verification() == []


def test_single_lines() -> None:
    assert text(messages.reading()) == "\nFetching everything from source and target...\n"
    assert text(messages.note("the target publishes no schema")) == "⚠ the target publishes no schema\n"
    assert text(messages.failure(HeimdallSyncError("it broke", "mend it"))) == "✗ it broke\n      → mend it\n"
    assert text(Console(PLANNED).backup()) == ""
    assert text(Console(APPLIED).backup()) == (
        "Backup of the target: reports/backup-1.json\n"
        "To go back: heimdall-sync rollback --backup reports/backup-1.json\n"
    )
    assert text(Console(PLANNED).next_step()) == f"To apply exactly this: {PLANNED.next_line}\n"
    assert text(Console(STARTED).next_step()) == ""
    assert text(messages.step(2, 5, "plan")) == "\n▶ Step 2 of 5: plan\n"
    assert text(messages.reports(Path("out/reports"))) == "Reports: out/reports\n"
    assert (
        text(messages.countdown(5))
        == """\

⚠️  WARNING: This will modify the target environment!
Press Ctrl+C within 5 seconds to cancel...
"""
    )


def shown(document: Document) -> list[str]:
    stream = io.StringIO()
    Printer(stream).show(Console(document).render(Mode.APPLY))
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
    return [
        line
        for document in (saying, stale_saying, drift_saying, git_saying)
        for line in shown(document(said))
    ]


def test_overlaps_and_flaws_are_told_after_the_mappings() -> None:
    mappings = text(Console(OVERLAPPING).changes()).partition("SYNCING MAPPINGS")[2]
    assert (
        mappings.partition("mapping matches.\n")[2].partition("\n\n====")[0]
        == """
Another mapping wins:
  [WINNER] GET /users/me
      before: GET /users/([^/]+)$ (action 'users:read')
      after:  GET /users/me$ (action 'me:read')

Transient exposure:
  [EXPOSED] GET /users/([^/]+)$ wins GET /users/me for a moment: group 'office' could get through

Faulty mappings:
  [WARNING] mapping GET /n: matches more paths than it seems to: /nx"""
    )
    assert text(Console(OVERLAPPING).remarks()) == (
        "⚠ GET /users/me in the target: GET /users/([^/]+)$ wins, but the list shows GET /users/me$; "
        "the answer may come from a cache, which holds it for 300 seconds at most\n"
    )
