"""A role whose description no request changes is deleted and created again, where a setting names it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import RunCommand, equal, writes
from tests.e2e.shell import TO_GO_BACK, Shell, proposed
from tests.servers import lent

CPF = "12345678901"


def environment(description: str, actions: tuple[str, ...] = ("read",)) -> Snapshot:
    return Snapshot(
        actions=(Action(name="read", description="r"), Action(name="write", description="w")),
        roles=(
            Role(name="auditor", description=description, actions=actions),
            Role(name=SUPERADMIN, description="s"),
        ),
        mappings=(
            Mapping(method="GET", path_pattern="/reports$", action="read"),
            Mapping(method="POST", path_pattern="/reports$", action="write"),
        ),
        groups=(
            Group(name="office", description="o", roles=("auditor",)),
            Group(name="team", description="t", roles=("auditor",)),
        ),
    )


@pytest.fixture
def source() -> Iterator[Sandbox]:
    with lent(environment("said rightly")) as sandbox:
        yield sandbox


@pytest.fixture
def target() -> Iterator[Sandbox]:
    people = People(members={"team": [CPF]})
    with lent(environment("said wrongly"), people=people, first_id=500) as sandbox:
        yield sandbox


def test_it_is_taken_emptied_deleted_created_filled_and_given_back(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    target.clear_requests()
    assert run(source, target, "apply", "--recreate", "role:aud*", "--concurrency", "1").code == 0
    assert writes(target) == [
        "DELETE /api/v1/roles/groups/office/roles/auditor",
        "DELETE /api/v1/roles/groups/team/roles/auditor",
        "DELETE /api/v1/roles/auditor/actions/read",
        "DELETE /api/v1/roles/auditor",
        "POST /api/v1/roles/",
        "POST /api/v1/roles/auditor/actions",
        "POST /api/v1/roles/groups/office/roles",
        "POST /api/v1/roles/groups/team/roles",
    ]
    assert equal(target.snapshot(), source.snapshot())
    assert target.people().members["team"] == (CPF,)


def test_nothing_is_recreated_that_is_not_named(source: Sandbox, target: Sandbox, run: RunCommand) -> None:
    ended = run(source, target, "plan")
    assert ended.plan["waves"] == []
    assert "let a plan recreate the role: `--recreate role:auditor`" in ended.summary
    assert run(source, target, "plan", "--recreate", "role:other").plan["waves"] == []


def test_a_server_that_changes_the_description_keeps_the_role(source: Sandbox, run: RunCommand) -> None:
    with lent(environment("said wrongly"), publish_updates=True) as target:
        target.clear_requests()
        assert run(source, target, "apply", "--recreate", "role:*").code == 0
        assert writes(target) == ["PUT /api/v1/roles/auditor"]


def test_what_is_missing_for_a_moment_is_told_group_by_group_before_the_approval(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    planned = run(source, target, "plan", "--recreate", "role:auditor")
    summary = planned.summary
    first = summary.index("**Recreated roles:**")
    assert first < summary.index("Changes by kind")
    told = summary[first:]
    assert "role `auditor` is deleted and created again: the API can't change its description" in told
    waves = "may be refused `GET /reports` while waves 1 to 5 of the apply run"
    assert f"group `office` (0 members) {waves}" in told
    assert f"group `team` (1 member) {waves}" in told
    assert "Missing for a moment" not in summary
    assert "<b>Deleted" not in summary
    assert "<b>Roles: 1 recreated, 1 assigned, 1 unassigned</b>" in summary
    assert "| recreate | `auditor` | description `said wrongly` | description `said rightly` |" in summary
    assert "Roles:    +0 ~0 -0; 1 recreated, each by 2 changes\n" in planned.out


def test_a_strategy_without_gaps_refuses_it(source: Sandbox, target: Sandbox, run: RunCommand) -> None:
    ended = run(source, target, "plan", "--recreate", "role:auditor", "--strategy", "zero-downtime")
    assert ended.code == 3
    assert (
        "can't be recreated under zero-downtime: its groups would lose its actions for a moment" in ended.out
    )
    assert "use --strategy least-privilege, or leave out --recreate for this role" in ended.out


@pytest.mark.parametrize("pattern", ["group:team", "group:*", "action:read"])
def test_only_roles_are_recreated(source: Sandbox, target: Sandbox, run: RunCommand, pattern: str) -> None:
    ended = run(source, target, "plan", "--recreate", pattern)
    assert ended.code == 64
    why = "a group is never recreated, since its members would be lost"
    assert (why in ended.err + ended.out) is pattern.startswith("group:")


def test_that_groups_are_never_recreated_is_told_beside_their_difference(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    wanted = environment("said wrongly")
    groups = (Group(name="office", description="said rightly", roles=("auditor",)), wanted.groups[1])
    source.reset(wanted.model_copy(update={"groups": groups}))
    ended = run(source, target, "plan")
    assert "a group is never recreated: its members would be lost" in ended.summary


def test_a_role_that_a_user_holds_is_given_back_and_a_resume_recreates_it(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    wanted, before = environment("said rightly", ("read", "write")), environment("said wrongly")
    source.reset(wanted)
    target.reset(before, people=People(roles={"auditor": [CPF]}))
    assert run(source, target, "plan", "--recreate", "role:auditor").code == 0
    approved = ("apply", "--plan", "report/plan.json")
    refused = run(source, target, *approved)
    assert refused.code == 1
    assert "delete role `auditor`" in refused.summary
    assert "a user may hold this role directly: take it from those users in Heimdall" in refused.summary
    assert equal(target.snapshot(), before), "its groups have it back, and it holds nothing new"
    still = run(source, target, *approved, "--resume")
    assert still.code == 1
    assert equal(target.snapshot(), before)
    target.reset(before)
    assert run(source, target, *approved, "--resume").code == 0
    assert equal(target.snapshot(), wanted)


def test_a_role_that_could_not_be_given_back_whole_is_not_recreated(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    legacy = Action(name="Old-Action", description="o")

    def with_legacy(snapshot: Snapshot) -> Snapshot:
        role = snapshot.roles[0].model_copy(update={"actions": ("Old-Action", "read")})
        return snapshot.model_copy(
            update={"actions": (*snapshot.actions, legacy), "roles": (role, *snapshot.roles[1:])}
        )

    source.reset(with_legacy(source.snapshot()))
    target.reset(with_legacy(target.snapshot()))
    ended = run(source, target, "plan", "--recreate", "role:auditor")
    assert ended.plan["waves"] == []
    assert "can't be recreated: assign action 'Old-Action' to role 'auditor'" in ended.out


def test_what_a_protected_group_holds_is_not_recreated(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    ended = run(source, target, "plan", "--recreate", "role:auditor", "--protect", "group:team")
    assert ended.plan["waves"] == []
    assert "unassign role 'auditor' from group 'team': it is protected by a setting" in ended.out


def test_what_an_ignored_group_holds_is_not_recreated(
    source: Sandbox, target: Sandbox, run: RunCommand
) -> None:
    ended = run(source, target, "plan", "--recreate", "role:auditor", "--ignore", "group:team")
    assert ended.plan["waves"] == []
    assert "can't be recreated: delete it: group 'team' still refers to it" in ended.out


def test_the_line_that_goes_back_recreates_it_with_the_old_description(
    source: Sandbox, target: Sandbox, tmp_path: Path
) -> None:
    before, shell = target.snapshot(), Shell(tmp_path, source, target)
    applied = shell("heimdall-sync apply --recreate role:auditor")
    assert applied.returncode == 0, applied.stdout
    back = proposed(applied.stdout, TO_GO_BACK)
    assert shell(back).returncode == 0
    assert equal(target.snapshot(), before)


def test_drift_shows_it_as_what_differs(source: Sandbox, target: Sandbox, run: RunCommand) -> None:
    applied = run(source, target, "apply", "--recreate", "role:auditor")
    receipt = applied.folder / "receipt.json"
    target.reset(environment("changed by hand"))
    for told in (("--receipt", str(receipt)), ()):
        drift = run(source, target, "drift", "--recreate", "role:auditor", *told)
        assert drift.code == 2
        assert "Drift: 1 difference." in drift.summary
        assert "description `changed by hand`" in drift.summary
        assert ("changed in the target by hand" in drift.summary.lower()) is bool(told)
