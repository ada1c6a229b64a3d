"""Which mapping wins over which, as people write it, and the order of a snapshot: one out of the other.

mapping                wins_over              precedence
GET /users/([^/]+)$                           GET /users/([^/]+)$
GET /users/me$         GET /users/([^/]+)$    GET /users/me$
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync.model.ranking import Ranking
from sync.model.snapshot import Snapshot
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import in_order, ranking_of, winners_of

Beaten = Mapping[str, Collection[str]]
"""The mappings that each one wins over, by name."""

_SHOWN = 4
"""The most mappings that are named of an overlap."""


@dataclass(frozen=True, slots=True)
class Wins:
    """Who wins over whom among those that the first layer matches, and in the `fallback`."""

    first: Beaten
    fallback: Beaten

    def layer(self, overlap: Overlap, present: Collection[str]) -> Beaten:
        """Return who wins over whom in an overlap."""
        return self.fallback if overlap.names.isdisjoint(present) else self.first


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with what mappings win over: any of them can be changed to correct it.

    `beaten` names what the one of them wrongly wins over.
    """

    mappings: tuple[str, ...]
    message: str
    beaten: str = ""


def wins_of(snapshot: Snapshot) -> Wins:
    """Return who wins over whom in a snapshot, as far as they meet."""
    present = frozenset(mapping.name for mapping in snapshot.mappings)
    first: defaultdict[str, set[str]] = defaultdict(set)
    fallback: defaultdict[str, set[str]] = defaultdict(set)
    for overlap, winner in winners_of(snapshot.ranking, overlaps_of(present), present).items():
        wins = first if winner in overlap.names else fallback
        wins[winner] |= overlap.candidates(present) - {winner}
    return Wins(first, fallback)


def ranking_by(wins: Wins, present: frozenset[str]) -> tuple[Ranking, list[Mistake]]:
    """Return the order in which mappings win as it is written, and what is wrong with that.

    Each mapping that is named must be there. The order is worth nothing where there is a mistake.
    """
    overlaps = overlaps_of(present)
    mistakes = [*_idle(wins, overlaps, present)]
    before = [(other, name) for name, others in wins.first.items() for other in others]
    rows = [(name, other) for name, others in wins.fallback.items() for other in others]
    try:
        said = Ranking(in_order(before), in_order(rows))
    except ValueError:
        return Ranking(), [*mistakes, *_circles(wins.first), *_circles(wins.fallback)]
    winners = winners_of(said, overlaps, present)
    unsaid = [*_unsaid(winners, wins, present)]
    if mistakes or unsaid:
        return Ranking(), [*mistakes, *unsaid]
    return ranking_of(winners, present), []


def _idle(wins: Wins, overlaps: Overlaps, present: frozenset[str]) -> Iterator[Mistake]:
    """Yield who is said to win over a mapping that it does not meet."""
    meets: dict[int, defaultdict[str, set[str]]] = {id(wins.first): defaultdict(set)}
    meets[id(wins.fallback)] = defaultdict(set)
    for overlap in overlaps.found:
        layer, among = wins.layer(overlap, present), overlap.candidates(present)
        for name in among:  # few, while the layer has every mapping that wins
            if name in layer:
                meets[id(layer)][name] |= among
    for layer, where in ((wins.first, ""), (wins.fallback, ", where only the server's database matches it")):
        for name, others in layer.items():
            for other in sorted({*others} - meets[id(layer)][name]):
                unknown = name if name in overlaps.not_compared else other
                yield Mistake(
                    (name,),
                    f"the pattern of {unknown!r} can't be compared, so that its order can't be said"
                    if unknown in overlaps.not_compared
                    else f"no path matches both {name!r} and {other!r}{where}",
                    other,
                )


def _circles(layer: Beaten) -> Iterator[Mistake]:
    """Yield a mapping that wins over itself by way of others, where there is one."""
    for name in sorted(layer):
        if name in _beneath(layer, name):
            yield Mistake((name,), f"{name!r} wins over itself, by way of those that it wins over")
            return


def _unsaid(winners: Mapping[Overlap, str], wins: Wins, present: frozenset[str]) -> Iterator[Mistake]:
    """Yield the overlaps of which nothing that is written says who wins, each set of mappings once."""
    told = set()
    for overlap, winner in winners.items():
        layer, others = wins.layer(overlap, present), overlap.candidates(present) - {winner}
        if others <= {*layer.get(winner, ())} or others <= _beneath(layer, winner):
            continue
        among = sorted({*others, winner})
        if (id(layer), *among) not in told:
            told.add((id(layer), *among))
            key = "wins_over" if layer is wins.first else "wins_over_in_fallback"
            more = f" and {len(among) - _SHOWN} more" if len(among) > _SHOWN else ""
            names = " and ".join(map(repr, among[:_SHOWN])) + more
            message = f"{names} match {str(overlap)!r}: in the one that should win, name the others as {key}"
            yield Mistake(tuple(among), message)


def _beneath(layer: Beaten, name: str) -> set[str]:
    """Return whom a mapping wins over, also by way of others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {*layer.get(waiting.pop(), ())} - found
        found |= new
        waiting.extend(new)
    return found
