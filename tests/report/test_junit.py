"""The JUnit report, read as CI systems read it."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import CancelledError, HeimdallSyncError, ReadError, RefusedError, UnhealthyError
from sync.heimdall.health import Finding, Level
from sync.model.outcome import Verification
from sync.model.plan import Plan, Rules
from sync.model.snapshot import Kind
from sync.overlaps.answers import Doubt
from sync.report.access import access_counts
from sync.report.document import Document
from sync.report.junit import JUnit
from sync.report.wording import PLAIN, printable
from tests.report.examples import (
    ACCEPTED,
    APPLIED,
    AUDITOR,
    DRIFTED,
    INTERRUPTED,
    MANY,
    NO_DIFFERENCE,
    OVERLAPPING,
    PLAIN_HTTP,
    PLAN,
    PLANNED,
    REFUSED,
    RESUMED,
    SCOPED,
    STALE,
    STARTED,
)
from tests.report.hostile import HOSTILE, drift_saying, git_saying, saying, stale_saying

ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set[str](),
    "properties": set[str](),
    "property": {"name", "value"},
}
"""The elements of a report and what each may say, in the schema that Jenkins publishes."""

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "properties"},
    "properties": {"property"},
    "testcase": {"failure", "skipped", "system-out"},
}


SAME = {
    f"{kind.plural} are the same in source and target": ("passed", "both were read again") for kind in Kind
}

REACH = "Compared: every action, role, mapping and group, and which mapping wins each overlap"

IDENTICAL = f"the target is identical to the source. {REACH}"


def read(document: Document) -> ET.Element:
    report = ET.fromstring(JUnit(document).render())  # noqa: S314 - it reads what was just written
    assert report.tag == "testsuites"
    for element in report.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    for suite in report:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
        classes = {case.get("classname") for case in suite.findall("testcase")}
        assert classes <= {f"heimdall-sync.{suite.get('name')}"}
    cases = [(case.get("classname"), case.get("name")) for case in report.iter("testcase")]
    assert max(Counter(cases).values(), default=1) == 1
    return report


def results(document: Document, suite: str) -> dict[str, tuple[str, str]]:
    """Return each case of a suite with its result and what is said about it."""
    found = {}
    for case in read(document).findall(f"testsuite[@name='{suite}']/testcase"):
        [said] = case
        text = said.get("message") or said.text or ""
        found[case.attrib["name"]] = (said.tag.replace("system-out", "passed"), text)
    return found


def suites(document: Document) -> list[str | None]:
    return [suite.get("name") for suite in read(document)]


def test_a_suite_for_each_kind() -> None:
    kinds = [kind.plural for kind in Kind]
    assert suites(STARTED) == []
    assert suites(PLANNED) == ["healthcheck", *kinds]
    assert suites(APPLIED) == ["healthcheck", *kinds, "verification"]
    assert suites(NO_DIFFERENCE) == ["healthcheck", *kinds]


def test_who_gains_and_loses_is_counted_beside_the_cases() -> None:
    found = read(PLANNED).findall("testsuite[@name='groups']/properties/property")
    assert {each.get("name"): each.get("value") for each in found} == access_counts(document_plan(PLANNED))


def document_plan(document: Document) -> Plan:
    assert document.plan
    return document.plan


def test_what_is_the_same_on_both_sides_passes_as_that() -> None:
    assert {name: results(NO_DIFFERENCE, name) for name in ("actions", "groups")} == {
        "actions": {"actions are the same in source and target": ("passed", "3 actions on either side")},
        "groups": {"groups are the same in source and target": ("passed", "2 groups on either side")},
    }
    rules = Rules(ignore=("action:tmp:*",))
    assert NO_DIFFERENCE.plan
    in_scope = replace(NO_DIFFERENCE, plan=NO_DIFFERENCE.plan.model_copy(update={"rules": rules}))
    assert list(results(in_scope, "actions")) == ["actions in scope are the same in source and target"]


def test_a_planned_change_passes_as_planned_and_what_will_stay_different_is_skipped() -> None:
    assert results(PLANNED, "roles") == {
        "would create role 'data_scientist'": (
            "passed",
            "before: missing\nafter: description 'Analyzes'",
        ),
        "would assign action 'users:export' to role 'admin'": (
            "passed",
            "before: not assigned\nafter: assigned",
        ),
        "would assign action 'data:analyze' to role 'data_scientist'": (
            "passed",
            "before: not assigned\nafter: assigned",
        ),
        "would unassign action 'legacy:action' from role 'auditor'": (
            "passed",
            "before: assigned\nafter: not assigned",
        ),
        "role 'auditor' description": (
            "skipped",
            f"blocked: {AUDITOR.reason} → {AUDITOR.remedy}",
        ),
    }


def test_what_stays_different_after_an_apply_fails_once_and_says_what_to_do() -> None:
    stays = replace(APPLIED, plan=PLAN, verification=Verification(blocked=(AUDITOR,)))
    [failure] = read(stays).iter("failure")
    assert failure.attrib == {"type": "blocked", "message": AUDITOR.reason}
    assert failure.text == f"{AUDITOR.reason}\n{AUDITOR.remedy}"
    names = [case.get("name") for case in read(stays).iter("testcase")]
    assert names.count("role 'auditor' description") == 1


@pytest.mark.parametrize(
    "error", [RefusedError(MANY.message), CancelledError(), ReadError("GET /x answers 500")]
)
def test_no_change_passes_that_was_not_made(error: HeimdallSyncError) -> None:
    """A guardrail refused it, or the run ended before the first write."""
    changes = {
        case.get("name"): [said.tag for said in case]
        for case in read(replace(PLANNED, objections=(MANY,), error=error)).iter("testcase")
        if case.attrib["classname"].rpartition(".")[2] in {kind.plural for kind in Kind}
    }
    assert {tag for tags in changes.values() for tag in tags} == {"skipped"}
    assert set(map(PLAIN.phrase, PLAN.operations)) < set(changes)


def test_a_change_that_failed_is_not_told_again_as_still_needed() -> None:
    found = results(INTERRUPTED, "verification")
    assert [name for name, (result, _) in found.items() if result == "failure"] == [
        "role 'auditor' description"
    ]
    accepted = replace(INTERRUPTED, verification=Verification(remaining=(PLAN.operations[6],)))
    found = results(accepted, "verification")
    assert found.pop("target is identical to source") == (
        "failure",
        "the target still differs from the source: 1 change still needed",
    )
    assert {result for result, _ in found.values()} == {"passed"}


@pytest.mark.parametrize(
    ("document", "is_red"),
    [
        (PLANNED, False),
        (NO_DIFFERENCE, False),
        (ACCEPTED, False),
        (SCOPED, False),
        (OVERLAPPING, False),
        (APPLIED, False),
        (RESUMED, False),
        (replace(APPLIED, verification=Verification(blocked=(AUDITOR,))), True),
        (replace(APPLIED, verification=Verification(remaining=PLAN.operations[:1])), True),
        (replace(APPLIED, verification=Verification(error="GET /x answers 500")), True),
        (INTERRUPTED, True),
        (replace(PLANNED, error=CancelledError()), True),
        (REFUSED, True),
        (STALE, True),
        (DRIFTED, True),
        (replace(NO_DIFFERENCE, drift={}), False),
    ],
)
def test_the_report_is_red_where_the_exit_code_is(document: Document, *, is_red: bool) -> None:
    assert bool([*read(document).iter("failure")]) is is_red


def test_everything_has_a_time_and_suites_say_when() -> None:
    started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    slow = replace(INTERRUPTED.outcomes[0], seconds=0.25) if INTERRUPTED.outcomes else None
    assert slow
    report = read(replace(INTERRUPTED, started=started, outcomes=(slow,)))
    assert report.get("time") == "12.344"
    for element in (*report, *report.iter("testcase")):
        assert re.fullmatch(r"\d+\.\d{3}", element.attrib["time"])
    times = {suite.attrib["name"]: suite.attrib["time"] for suite in report}
    assert (times["actions"], times["roles"]) == ("0.250", "0.000")
    assert {suite.get("timestamp") for suite in report} == {"2026-01-02T03:04:05+00:00"}


@pytest.mark.parametrize(("document", "suite"), [(ACCEPTED, "roles"), (APPLIED, "verification")])
def test_an_accepted_difference_is_skipped(document: Document, suite: str) -> None:
    assert results(document, suite)["role 'auditor' description"] == (
        "skipped",
        "accepted: the target has no request that changes a role's description",
    )


def test_what_is_not_done_fails_or_is_skipped() -> None:
    found = results(INTERRUPTED, "roles")
    assert found["create role 'data_scientist'"] == (
        "failure",
        "POST /api/v1/roles/ answers 403 Insufficient permissions",
    )
    assert found["assign action 'data:analyze' to role 'data_scientist'"] == (
        "skipped",
        "role 'data_scientist' is not in the target",
    )
    assert found["assign action 'users:export' to role 'admin'"] == (
        "skipped",
        "the run ended before this change",
    )


@pytest.mark.parametrize(
    ("verification", "found"),
    [
        (
            Verification(),
            {"target is identical to source": ("passed", IDENTICAL), **SAME},
        ),
        (
            APPLIED.verification,
            {
                "target is identical to source, accepted differences aside": (
                    "passed",
                    f"the target is identical to the source, except 1 accepted difference. {REACH}",
                ),
                "role 'auditor' description": ("skipped", f"accepted: {AUDITOR.reason}"),
                **{name: said for name, said in SAME.items() if "roles" not in name},
            },
        ),
        (
            None,
            {"target is identical to source": ("failure", "the two environments were not read again")},
        ),
        (
            Verification(error="GET /x answers 500"),
            {"target is identical to source": ("failure", "GET /x answers 500")},
        ),
        (
            Verification(remaining=PLAN.operations[:1], blocked=(AUDITOR,)),
            {
                "create action 'users:export'": ("failure", "the target still differs"),
                "role 'auditor' description": ("failure", AUDITOR.reason),
                **{name: said for name, said in SAME.items() if not re.match("actions|roles", name)},
            },
        ),
    ],
)
def test_the_verification(verification: Verification | None, found: dict[str, tuple[str, str]]) -> None:
    assert results(replace(APPLIED, verification=verification), "verification") == found


def test_a_refusal_fails() -> None:
    refused = replace(PLANNED, error=RefusedError("it deletes 50 % of the roles", "allow it"))
    [failure] = read(refused).findall("testsuite[@name='verification']/testcase/failure")
    assert failure.attrib == {"type": "RefusedError", "message": "it deletes 50 % of the roles"}
    assert failure.text == "it deletes 50 % of the roles\nallow it"


def test_guardrails_are_skipped_where_they_are_overridden_and_fail_where_they_refuse() -> None:
    twice = replace(PLAIN_HTTP, message="the target's token would cross the network unencrypted to http://x")
    given = "(--allow-http is given)"
    document = replace(REFUSED, objections=(PLAIN_HTTP, twice, MANY, MANY))
    assert suites(document)[:2] == ["healthcheck", "guardrails"]
    assert results(document, "guardrails") == {
        "plain HTTP": ("skipped", f"allowed: {PLAIN_HTTP.message} {given}"),
        "plain HTTP (2)": ("skipped", f"allowed: {twice.message} {given}"),
        "many deletions": ("failure", MANY.message),
        "many deletions (2)": ("failure", MANY.message),
    }
    assert "verification" not in suites(document)
    [failure, _] = read(document).findall("testsuite[@name='guardrails']/testcase/failure")
    assert failure.attrib["type"] == "refused"
    assert failure.text == f"{MANY.message}\nto allow it, raise --max-delete-percent"


def test_what_is_not_as_approved_fails_and_the_rest_was_not_begun() -> None:
    found = results(STALE, "actions")
    assert found == {
        "create action 'users:export'": (
            "failure",
            "no longer needed: the target has changed since the approval",
        ),
        "update action 'users:read' description": (
            "failure",
            "changed: the source has changed since the approval",
        ),
        "create action 'data:analyze'": ("skipped", "the plan is no longer what was approved"),
        "delete action 'legacy:action'": ("skipped", "the plan is no longer what was approved"),
    }
    assert results(STALE, "roles")["create role 'by_hand'"][0] == "failure"
    assert "verification" not in suites(STALE)


def test_what_was_done_before_passes_and_says_so() -> None:
    found = results(RESUMED, "actions")
    assert found["create action 'users:export'"] == (
        "passed",
        "done before this run, by an earlier run of this plan",
    )
    assert found["delete action 'legacy:action'"] == (
        "passed",
        "before: description 'From before'\nafter: missing",
    )
    assert results(RESUMED, "groups")["create group 'data_team'"] == ("passed", "done before this run")


def test_what_is_protected_is_told_apart_from_what_is_accepted() -> None:
    assert results(SCOPED, "groups")["unassign role 'auditor' from group 'office'"] == (
        "skipped",
        "protected: it is protected by a setting",
    )
    assert results(SCOPED, "roles")["role 'auditor' description"][1].startswith("accepted: ")


def test_drift_fails_by_what_has_drifted() -> None:
    assert results(DRIFTED, "groups") == {
        "group 'legacy_team'": (
            "failure",
            "group 'legacy_team': only in the target (changed in the target by hand)",
        ),
        "group 'data_team'": (
            "failure",
            "group 'data_team': missing in the target (waiting in the source)",
        ),
        "role 'auditor' of group 'legacy_team'": (
            "failure",
            "role 'auditor' of group 'legacy_team': only in the target (waiting in the source)",
        ),
        "role 'data_scientist' of group 'data_team'": (
            "failure",
            "role 'data_scientist' of group 'data_team': missing in the target (waiting in the source)",
        ),
        "unassign role 'auditor' from group 'office'": (
            "skipped",
            "protected: it is protected by a setting",
        ),
    }
    failures = list(read(DRIFTED).iter("failure"))
    assert {failure.attrib["type"] for failure in failures} == {"drift"}
    [text] = [failure.text for failure in failures if "role 'auditor': the" in failure.attrib["message"]]
    assert (text or "").splitlines() == [
        "role 'auditor': the description differs (changed in the target by hand)",
        "in the target: description 'Audits'",
        "in the source: description 'Looks at everything'",
        f"{AUDITOR.reason}; {AUDITOR.remedy}",
    ]


def test_drift_without_a_receipt_names_no_side() -> None:
    found = results(replace(DRIFTED, drift={}), "groups")
    assert found["group 'legacy_team'"] == ("failure", "group 'legacy_team': only in the target")


def test_an_unhealthy_environment_fails_once() -> None:
    findings = (
        Finding("source", "API", Level.PASSED, "API is healthy"),
        Finding("target", "token", Level.WARNING, "the token ends in 5 min", "get a new one"),
        Finding("target", "superadmin", Level.FAILED, "User does not have superadmin role", "ask for it"),
    )
    document = replace(STARTED, findings=findings, error=UnhealthyError("the healthcheck failed"))
    assert suites(document) == ["healthcheck"]
    assert results(document, "healthcheck") == {
        "source: API": ("passed", "API is healthy"),
        "target: token": ("skipped", "warning: the token ends in 5 min → get a new one"),
        "target: superadmin": ("failure", "User does not have superadmin role"),
    }


def test_cases_of_the_same_name_are_told_apart() -> None:
    twice = PLAN.model_copy(update={"waves": (), "blocked": (AUDITOR, AUDITOR, AUDITOR)})
    names = list(results(replace(PLANNED, plan=twice), "roles"))
    assert names == [f"role 'auditor' description{number}" for number in ("", " (2)", " (3)")]


def _shape(report: ET.Element) -> list[tuple[str, list[str]]]:
    return [(element.tag, [child.tag for child in element]) for element in report.iter()]


@given(st.text(min_size=1))
def test_no_text_of_a_server_changes_the_report(said: str) -> None:
    _assert_same_report(said)


@pytest.mark.parametrize("said", HOSTILE)
def test_no_hostile_text_changes_the_report(said: str) -> None:
    _assert_same_report(said)


def _assert_same_report(said: str) -> None:
    assert _shapes(said) == _shapes("name")
    report = read(saying(said))
    assert any(case.get("name") == f"source: {printable(said)}" for case in report.iter("testcase"))


@cache
def _shapes(said: str) -> list[list[tuple[str, list[str]]]]:
    return [_shape(read(document(said))) for document in (saying, stale_saying, drift_saying, git_saying)]


def test_what_another_mapping_would_decide_passes_and_warnings_are_skipped() -> None:
    assert {name: results(OVERLAPPING, name) for name in ("winners", "warnings")} == {
        "winners": {
            "GET /users/me: GET /users/me$ (action 'me:read') would win": (
                "passed",
                "before: GET /users/([^/]+)$ (action 'users:read')",
            ),
            "GET /users/([^/]+)$ wins GET /users/me for a moment": (
                "skipped",
                "exposed: group 'office' could get through",
            ),
            "GET /users/me in the target": (
                "skipped",
                (
                    "warning: GET /users/([^/]+)$ wins, but the list shows "
                    "GET /users/me$; the answer may come from a cache, which holds it for 300 seconds at most"
                ),
            ),
        },
        "warnings": {
            "mapping GET /n": (
                "skipped",
                "warning: matches more paths than it seems to: /nx",
            )
        },
    }


def test_what_was_verified_has_its_own_name_and_what_was_not_passes_nowhere() -> None:
    name = "GET /users/me: GET /users/me$ (action 'me:read') wins"
    verified = replace(
        OVERLAPPING,
        remarks=(),
        outcomes=APPLIED.outcomes,
        verification=Verification(),
    )
    assert results(verified, "winners")[name][0] == "passed"
    different = replace(verified, verification=Verification(remaining=PLAN.operations[:1]))
    assert results(different, "winners")[name][0] == "skipped"
    doubted = replace(verified, remarks=OVERLAPPING.remarks)
    assert {result for result, _ in results(doubted, "winners").values()} == {"skipped"}


def test_a_server_that_decides_otherwise_than_its_list_shows_is_told_as_that() -> None:
    [remark] = OVERLAPPING.remarks
    document = replace(OVERLAPPING, remarks=(replace(remark, doubt=Doubt.REORDERED),))
    assert results(document, "winners")["GET /users/me in the target"][1].endswith(Doubt.REORDERED)
