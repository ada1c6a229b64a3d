"""What *identical* covers, over real HTTP: renamed actions, what can't be compared, and both layers."""

import json
from collections.abc import Iterator

import pytest
import requests

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import Ended, RunCommand, writes
from tests.servers import lent

Pair = tuple[Sandbox, Sandbox]


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with lent(Snapshot()) as source, lent(Snapshot(), first_id=1000) as target:
        yield source, target


def environment(**actions: str) -> Snapshot:
    """Return an environment with a mapping for each pattern, written in this order."""
    names = [f"GET {pattern}" for pattern in actions]
    return Snapshot(
        actions=tuple(Action(name=name, description="a") for name in sorted({*actions.values()})),
        mappings=tuple(
            Mapping(method="GET", path_pattern=pattern, action=action) for pattern, action in actions.items()
        ),
        precedence=tuple(names),
        rows=tuple(names),
    )


def begin(servers: Pair, wanted: Snapshot, before: Snapshot | None = None) -> None:
    servers[0].reset(wanted)
    servers[1].reset(before or wanted)


def rename(sandbox: Sandbox, name: str, other: str) -> None:
    url, headers = f"{sandbox.url}/api/v1/actions/", {"Authorization": f"Bearer {sandbox.token}"}
    rows = requests.get(url, headers=headers, timeout=10).json()["actions"]
    (number,) = (row["id"] for row in rows if row["name"] == name)
    requests.put(f"{url}{number}", json={"name": other}, headers=headers, timeout=10).raise_for_status()
    sandbox.clear_requests()


def asked_for(sandbox: Sandbox, path: str) -> str | None:
    (winner,) = sandbox.look([f"GET {path}"])
    return winner.action if winner else None


def operations(ended: Ended) -> list[tuple[str, str]]:
    found = [operation for wave in ended.plan["waves"] for operation in wave["operations"]]
    return [(operation["verb"], operation["name"]) for operation in found]


def test_a_renamed_action_is_asked_for_by_its_name_again(servers: Pair, run: RunCommand) -> None:
    """All mappings of the action are stale, and each is written once, as it is."""
    before = environment(**{"/a$": "x:old", "/b$": "x:old", "/c$": "y"})
    begin(servers, environment(**{"/a$": "x:new", "/b$": "x:new", "/c$": "y"}), before)
    servers[1].advance(301)  # answers are dated to the second
    rename(servers[1], "x:old", "x:new")
    drifted = run(*servers, "drift")
    assert drifted.code == 2
    assert "uses the old name of its action in the target" in drifted.out
    ended = run(*servers, "apply")
    assert ended.code == 0, ended.out
    assert operations(ended) == [("refresh", "GET /a$"), ("refresh", "GET /b$")]
    assert "[REFRESH] Mapping GET /a$ -> x:new" in ended.out
    assert len(writes(servers[1])) == 2
    assert [asked_for(servers[1], path) for path in ("/a", "/b", "/c")] == ["x:new", "x:new", "y"]
    again = run(*servers, "plan", "--detailed-exitcode")
    assert again.code == 0, again.out


def test_of_many_actions_the_one_that_was_updated_last_is_asked_about(servers: Pair, run: RunCommand) -> None:
    many = {f"/{number}$": f"action_{number:03}" for number in range(40)}
    begin(servers, environment(**{"/a$": "b:new", **many}), environment(**{"/a$": "b:old", **many}))
    servers[1].advance(301)  # answers are dated to the second
    rename(servers[1], "b:old", "b:new")
    planned = run(*servers, "plan")
    assert operations(planned) == [("refresh", "GET /a$")]
    assert "31 actions not checked for an old name" in planned.out  # of the source; all of the target are
    assert "31 actions not checked for an old name" in planned.summary
    assert "31 actions not checked for an old name" in (planned.folder / "report.html").read_text()
    assert "not checked" not in run(*servers, "plan", "--ask", "all").out


def test_what_is_stale_in_the_source_stays_different_until_it_is_written_there(
    servers: Pair, run: RunCommand
) -> None:
    begin(servers, environment(**{"/a$": "x:old"}), environment(**{"/a$": "x:new"}))
    rename(servers[0], "x:old", "x:new")
    ended = run(*servers, "apply")
    assert ended.code == 1
    assert "the source still uses 'x:old', the old name of action 'x:new'" in ended.out
    assert "restart the source's Heimdall" in ended.out
    assert writes(servers[1]) == []
    servers[0].restart()
    assert run(*servers, "apply").code == 0


def test_what_cannot_be_compared_is_named_in_the_verdict(servers: Pair, run: RunCommand) -> None:
    ahead = "/a(?=b)"
    begin(servers, environment(**{ahead: "x", "/c$": "y"}), environment(**{ahead: "x", "/c$": "x"}))
    ended = run(*servers, "apply")
    assert ended.code == 0, ended.out
    said = f"each overlap, except the overlaps of GET {ahead}, whose pattern can't be compared"
    assert said in ended.out
    assert said.replace(f"GET {ahead}", f"`GET {ahead}`") in ended.summary
    receipt = json.loads((ended.folder / "receipt.json").read_text())
    assert (receipt["identical"], receipt["not_compared"]) == (True, [f"GET {ahead}"])


def test_the_other_dialect_wins_by_the_order_of_rows(servers: Pair, run: RunCommand) -> None:
    """The first row wins, so what is to come behind it is written anew."""
    wide, narrow = "/docs/**", "/docs/private/**"
    begin(
        servers,
        environment(**{narrow: "docs:private", wide: "docs:read"}),
        environment(**{wide: "docs:read", narrow: "docs:private"}),
    )
    assert asked_for(servers[1], "/docs/private/salaries") == "docs:read"
    ended = run(*servers, "apply")
    assert ended.code == 0, ended.out
    assert operations(ended) == [("reorder", f"GET {wide}")]
    assert asked_for(servers[1], "/docs/private/salaries") == "docs:private"
    assert run(*servers, "plan", "--detailed-exitcode").code == 0


def test_a_leftover_that_nothing_can_come_in_front_of_stays_different(servers: Pair, run: RunCommand) -> None:
    begin(servers, environment(**{"/b/([^/]+)$": "y"}), environment(**{"/b/([^/]+)$": "y", "/(.*)": "x"}))
    delete_action(servers[1], "x")
    ended = run(*servers, "apply")
    assert ended.code == 1
    assert "GET /(.*) still wins in the target, although it was deleted with its action 'x'" in ended.out
    assert "restart the target's Heimdall" in ended.out
    servers[1].restart()
    assert run(*servers, "apply").code == 0


def delete_action(sandbox: Sandbox, name: str) -> None:
    url, headers = f"{sandbox.url}/api/v1/actions/", {"Authorization": f"Bearer {sandbox.token}"}
    rows = requests.get(url, headers=headers, timeout=10).json()["actions"]
    (number,) = (row["id"] for row in rows if row["name"] == name)
    requests.delete(f"{url}{number}", headers=headers, timeout=10).raise_for_status()
    sandbox.clear_requests()
