"""Who gains and who loses access, as sentences, and as a picture."""

import re
from dataclasses import replace

import pytest

from sync.model.impact import AccessChange, Cause, Impact, Requests, Requirement, Through
from sync.report.effects import access, groups_changed, who_may
from sync.report.endpoints import endpoint, written
from sync.report.graph import mermaid
from sync.report.markdown import Markdown
from sync.report.wording import PLAIN
from tests.report.examples import APPLIED, PLAN, PLANNED
from tests.report.hostile import HOSTILE, impact_saying


def _change(group: str, *names: str) -> AccessChange:
    requests = tuple(Requests(before=name, after=name, like=name.removesuffix("$")) for name in names)
    through = (Through(action="users:write", requests=requests),)
    return AccessChange(groups=(group,), roles=("clerk",), causes=(Cause.ASSIGNMENT,), through=through)


def _sentences(impact: Impact, **members: int) -> dict[str, list[str]]:
    plan = PLAN.model_copy(update={"impact": impact, "members": members})
    return {one.title: [row.said for row in one.rows] for one in access(replace(PLANNED, plan=plan), PLAIN)}


def test_what_weighs_most_stands_first_with_its_way_and_its_cause() -> None:
    opened = Requests(before="GET /old$", after=None, like="GET /old")
    impact = Impact(
        superadmin_granted=("office",),
        deleted=("gone",),
        gains=(_change("reader", "GET /users$"), _change("cleaner", "GET /users$", "DELETE /users/([^/]+)$")),
        losses=(_change("gone", "GET /a$", "GET /b$"), _change("support", "POST /users$")),
        opened=(Requirement(action_before="old", action_after=None, requests=(opened,)),),
    )
    told = _sentences(impact, office=3, gone=1, reader=5, cleaner=2, support=0)
    kept, given = "unless another group of theirs gives access (not known)", "the group is given the role"
    way = "through role 'clerk', action 'users:write'"
    assert [*told] == ["Weigh this first", "Gains access", "Loses access"]
    assert told["Weigh this first"] == [
        "group 'office' (3 members) is given superadmin: it reaches everything",
        "endpoint GET /old becomes open to everyone, without a token: no mapping matches any more",
        "group 'gone' is deleted: 1 person loses the membership, and no rollback brings it back",
    ]
    assert told["Gains access"] == [
        f"group 'cleaner' (2 members) gains DELETE /users/{{}}, GET /users: {way}; {given}",
        f"group 'reader' (5 members) gains GET /users: {way}; {given}",
    ]
    assert told["Loses access"] == [
        f"group 'gone' (1 member) is deleted: its members lose 2 endpoints, {kept}",
        f"group 'support' (0 members) loses POST /users: {way}; the role is taken from the group",
    ]
    assert (
        groups_changed(impact) == "3 groups gain access, 2 groups lose access, 1 endpoint opens to everyone"
    )


def test_once_it_is_done_nothing_is_left_to_weigh() -> None:
    applied = {section.title for section in access(APPLIED, PLAIN)}
    assert {"What weighs most", "Was missing for a moment"} <= applied
    assert applied.isdisjoint({"Weigh this first", "Missing for a moment"})


@pytest.mark.parametrize(
    ("impact", "is_said"),
    [
        (Impact(superadmin=("platform",), gains=(_change("reader", "GET /users$"),)), True),
        (Impact(superadmin=("platform",), superadmin_granted=("office",)), False),
        (Impact(superadmin=("platform",), superadmin_lost=("office",)), False),
    ],
    ids=["kept", "granted", "lost"],
)
def test_that_superadmin_stays_where_it_is_is_said_only_where_it_does(impact: Impact, is_said: bool) -> None:
    plan = PLAN.model_copy(update={"impact": impact})
    said = "No group gains or loses superadmin, which reaches everything: `platform` has it."
    assert (said in Markdown(replace(PLANNED, plan=plan)).render()) is is_said


def test_what_may_still_be_matched_is_not_said_to_be_open() -> None:
    opened = Requests(before="GET /old$", after=None, like="GET /old")
    requirement = Requirement(action_before="old", action_after=None, requests=(opened,), certain=False)
    [said] = _sentences(Impact(opened=(requirement,)))["Weigh this first"]
    assert said.startswith("endpoint GET /old may become open to everyone")


def test_who_may_use_an_endpoint_is_told_before_and_afterwards() -> None:
    [section] = who_may(PLANNED, PLAIN)
    told = {row.what: (row.before, row.after) for row in section.rows}
    assert told["GET /legacy"] == (
        "'legacy_team', 'office' (action 'legacy:action')",
        "everyone, without a token",
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("GET /users$", "GET /users"),
        ("GET /users/([^/]+)$", "GET /users/{}"),
        ("GET /users/[^/]+/x\\.json$", "GET /users/{}/x.json"),
        (r"GET /users/(\d+)$", r"GET /users/{} (pattern GET /users/(\d+)$)"),
        ("GET /data/(a|b)$", "GET /data/(a|b)$"),
        ("GET /users", "GET /users"),
        ("GET /n.*$", "GET /n.*$"),
    ],
)
def test_patterns_are_shown_as_people_write_them(name: str, shown: str) -> None:
    assert endpoint(name, PLAIN) == shown


def test_a_name_without_a_form_is_left_alone() -> None:
    assert written("GET /data/(a|b)$") == ("GET /data/(a|b)$", True)


def test_the_picture_shows_what_is_gained_lost_and_opened() -> None:
    opened = Requests(before="GET /old$", after=None, like="GET /old")
    impact = Impact(
        gains=(_change("a", "GET /x$"),),
        losses=(_change("a", "GET /y$"),),
        opened=(Requirement(action_before="old", action_after=None, requests=(opened,)),),
    )
    assert mermaid(impact)[2:-2] == [
        "```mermaid",
        "flowchart LR",
        '  g0["everyone"]',
        '  e1["GET /old"]',
        "  g0 ==>|opens| e1",
        '  g2["a"]',
        '  e3["GET /x"]',
        "  g2 -->|gains| e3",
        '  e4["GET /y"]',
        "  g2 -.->|loses| e4",
        "```",
    ]


def test_there_is_no_picture_of_nothing_or_of_much() -> None:
    assert mermaid(Impact()) == []
    assert mermaid(Impact(gains=(_change("a", *(f"GET /{n}$" for n in range(13))),))) == []
    assert mermaid(Impact(gains=(_change("a", *(f"GET /{n}$" for n in range(12))),)))


@pytest.mark.parametrize("said", HOSTILE)
def test_no_name_leaves_its_label_in_the_picture(said: str) -> None:
    for line in mermaid(impact_saying(said))[4:-3]:
        assert re.fullmatch(
            r'  [ge]\d+(\["([\w /]|#\d+;)+"\]| (-->|-\.->|==>)\|\w+\| e\d+)', line, re.ASCII
        ), line
