"""Which mapping wins each overlap, and the one order that stands for that."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap, Overlaps


@dataclass(frozen=True, slots=True)
class Winner:
    """The mapping that a server lets win a request, by name, and the action that it asks for.

    Both are None where no mapping wins it.
    """

    mapping: str | None
    action: str | None


NOBODY = Winner(None, None)


def winners_of(ranking: Ranking, overlaps: Overlaps, present: Collection[str]) -> dict[Overlap, str]:
    """Return which mapping wins each overlap among those that are present; none where fewer than two are."""
    return {
        overlap: winner
        for overlap in overlaps.found
        if len(overlap.candidates(present)) > 1 and (winner := overlap.winner(ranking, present))
    }


def ranking_of(
    winners: Mapping[Overlap, str],
    present: Collection[str],
    ranking: Ranking | None = None,
    overlaps: Overlaps | None = None,
) -> Ranking:
    """Return the one ranking by name that stands for some winners.

    It holds the overlapping mappings only, and the same winners give the same ranking, whenever what was
    written; where a `ranking` is given, it is kept as far as the winners allow. Where `overlaps` are, it
    holds all of theirs. Raises `ValueError` where no ranking lets them win.
    """
    known = ranking or Ranking()
    pairs: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for overlap, winner in winners.items():
        pairs[winner in overlap.names].extend(overlap.order_for(winner, present))
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for overlap in overlaps.found if overlaps else ():
        among = overlap.candidates(present)
        names[not among.isdisjoint(overlap.names)].update(among if len(among) > 1 else ())
    return Ranking(
        in_order(pairs[True], known.written, names[True]), in_order(pairs[False], known.rows, names[False])
    )


def in_order(
    pairs: Iterable[tuple[str, str]], order: Sequence[str] = (), names: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the names, and those in pairs, so that the first of each pair comes before the second.

    Where the pairs leave a choice, the `order` decides, then the name. Raises `ValueError` where that can't
    be.
    """
    position = {name: number for number, name in enumerate(order)}
    after: defaultdict[str, set[str]] = defaultdict(set)
    waits_for: dict[str, int] = dict.fromkeys(names, 0)
    for first, second in set(pairs):
        after[first].add(second)
        waits_for[second] = waits_for.get(second, 0) + 1
        waits_for.setdefault(first, 0)
    free = [(position.get(name, -1), name) for name, count in waits_for.items() if not count]
    heapq.heapify(free)
    found: list[str] = []
    while free:
        _, first = heapq.heappop(free)
        found.append(first)
        for name in after[first]:
            waits_for[name] -= 1
            if not waits_for[name]:
                heapq.heappush(free, (position.get(name, -1), name))
    if len(found) < len(waits_for):
        raise ValueError(
            f"no order of the mappings gives these winners: {min(waits_for.keys() - set(found))}"
        )
    return tuple(found)
