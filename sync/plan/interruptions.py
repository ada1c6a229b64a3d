"""Access that is the same before and after a plan, and may be missing while it is applied.

Followed through the waves as the guarantee is: within a wave each operation may be done or not, whichever
is worse. Requests that no operation touches are looked at by their action, all others one by one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sync.errors import Result
from sync.model.impact import Interruption, Requests
from sync.model.plan import Operation, Verb, Wave
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.winners import Winner
from sync.plan.closure import Bits, Edges
from sync.plan.possible_winners import PossibleWinners

Asked = frozenset[str | None]
"""Which actions a request may ask for at one moment; None where no mapping may match."""

History = tuple[tuple[int, Asked], ...]
"""From which wave on which actions may be asked for."""


@dataclass(frozen=True, slots=True)
class WonRequests:
    """Requests, and who wins them before and after a plan."""

    overlap: Overlap
    before: Winner
    after: Winner


def interruptions_of(
    target: Snapshot, waves: Sequence[Wave], all_won: Collection[WonRequests], before: Edges, after: Edges
) -> tuple[Interruption, ...]:
    """Return which access may be missing in between, and in which waves; what is open is never missing."""
    worst = list(_worst(waves, before))
    touched = {op.name for wave in waves for op in wave.operations if op.kind is Kind.MAPPING}
    moving = [each for each in all_won if not touched.isdisjoint(each.overlap.mappings)]
    histories = _histories(target, waves, [each.overlap for each in moving])
    alike: defaultdict[tuple[Winner, Winner, History], list[Overlap]] = defaultdict(list)
    for each in all_won:
        history = histories.get(each.overlap) or ((0, frozenset({each.before.action})),)
        alike[each.before, each.after, history].append(each.overlap)
    spans: dict[tuple[str | None, str | None, History], list[tuple[Bits, int, int]]] = {}
    found: defaultdict[tuple[Bits, int, int], list[Requests]] = defaultdict(list)
    for (won, winning, history), overlaps in alike.items():
        key = won.action, winning.action, history
        if key not in spans:
            staying = _holders(won.action, before) & _holders(winning.action, after)
            spans[key] = list(_spans(staying & before.groups & after.groups, history, worst))
        if spans[key]:
            like = min(overlaps, key=lambda each: (len(each.mappings), str(each)))
            requests = Requests(before=won.mapping, after=winning.mapping, like=str(like))
            for span in spans[key]:
                found[span].append(requests)
    return tuple(
        Interruption(
            groups=before.register.names(groups),
            requests=tuple(sorted(requests, key=lambda each: (each.mapping, each.like))),
            first=first + 1,
            last=last + 1,
        )
        for (groups, first, last), requests in sorted(
            found.items(), key=lambda item: (item[0][1], item[0][2], before.register.names(item[0][0]))
        )
    )


def _worst(waves: Iterable[Wave], now: Edges) -> Iterator[Edges]:
    """Yield the edges that are there all through each wave: not what it takes away, nor what it gives."""
    for wave in waves:
        now = now.after(wave.operations, Verb.UNASSIGN, Verb.DELETE)
        yield now
        now = now.after(wave.operations, Verb.ASSIGN, Verb.CREATE)


def _holders(action: str | None, edges: Edges) -> Bits:
    return edges.groups if action is None else edges.holders(action)


def _spans(staying: Bits, history: History, worst: Sequence[Edges]) -> Iterator[tuple[Bits, int, int]]:
    """Yield groups that may lack an access in between, with the first and the last wave."""
    missing: dict[tuple[int, int], Bits] = {}
    changes = dict(history)
    asked: Asked = frozenset()
    lacking = 0
    edges: Edges | None = None
    for number, now in enumerate(worst):
        if number in changes or now is not edges:
            asked, edges = changes.get(number, asked), now
            lacking = 0
            for action in asked:
                lacking |= staying & ~_holders(action, now)
        if not lacking:
            continue
        fresh, extended = lacking, dict[tuple[int, int], Bits]()
        for (first, last), groups in missing.items():
            for span, some in (((first, number), groups & lacking), ((first, last), groups & ~lacking)):
                if some:
                    extended[span] = extended.get(span, 0) | some
            fresh &= ~groups
        if fresh:
            extended[number, number] = fresh
        missing = extended
    yield from ((groups, first, last) for (first, last), groups in missing.items())


def _histories(
    target: Snapshot, waves: Iterable[Wave], overlaps: Sequence[Overlap]
) -> dict[Overlap, History]:
    """Return for each request what it may ask for in which wave."""
    actions = {mapping.name: mapping.action for mapping in target.mappings}
    winners = PossibleWinners(Overlaps(tuple(overlaps), (), {}), actions, target.ranking)
    found = {overlap: {0: _asked(winners, overlap)} for overlap in overlaps}
    for number, wave in enumerate(waves):
        operations = [each for each in wave.operations if each.kind is Kind.MAPPING]
        for operation in operations:
            winners.presume(operation)
        touched = list(_touched(winners, operations))
        for overlap in touched:
            found[overlap][number] = _asked(winners, overlap)
        for operation in operations:
            winners.settle(operation, Result.DONE)
        for overlap in touched:
            found[overlap][number + 1] = _asked(winners, overlap)
    return {overlap: tuple(history.items()) for overlap, history in found.items()}


def _touched(winners: PossibleWinners, operations: Iterable[Operation]) -> Iterator[Overlap]:
    seen: set[Overlap] = set()
    for operation in operations:
        for overlap in winners.of_mapping(operation.name):
            if overlap not in seen:
                seen.add(overlap)
                yield overlap


def _asked(winners: PossibleWinners, overlap: Overlap) -> Asked:
    return frozenset(winner.action for winner in winners.possible(overlap))
