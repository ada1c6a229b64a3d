"""What each strategy promises, held against a world, for these endpoints and requests."""

import itertools
import random
from collections.abc import Iterable, Iterator

from sync.model.plan import Exposure, Operation, Plan, Strategy, Verb
from sync.model.snapshot import Kind, Snapshot
from tests.plan.pairs import ENDPOINTS
from tests.plan.worlds import World, does_match

ALL_ENDPOINTS = {f"{method} {pattern}" for method, pattern in ENDPOINTS}
PATHS = ("/users", "/users/", "/users/x", "/users/me", "/n", "/old")
ALL_REQUESTS = {f"{method} {path}" for method in ("GET", "POST", "ANY") for path in PATHS}


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
