"""In which order mappings were written, what that decides, and the fewest writes that change it."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.plan.contested import Contest, Witness


class Order:
    """Mappings by name, the one written first standing first; those it does not name are older, by name."""

    def __init__(self, oldest_first: Sequence[str]) -> None:
        self._place = {name: place for place, name in enumerate(oldest_first)}

    def place(self, name: str) -> tuple[int, str]:
        """Return what sorts names by when they were written."""
        return self._place.get(name, -1), name

    def decider(self, names: Iterable[str]) -> str | None:
        """Return which of the mappings decides what all of them match: the one written last."""
        return max(names, key=self.place, default=None)


def decided_by(order: Sequence[str], contest: Contest) -> dict[Witness, str]:
    """Return which mapping decides each contested request."""
    place = Order(order).place
    return {witness: max(witness.names, key=place) for witness in contest.witnesses}


def precedence_of(decided: Mapping[Witness, str], order: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the one order by name that stands for some decisions: the mapping that decides comes last.

    It holds the contested mappings only, and the same decisions give the same order, whenever what was
    written; where an `order` is given, it is kept as far as the decisions allow. Raises `ValueError`
    where no order decides like that.
    """
    place = Order(order).place
    after: dict[str, set[str]] = defaultdict(set)
    waits_for: dict[str, set[str]] = {name: set() for witness in decided for name in witness.names}
    for witness, name in decided.items():
        others = witness.names - {name}
        waits_for[name] |= others
        for other in others:
            after[other].add(name)
    missing = {name: len(others) for name, others in waits_for.items()}
    free = [place(name) for name, count in missing.items() if not count]
    heapq.heapify(free)
    found: list[str] = []
    while free:
        _, first = heapq.heappop(free)
        found.append(first)
        for name in after[first]:
            missing[name] -= 1
            if not missing[name]:
                heapq.heappush(free, place(name))
    if len(found) < len(missing):
        raise ValueError(f"no order of writing decides like that: {min(missing.keys() - set(found))}")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Demand:
    """That of some mappings which match the same request, a certain one decides it.

    `met` tells whether that is so already, as long as none of the mappings is written.
    """

    names: frozenset[str]
    decider: str
    met: bool


def fewest_writes(
    demands: Iterable[Demand], written: Iterable[str], unable: Iterable[str] = ()
) -> tuple[set[str], set[str]]:
    """Return the mappings to be written so that every demand is met, and those that would have to be.

    That is what must be `written` anyway, then what must come after it, and so on until nothing changes:
    the smallest such set, since each step is forced. What is `unable` to be written forces nothing.
    """
    by_name: dict[str, list[Demand]] = defaultdict(list)
    stuck = set(unable)
    writes, missing = set(written) - stuck, set[str]()
    reached = list(writes)

    def demand(name: str) -> None:
        if name in stuck:
            missing.add(name)
        elif name not in writes:
            writes.add(name)
            reached.append(name)

    for each in demands:
        for name in each.names:
            by_name[name].append(each)
        if not each.met:
            demand(each.decider)
    while reached:
        for each in by_name[reached.pop()]:
            demand(each.decider)
    return writes, missing


def turns(sequence: Sequence[str], contest: Contest) -> dict[str, int]:
    """Return for each mapping how many of the sequence must be written before it, by name.

    Those that match the same request take turns, in the order given.
    """
    of_name = contest.by_name()
    taken: dict[Witness, int] = {}
    turn: dict[str, int] = {}
    for name in sequence:
        witnesses = of_name.get(name, ())
        turn[name] = max((taken[witness] + 1 for witness in witnesses if witness in taken), default=0)
        taken.update(dict.fromkeys(witnesses, turn[name]))
    return turn
