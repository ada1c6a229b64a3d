"""What all formats say in the same words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.outcome import Outcome, Status
from sync.model.plan import Attributes, Blocked, Operation
from sync.model.snapshot import Action, Group, Kind, Role, Snapshot
from sync.report.wording import PLAIN, contents_of, lost_memberships, plural, printable, quoted, why
from tests.report.examples import AUDITOR, PLAN, assign, create, delete, reorder, unassign, update


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("users:read", "users:read"),
        (r"/users/(\d+)$", r"/users/(\d+)$"),
        ("Análise de dados 🧮", "Análise de dados 🧮"),
        ("one\ntwo\ttabs\r", r"one\ntwo\ttabs\r"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u2028\x85", r"\u2028\x85"),
        ("\u202eexe.txt", r"\u202eexe.txt"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("##[add-mask]x", r"\x23#[add-mask]x"),
        ("##vso[task.complete]", r"\x23#vso[task.complete]"),
        ("## a heading", "## a heading"),
    ],
)
def test_what_a_terminal_would_act_on_is_made_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_any_text_becomes_one_line_that_can_be_encoded(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in shown)
    assert shown.encode().decode() == shown


def test_a_name_can_not_leave_its_quotes() -> None:
    assert quoted("it's") == r"'it\'s'"


def test_plurals() -> None:
    assert [plural(count, "change") for count in (0, 1, 2500)] == ["0 changes", "1 change", "2,500 changes"]


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (create(Kind.ACTION, "users:export", ""), "[CREATE] Action 'users:export'"),
        (
            update(Kind.ACTION, "users:read", Attributes(), Attributes(description="x")),
            "[UPDATE] Action 'users:read' description",
        ),
        (delete(Kind.ROLE, "viewer"), "[DELETE] Role 'viewer'"),
        (create(Kind.GROUP, "data_team", ""), "[CREATE] Group 'data_team'"),
        (assign(Kind.ROLE, "users:export", "admin"), "[ASSIGN] Action 'users:export' to role 'admin'"),
        (unassign(Kind.ROLE, "users:read", "admin"), "[UNASSIGN] Action 'users:read' from role 'admin'"),
        (assign(Kind.GROUP, "viewer", "data_team"), "[ASSIGN] Role 'viewer' to group 'data_team'"),
        (create(Kind.MAPPING, "GET /x$", "", "x:read"), "[CREATE] Mapping GET /x$ -> x:read"),
        (delete(Kind.MAPPING, "GET /x$", "", "x:read"), "[DELETE] Mapping GET /x$ -> x:read"),
        (
            update(Kind.MAPPING, "GET /x$", Attributes(action="x:old"), Attributes(action="x:read")),
            "[UPDATE] Mapping GET /x$ -> x:read (was x:old)",
        ),
        (
            update(
                Kind.MAPPING,
                "GET /x$",
                Attributes(action="x:old", description="a"),
                Attributes(action="x:read", description="b"),
            ),
            "[UPDATE] Mapping GET /x$ -> x:read (was x:old, description)",
        ),
        (reorder("GET /x$", "x:read"), "[REORDER] Mapping GET /x$ -> x:read"),
    ],
)
def test_an_operation_as_a_line(operation: Operation, line: str) -> None:
    assert PLAIN.describe(operation) == line


def test_a_difference_that_stays() -> None:
    old = create(Kind.ACTION, "Old-Name", "")
    assert PLAIN.difference(AUDITOR) == "role 'auditor' description"
    assert PLAIN.difference(_blocked(Kind.ACTION, "Old-Name", old)) == "create action 'Old-Name'"
    assert PLAIN.difference(_blocked(Kind.ROLE, "zoo", None)) == "role 'zoo'"
    assert PLAIN.difference(_blocked(Kind.MAPPING, "ANY /x", None)) == "mapping ANY /x"


def _blocked(kind: Kind, name: str, operation: Operation | None) -> Blocked:
    return Blocked(kind=kind, name=name, operation=operation, reason="", remedy="")


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        (create(Kind.ACTION, "x", "It's x"), "missing", r"description 'It\'s x'"),
        (delete(Kind.MAPPING, "GET /x", "", "x"), "action 'x'", "missing"),
        (assign(Kind.ROLE, "x", "y"), "not assigned", "assigned"),
        (unassign(Kind.ROLE, "x", "y"), "assigned", "not assigned"),
    ],
)
def test_what_is_there_before_and_after(operation: Operation, before: str, after: str) -> None:
    assert PLAIN.sides(operation) == (before, after)


def test_what_deleting_a_group_takes_along() -> None:
    plan = PLAN.model_copy(update={"members": {"many": 1234, "one": 1, "none": 0}})
    lost = {name: lost_memberships(plan, delete(Kind.GROUP, name)) for name in ("many", "one", "none", "?")}
    assert lost == {
        "many": "the membership of 1,234 people",
        "one": "the membership of 1 person",
        "none": "",
        "?": "the membership of everyone in it",
    }
    assert lost_memberships(plan, delete(Kind.ROLE, "many")) == ""


def test_a_failure_that_nobody_is_sure_of_says_so() -> None:
    operation = create(Kind.ACTION, "x", "")
    assert why(Outcome(operation, Status.FAILED, "time-out")) == "time-out"
    unsettled = Outcome(operation, Status.FAILED, "time-out", unsettled=True)
    assert why(unsettled) == "time-out (the target may have made the change)"


def test_what_a_snapshot_holds_is_counted_as_far_as_it_is_known() -> None:
    roles = (Role(name="known", actions=("read",)), Role(name="hidden", actions=None))
    snapshot = Snapshot(actions=(Action(name="read"),), roles=roles, groups=(Group(name="g"),))
    assert contents_of(snapshot) == (
        "1 action, 2 roles with 1 assigned action (the server does not show those of 1), 0 mappings, "
        "1 group with 0 assigned roles"
    )
