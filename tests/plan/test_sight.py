"""How many runs it takes until every role has been compared, as told by the first plan and as it comes."""

import pytest

from sync.model.plan import Rules
from sync.model.snapshot import READABLE_ROLES, SUPERADMIN, Action, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from tests.plan.worlds import World


def environment(count: int, first: int = 0, action: str = "a") -> Snapshot:
    names = (f"r{number:03}" for number in range(first, first + count))
    roles = (*(Role(name=name, actions=(action,)) for name in names), Role(name=SUPERADMIN))
    return Snapshot(actions=(Action(name="a"), Action(name="b")), roles=roles)


def shown(snapshot: Snapshot) -> Snapshot:
    """Return what a server shows of an environment."""
    hidden = {role.name for role in snapshot.roles[READABLE_ROLES:]} - {SUPERADMIN}
    roles = (
        role.model_copy(update={"actions": None}) if role.name in hidden else role for role in snapshot.roles
    )
    return snapshot.model_copy(update={"roles": tuple(roles)})


@pytest.mark.parametrize(
    ("source", "target", "protect", "runs"),
    [
        (environment(10, action="b"), environment(40), "role:none", 1),
        (environment(30, first=30, action="b"), environment(60), "role:none", 2),
        (environment(10, first=190, action="b"), environment(200), "role:none", 4),
        (environment(60, action="b"), environment(60), "role:none", None),
        (environment(30, first=30, action="b"), environment(60), "role:r00*", 2),
        (environment(30, first=30, action="b"), environment(60), "role:r0[012]*", None),
    ],
    ids=["shown", "two runs", "four runs", "as many in the source", "some protected", "too many protected"],
)
def test_the_plan_says_how_many_runs_it_takes(
    source: Snapshot, target: Snapshot, protect: str, runs: int | None
) -> None:
    rules = Rules(protect=(protect,))
    world, told, needed = World.of(target), [], 0
    while needed < 10:
        plan = make_plan(
            Environment("source", shown(source)),
            Environment("target", shown(world.snapshot())),
            refuses=lambda _: None,
            rules=rules,
        )
        told.append(plan.runs)
        advised = {blocked.remedy for blocked in plan.blocked if "does not show" in blocked.reason}
        assert all(remedy.startswith("reduce ") is (plan.runs is None) for remedy in advised)
        for operation in plan.operations:
            world.do(operation)
        needed += 1
        if plan.runs in {1, None}:
            break
    assert told[0] == runs
    if runs:
        assert told == [*range(runs, 0, -1)]
        assert world.role_actions >= World.of(source).role_actions


def test_a_server_without_that_limit_hides_nothing() -> None:
    plan = make_plan(
        Environment("source", environment(70)),
        Environment("target", environment(60)),
        refuses=lambda _: None,
    )
    assert (plan.runs, plan.may_be_hidden) == (1, ())
    assert all(blocked.operation for blocked in plan.blocked), "each is about a new role"
