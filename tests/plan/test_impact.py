"""What a plan says of who gains and loses which access is what a walk over both worlds finds."""

import itertools
import random

from hypothesis import example, given
from hypothesis import strategies as st

from sync.model.impact import Cause, Impact, Requests, count_of
from sync.model.plan import Operation, Plan, Rules, Strategy, Verb
from sync.model.refusal import Refusal
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.closure import Edges, Register
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from tests.plan.pairs import either
from tests.plan.worlds import World

PATHS = ("/users", "/users/", "/users/x", "/users/me", "/n", "/old")
ALL_REQUESTS = [f"{method} {path}" for method in ("GET", "POST", "ANY") for path in PATHS]
STRATEGIES = st.sampled_from(Strategy)


def plan_of(
    source: Snapshot, target: Snapshot, strategy: Strategy = Strategy.LEAST_PRIVILEGE, unlucky: float = 0
) -> Plan:
    chance = random.Random(7)
    return make_plan(
        Environment("source", source),
        Environment("target", target),
        refuses=lambda _: Refusal("no luck", "none") if chance.random() < unlucky else None,
        rules=Rules(strategy=strategy),
    )


def worlds(plan: Plan, target: Snapshot) -> tuple[World, World]:
    after = World.of(target)
    for operation in plan.operations:
        after.do(operation)
    return World.of(target), after


def roles_of(world: World, group: str) -> set[str]:
    return {role for holder, role in world.group_roles if holder == group and group in world.groups}


def reaches(world: World, group: str, request: str) -> bool:
    """Walk from a group over its roles and their actions to what wins the request."""
    if group not in world.groups:
        return False
    action = asked(world, request)
    roles = roles_of(world, group)
    return (
        action is None or SUPERADMIN in roles or any((role, action) in world.role_actions for role in roles)
    )


def asked(world: World, request: str) -> str | None:
    winner = world.winner(request)
    return world.mappings[winner].action if winner else None


def walk(before: World, after: World, request: str) -> tuple[set[str], set[str]]:
    """Return the groups that gain a request, and those that lose it."""
    groups = {*before.groups, *after.groups}
    reached, reaching = ({g for g in groups if reaches(world, g, request)} for world in (before, after))
    return reaching - reached, reached - reaching


def told(impact: Impact, before: World, after: World, request: str) -> tuple[set[str], set[str]]:
    """Return the groups that an impact says gain a request, and those that it says lose it."""
    won, winning = before.winner(request), after.winner(request)
    groups = []
    for changes in (impact.gains, impact.losses):
        spots = [(change, r) for change in changes for r in change.requests]
        groups.append(
            {name for change, r in spots if (r.before, r.after) == (won, winning) for name in change.groups}
        )
    gaining = {name for name in impact.superadmin_granted if not reaches(before, name, request)}
    losing = {name for name in impact.superadmin_lost if not reaches(after, name, request)}
    return groups[0] | gaining, groups[1] | losing


SAME_FOR_ALL = Snapshot(
    actions=(Action(name="a"), Action(name="b")),
    roles=(Role(name="r", actions=("a",)), Role(name=SUPERADMIN)),
    mappings=(
        Mapping(method="GET", path_pattern="/users$", action="a"),
        Mapping(method="GET", path_pattern="/n", action="b"),
    ),
    groups=(Group(name="g", roles=("r",)),),
)


@given(either(), STRATEGIES, st.sampled_from([0.0, 0.3]))
@example((SAME_FOR_ALL, Snapshot()), Strategy.LEAST_PRIVILEGE, 0.0)
@example((Snapshot(), SAME_FOR_ALL), Strategy.LEAST_PRIVILEGE, 0.0)
def test_what_it_says_of_each_group_is_what_a_walk_over_both_sides_finds(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy, unlucky: float
) -> None:
    plan = plan_of(*pair, strategy, unlucky)
    before, after = worlds(plan, pair[1])
    for request in ALL_REQUESTS:
        if before.winner(request) and after.winner(request):
            assert told(plan.impact, before, after, request) == walk(before, after, request)


@given(either(), STRATEGIES, st.sampled_from([0.0, 0.3]))
def test_what_opens_closes_or_asks_for_another_action_is_what_a_walk_finds(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy, unlucky: float
) -> None:
    plan = plan_of(*pair, strategy, unlucky)
    before, after = worlds(plan, pair[1])
    requirements = (*plan.impact.opened, *plan.impact.closed, *plan.impact.changed)
    found = {(r.before, r.after): each for each in requirements for r in each.requests}
    left = dict(found)
    for request in ALL_REQUESTS:
        won, winning = before.winner(request), after.winner(request)
        actions = asked(before, request), asked(after, request)
        each = found.get((won, winning))
        left.pop((won, winning), None)
        told_once = {*plan.impact.superadmin_granted, *plan.impact.superadmin_lost}
        stay = (before.groups.keys() & after.groups.keys()) - told_once
        differs = holders(before, actions[0]) & stay != holders(after, actions[1]) & stay
        if (None in actions and actions != (None, None)) or (actions[0] != actions[1] and differs):
            assert each
        if each:
            assert (each.action_before, each.action_after) == actions
            assert {*each.groups_before} == holders(before, actions[0])
            assert {*each.groups_after} == holders(after, actions[1])
            assert each.certain
    assert {winning or won for won, winning in left} <= {
        "GET /users/([^/]+)$",
        "GET /users/me$",
        "GET /users/",
    }


def holders(world: World, action: str | None) -> set[str]:
    return {
        group
        for group in world.groups
        if SUPERADMIN not in roles_of(world, group)
        and any((role, action) in world.role_actions for role in roles_of(world, group))
    }


@given(either(), STRATEGIES)
def test_each_way_is_there_and_each_cause_is_true(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy
) -> None:
    plan = plan_of(*pair, strategy)
    before, after = worlds(plan, pair[1])
    for changes, there, elsewhere in (
        (plan.impact.gains, after, before),
        (plan.impact.losses, before, after),
    ):
        for change in changes:
            assert change.causes
            for group, role, through in itertools.product(change.groups, change.roles, change.through):
                assert role in roles_of(there, group)
                assert (role, through.action) in there.role_actions
                held = [r for r in change.roles if r in roles_of(elsewhere, group)]
                is_edge = {Cause.ASSIGNMENT, Cause.ROLE} & {*change.causes}
                assert (Cause.GROUP in change.causes) is (group not in elsewhere.groups)
                if is_edge:
                    assert not any((r, through.action) in elsewhere.role_actions for r in held)
                if Cause.ASSIGNMENT in change.causes:
                    assert {*change.roles} - {*held}
                if Cause.ROLE in change.causes:
                    assert held


@given(either(), STRATEGIES)
def test_what_a_mapping_or_an_overlap_causes_asks_for_another_action(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy
) -> None:
    plan = plan_of(*pair, strategy)
    before, after = worlds(plan, pair[1])
    for change in (*plan.impact.gains, *plan.impact.losses):
        for requests in change.requests:
            won, winning = requests.before or "", requests.after or ""
            is_another = before.mappings[won].action != after.mappings[winning].action
            for cause in {Cause.MAPPING, Cause.OVERLAP}.intersection(change.causes):
                assert is_another
                assert (cause is Cause.MAPPING) is (won == winning)
            if Cause.GROUP not in change.causes:
                assert is_another is not {Cause.MAPPING, Cause.OVERLAP}.isdisjoint(change.causes)


@given(either(), STRATEGIES, st.randoms(use_true_random=False))
def test_what_may_be_missing_in_between_is_said_with_its_waves(
    pair: tuple[Snapshot, Snapshot], strategy: Strategy, chance: random.Random
) -> None:
    plan = plan_of(*pair, strategy)
    before, after = worlds(plan, pair[1])
    kept = [
        (group, request)
        for group, request in itertools.product(before.groups.keys() & after.groups.keys(), ALL_REQUESTS)
        if reaches(before, group, request) and reaches(after, group, request)
    ]
    world, seen = before.copy(), set()
    is_exhaustive = all(len(wave.operations) <= 6 for wave in plan.waves)
    for number, wave in enumerate(plan.waves, 1):
        for done in subsets(wave.operations, chance):
            moment = world.copy()
            for operation in done:
                moment.do(operation)
            for group, request in kept:
                if not reaches(moment, group, request):
                    key = before.winner(request), after.winner(request)
                    seen.add((group, key, number))
        for operation in wave.operations:
            world.do(operation)
    announced = [
        (group, (r.before, r.after), each.first, each.last)
        for each in plan.impact.interruptions
        for group in each.groups
        for r in each.requests
    ]
    for group, key, number in seen:
        assert any((g, k) == (group, key) and first <= number <= last for g, k, first, last in announced)
    asked_about = {(before.winner(request), after.winner(request)) for request in ALL_REQUESTS}
    for group, key, first, last in announced if is_exhaustive else ():
        if key in asked_about:
            assert {(group, key, first), (group, key, last)} <= seen


def subsets(operations: tuple[Operation, ...], chance: random.Random) -> list[tuple[Operation, ...]]:
    if len(operations) <= 6:
        sizes = range(len(operations) + 1)
        return [found for size in sizes for found in itertools.combinations(operations, size)]
    return [tuple(each for each in operations if chance.random() < 0.5) for _ in range(24)]


def with_role(*actions: str, asks: str = "exports", groups: tuple[str, ...] = ("analyst",)) -> Snapshot:
    """Return an environment with one endpoint, and a group that may have a role with some actions."""
    return Snapshot(
        actions=tuple(Action(name=name) for name in {asks, *actions}),
        roles=(Role(name="analyst", actions=actions), Role(name=SUPERADMIN)),
        mappings=(Mapping(method="GET", path_pattern="/reports$", action=asks),),
        groups=(Group(name="support", roles=groups),),
    )


REPORTS = Requests(before="GET /reports$", after="GET /reports$", like="GET /reports")


def test_an_access_is_told_with_its_way_and_its_cause() -> None:
    impact = plan_of(with_role("exports"), with_role("exports", groups=())).impact
    (change,) = impact.gains
    assert (change.groups, change.roles, change.causes) == (("support",), ("analyst",), (Cause.ASSIGNMENT,))
    assert [(each.action, each.requests) for each in change.through] == [("exports", (REPORTS,))]
    assert (impact.losses, count_of(impact.gains), {*impact.gaining}) == ((), 1, {"support"})


def test_a_changed_role_and_a_changed_mapping_are_causes_too() -> None:
    (change,) = plan_of(with_role(), with_role("exports")).impact.losses
    assert change.causes == (Cause.ROLE,)
    (change,) = plan_of(with_role("exports", asks="exports"), with_role("exports", asks="admin")).impact.gains
    assert change.causes == (Cause.MAPPING,)


def test_a_renamed_action_is_no_gain_and_no_loss_but_a_moment_without() -> None:
    impact = plan_of(with_role("new", asks="new"), with_role("old", asks="old")).impact
    assert (impact.gains, impact.losses, impact.changed) == ((), (), ())
    assert [(each.before, each.after, each.endpoints) for each in impact.replaced] == [("old", "new", 1)]
    (moment,) = impact.interruptions
    assert (moment.groups, moment.requests) == (("support",), (REPORTS,))
    plan = plan_of(with_role("new", asks="new"), with_role("old", asks="old"))
    phases = [wave.phase for wave in plan.waves]
    assert (phases[moment.first - 1], phases[moment.last - 1]) == ("revoke", "grant actions")
    smooth = plan_of(with_role("new", asks="new"), with_role("old", asks="old"), Strategy.ZERO_DOWNTIME)
    assert smooth.impact.interruptions == ()


def test_superadmin_is_told_once_and_not_endpoint_by_endpoint() -> None:
    impact = plan_of(with_role(groups=(SUPERADMIN,)), with_role("exports")).impact
    assert (impact.superadmin, impact.superadmin_granted, impact.gains) == (("support",), ("support",), ())
    impact = plan_of(with_role("exports"), with_role("exports", groups=(SUPERADMIN,))).impact
    assert (impact.superadmin_lost, impact.losses) == (("support",), ())


def test_what_opens_is_certain_unless_a_pattern_is_there_that_cannot_be_compared() -> None:
    def also(*patterns: str) -> Snapshot:
        mappings = [Mapping(method="GET", path_pattern=each, action="exports") for each in patterns]
        base = with_role("exports")
        return base.model_copy(update={"mappings": (*base.mappings, *mappings)})

    (opened,) = plan_of(also(), also("/n$")).impact.opened
    assert ([r.name for r in opened.requests], opened.certain) == (["GET /n$"], True)
    assert (opened.action_before, opened.groups_before) == ("exports", ("support",))
    (opened,) = plan_of(also("/a(?=b)"), also("/a(?=b)", "/n$")).impact.opened
    assert not opened.certain
    impact = plan_of(also("/(.*)"), also("/(.*)", "/n$")).impact
    assert (impact.opened, impact.moved) == ((), 1)


def test_what_dangles_afterwards_is_named() -> None:
    dangling = plan_of(with_role(groups=()), with_role("exports")).impact.dangling
    assert (dangling.actions, dangling.roles, dangling.mappings) == (
        ("exports",),
        ("analyst",),
        ("GET /reports$",),
    )


def test_of_what_cannot_be_read_it_says_that_it_is_not_known() -> None:
    hidden = with_role("exports").model_copy(update={"groups": (Group(name="support", roles=None),)})
    impact = plan_of(with_role("exports", asks="other"), hidden).impact
    assert (impact.unknown, impact.losses) == (("support",), ())


def test_a_deleted_group_loses_all_that_it_had() -> None:
    gone = with_role("exports").model_copy(update={"groups": ()})
    plan = plan_of(gone, with_role("exports"))
    assert [o.name for o in plan.operations if o.verb is Verb.DELETE] == ["support"]
    (change,) = plan.impact.losses
    assert (change.causes, plan.impact.deleted, plan.impact.losing) == (
        (Cause.GROUP,),
        ("support",),
        frozenset({"support"}),
    )


def test_a_group_that_an_interrupted_run_has_deleted_stays_deleted() -> None:
    edges = Edges.of(with_role("exports"), Register(["support"]))
    gone = Operation(verb=Verb.DELETE, kind=Kind.GROUP, name="gone")
    assert edges.after([gone], *Verb) == edges
