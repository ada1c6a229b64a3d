"""The laws of planning and of applying a plan, on generated environments and generated failures."""

import itertools
import random
from collections import Counter
from collections.abc import Collection, Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.apply.carry_out import guarantee_of
from sync.errors import Result
from sync.model.plan import Operation, Plan, Rules, Strategy, Verb
from sync.model.refusal import Refusal
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.drafting import Refuses
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from tests.plan.pairs import either, snapshots
from tests.plan.promise import ALL_REQUESTS, Promise, goal_of, subsets
from tests.plan.worlds import World

STRATEGIES = st.sampled_from(Strategy)


def nothing_refused(_: Operation) -> Refusal | None:
    return None


def no_update_of_roles(operation: Operation) -> Refusal | None:
    """Refuse what no server does that publishes no such request: then roles are recreated."""
    is_update = (operation.verb, operation.kind) == (Verb.UPDATE, Kind.ROLE)
    return Refusal("no request", "recreate it") if is_update else None


REFUSING = st.sampled_from([nothing_refused, no_update_of_roles])


def plan_of(
    source: Snapshot, target: Snapshot, strategy: Strategy, refuses: Refuses = nothing_refused
) -> Plan:
    return make_plan(
        Environment("source", source),
        Environment("target", target),
        refuses=refuses,
        rules=Rules(strategy=strategy, recreate=("role:*",)),
    )


def with_superadmin(snapshot: Snapshot) -> Snapshot:
    """Add the role that exists everywhere."""
    if any(role.name == SUPERADMIN for role in snapshot.roles):
        return snapshot
    return snapshot.model_copy(update={"roles": (*snapshot.roles, Role(name=SUPERADMIN))})


def without_superadmins_description(snapshot: Snapshot) -> Snapshot:
    roles = tuple(
        Role(name=SUPERADMIN) if r.name == SUPERADMIN else r for r in with_superadmin(snapshot).roles
    )
    return snapshot.model_copy(update={"roles": tuple(sorted(roles, key=lambda role: role.name))})


@given(
    snapshots().map(without_superadmins_description),
    snapshots().map(without_superadmins_description),
    st.sampled_from(
        [*((each, nothing_refused) for each in Strategy), (Strategy.LEAST_PRIVILEGE, no_update_of_roles)]
    ),
)
def test_applying_makes_equal_and_twice_is_once(
    source: Snapshot, target: Snapshot, how: tuple[Strategy, Refuses]
) -> None:
    strategy, refuses = how
    plan = plan_of(source, target, strategy, refuses)
    world = World.of(target)
    for operation in plan.operations:
        world.do(operation)
    assert plan.blocked == ()
    assert world == World.of(source)
    for request in ALL_REQUESTS:
        assert world.winner(request) == World.of(source).winner(request)
    again = plan_of(source, world.snapshot(), strategy, refuses)
    assert again.operations == ()
    assert again.blocked == ()


@given(either(), STRATEGIES, REFUSING, st.randoms(use_true_random=False))
def test_the_guarantee_holds_at_every_subset_of_every_wave(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy, refuses: Refuses, chance: random.Random
) -> None:
    source, target = pair
    plan = plan_of(source, target, strategy, refuses)
    world = World.of(target)
    promise = Promise(strategy, world.copy(), goal_of(plan, source, target), exposures=plan.exposures)
    for wave in plan.waves:
        for subset in subsets(wave.operations, chance):
            moment = world.copy()
            for operation in subset:
                moment.do(operation)
            promise.check(moment)
        for operation in wave.operations:
            world.do(operation)


@given(either(), STRATEGIES, st.data())
def test_the_guarantee_holds_with_blocked_differences_and_after_any_failures(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy, data: st.DataObject
) -> None:
    source, target = pair
    chance = data.draw(st.randoms(use_true_random=False))
    legacy, missing = data.draw(st.booleans()), data.draw(REFUSING)
    unlucky = data.draw(st.sampled_from([0.0, 0.1, 0.4]))

    def refuses(operation: Operation) -> Refusal | None:
        names = f"{operation.name} {operation.member}"
        refused = legacy and operation.verb in {Verb.CREATE, Verb.ASSIGN} and ("-" in names or "ANY" in names)
        refused = refused or chance.random() < unlucky
        return Refusal("legacy", "rename it") if refused else missing(operation)

    seen = without_roles(target, data.draw(st.sets(st.sampled_from([g.name for g in target.groups] or [""]))))
    plan = plan_of(source, seen, strategy, refuses)
    differences = [*plan.operations, *(b.operation for b in plan.blocked if b.operation)]
    assert len(set(differences)) == len(differences)
    world = World.of(target)
    promise = Promise(strategy, world.copy(), goal_of(plan, source, target), exposures=plan.exposures)
    guarantee = guarantee_of(plan, source, seen)
    accounted: list[Operation] = []
    for wave in plan.waves:
        admitted, turned_away = guarantee.split(wave.operations)
        accounted += [*admitted, *turned_away]
        for subset in subsets(admitted, chance):
            moment = world.copy()
            for operation in subset:
                moment.do(operation)
            promise.check(moment)
        for operation in admitted:
            done = chance.random() > 0.2
            known = Result.UNKNOWN if chance.random() < 0.1 else Result.DONE if done else Result.NOT_DONE
            if done:
                world.do(operation)
            guarantee.settle(operation, known)
        promise.check(world)
    assert Counter(accounted) == Counter(plan.operations)


def without_roles(snapshot: Snapshot, names: Collection[str]) -> Snapshot:
    """Return a snapshot in which some groups don't show what they hold."""
    groups = tuple(g.model_copy(update={"roles": None}) if g.name in names else g for g in snapshot.groups)
    return snapshot.model_copy(update={"groups": groups})


@given(snapshots(), snapshots(), STRATEGIES, st.data())
def test_of_an_unreadable_group_nothing_is_given_taken_or_deleted(
    source: Snapshot, target: Snapshot, strategy: Strategy, data: st.DataObject
) -> None:
    names = {g.name for g in (*source.groups, *target.groups)}
    hidden = data.draw(st.sets(st.sampled_from(sorted(names) or [""])))
    plan = plan_of(without_roles(source, hidden), without_roles(target, hidden), strategy)
    for operation in plan.operations:
        assert (
            operation.kind is not Kind.GROUP or operation.name not in hidden or operation.verb is Verb.UPDATE
        )
        if hidden & {group.name for group in target.groups}:
            assert (operation.verb, operation.kind) != (Verb.DELETE, Kind.ROLE)
    world = World.of(target)
    for operation in plan.operations:
        world.do(operation)
    assert hidden & names <= {b.name for b in plan.blocked if b.kind is Kind.GROUP}


NEW_GROUP = Snapshot(
    actions=(Action(name="a"),),
    roles=(Role(name=SUPERADMIN),),
    mappings=tuple(Mapping(method="GET", path_pattern=each, action="a") for each in ("/users/", "/users/x")),
    groups=(Group(name="team", roles=(SUPERADMIN,)),),
)
"""A group that nobody was in before loses nothing, be it what was open to everyone."""


@given(either())
@example((NEW_GROUP, Snapshot()))
def test_nothing_is_announced_that_cannot_happen(pair: tuple[Snapshot, Snapshot]) -> None:
    source, target = pair
    for strategy in Strategy:
        plan = plan_of(source, target, strategy)
        world = World.of(target)
        promise = Promise(strategy, world.copy(), goal_of(plan, source, target), exposures=plan.exposures)
        for wave in plan.waves:
            for operation in wave.operations:
                world.do(operation)
                promise.check(world)
        assert promise.announced == promise.seen


@given(either())
def test_no_smaller_set_of_writes_lets_the_same_mappings_decide(pair: tuple[Snapshot, Snapshot]) -> None:
    source, target = pair
    plan = plan_of(source, target, Strategy.LEAST_PRIVILEGE)
    changes = [op for op in plan.operations if op.kind is Kind.MAPPING]
    writes = [op.name for op in changes if op.verb is not Verb.DELETE]
    must = {op.name for op in changes if op.verb in {Verb.CREATE, Verb.UPDATE}}
    wanted, left = World.of(source), [name for name in World.of(target).order if name in plan_names(source)]
    for size in range(len(must), len(writes)):
        for written in itertools.permutations(plan_names(source), size):
            if must <= set(written):
                world = World.of(source)
                world.order = [*(name for name in left if name not in written), *written]
                assert any(world.winner(each) != wanted.winner(each) for each in ALL_REQUESTS)


def plan_names(snapshot: Snapshot) -> list[str]:
    return [mapping.name for mapping in snapshot.mappings]


@given(either(), REFUSING)
def test_without_failures_every_planned_operation_is_admitted(
    pair: tuple[Snapshot, Snapshot], refuses: Refuses
) -> None:
    source, target = pair
    for strategy in Strategy:
        plan = plan_of(source, target, strategy, refuses)
        guarantee = guarantee_of(plan, source, target)
        for wave in plan.waves:
            admitted, turned_away = guarantee.split(wave.operations)
            assert not turned_away
            for operation in admitted:
                guarantee.settle(operation, Result.DONE)


@given(snapshots(), snapshots(), REFUSING)
def test_the_number_of_roles_never_passes_the_larger_of_before_and_after(
    source: Snapshot, target: Snapshot, refuses: Refuses
) -> None:
    plan = plan_of(source, target, Strategy.LEAST_PRIVILEGE, refuses)
    world = World.of(target)
    counts = [len(world.roles)]
    for operation in plan.operations:
        world.do(operation)
        counts.append(len(world.roles))
    assert max(counts) == max(counts[0], counts[-1])


def unreadable(snapshot: Snapshot, names: Iterable[str]) -> Snapshot:
    hidden = set(names)
    roles = tuple(r.model_copy(update={"actions": None}) if r.name in hidden else r for r in snapshot.roles)
    return snapshot.model_copy(update={"roles": roles})


@given(snapshots(), snapshots(), STRATEGIES, st.data())
def test_of_what_cannot_be_read_nothing_is_given_taken_or_deleted(
    source: Snapshot, target: Snapshot, strategy: Strategy, data: st.DataObject
) -> None:
    hidden_in_source = data.draw(st.sets(st.sampled_from([r.name for r in source.roles] or [""])))
    hidden_in_target = data.draw(st.sets(st.sampled_from([r.name for r in target.roles] or [""])))
    hidden_in_source -= {SUPERADMIN}
    hidden_in_target -= {SUPERADMIN}
    plan = plan_of(unreadable(source, hidden_in_source), unreadable(target, hidden_in_target), strategy)
    hidden = hidden_in_source | hidden_in_target
    for operation in plan.operations:
        role = operation.name if operation.kind is Kind.ROLE else operation.member
        assert role not in hidden or operation.verb is Verb.UPDATE
        if hidden_in_target & {role.name for role in target.roles}:
            assert (operation.verb, operation.kind) != (Verb.DELETE, Kind.ACTION)
    world = World.of(target)
    for operation in plan.operations:
        world.do(operation)
    known = {b.name for b in plan.blocked if b.kind is Kind.ROLE}
    assert hidden & {r.name for r in (*source.roles, *target.roles)} - {""} <= known


@pytest.mark.parametrize("strategy", Strategy)
def test_what_is_equal_needs_nothing(strategy: Strategy) -> None:
    same = Snapshot(roles=(Role(name="admin"), Role(name="b", actions=None)))
    plan = plan_of(same, same, strategy)
    assert plan.operations == ()
    assert [b.name for b in plan.blocked] == ["b"]
