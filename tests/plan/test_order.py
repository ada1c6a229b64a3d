"""Which phases may be swapped and which may not, with the reason, and what breaks if they are."""

import random
from collections.abc import Sequence
from itertools import combinations, product

import pytest

from sync.model.plan import Operation, Rules, Strategy, Verb
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.diff import differences
from sync.plan.order import PHASES, RECREATION, Step, waves_of
from sync.plan.planned_winners import PlannedWinners
from sync.plan.recreation import of_recreation, recreations
from sync.plan.side import Environment
from tests.plan.pairs import ACTIONS, ENDPOINTS, GROUPS, ROLES
from tests.plan.promise import Promise, force, subsets
from tests.plan.worlds import World

EXISTS = "what is referred to must exist"
EMPTY = "the server's cascade would take what still refers to it"
ROOM = "old and new roles together would pass the larger number of before and after"
OPENS = "an endpoint would be reached by who holds its action only before or only after"
NAME = "the old role still has the name of the new one"
CLOSES = "who reaches an endpoint before and after would lose it in between"

LEAST_PRIVILEGE = {
    ("prepare", "delete roles"): EMPTY,
    ("prepare", "create roles"): ROOM,
    ("prepare", "remap"): EXISTS,
    ("prepare", "grant actions"): EXISTS,
    ("prepare", "grant roles"): EXISTS,
    ("prepare", "retire groups"): EMPTY,
    ("prepare", "retire actions"): EMPTY,
    ("revoke", "delete roles"): EMPTY,
    ("revoke", "create roles"): EMPTY,
    ("revoke", "remap"): OPENS,
    ("revoke", "grant actions"): OPENS,
    ("revoke", "grant roles"): OPENS,
    ("revoke", "retire groups"): EMPTY,
    ("revoke", "retire actions"): EMPTY,
    ("delete roles", "create roles"): ROOM,
    ("delete roles", "remap"): ROOM,
    ("delete roles", "grant actions"): EXISTS,
    ("delete roles", "grant roles"): EXISTS,
    ("delete roles", "retire groups"): ROOM,
    ("delete roles", "retire actions"): EMPTY,
    ("create roles", "grant actions"): EXISTS,
    ("create roles", "grant roles"): EXISTS,
    ("create roles", "retire groups"): EXISTS,
    ("create roles", "retire actions"): EMPTY,
    ("remap", "grant actions"): OPENS,
    ("remap", "grant roles"): OPENS,
    ("remap", "retire groups"): OPENS,
    ("remap", "retire actions"): EMPTY,
}
AFTERWARDS = ("create roles", "remap", "grant actions", "grant roles", "retire groups", "retire actions")
TAKE, DELETE, CREATE, FILL, GIVE_BACK = (
    f"recreate: {step}" for step in ("take", "delete", "create", "fill", "give back")
)
RECREATE = {
    ("prepare", DELETE): EMPTY,
    ("prepare", CREATE): NAME,
    ("revoke", TAKE): EMPTY,
    ("revoke", DELETE): EMPTY,
    ("revoke", CREATE): NAME,
    ("revoke", FILL): EMPTY,
    ("revoke", GIVE_BACK): EMPTY,
    ("delete roles", DELETE): EMPTY,
    ("delete roles", CREATE): NAME,
    (TAKE, DELETE): EMPTY,
    (TAKE, CREATE): NAME,
    **dict.fromkeys(((TAKE, later) for later in (FILL, GIVE_BACK, *AFTERWARDS)), EMPTY),
    **dict.fromkeys(((DELETE, later) for later in (CREATE, FILL, GIVE_BACK, *AFTERWARDS)), NAME),
    **dict.fromkeys(((CREATE, later) for later in (FILL, GIVE_BACK, *AFTERWARDS)), EXISTS),
    **dict.fromkeys(product((FILL, GIVE_BACK), ("grant actions", "grant roles")), OPENS),
    **dict.fromkeys(product((FILL, GIVE_BACK), ("retire actions",)), EMPTY),
}
"""A role is filled before it is given back: whoever pushes its members' policies then pushes all of it.

It is recreated before anything is granted, so that only the new role gets what the old one did not hold, and
before roles are created, which may push it out of the server's sight.
"""
ZERO_DOWNTIME = {
    ("prepare", "grant"): EXISTS,
    ("prepare", "remap"): EXISTS,
    ("prepare", "revoke"): EXISTS,
    ("prepare", "retire groups"): EMPTY,
    ("prepare", "retire roles"): EMPTY,
    ("prepare", "retire actions"): EMPTY,
    ("grant", "remap"): CLOSES,
    ("grant", "revoke"): CLOSES,
    ("grant", "retire groups"): EMPTY,
    ("grant", "retire roles"): EMPTY,
    ("grant", "retire actions"): EMPTY,
    ("remap", "revoke"): CLOSES,
    ("remap", "retire groups"): EMPTY,
    ("remap", "retire roles"): EMPTY,
    ("remap", "retire actions"): EMPTY,
    ("revoke", "retire groups"): EMPTY,
    ("revoke", "retire roles"): EMPTY,
    ("revoke", "retire actions"): EMPTY,
}
FORBIDDEN = {Strategy.LEAST_PRIVILEGE: LEAST_PRIVILEGE | RECREATE, Strategy.ZERO_DOWNTIME: ZERO_DOWNTIME}
SWAPS = [
    (strategy, *pair) for strategy in Strategy for pair in combinations([n for n, _ in PHASES[strategy]], 2)
]
COMMUTING = [swap for swap in SWAPS if swap[1:] not in FORBIDDEN[swap[0]]]
"""They stand in their order because deletions, which can't be undone, come last."""


def environment(chance: random.Random) -> Snapshot:
    def some(names: Sequence[str]) -> list[str]:
        return [name for name in names if chance.random() < 0.5]

    actions, roles = some(ACTIONS), [name for name in some(ROLES) if name != SUPERADMIN]
    endpoints = [endpoint for endpoint in ENDPOINTS if chance.random() < 0.5] if actions else []
    return Snapshot(
        actions=tuple(Action(name=name) for name in actions),
        roles=(
            *(
                Role(name=name, description=chance.choice("xy"), actions=tuple(some(actions)))
                for name in roles
            ),
            Role(name=SUPERADMIN),
        ),
        mappings=tuple(
            Mapping(method=m, path_pattern=p, action=chance.choice(actions)) for m, p in endpoints
        ),
        groups=tuple(Group(name=name, roles=tuple(some(roles))) for name in some(GROUPS)),
    )


def changes_of(source: Snapshot, target: Snapshot, strategy: Strategy) -> list[Operation]:
    """Return every difference; under `least-privilege` no request changes a role's description."""
    changes = list(differences(source, target))
    if strategy is Strategy.ZERO_DOWNTIME:
        return changes
    found = list(recreations(source, target, changes, Rules(recreate=("role:*",))))
    updates = {each.update for each in found}
    parts = [op for each in found for op in each.operations]
    return [*parts, *(change for change in changes if change not in updates)]


def breaks(strategy: Strategy, phases: Sequence[tuple[str, tuple[Step, ...]]], seed: int) -> bool:
    """Tell whether a law is broken for a generated pair when the phases run in this order."""
    chance = random.Random(seed)
    source, target = environment(chance), environment(chance)
    changes = changes_of(source, target, strategy)
    recreating = of_recreation(changes)
    goal, world = World.of(target), World.of(target)
    for change in changes:
        force(goal, change)
    # which phases may be swapped is a matter of each endpoint alone
    promise = Promise(strategy, world.copy(), goal, requests=())
    most_roles = max(len(world.roles), len(goal.roles))
    try:
        for phase, steps in phases:
            operations = tuple(
                change
                for change in changes
                if (change.verb, change.kind) in steps and (change in recreating) is (phase in RECREATION)
            )
            for subset in subsets(operations, chance):
                moment = world.copy()
                for operation in subset:
                    moment.do(operation)
                promise.check(moment)
                assert strategy is Strategy.ZERO_DOWNTIME or len(moment.roles) <= most_roles
            for operation in operations:
                world.do(operation)
    except AssertionError:
        return True
    return False


def swapped(strategy: Strategy, one: str, other: str) -> list[tuple[str, tuple[Step, ...]]]:
    phases = list(PHASES[strategy])
    names = [name for name, _ in phases]
    i, j = names.index(one), names.index(other)
    phases[i], phases[j] = phases[j], phases[i]
    return phases


@pytest.mark.parametrize(
    ("strategy", "one", "other"),
    [(strategy, *pair) for strategy, pairs in FORBIDDEN.items() for pair in pairs],
)
def test_a_forbidden_swap_breaks_a_law(strategy: Strategy, one: str, other: str) -> None:
    assert any(breaks(strategy, swapped(strategy, one, other), seed) for seed in range(400))


@pytest.mark.sampled
@pytest.mark.parametrize(("strategy", "one", "other"), COMMUTING)
def test_what_is_not_forbidden_commutes(strategy: Strategy, one: str, other: str) -> None:
    assert not any(breaks(strategy, swapped(strategy, one, other), seed) for seed in range(100))


@pytest.mark.parametrize("strategy", Strategy)
def test_the_order_as_it_is_breaks_nothing(strategy: Strategy) -> None:
    assert not any(breaks(strategy, PHASES[strategy], seed) for seed in range(200))


@pytest.mark.parametrize("strategy", Strategy)
def test_every_sort_of_operation_has_one_place(strategy: Strategy) -> None:
    steps = [step for name, phase in PHASES[strategy] for step in phase if name not in RECREATION]
    edges = [(verb, kind) for verb in (Verb.ASSIGN, Verb.UNASSIGN) for kind in (Kind.ROLE, Kind.GROUP)]
    entities = [(verb, kind) for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE) for kind in Kind]
    assert sorted(steps) == sorted(
        [*edges, *entities, (Verb.REORDER, Kind.MAPPING), (Verb.REFRESH, Kind.MAPPING)]
    )


def mapping(verb: Verb, name: str) -> Operation:
    return Operation(verb=verb, kind=Kind.MAPPING, name=name)


def test_overlapping_mappings_are_changed_in_turns_and_the_same_turn_of_all_is_a_wave() -> None:
    """The source's oldest is written first, then what goes is deleted, the target's oldest first."""
    written = ["GET /users/me$", "GET /users/([^/]+)$", "GET /a", "GET /a/b", "GET /solo$", "POST /users/me$"]
    deleted = ["GET /users/(.+)$", "GET /users/([a-z]+)$", "GET /gone$"]
    operations = [
        *(mapping(Verb.CREATE, name) for name in written),
        *(mapping(Verb.DELETE, name) for name in deleted),
    ]
    source = Snapshot.model_construct(
        precedence=("GET /a/b", "GET /users/([^/]+)$", "GET /a", "GET /users/me$"), mappings=of(written)
    )
    target = Snapshot.model_construct(
        precedence=("GET /users/(.+)$", "GET /users/([a-z]+)$"), mappings=of(deleted)
    )
    winners = PlannedWinners(Environment("source", source), Environment("target", target))
    waves = waves_of(operations, Strategy.LEAST_PRIVILEGE, winners.turns(operations))
    assert [{operation.name for operation in wave.operations} for wave in waves] == [
        {"GET /users/([^/]+)$", "GET /a/b", "GET /solo$", "POST /users/me$", "GET /gone$"},
        {"GET /users/me$", "GET /a"},
        {"GET /users/(.+)$"},
        {"GET /users/([a-z]+)$"},
    ]
    assert {wave.phase for wave in waves} == {"remap"}


def of(names: list[str]) -> tuple[Mapping, ...]:
    return tuple(Mapping.named(name, "a") for name in names)
