"""The fewest writes that let the right mappings win.

Each write of a mapping puts it in front of all others of its method, and its row at the end of the table. So
every overlap asks that some mappings are written before others: the winner last of all in the first layer,
the winner first of all in the fallback. Whoever is written drags along those that must come after it:

    writes = what is written anyway, and what must be because somebody else wins today
    until nothing is added:
        for each mapping in writes: add what must be written after it

Each step is forced, so this is the smallest set; it only grows and there are finitely many mappings, so it
ends.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.winners import in_order


@dataclass(frozen=True, slots=True)
class Demand:
    """That a mapping wins an overlap, among those that will be present.

    `pairs` are those of which the first has to be written before the second; `needed` are the mappings that
    have to be written because another wins now, none where the right one does.
    """

    overlap: Overlap
    winner: str
    pairs: tuple[tuple[str, str], ...]
    needed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Writes:
    """What has to be written, in this `sequence`, and what would have to be and is `unable`.

    `impossible` are the overlaps whose demand contradicts others.
    """

    sequence: tuple[str, ...]
    unable: frozenset[str]
    impossible: frozenset[Overlap]


def fewest_writes(
    demands: Iterable[Demand], written: Iterable[str], unable: Iterable[str], order: Sequence[str]
) -> Writes:
    """Return the mappings to be written so that every demand is met, in the order in which they must be.

    `written` are written anyway, those that are `unable` never; where the demands leave a choice, `order`
    decides.
    """
    stuck, impossible = set(unable), set[Overlap]()
    demands = list(demands)
    while True:
        kept = [demand for demand in demands if demand.overlap not in impossible]
        writes, unmet = _forced(kept, set(written) - stuck, stuck)
        pairs = [pair for demand in kept for pair in demand.pairs if writes.issuperset(pair)]
        try:
            sequence = in_order(pairs, order)
        except ValueError:
            # the order of the first layer is the source's, which there is: it is the fallback's that asks
            # too much
            impossible |= {demand.overlap for demand in kept if demand.winner not in demand.overlap.names}
            continue
        position = {name: number for number, name in enumerate(order)}
        rest = sorted(writes.difference(sequence), key=lambda name: (position.get(name, -1), name))
        return Writes((*rest, *sequence), frozenset(unmet), frozenset(impossible))


def _forced(demands: Iterable[Demand], writes: set[str], stuck: Collection[str]) -> tuple[set[str], set[str]]:
    after: defaultdict[str, set[str]] = defaultdict(set)
    unmet: set[str] = set()
    waiting = list(writes)

    def force(name: str) -> None:
        if name in stuck:
            unmet.add(name)
        elif name not in writes:
            writes.add(name)
            waiting.append(name)

    for demand in demands:
        for first, second in demand.pairs:
            after[first].add(second)
        for name in demand.needed:
            force(name)
    while waiting:
        for name in after[waiting.pop()]:
            force(name)
    return writes, unmet


def turns(sequence: Sequence[str], overlaps: Overlaps) -> dict[str, int]:
    """Return for each mapping how many of the sequence must be written before it, by name.

    Those that match the same request take turns, in the order given.
    """
    of_name = overlaps.by_name()
    taken: dict[Overlap, int] = {}
    turn: dict[str, int] = {}
    for name in sequence:
        its = of_name.get(name, ())
        turn[name] = max((taken[overlap] + 1 for overlap in its if overlap in taken), default=0)
        taken.update(dict.fromkeys(its, turn[name]))
    return turn
