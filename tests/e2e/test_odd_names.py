"""What can't be asked for by its name stays as it is, is said, and stops nothing else, over real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.faults import Answer
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import Ended, RunCommand, writes
from tests.servers import lent

Pair = tuple[Sandbox, Sandbox]

ODD = ("r/2", "..", ".", "")
SUPER = Role(name=SUPERADMIN, description="s")


def environment(*held: str, odd: tuple[str, ...] = ODD, **more: tuple[Any, ...]) -> Snapshot:
    """Return an environment in which roles and groups of odd names hold something."""
    return Snapshot(
        actions=(*(Action(name=name, description="d") for name in ("a", "b")), *more.get("actions", ())),
        roles=(
            Role(name="ok", description="d", actions=held),
            *(Role(name=name, description="d", actions=("a",)) for name in odd),
            SUPER,
            *more.get("roles", ()),
        ),
        groups=(
            Group(name="team", description="d", roles=("ok",)),
            *(Group(name=name, description="d", roles=("ok",)) for name in odd),
            *more.get("groups", ()),
        ),
    )


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with lent(Snapshot()) as source, lent(Snapshot(), first_id=1000) as target:
        yield source, target


def begin(servers: Pair, wanted: Snapshot, before: Snapshot) -> None:
    servers[0].reset(wanted)
    servers[1].reset(before)


def blocked(ended: Ended) -> dict[tuple[str, str, str], str]:
    """Return the reasons of what stays different, by kind, name and verb."""
    return {
        (b["kind"], b["name"], b["operation"]["verb"] if b["operation"] else ""): b["reason"]
        for b in ended.plan["blocked"]
    }


def test_what_has_an_odd_name_on_both_sides_is_not_compared_and_the_rest_is_synced(
    servers: Pair, run: RunCommand
) -> None:
    begin(servers, environment("a", "b"), environment("a"))
    ended = run(*servers, "apply")
    assert ended.code == 1
    assert servers[1].snapshot().roles == environment("a", "b").roles
    assert blocked(ended) == {
        (kind, name, ""): f"the name of {kind} {name!r} can't be part of a URL, so no request can name it"
        for kind in ("role", "group")
        for name in ODD
    }
    for told in (ended.out, ended.summary.replace("`", "'")):
        assert "the name of group 'r/2' can't be part of a URL" in told
        assert "rename it in Heimdall, or accept it" in told
    for side in servers:
        assert not [r.path for r in side.requests() if "r/2" in r.path or "//" in r.path or "/." in r.path]
    known = ("--accept", "role:*", "--accept", "group:*")
    assert run(*servers, "apply", *known).code == 0
    ignored = ("--ignore", "role:r/2", "--ignore", "role:.*", "--ignore", "role:''", "--ignore", "group:*")
    assert run(*servers, "plan", *ignored, "--detailed-exitcode").code == 0


@pytest.mark.parametrize("command", ["plan", "drift", "export"])
def test_no_command_stumbles_over_an_odd_name(servers: Pair, run: RunCommand, command: str) -> None:
    begin(servers, environment("a"), environment("a"))
    ended = run(*servers, command)
    assert ended.code == (2 if command == "drift" else 0), ended.out
    source = json.loads((ended.folder / "snapshot-source.json").read_text())
    assert {group["name"] for group in source["groups"] if group["roles"] is None} == {*ODD}
    assert {role["name"] for role in source["roles"] if role["actions"] is None} == {*ODD}


def test_what_is_in_the_source_alone_is_not_given(servers: Pair, run: RunCommand) -> None:
    holders = (Group(name="holders", description="d", roles=("ok", "r/2")),)
    begin(servers, environment("a", groups=holders), environment("a", odd=()))
    ended = run(*servers, "apply")
    assert ended.code == 1
    after = servers[1].snapshot()
    assert {group.name: group.roles for group in after.groups} == {"team": ("ok",), "holders": ("ok",)}
    assert [role.name for role in after.roles] == ["ok", SUPERADMIN]
    assert ("group", "holders", "assign") in blocked(ended)


def test_what_is_in_the_target_alone_is_not_taken_and_nothing_that_it_may_hold_is_deleted(
    servers: Pair, run: RunCommand
) -> None:
    before = environment(
        "a",
        actions=(Action(name="old", description="o"),),
        roles=(Role(name="doomed", description="d"),),
        groups=(Group(name="holders", description="d", roles=("r/2",)),),
    )
    servers[0].reset(environment("a", odd=()))
    servers[1].reset(before, people=People(members={"r/2": ("22222222222",), "holders": ("33333333333",)}))
    ended = run(*servers, "apply")
    assert ended.code == 1
    assert servers[1].snapshot() == before
    assert writes(servers[1]) == []
    reasons = blocked(ended)
    assert reasons["action", "old", "delete"] == "role '' may hold it, and can't be read"
    assert reasons["role", "doomed", "delete"] == "group '' may hold it, and can't be read"
    assert reasons["group", "holders", "delete"] == "it still holds role 'r/2'"


def test_an_action_whose_name_cannot_stand_in_a_url_is_not_taken_away(servers: Pair, run: RunCommand) -> None:
    odd = Action(name="a/b", description="d")
    wanted = environment("a", odd=())
    before = Snapshot(
        actions=(*wanted.actions, odd, Action(name="c/d", description="d")),
        roles=(Role(name="ok", description="d", actions=("a", "a/b")), SUPER),
        groups=wanted.groups,
    )
    begin(servers, wanted, before)
    ended = run(*servers, "apply")
    assert ended.code == 1
    assert [action.name for action in servers[1].snapshot().actions] == ["a", "a/b", "b"]
    assert "the name of action 'a/b' can't be part of a URL" in blocked(ended)["role", "ok", "unassign"]
    assert blocked(ended)["action", "a/b", "delete"] == "role 'ok' still refers to it"
    assert run(*servers, "apply", "--accept", "action:a/b").code == 0


def test_a_resume_goes_on_beside_odd_names(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment("a", "b"), environment())
    plan = run(*servers, "plan").folder / "plan.json"
    approved = plan.rename(plan.parent.parent / "approved.json")
    servers[1].add_fault(Answer(status=500, body='{"error": "no"}'), methods=["POST"], nth=2)
    assert run(*servers, "apply", "--plan", str(approved)).code == 1
    ended = run(*servers, "apply", "--plan", str(approved), "--resume")
    assert "1 of 2 changes was done before" in ended.out
    assert servers[1].snapshot().roles == environment("a", "b").roles


@pytest.mark.parametrize("side", [0, 1])
def test_that_superadmin_holds_an_action_is_a_difference_that_stays(
    servers: Pair, run: RunCommand, side: int
) -> None:
    plain = environment("a", odd=())
    roles = (plain.roles[0], SUPER.model_copy(update={"actions": ("b",)}))
    holding = plain.model_copy(update={"roles": roles})
    begin(servers, *((holding, plain) if side == 0 else (plain, holding)))
    ended = run(*servers, "apply")
    assert ended.code == 1
    verb = "assign" if side == 0 else "unassign"
    assert blocked(ended) == {("role", SUPERADMIN, verb): "Heimdall's API can't change role 'superadmin'"}
    assert writes(servers[1]) == []
    assert run(*servers, "apply", "--accept", "role:superadmin").code == 0


def test_an_empty_description_and_none_count_as_equal_and_are_said_once(
    servers: Pair, run: RunCommand
) -> None:
    mappings = tuple(Mapping(method="GET", path_pattern=f"/{name}$", action="a") for name in "xyz")
    same = environment("a", odd=()).model_copy(update={"mappings": mappings})
    begin(servers, same, same)
    listed = requests.get(
        f"{servers[0].url}/api/v1/mappings/list",
        headers={"Authorization": f"Bearer {servers[0].token}"},
        timeout=10,
    ).json()
    empty = [row | {"description": ""} if row["path_pattern"] != "/x$" else row for row in listed]
    servers[0].add_fault(Answer(body=json.dumps(empty)), path="^/api/v1/mappings/list", times=None)
    ended = run(*servers, "apply")
    assert ended.code == 0
    assert writes(servers[1]) == []
    said = (
        "mapping GET /y$: has an empty description on one side and none on the other, which counts as equal"
    )
    assert f"  [WARNING] {said}: 1 more like it" in ended.out.splitlines()
    assert ended.out.count("has an empty description") == 1
    assert "`GET /y$`: has an empty description on one side" in ended.summary
