"""A process that is killed anywhere in an apply is finished by the next one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.model.plan import Strategy
from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.plan.approval import plan_from
from sync.sandbox.faults import Interrupt
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import HARMLESS, RunCommand, equal
from tests.e2e.subprocesses import Command
from tests.plan.promise import ALL_REQUESTS, Promise
from tests.plan.worlds import World
from tests.servers import lent

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
HELD = Snapshot(
    actions=(Action(name="read", description="r"), Action(name="old", description="o")),
    roles=(
        Role(name="auditor", description="said wrongly", actions=("read", "old")),
        Role(name="doomed", description="d", actions=("old",)),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(Mapping(method="GET", path_pattern="/users$", action="read"),),
    groups=(
        Group(name="team", description="t", roles=("auditor", "doomed")),
        Group(name="office", description="o", roles=("auditor",)),
        Group(name="others", description="o", roles=()),
    ),
)
RECREATED = Snapshot(
    actions=(Action(name="read", description="r"), Action(name="write", description="w")),
    roles=(
        Role(name="auditor", description="said rightly", actions=("read", "write")),
        Role(name="new", description="n", actions=("read",)),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/users$", action="read"),
        Mapping(method="POST", path_pattern="/users$", action="write"),
    ),
    groups=(
        Group(name="team", description="t", roles=("auditor",)),
        Group(name="office", description="o", roles=()),
        Group(name="others", description="o", roles=("auditor", "new")),
    ),
)
"""A role whose description differs, and what it holds and who holds it partly."""

ANYONE, ME, EVERYTHING = "GET /users/([^/]+)$", "GET /users/me$", "GET /(.*)"


def ordered(*oldest_first: str, description: str = "") -> Snapshot:
    """Return an environment in which a group may do what a wider mapping asks for than decides."""
    actions = {EVERYTHING: "any", ANYONE: "others", ME: "own"}
    return Snapshot(
        actions=tuple(Action(name=name, description="a") for name in actions.values()),
        roles=(
            Role(name="viewer", description="v", actions=("others",)),
            Role(name=SUPERADMIN, description="s"),
        ),
        mappings=tuple(
            Mapping(
                method="GET",
                path_pattern=name.removeprefix("GET "),
                action=actions[name],
                description=description if name == EVERYTHING else "",
            )
            for name in oldest_first
        ),
        groups=(Group(name="team", description="t", roles=("viewer",)),),
        precedence=oldest_first,
    )


PAIRS = {
    "contents": (BEFORE, AFTER),
    "order": (ordered(ME, EVERYTHING, ANYONE), ordered(EVERYTHING, ANYONE, ME, description="new")),
}


@pytest.fixture(scope="module")
def source() -> Iterator[Sandbox]:
    with lent(AFTER) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def target() -> Iterator[Sandbox]:
    with lent(BEFORE, publish_updates=True, first_id=1000) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def unable() -> Iterator[Sandbox]:
    """Start a target that changes no description of a role."""
    with lent(HELD, first_id=1000) as sandbox:
        yield sandbox


def world_of(target: Sandbox) -> World:
    return World.of(target.snapshot().model_copy(update={"precedence": target.write_order()}))


def is_as(target: Sandbox, wanted: Snapshot) -> bool:
    """Tell whether the target holds what is wanted, and decides every request alike."""
    now, then = world_of(target), World.of(wanted)
    alike = all(now.winner(request) == then.winner(request) for request in ALL_REQUESTS)
    return alike and equal(target.snapshot(), wanted)


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_killed_at_every_request_in_turn(
    source: Sandbox,
    target: Sandbox,
    run: RunCommand,
    tmp_path: Path,
    strategy: Strategy,
    pair: str,
    done: bool,
) -> None:
    before, after = PAIRS[pair]
    source.reset(after)
    target.reset(before)
    assert run(source, target, "plan", f"--strategy={strategy}").code == 0
    _is_resumed_from_every_request(source, target, run, tmp_path, before, after, done=done)


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_killed_at_every_request_of_a_recreation(
    source: Sandbox, unable: Sandbox, run: RunCommand, tmp_path: Path, done: bool
) -> None:
    source.reset(RECREATED)
    unable.reset(HELD)
    assert run(source, unable, "plan", "--recreate=role:auditor").code == 0
    _is_resumed_from_every_request(source, unable, run, tmp_path, HELD, RECREATED, done=done)


def _is_resumed_from_every_request(
    source: Sandbox,
    target: Sandbox,
    run: RunCommand,
    tmp_path: Path,
    before: Snapshot,
    after: Snapshot,
    *,
    done: bool,
) -> None:
    """Apply the plan that was made, kill it at every request in turn, and resume it each time."""
    plan = tmp_path / "report" / "plan.json"
    approved = plan_from(plan.read_bytes(), "plan.json")
    strategy, exposures = approved.strategy, approved.exposures
    endpoints = {mapping.name for mapping in (*before.mappings, *after.mappings)}
    promise = Promise(strategy, World.of(before), World.of(after), endpoints, exposures)
    target.clear_requests()
    assert run(source, target, "apply", "--plan", str(plan)).code == 0
    assert is_as(target, after)
    for number in range(1, len(target.requests()) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        target.reset(before)
        command = Command(source, target, folder, "apply", "--plan", str(plan))
        target.add_fault(Interrupt(pid=command.pid, done=done), nth=number)
        assert command.finish()[0] == -9
        target.clear_faults()
        promise.check(world_of(target))
        assert not (folder / "report" / "summary.md").exists(), "nobody knows how it ended"
        checkpoint = folder / "sync_checkpoint.json"
        if number % 2:
            checkpoint.unlink(missing_ok=True)
        resumed = run(
            source, target, "apply", "--plan", str(plan), "--resume", f"--checkpoint-file={checkpoint}"
        )
        assert resumed.code == 0, f"killed at request {number}: {resumed.out}"
        assert is_as(target, after)
        assert not checkpoint.exists()


def test_killed_in_the_middle_and_resumed(source: Sandbox, target: Sandbox, tmp_path: Path) -> None:
    source.reset(AFTER)
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
