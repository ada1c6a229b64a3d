"""Which mapping may win an overlap, where nobody knows of every write whether it is done."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from sync.errors import Result
from sync.model.plan import Operation, Verb
from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.winners import NOBODY, Winner


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mapping stands and what it asks for: the highest rank wins, of rows the lowest.

    A negative rank is not there.
    """

    rank: int
    row: int
    action: str


_ABSENT = Place(-1, -1, "")


class PossibleWinners:
    """The overlapping mappings at one moment, each at every place where it may stand by then; mutable."""

    def __init__(self, overlaps: Overlaps, actions: Mapping[str, str], ranking: Ranking) -> None:
        """Start with mappings of which everything is known: their actions by name, and their order."""
        self._of_name = overlaps.by_name()
        rows = {name: row for row, name in enumerate(sorted(actions, key=ranking.row))}
        self._settled = {
            name: {Place(rank, rows[name], actions[name])}
            for rank, name in enumerate(sorted(actions, key=ranking.place))
        }
        self._now = dict(self._settled)
        self._ranks = count(len(rows))
        self._possible: dict[Overlap, set[Winner]] = {}
        self._by_action: defaultdict[str, set[Overlap]] = defaultdict(set)
        self._look_again(overlaps.found)

    def of_mapping(self, name: str) -> Iterable[Overlap]:
        """Return the overlaps of a mapping."""
        return self._of_name.get(name, ())

    def asking_for(self, action: str) -> Iterable[Overlap]:
        """Return the overlaps that may be won by a mapping that asks for an action."""
        return self._by_action[action]

    def possible(self, overlap: Overlap) -> set[Winner]:
        """Return what may win an overlap."""
        return self._possible[overlap]

    def presume(self, operation: Operation) -> None:
        """Let an operation on a mapping be done or not."""
        before = self._settled.get(operation.name, {_ABSENT})
        self._place(operation.name, before | {self._after(operation)})

    def settle(self, operation: Operation, result: Result) -> None:
        """Take in what became of an operation on a mapping."""
        before = self._settled.get(operation.name, {_ABSENT})
        after = {self._after(operation)}
        self._settled[operation.name] = {
            Result.DONE: after,
            Result.NOT_DONE: before,
            Result.UNKNOWN: before | after,
        }[result]
        self._place(operation.name, self._settled[operation.name])

    def _after(self, operation: Operation) -> Place:
        if operation.verb is Verb.DELETE or operation.after is None:
            return _ABSENT
        rank = next(self._ranks)
        return Place(rank, rank, operation.after.action or "")

    def _place(self, name: str, places: set[Place]) -> None:
        self._now[name] = places
        self._look_again(self.of_mapping(name))

    def _look_again(self, overlaps: Iterable[Overlap]) -> None:
        for overlap in overlaps:
            for winner in self._possible.get(overlap, ()):
                self._by_action[winner.action or ""].discard(overlap)
            self._possible[overlap] = self._look(overlap)
            for winner in self._possible[overlap]:
                self._by_action[winner.action or ""].add(overlap)

    def _look(self, overlap: Overlap) -> set[Winner]:
        """Return who may win: in the first layer, and where that may be empty in the fallback."""
        places = {name: self._now[name] for name in overlap.names if name in self._now}
        # a mapping may win where its rank may be above the least that each of the others has
        least = {name: min(place.rank for place in its) for name, its in places.items()}
        *_, second, highest = (-1, -1, *sorted(least.values()))
        found = {
            Winner(name, place.action)
            for name, its in places.items()
            for place in its
            if place.rank > (second if least[name] == highest else highest)
        }
        return found if highest >= 0 else found | set(self._in_fallback(overlap))

    def _in_fallback(self, overlap: Overlap) -> Iterator[Winner]:
        places = {name: self._now[name] for name in overlap.fallback if name in self._now}
        # the last row that each may have, of those that are certainly there: whoever is behind it can't win
        last = {n: max(p.row for p in its) for n, its in places.items() if _ABSENT not in its}
        for name, its in places.items():
            others = min((row for other, row in last.items() if other != name), default=None)
            for place in its - {_ABSENT}:
                if others is None or place.row < others:
                    yield Winner(name, place.action)
        if not last:
            yield NOBODY
