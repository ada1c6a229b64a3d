"""Whether an operation may run in the state that is there: one answer, for plans and for runs.

Terms. A group *reaches* a request if it holds the action that the winner asks for. *Before* is the target as
it was read. *After* is the state in which nothing differs any more, blocked differences included; only a
group that can't be read stays as it is. A *breach* is what breaks the strategy's guarantee:

- `least-privilege`: a group reaches what it reaches neither before nor after;
- `zero-downtime`: a group does not reach what it reaches both before and after.

Premise. Operations of a wave run at the same time, each may fail, and the answer to one may be lost. So any
of them may be done while the others are not. What a request does that no mapping wins is the gateway's
affair: it may be open to everyone or closed, so nothing may depend on that.

    in the target                                  in the source
    GET /users/([^/]+)$  → users:list              GET /users/([^/]+)$  → users:admin
    GET /users/me$       → users:self              GET /users/me$       → users:self
    admins hold users:list,  users:self            admins hold users:admin, users:self
    staff hold  users:self                         staff hold  users:list,  users:self

Under `least-privilege`, staff get `users:list` once the first mapping asks for `users:admin`: sooner, they
would reach `/users/7`. Under `zero-downtime`, that mapping is written once admins hold `users:admin`: sooner,
they would lose `/users/7`. Either way its write brings it in front of the second mapping, which has to be
reordered; until then staff lose `/users/me`. That is a breach under `zero-downtime`, and no order of writes
avoids it: a *transient exposure*. The plan announces it, with the request, the mapping and the groups, and a
run tolerates what is announced, no more.

What is judged. Each mapping by what it matches alone, and each overlap by every mapping that may win it, in
the worst state that can be there. In a plan, a blocked difference is a failure that is known beforehand; in a
run, failures come as they come, and what depends on them is skipped.

What is not found, and why. Overlaps of mappings that are `not_compared`: nobody knows what these match. What
others change during the run, and roles that a user holds directly: only the target's groups are read. Answers
that the server's cache gives for some minutes more: a write does not change these.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from sync.errors import Result
from sync.model.plan import Operation, Strategy, Verb
from sync.model.ranking import Ranking
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.overlap import Overlap
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import Winner
from sync.plan.diff import unreadable
from sync.plan.possible_winners import PossibleWinners
from sync.plan.prerequisites import Prerequisites
from sync.plan.reach import Access, possible_actions, real_name

Tolerates = Callable[[Overlap, Winner, set[str]], bool]
"""Whether a mapping may win a request for a moment, although that lets in or keeps out groups."""


def _nothing(_: Overlap, __: Winner, ___: set[str]) -> bool:
    return False


class Guarantee:
    """Follow the target's state through the waves and say which operations may run in it.

    An operation may run where what it refers to exists, where nothing refers to what it deletes, and where
    the strategy's guarantee holds in the worst state that can be there: with every other operation of
    the wave done or not done, whichever is worse, and the same for those of which nobody knows.

    `exposed` are the breaches that were tolerated: the groups, by the request and who may win it.
    """

    def __init__(
        self,
        strategy: Strategy,
        source: Snapshot,
        target: Snapshot,
        changes: Iterable[Operation],
        tolerates: Tolerates = _nothing,
    ) -> None:
        """Start in the target's state; `changes` are all the differences from the source, blocked or not."""
        self._strategy = strategy
        self._tolerates = tolerates
        self.exposed: defaultdict[tuple[Overlap, Winner], set[str]] = defaultdict(set)
        self._now = Access(target, unreadable_as_in=source)
        self._before = Access(target, unreadable_as_in=source)
        self._goal = Access(target, unreadable_as_in=source)
        unread = unreadable(target, Kind.GROUP)
        changes = tuple(changes)
        for change in changes:
            if change.kind is not Kind.GROUP or change.name not in unread:
                self._goal.do(change)
        in_source, in_target = ({mapping.name for mapping in side.mappings} for side in (source, target))
        overlaps = overlaps_of(frozenset(in_source | in_target))
        self._winners = PossibleWinners(overlaps, _actions(self._now), target.ranking)
        self._winners_before = PossibleWinners(overlaps, _actions(self._before), target.ranking)
        self._winners_after = PossibleWinners(overlaps, _actions(self._goal), _order_after(source, target))
        self._needs = Prerequisites(target, changes, self._before, self._now)

    def split(self, operations: Iterable[Operation]) -> tuple[tuple[Operation, ...], dict[Operation, str]]:
        """Return those operations of a wave that may run, and the others with the reason why not.

        The others count as settled. Those that may run count as done or not done, until they are settled.
        """
        admitted: list[Operation] = []
        turned_away: dict[Operation, str] = {}
        for operation in operations:
            reason = (
                self._needs.missing(operation) or self._needs.in_the_way(operation) or self._breach(operation)
            )
            if reason:
                turned_away[operation] = reason
            else:
                admitted.append(operation)
                self._presume(operation)
        for operation, reason in turned_away.items():
            self.settle(operation, Result.NOT_DONE, reason=reason)
        return tuple(admitted), turned_away

    def settle(self, operation: Operation, result: Result, reason: str = "") -> None:
        """Take in what became of an operation."""
        if operation.verb in {Verb.ASSIGN, Verb.UNASSIGN}:
            if result is Result.UNKNOWN:
                self._presume(operation)
            else:
                self._now.set_edge(operation, held=(result is Result.DONE) is (operation.verb is Verb.ASSIGN))
        elif operation.kind is Kind.MAPPING:
            self._now.set_mapping(operation.name, possible_actions(operation, result))
            self._winners.settle(operation, result)
        elif result is Result.DONE:
            self._now.do(operation)
        self._needs.settle(operation, result, reason)

    def _presume(self, operation: Operation) -> None:
        """Let an operation be done or not, whichever is worse for the guarantee."""
        if operation.verb in {Verb.ASSIGN, Verb.UNASSIGN}:
            self._now.set_edge(operation, held=self._strategy is Strategy.LEAST_PRIVILEGE)
        elif operation.kind is Kind.MAPPING:
            self._now.set_mapping(operation.name, possible_actions(operation, Result.UNKNOWN))
            self._winners.presume(operation)

    def _breach(self, operation: Operation) -> str:
        """Say what would break the guarantee, under either meaning of an endpoint without a mapping."""
        breaches = self._of_mapping(operation) if operation.kind is Kind.MAPPING else self._of_edge(operation)
        endpoint, groups = next(breaches, (None, set()))
        if not groups:
            return ""
        if operation.kind is Kind.MAPPING:
            self._winners.settle(operation, Result.NOT_DONE)
        group = real_name(min(groups))
        if self._strategy is Strategy.LEAST_PRIVILEGE:
            return (
                f"it would let group {group!r} reach {endpoint}, "
                f"although that group has no access before or after the sync"
            )
        return (
            f"it would keep group {group!r} from {endpoint}, "
            f"although that group has access before and after the sync"
        )

    def _of_edge(self, operation: Operation) -> Iterator[tuple[object, set[str]]]:
        """Yield each endpoint, with the groups that an assign lets in or an unassign keeps out against it."""
        strict = self._strategy is Strategy.LEAST_PRIVILEGE
        for action, groups in self._now.gains(operation) if strict else self._now.losses(operation):
            for endpoint in self._now.endpoints[action]:
                yield from self._found(endpoint, self._wronged(endpoint, groups))
            for overlap in self._winners.asking_for(action):
                for winner in self._winners.possible(overlap):
                    if winner.action == action:
                        yield from self._of_overlap(overlap, winner, groups)

    def _of_mapping(self, operation: Operation) -> Iterator[tuple[object, set[str]]]:
        """Yield each endpoint, with the groups that changing a mapping lets in or keeps out against it."""
        strict = self._strategy is Strategy.LEAST_PRIVILEGE
        for action in possible_actions(operation, Result.DONE):
            holders = self._now.groups_with_action(action)
            groups = holders if strict else self._now.groups - holders
            yield from self._found(operation.name, self._wronged(operation.name, groups))
        self._winners.presume(operation)
        for overlap in self._winners.of_mapping(operation.name):
            for winner in self._winners.possible(overlap):
                yield from self._of_overlap(overlap, winner, self._affected(winner))

    def _found(self, endpoint: object, groups: set[str]) -> Iterator[tuple[object, set[str]]]:
        if groups:
            yield endpoint, groups

    def _of_overlap(
        self, overlap: Overlap, winner: Winner, groups: set[str]
    ) -> Iterator[tuple[object, set[str]]]:
        # a request that no mapping wins for a moment is the opposite of one that none wins before or after:
        # where it is open it lets in whom a closed one kept out, where it is closed it keeps out the others
        is_open = (self._strategy is Strategy.ZERO_DOWNTIME) is (winner.action is not None)
        before = self._reaching(self._before, self._winners_before, overlap, is_open=is_open)
        after = self._reaching(self._goal, self._winners_after, overlap, is_open=is_open)
        if self._strategy is Strategy.LEAST_PRIVILEGE:
            wronged = groups - before - after
        else:
            wronged = groups & before & after
        names = {*map(real_name, wronged)}
        if wronged and self._tolerates(overlap, winner, names):
            self.exposed[overlap, winner] |= names
        elif wronged:
            yield overlap, wronged

    def _affected(self, winner: Winner) -> set[str]:
        """Return the groups that get through, or don't, where a mapping or none wins."""
        strict = self._strategy is Strategy.LEAST_PRIVILEGE
        if winner.action is None:  # a group that is new has no members
            return self._before.groups & self._now.groups if strict else {*self._now.groups}
        holders = self._now.groups_with_action(winner.action)
        return holders if strict else self._now.groups - holders

    def _reaching(
        self, access: Access, winners: PossibleWinners, overlap: Overlap, *, is_open: bool
    ) -> set[str]:
        (winner,) = winners.possible(overlap)
        if winner.action is None and is_open:
            if self._strategy is Strategy.ZERO_DOWNTIME:
                return {*access.groups}
            # open to everyone is open to whoever is in a group that is gone by then, or not there yet
            return self._before.groups | self._goal.groups
        if winner.action is None:
            return set()
        return access.groups_with_action(winner.action)

    def _wronged(self, endpoint: str, groups: set[str]) -> set[str]:
        """Return which of the groups should not gain, or lose, what one mapping matches alone."""
        before, after = (self._reach(access, endpoint) for access in (self._before, self._goal))
        if self._strategy is Strategy.LEAST_PRIVILEGE:
            return groups - before - after
        return groups & before & after

    def _reach(self, access: Access, endpoint: str) -> set[str]:
        # without a mapping it is taken for closed where groups gain, for open where they lose: that is worse
        return access.reachers(endpoint, unmapped_is_open=self._strategy is Strategy.ZERO_DOWNTIME)


def _order_after(source: Snapshot, target: Snapshot) -> Ranking:
    """Return the order in which nothing differs: the source's, what only the target has before it."""
    rest = {mapping.name for mapping in target.mappings} - {mapping.name for mapping in source.mappings}
    ranking = target.ranking
    return Ranking(
        (*sorted(rest, key=ranking.place), *source.ranking.written),
        (*source.ranking.rows, *sorted(rest, key=ranking.row)),
    )


def _actions(access: Access) -> dict[str, str]:
    return {name: action for name, possible in access.mappings.items() for action in possible}
