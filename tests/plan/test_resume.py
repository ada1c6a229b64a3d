"""Going on with an approved plan needs no memory but the plan itself."""

from hypothesis import given
from hypothesis import strategies as st

from sync.apply.carry_out import guarantee_of
from sync.errors import Result
from sync.model.plan import Operation, Plan, Rules, Strategy
from sync.model.snapshot import Snapshot
from sync.plan.planner import make_plan
from sync.plan.recreation import of_recreation
from sync.plan.resume import before, done_since
from sync.plan.side import Environment
from tests.plan.pairs import snapshots
from tests.plan.promise import ALL_REQUESTS
from tests.plan.test_laws import no_update_of_roles, nothing_refused
from tests.plan.worlds import World

STRATEGIES = st.sampled_from(Strategy)
RECREATE = st.sampled_from([(), ("role:*",)])


def plan_of(source: Snapshot, target: Snapshot, rules: Rules) -> Plan:
    return make_plan(
        Environment("source", source),
        Environment("target", target),
        refuses=no_update_of_roles if rules.recreate else nothing_refused,
        rules=rules,
    )


def env(snapshot: Snapshot) -> Environment:
    return Environment("somewhere", snapshot)


def after(target: Snapshot, operations: tuple[Operation, ...]) -> Snapshot:
    world = World.of(target)
    for operation in operations:
        world.do(operation)
    return world.snapshot()


@given(snapshots(), snapshots(), STRATEGIES, RECREATE, st.data())
def test_wherever_a_run_stops_what_is_done_is_found_out(
    source: Snapshot, target: Snapshot, strategy: Strategy, recreate: tuple[str, ...], data: st.DataObject
) -> None:
    plan = plan_of(source, target, Rules(strategy=strategy, recreate=recreate))
    waves = data.draw(st.integers(0, len(plan.waves)))
    done = [operation for wave in plan.waves[:waves] for operation in wave.operations]
    if waves < len(plan.waves):
        done += data.draw(st.lists(st.sampled_from(plan.waves[waves].operations), unique=True))
    halfway = after(target, tuple(done))
    assert set(done_since(plan, env(source), env(halfway)) or ()) == set(done)
    undone = before(plan, halfway, done)
    assert undone.model_copy(update={"precedence": target.precedence}).digest == target.digest
    assert all(World.of(undone).winner(each) == World.of(target).winner(each) for each in ALL_REQUESTS)
    left = [operation for operation in plan.operations if operation not in done]
    assert World.of(after(halfway, tuple(left))) == World.of(after(target, plan.operations))


@given(snapshots(), snapshots(), snapshots(), RECREATE)
def test_anything_else_in_the_target_is_noticed(
    source: Snapshot, target: Snapshot, other: Snapshot, recreate: tuple[str, ...]
) -> None:
    plan = plan_of(source, target, Rules(recreate=recreate))
    done = done_since(plan, env(source), env(other))
    if done is not None:
        undone = World.of(before(plan, other, done))
        assert undone == World.of(target)


@given(snapshots(), snapshots())
def test_what_is_ignored_may_change_meanwhile(source: Snapshot, target: Snapshot) -> None:
    rules = Rules(ignore=("group:guests", "action:Legacy-*"))
    plan = plan_of(source, target, rules)
    groups = tuple(
        group.model_copy(update={"description": "changed meanwhile"}) if group.name == "guests" else group
        for group in target.groups
    )
    changed = target.model_copy(update={"groups": groups})
    assert done_since(plan, env(source), env(changed)) == ()


@given(snapshots(), snapshots(), st.data())
def test_a_recreation_that_failed_anywhere_leaves_what_a_resume_finishes(
    source: Snapshot, target: Snapshot, data: st.DataObject
) -> None:
    plan = plan_of(source, target, Rules(recreate=("role:*",)))
    recreating = sorted(of_recreation(plan.operations), key=str)
    failing = data.draw(st.sets(st.sampled_from(recreating))) if recreating else set()
    world, guarantee = World.of(target), guarantee_of(plan, source, target)
    for wave in plan.waves:
        for operation in guarantee.split(wave.operations)[0]:
            if operation not in failing:
                world.do(operation)
            guarantee.settle(operation, Result.NOT_DONE if operation in failing else Result.DONE)
    halfway = world.snapshot()
    for role, description in World.of(target).roles.items():
        if world.roles.get(role) == description != World.of(source).roles.get(role):
            held = {edge for edge in world.role_actions if edge[0] == role}
            assert held <= World.of(target).role_actions, "the old role holds nothing that is new"
    done = done_since(plan, env(source), env(halfway))
    assert done is not None
    left = [operation for operation in plan.operations if operation not in done]
    assert World.of(after(halfway, tuple(left))) == World.of(after(target, plan.operations))
