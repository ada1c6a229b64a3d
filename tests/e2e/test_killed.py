"""A process that is killed anywhere in an apply is finished by the next one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.plan.model import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot, Strategy
from sync.sandbox.faults import Interrupt
from sync.sandbox.process import Sandbox, launch
from tests.e2e.subprocesses import Command
from tests.plan.test_laws import Guarantee
from tests.plan.worlds import World

BEFORE = Snapshot(
    actions=(Action(name="read", description="r"), Action(name="old", description="o")),
    roles=(
        Role(name="viewer", description="v", actions=("read", "old")),
        Role(name="doomed", description="d", actions=("old",)),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/users$", action="read"),
        Mapping(method="GET", path_pattern="/n", action="old"),
        Mapping(method="POST", path_pattern="/users$", action="old"),
    ),
    groups=(
        Group(name="team", description="t", roles=("viewer", "doomed")),
        Group(name="left", description="l", roles=("doomed",)),
    ),
)
AFTER = Snapshot(
    actions=(Action(name="read", description="said otherwise"), Action(name="write", description="w")),
    roles=(
        Role(name="viewer", description="v otherwise", actions=("read",)),
        Role(name="editor", description="e", actions=("read", "write")),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/users$", action="read"),
        Mapping(method="POST", path_pattern="/users$", action="write"),
        Mapping(method="GET", path_pattern="/users/([^/]+)$", action="read"),
    ),
    groups=(
        Group(name="team", description="t otherwise", roles=("viewer", "editor")),
        Group(name="new", description="n", roles=("editor",)),
    ),
)
ENDPOINTS = {mapping.name for mapping in (*BEFORE.mappings, *AFTER.mappings)}
HARMLESS = r"^(?!.*(__no_such|2147483647))"
"""Every request but the healthcheck's probes."""


def equal(one: Snapshot, other: Snapshot) -> bool:
    return all(one.of(kind) == other.of(kind) for kind in Kind)


@pytest.fixture(scope="module")
def source() -> Iterator[Sandbox]:
    with launch(AFTER) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def target() -> Iterator[Sandbox]:
    with launch(BEFORE, publish_updates=True, first_id=500) as sandbox:
        yield sandbox


def requests_of_an_apply(source: Sandbox, target: Sandbox, folder: Path, strategy: str) -> int:
    target.reset(BEFORE)
    code, out = Command(source, target, folder, "apply", "--strategy", strategy).finish()
    assert code == 0, out
    assert equal(target.snapshot(), AFTER)
    return len(target.requests())


@pytest.mark.slow
@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_killed_at_every_request_in_turn(
    source: Sandbox, target: Sandbox, tmp_path: Path, strategy: Strategy, done: bool
) -> None:
    guarantee = Guarantee(strategy, World.of(BEFORE), World.of(AFTER), ENDPOINTS)
    for number in range(1, requests_of_an_apply(source, target, tmp_path, strategy) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        target.reset(BEFORE)
        planned = Command(source, target, folder, "plan", "--strategy", strategy).finish()
        assert planned[0] == 0, planned[1]
        plan = str(folder / "approved.json")
        (folder / "report" / "plan.json").rename(plan)
        target.clear_requests()
        command = Command(source, target, folder, "apply", "--plan", plan)
        target.add_fault(Interrupt(pid=command.pid, done=done), nth=number)
        assert command.finish()[0] == -9
        target.clear_faults()
        guarantee.check(World.of(target.snapshot()))
        if number % 2:
            (folder / "sync_checkpoint.json").unlink(missing_ok=True)
        code, out = Command(source, target, folder, "apply", "--plan", plan, "--resume").finish()
        assert code == 0, f"killed at request {number}: {out}"
        assert equal(target.snapshot(), AFTER)
        assert not (folder / "sync_checkpoint.json").exists()


def test_killed_in_the_middle_and_resumed(source: Sandbox, target: Sandbox, tmp_path: Path) -> None:
    target.reset(BEFORE)
    command = Command(source, target, tmp_path, "apply", "--concurrency", "1")
    target.add_fault(
        Interrupt(pid=command.pid, done=True), methods=["POST", "PUT", "DELETE"], path=HARMLESS, nth=8
    )
    assert command.finish()[0] == -9
    code, out = Command(source, target, tmp_path, "apply", "--resume").finish()
    assert code == 0, out
    assert "8 of " in out
    assert "7 of them" in out
    assert equal(target.snapshot(), AFTER)
