"""A server shows what the first fifty roles by name hold, and nothing of the others."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sync.model.snapshot import SUPERADMIN, Action, Group, Role, Snapshot
from sync.sandbox.faults import Interrupt
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import RunCommand
from tests.e2e.subprocesses import Command
from tests.servers import lent

MANY = [f"m{number:02}" for number in range(47)]


def environment(*others: Role, many: Sequence[str] = MANY) -> Snapshot:
    return Snapshot(
        actions=(Action(name="old", description="o"), Action(name="read", description="r")),
        roles=(
            *(Role(name=name, description="d", actions=("read",)) for name in many),
            *others,
            Role(name=SUPERADMIN, description="s"),
        ),
        groups=(Group(name="team", description="t", roles=("m00", "zzz")),),
    )


def role(name: str, *actions: str) -> Role:
    return Role(name=name, description="d", actions=actions)


WANTED = environment(role("aaa", "read"), role("zzz"))
BEFORE = environment(role("keep", "read"), role("zzz", "old"))
"""Creating `aaa` pushes `zzz` out of sight, since `keep` is protected."""

SCOPE = ("--protect=role:keep", "--accept=role:zzz")


@pytest.fixture
def source() -> Iterator[Sandbox]:
    with lent(WANTED) as sandbox:
        yield sandbox


@pytest.fixture
def target() -> Iterator[Sandbox]:
    with lent(BEFORE, first_id=1000) as sandbox:
        yield sandbox


def test_a_role_that_creations_push_out_of_sight_is_foreseen(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    planned = run(source, target, "plan", "--protect=role:keep")
    said = "after this plan the target holds 51 roles and no longer shows the assignments of role 'zzz'"
    assert said in planned.out
    applied = run(source, target, "apply", "--protect=role:keep")
    assert applied.code == 1
    assert {b["name"] for b in planned.plan["blocked"]} == {"keep", "zzz"}
    target.reset(BEFORE)
    assert run(source, target, "apply", *SCOPE).code == 0


@pytest.mark.sampled
@pytest.mark.parametrize("path", ["/api/v1/roles/$", "/api/v1/roles/aaa/actions"])
@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_a_run_that_is_killed_while_roles_are_out_of_sight_is_resumed(
    source: Sandbox, target: Sandbox, run: RunCommand, tmp_path: Path, path: str, done: bool
) -> None:
    planned = run(source, target, "plan", *SCOPE)
    plan = planned.folder / "plan.json"
    command = Command(source, target, tmp_path, "apply", "--plan", str(plan))
    target.add_fault(Interrupt(pid=command.pid, done=done), methods=["POST"], path=path)
    assert command.finish()[0] == -9
    target.clear_faults()
    resumed = run(source, target, "apply", "--plan", str(plan), "--resume")
    assert resumed.code == 0, resumed.out
    found = {each.name: each.actions for each in target.snapshot().roles}
    assert found["aaa"] == ("read",)
    assert found["zzz"] == ()
