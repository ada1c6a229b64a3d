"""The laws of planning and of applying a plan, on generated environments and generated failures."""

import itertools
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.apply.carry_out import guarantee_of
from sync.errors import Result
from sync.model.plan import Exposure, Operation, Plan, Rules, Strategy, Verb
from sync.model.refusal import Refusal
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.drafting import Refuses
from sync.plan.environment import Environment
from sync.plan.planner import make_plan
from tests.plan.pairs import ENDPOINTS, either, snapshots
from tests.plan.worlds import World, does_match

STRATEGIES = st.sampled_from(Strategy)
ALL_ENDPOINTS = {f"{method} {pattern}" for method, pattern in ENDPOINTS}
PATHS = ("/users", "/users/", "/users/x", "/users/me", "/n", "/old")
ALL_REQUESTS = {f"{method} {path}" for method in ("GET", "POST", "ANY") for path in PATHS}


def nothing_refused(_: Operation) -> Refusal | None:
    return None


def plan_of(
    source: Snapshot, target: Snapshot, strategy: Strategy, refuses: Refuses = nothing_refused
) -> Plan:
    return make_plan(
        Environment("source", source),
        Environment("target", target),
        refuses=refuses,
        rules=Rules(strategy=strategy),
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


def subsets(operations: tuple[Operation, ...], chance: random.Random) -> Iterator[tuple[Operation, ...]]:
    """Yield every subset of a small wave, and some of a large one."""
    if len(operations) <= 5:
        for size in range(len(operations) + 1):
            yield from itertools.combinations(operations, size)
    else:
        for _ in range(24):
            yield tuple(operation for operation in operations if chance.random() < 0.5)


class Promise:
    """What a strategy promises, for both meanings of an endpoint without a mapping.

    It holds for what each mapping alone decides, and for each request but where the plan announced otherwise.
    """

    def __init__(
        self,
        strategy: Strategy,
        before: World,
        goal: World,
        endpoints: set[str] = ALL_ENDPOINTS,
        exposures: Iterable[Exposure] = (),
        requests: Iterable[str] = ALL_REQUESTS,
    ) -> None:
        self._requests = set(requests)
        self._strategy = strategy
        self._endpoints = endpoints
        self._groups = {*before.groups}
        self._before, self._goal = self._reach(before), self._reach(goal)
        self._through_before, self._through_goal = self._through(before), self._through(goal)
        self._unmapped = {r for r in self._requests if not before.winner(r) or not goal.winner(r)}
        self._names = before.mappings.keys() | goal.mappings.keys()
        self.announced = {
            (group, self._matching(f"{each.method} {each.path}"), each.mapping)
            for each in exposures
            for group in each.groups
        }
        self.seen: set[tuple[str, frozenset[str], str | None]] = set()

    def _matching(self, request: str) -> frozenset[str]:
        """Return the mappings that match a request: what holds for it holds for all that the same match."""
        return frozenset(name for name in self._names if does_match(name, request))

    def _reach(self, world: World) -> dict[bool, set[tuple[str, str]]]:
        return {is_open: world.reach(self._endpoints, unmapped_is_open=is_open) for is_open in (True, False)}

    def _through(self, world: World) -> dict[bool, set[tuple[str, str]]]:
        return {
            is_open: world.get_through(self._requests, unmapped_is_open=is_open) for is_open in (True, False)
        }

    def check(self, world: World) -> None:
        for unmapped_is_open, now in self._reach(world).items():
            before, goal = self._before[unmapped_is_open], self._goal[unmapped_is_open]
            if self._strategy is Strategy.LEAST_PRIVILEGE:
                # a new group has no members, so what is open to everyone is no gain of theirs
                gained = {
                    (g, e)
                    for g, e in now - before - goal
                    if not (unmapped_is_open and e not in world.mappings)
                }
                assert not gained
            else:
                assert not (before & goal) - now
        self._check_requests(world)

    def _check_requests(self, world: World) -> None:
        for unmapped_is_open, now in self._through(world).items():
            before, goal = self._through_before[unmapped_is_open], self._through_goal[unmapped_is_open]
            if self._strategy is Strategy.LEAST_PRIVILEGE:
                wronged = {
                    (g, request)
                    for g, request in now - before - goal
                    # what is open to everyone is no gain of a group's, unless it is open in between only
                    if world.winner(request) or (g in self._groups and request not in self._unmapped)
                }
            else:
                wronged = (before & goal) - now
            found = {(group, self._matching(request), world.winner(request)) for group, request in wronged}
            assert found <= self.announced
            self.seen |= found


def goal_of(plan: Plan, source: Snapshot, target: Snapshot) -> World:
    """Return the target with every difference gone, in whatever order, and its mappings in the source's.

    What it does not show of its groups stays.
    """
    goal = World.of(target)
    stays = [(Kind.GROUP, name) for name in plan.target.unreadable_groups]
    blocked = [b.operation for b in plan.blocked if b.operation and (b.kind, b.name) not in stays]
    for operation in [*plan.operations, *blocked]:
        force(goal, operation)
    wanted = World.of(source).order
    goal.order = [*(n for n in goal.order if n not in wanted), *(n for n in wanted if n in goal.mappings)]
    return goal


def force(world: World, operation: Operation) -> None:
    match operation.verb, operation.kind:
        case ((Verb.ASSIGN | Verb.UNASSIGN), _):
            edge = (operation.name, operation.member or "")
            edges = world.edges(operation.kind)
            edges.add(edge) if operation.verb is Verb.ASSIGN else edges.discard(edge)
        case Verb.DELETE, Kind.MAPPING:
            world.forget(operation.name)
        case _, Kind.MAPPING:
            assert operation.after
            world.write(operation.name, operation.after)
        case Verb.DELETE, _:
            del world.nodes(operation.kind)[operation.name]
        case _:
            assert operation.after
            world.nodes(operation.kind)[operation.name] = operation.after.description


@given(
    snapshots().map(without_superadmins_description),
    snapshots().map(without_superadmins_description),
    STRATEGIES,
)
def test_applying_makes_equal_and_twice_is_once(
    source: Snapshot, target: Snapshot, strategy: Strategy
) -> None:
    plan = plan_of(source, target, strategy)
    world = World.of(target)
    for operation in plan.operations:
        world.do(operation)
    assert plan.blocked == ()
    assert world == World.of(source)
    for request in ALL_REQUESTS:
        assert world.winner(request) == World.of(source).winner(request)
    again = plan_of(source, world.snapshot(), strategy)
    assert again.operations == ()
    assert again.blocked == ()


@given(either(), STRATEGIES, st.randoms(use_true_random=False))
def test_the_guarantee_holds_at_every_subset_of_every_wave(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy, chance: random.Random
) -> None:
    source, target = pair
    plan = plan_of(source, target, strategy)
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
    legacy = data.draw(st.booleans())
    unlucky = data.draw(st.sampled_from([0.0, 0.1, 0.4]))

    def refuses(operation: Operation) -> Refusal | None:
        names = f"{operation.name} {operation.member}"
        refused = legacy and operation.verb in {Verb.CREATE, Verb.ASSIGN} and ("-" in names or "ANY" in names)
        refused = refused or chance.random() < unlucky
        return Refusal("legacy", "rename it") if refused else None

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


@given(either())
def test_without_failures_every_planned_operation_is_admitted(pair: tuple[Snapshot, Snapshot]) -> None:
    source, target = pair
    for strategy in Strategy:
        plan = plan_of(source, target, strategy)
        guarantee = guarantee_of(plan, source, target)
        for wave in plan.waves:
            admitted, turned_away = guarantee.split(wave.operations)
            assert not turned_away
            for operation in admitted:
                guarantee.settle(operation, Result.DONE)


@given(snapshots(), snapshots())
def test_the_number_of_roles_never_passes_the_larger_of_before_and_after(
    source: Snapshot, target: Snapshot
) -> None:
    plan = plan_of(source, target, Strategy.LEAST_PRIVILEGE)
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
