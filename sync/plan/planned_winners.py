"""Which mapping wins each overlap on both sides, and what it takes to make that equal."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sync.model.endpoint import Endpoint
from sync.model.plan import Attributes, Operation, Verb, WinnerChange
from sync.model.scope import named
from sync.model.snapshot import Kind
from sync.overlaps.overlap import Overlap
from sync.overlaps.reordering import Demand, Writes, fewest_writes, turns
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import NOBODY, Winner
from sync.plan.side import Environment

WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.REORDER, Verb.REFRESH})
"""What puts a mapping in front of all others of its method."""

AS_IT_IS = frozenset({Verb.REORDER, Verb.REFRESH})
"""What writes a mapping without changing what its list shows."""


@dataclass(frozen=True, slots=True)
class Reordering:
    """What it takes besides the other changes: operations, and mappings whose writing is forbidden."""

    reorders: tuple[Operation, ...]
    forbidden: frozenset[str]


class PlannedWinners:
    """The overlaps among the mappings of both sides, and who wins them on each.

    What `ignore` names is out of scope: how it stands is no difference, but it is not to be overtaken.
    """

    def __init__(self, source: Environment, target: Environment, ignore: Collection[str] = ()) -> None:
        self._source, self._target = source, target
        self._source_ranking, self._target_ranking = source.ranking, target.ranking
        self._in_source = {mapping.name for mapping in source.snapshot.mappings}
        self._in_target = {mapping.name: Attributes.of(mapping) for mapping in target.snapshot.mappings}
        self._asked_by_source, self._asked_by_target = source.actions, target.actions
        names = self._asked_by_source.keys() | self._asked_by_target.keys()
        self.overlaps = overlaps_of(frozenset(names))
        self.ignored = frozenset(name for name in names if named(ignore, Kind.MAPPING, name))

    def refreshes(self, changes: Iterable[Operation]) -> Iterator[Operation]:
        """Yield what writes the mappings as they are for which the target asks for a stale action, by name.

        That is left out for those that the changes write anyway, and where the source asks for the same.
        """
        written = {change.name for change in changes if change.kind is Kind.MAPPING}
        for name, action in sorted(self._target.stale.items()):
            wanted = self._asked_by_source.get(name)
            if name not in written | self.ignored and wanted not in {None, action}:
                yield self._as_it_is(Verb.REFRESH, name)

    def reordering(self, changes: Iterable[Operation], unable: Collection[str]) -> Reordering:
        """Return what must be written besides the changes, so that all overlaps are won as in the source.

        `changes` are those that are going to be made; the mappings that are `unable` are not to be written.
        """
        changes = [change for change in changes if change.kind is Kind.MAPPING]
        written = {change.name for change in changes if change.verb in WRITES}
        writes = self._writes(changes, written, self.ignored.union(unable))
        return Reordering(tuple(self.reorders({*writes.sequence} - written)), writes.unable)

    def reorders(self, names: Iterable[str]) -> Iterator[Operation]:
        """Yield what writes mappings as they are in the target, by name."""
        return (self._as_it_is(Verb.REORDER, name) for name in sorted(names) if name in self._in_target)

    def _as_it_is(self, verb: Verb, name: str) -> Operation:
        there = self._in_target[name]
        return Operation(verb=verb, kind=Kind.MAPPING, name=name, before=there, after=there)

    def _writes(self, changes: Iterable[Operation], written: Iterable[str], unable: Iterable[str]) -> Writes:
        never = self._target.leftovers.keys() - {c.name for c in changes if c.verb is Verb.CREATE}
        demands = self._demands(self._left(changes))
        return fewest_writes(demands, written, {*unable, *never}, self._source_ranking.written)

    def turns(self, operations: Iterable[Operation]) -> dict[str, int]:
        """Return the turn in which each mapping is changed, by name.

        Of those that match the same request the source's oldest is written first, so that the one that
        is to win comes last; then what goes is deleted, the one that wins last of all.
        """
        operations = [operation for operation in operations if operation.kind is Kind.MAPPING]
        deletions = [operation.name for operation in operations if operation.verb is Verb.DELETE]
        sequence = [
            *self._sequence(operations),
            *sorted(deletions, key=self._target_ranking.place),
        ]
        return turns(sequence, self.overlaps)

    def _sequence(self, operations: Collection[Operation]) -> list[str]:
        """Return the mappings that are written, the first standing first."""
        written = {operation.name for operation in operations if operation.verb in WRITES}
        others = self._asked_by_source.keys() | self._asked_by_target.keys()
        return [n for n in self._writes(operations, written, others - written).sequence if n in written]

    def after(self, changes: Iterable[Operation]) -> dict[Overlap, str | None]:
        """Return which mapping wins each overlap, and what each matches alone, once the changes are made."""
        changes = [change for change in changes if change.kind is Kind.MAPPING]
        sequence = self._sequence(changes)
        position = {name: number for number, name in enumerate(sequence)}
        left = self._left(changes)
        return {
            overlap: self._winner_after(overlap, position, left)
            for overlap in (*self.overlaps.found, *self.overlaps.alone)
        }

    def _winner_after(self, overlap: Overlap, position: dict[str, int], left: Collection[str]) -> str | None:
        candidates = overlap.candidates(left)
        written = candidates & position.keys()
        if written and not overlap.names.isdisjoint(candidates):
            return max(written, key=position.__getitem__)
        if written and not candidates - written:
            return min(written, key=position.__getitem__)
        return self._now(overlap, candidates - written if written else left)

    def goal(self, changes: Iterable[Operation]) -> dict[Overlap, str | None]:
        """Return which mapping wins each overlap where nothing differs any more."""
        left = self._left([change for change in changes if change.kind is Kind.MAPPING])
        return {
            overlap: self._wanted(overlap, left) or self._now(overlap, left)
            for overlap in self.overlaps.found
        }

    def changed(self, changes: Iterable[Operation]) -> Iterator[WinnerChange]:
        """Yield the overlaps that another mapping wins once the changes are made."""
        changes = tuple(changes)
        later = self._actions_after(changes)
        for overlap, after in self.after(changes).items():
            before = self._now(overlap, self._asked_by_target)
            if before != after and len(overlap.mappings) > 1:
                yield WinnerChange(
                    method=overlap.method,
                    path=overlap.path,
                    before=before,
                    before_action=self._asked_by_target.get(before or ""),
                    after=after,
                    after_action=later.get(after or ""),
                )

    def before_and_after(self, changes: Iterable[Operation]) -> Iterator[tuple[Overlap, Winner, Winner]]:
        """Yield every request with who wins it in the target now, and once the changes are made.

        A mapping that can't be compared stands for the requests of its own, as if it won them all.
        """
        changes = tuple(changes)
        later = self._actions_after(changes)
        for overlap, after in self.after(changes).items():
            before = self._now(overlap, self._asked_by_target)
            yield (
                overlap,
                Winner(before, self._asked_by_target[before]) if before else NOBODY,
                Winner(after, later.get(after)) if after else NOBODY,
            )
        left = self._left(change for change in changes if change.kind is Kind.MAPPING)
        for name in sorted(self.overlaps.not_compared):
            yield (
                Overlap(*Endpoint.parse(name), frozenset({name})),
                Winner(name, self._asked_by_target[name]) if name in self._asked_by_target else NOBODY,
                Winner(name, later.get(name)) if name in left else NOBODY,
            )

    def unequal(self, changes: Iterable[Operation]) -> Iterator[tuple[Overlap, Winner, Winner]]:
        """Yield each request that is still won otherwise afterwards, as in source and target."""
        changes = tuple(changes)
        later = self._actions_after(changes)
        for overlap, name in self.after(changes).items():
            wanted = self._in_source_now(overlap)
            found = Winner(name, later.get(name)) if name else NOBODY
            if wanted != found:
                yield overlap, wanted, found

    def _in_source_now(self, overlap: Overlap) -> Winner:
        if answered := self._source.answered.get(str(overlap)):
            return answered
        name = overlap.winner(self._source_ranking, self._asked_by_source)
        return Winner(name, self._asked_by_source[name]) if name else NOBODY

    def present(self) -> Iterator[tuple[Overlap, frozenset[str], str | None]]:
        """Yield each overlap with the mappings of which one wins it in the target now, and which one does."""
        for overlap in self.overlaps.found:
            there = overlap.candidates(self._in_target) - self.ignored
            yield overlap, there, self._now(overlap, self._asked_by_target)

    def _actions_after(self, changes: Iterable[Operation]) -> dict[str, str | None]:
        written = {c.name: c.after.action for c in changes if c.kind is Kind.MAPPING and c.after}
        return {**self._asked_by_target, **written}

    def _left(self, changes: Iterable[Operation]) -> set[str]:
        """Return the mappings that are there in the target once the changes are made, leftovers included."""
        names = {*self._asked_by_target}
        for change in changes:
            if change.verb is Verb.DELETE:
                names.discard(change.name)
            else:
                names.add(change.name)
        return names

    def _demands(self, left: Collection[str]) -> Iterator[Demand]:
        """Yield what is to win; that a mapping wins what it matches alone is no matter of course either.

        A server's first layer may have lost it.
        """
        for overlap in (*self.overlaps.found, *self.overlaps.alone):
            wanted = self._wanted(overlap, left)
            if wanted is not None:
                now = self._now(overlap, left)
                met = now == wanted or now in self.ignored or wanted in self.ignored
                needed = frozenset[str]() if met else self._needed(overlap, wanted, now, left)
                yield Demand(overlap, wanted, tuple(overlap.order_for(wanted, left)), needed)

    def _needed(
        self, overlap: Overlap, wanted: str, now: str | None, left: Collection[str]
    ) -> frozenset[str]:
        """Return what must be written for a mapping to win: itself, or in the fallback what is before it."""
        if wanted in overlap.names:
            return frozenset({wanted})
        row = self._target_ranking.row
        before = {name for name in overlap.candidates(left) if name == now or row(name) < row(wanted)}
        return frozenset(before - {wanted})

    def _wanted(self, overlap: Overlap, left: Collection[str]) -> str | None:
        """Return which mapping is to win, of those that are left in the target; None if any may."""
        among = overlap.candidates(left).intersection(self._in_source)
        answered = self._source.answered.get(str(overlap))
        if answered == NOBODY:
            return None
        if answered and answered.mapping in among:
            return answered.mapping
        return overlap.winner(self._source_ranking, among)

    def _now(self, overlap: Overlap, left: Collection[str]) -> str | None:
        """Return which mapping wins now, of those that are left: what the server answered, else by the order.

        That may be none although one should, or one of which it is not known what it matches.
        """
        if str(overlap) in self._target.answered:
            answered = self._target.answered[str(overlap)].mapping
            if answered in overlap.candidates(left) or answered not in overlap.mappings:
                return answered
        return overlap.winner(self._target_ranking, left)
