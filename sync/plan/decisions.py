"""Who decides the contested requests on both sides, and what it takes to make that equal."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sync.plan.changes import Attributes, Decision, Operation, Verb
from sync.plan.contested import Witness, contest_of
from sync.plan.environment import Environment
from sync.plan.model import Kind
from sync.plan.precedence import Demand, Order, fewest_writes, turns
from sync.plan.scope import named

WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.PROMOTE})
"""What puts a mapping in front of all others of its method."""


@dataclass(frozen=True, slots=True)
class Reordering:
    """What it takes besides the other changes: operations, and mappings that would have to be written."""

    promotions: tuple[Operation, ...]
    missing: frozenset[str]


class Decisions:
    """The requests that are contested among the mappings of both sides, and who decides them on each.

    What `ignore` names is out of scope: how it stands is no difference, but it is not to be overtaken.
    """

    def __init__(self, source: Environment, target: Environment, ignore: Collection[str] = ()) -> None:
        self._source, self._target = source, target
        self._in_source = {mapping.name: mapping.action for mapping in source.snapshot.mappings}
        self._in_target = {mapping.name: Attributes.of(mapping) for mapping in target.snapshot.mappings}
        self._source_order = Order(source.ordered.precedence)
        self._target_order = Order(target.ordered.precedence)
        names = self._in_source.keys() | self._in_target.keys()
        self.contest = contest_of(frozenset(names))
        self.ignored = frozenset(name for name in names if named(ignore, Kind.MAPPING, name))

    def reordering(self, changes: Iterable[Operation], unable: Collection[str]) -> Reordering:
        """Return what must be written besides the changes, so that all is decided as in the source.

        `changes` are those that are going to be made; the mappings that are `unable` are not to be written.
        """
        changes = [change for change in changes if change.kind is Kind.MAPPING]
        written = {change.name for change in changes if change.verb in WRITES}
        demands = self._demands(self._left(changes))
        writes, missing = fewest_writes(demands, written, self.ignored.union(unable))
        return Reordering(tuple(self.promotions(writes - written)), frozenset(missing))

    def promotions(self, names: Iterable[str]) -> Iterator[Operation]:
        """Yield what writes mappings as they are in the target, by name."""
        for name in sorted(names):
            there = self._in_target[name]
            yield Operation(verb=Verb.PROMOTE, kind=Kind.MAPPING, name=name, before=there, after=there)

    def turns(self, operations: Iterable[Operation]) -> dict[str, int]:
        """Return the turn in which each mapping is changed, by name.

        Of those that match the same request the source's oldest is written first, so that the one that
        is to decide comes last; then what goes is deleted, the one that decides last of all.
        """
        operations = [operation for operation in operations if operation.kind is Kind.MAPPING]
        writes = [operation.name for operation in operations if operation.verb in WRITES]
        deletions = [operation.name for operation in operations if operation.verb is Verb.DELETE]
        sequence = [
            *sorted(writes, key=self._source_order.place),
            *sorted(deletions, key=self._target_order.place),
        ]
        return turns(sequence, self.contest)

    def after(self, changes: Iterable[Operation]) -> dict[Witness, str | None]:
        """Return who decides each contested request once the changes are made."""
        changes = [change for change in changes if change.kind is Kind.MAPPING]
        written = {change.name for change in changes if change.verb in WRITES}
        left = self._left(changes)
        return {
            witness: self._source_order.decider(witness.names & written) or self._now(witness, left)
            for witness in self.contest.witnesses
        }

    def wanted(self, left: Collection[str]) -> dict[Witness, str | None]:
        """Return who is to decide each contested request, of the mappings that are left in the target."""
        return {witness: self._wanted(witness, left) for witness in self.contest.witnesses}

    def goal(self, changes: Iterable[Operation]) -> dict[Witness, str | None]:
        """Return who decides each contested request where nothing differs any more."""
        left = self._left([change for change in changes if change.kind is Kind.MAPPING])
        return {
            witness: self._wanted(witness, left) or self._now(witness, left)
            for witness in self.contest.witnesses
        }

    def changed(self, changes: Iterable[Operation]) -> Iterator[Decision]:
        """Yield the requests that another mapping decides once the changes are made."""
        changes = tuple(changes)
        actions = {name: there.action for name, there in self._in_target.items()}
        later = actions | {c.name: c.after.action for c in changes if c.kind is Kind.MAPPING and c.after}
        for witness, after in self.after(changes).items():
            before = self._now(witness, self._in_target)
            if before != after:
                yield Decision(
                    method=witness.method,
                    path=witness.path,
                    before=before,
                    before_action=actions.get(before or ""),
                    after=after,
                    after_action=later.get(after or ""),
                )

    def present(self) -> Iterator[tuple[frozenset[str], str | None]]:
        """Yield of each contested request the mappings that the target holds now, and which one decides."""
        for witness in self.contest.witnesses:
            there = witness.names.intersection(self._in_target) - self.ignored
            yield there, self._now(witness, self._in_target)

    def _left(self, changes: Iterable[Operation]) -> set[str]:
        """Return the mappings that the target holds once the changes are made."""
        names = {*self._in_target}
        for change in changes:
            if change.verb is Verb.DELETE:
                names.discard(change.name)
            else:
                names.add(change.name)
        return names

    def _demands(self, left: Collection[str]) -> Iterator[Demand]:
        for witness, wanted in self.wanted(left).items():
            if wanted is not None:
                now = self._now(witness, left)
                met = now == wanted or now in self.ignored or wanted in self.ignored
                yield Demand(witness.names.intersection(left), wanted, met)

    def _wanted(self, witness: Witness, left: Collection[str]) -> str | None:
        among = witness.names.intersection(left).intersection(self._in_source)
        said = self._source.said.get(str(witness))
        return said if said in among else self._source_order.decider(among)

    def _now(self, witness: Witness, left: Collection[str]) -> str | None:
        """Return who decides now, of those that are left: by what the server said, else by the order.

        That may be a mapping that is in no list any more, or none although one should.
        """
        there = witness.names.intersection(self._in_target)
        among = there.intersection(left)
        if str(witness) in self._target.said:
            said = self._target.said[str(witness)]
            if said in among or said not in there:
                return said
        return self._target_order.decider(among)
