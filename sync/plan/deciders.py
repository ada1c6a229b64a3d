"""Which mappings may decide a contested request, where nobody knows of every write whether it is done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from sync.plan.changes import Operation, Verb
from sync.plan.contested import Contest, Witness
from sync.plan.precedence import Order


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mapping stands and what it asks for; the highest rank decides. A negative one is not there."""

    rank: int
    action: str


@dataclass(frozen=True, slots=True)
class Decider:
    """A mapping that may decide a request, and the action that it asks for; None for both where none does."""

    mapping: str | None
    action: str | None


NOBODY = Decider(None, None)
_ABSENT = Place(-1, "")


class Deciders:
    """The contested mappings at one moment, each at every place where it may stand by then; mutable."""

    def __init__(self, contest: Contest, actions: Mapping[str, str], oldest_first: Sequence[str]) -> None:
        """Start with mappings of which everything is known: their actions by name, and their order."""
        self._of_name = contest.by_name()
        order = sorted(actions, key=Order(oldest_first).place)
        self._settled = {name: {Place(rank, actions[name])} for rank, name in enumerate(order)}
        self._now = dict(self._settled)
        self._ranks = count(len(order))
        self._possible: dict[Witness, set[Decider]] = {}
        self._by_action: defaultdict[str, set[Witness]] = defaultdict(set)
        self._look_again(contest.witnesses)

    def of_mapping(self, name: str) -> Iterable[Witness]:
        """Return the contested requests that a mapping matches."""
        return self._of_name.get(name, ())

    def asking_for(self, action: str) -> Iterable[Witness]:
        """Return the contested requests that may be decided by a mapping that asks for an action."""
        return self._by_action[action]

    def possible(self, witness: Witness) -> set[Decider]:
        """Return what may decide a contested request."""
        return self._possible[witness]

    def presume(self, operation: Operation) -> None:
        """Let an operation on a mapping be done or not."""
        before = self._settled.get(operation.name, {_ABSENT})
        self._place(operation.name, before | {self._after(operation)})

    def settle(self, operation: Operation, *, done: bool | None) -> None:
        """Take in what became of an operation on a mapping; `done` is None where nobody knows."""
        before = self._settled.get(operation.name, {_ABSENT})
        after = {self._after(operation)}
        self._settled[operation.name] = after if done else before if done is False else before | after
        self._place(operation.name, self._settled[operation.name])

    def _after(self, operation: Operation) -> Place:
        if operation.verb is Verb.DELETE or operation.after is None:
            return _ABSENT
        return Place(next(self._ranks), operation.after.action or "")

    def _place(self, name: str, places: set[Place]) -> None:
        self._now[name] = places
        self._look_again(self.of_mapping(name))

    def _look_again(self, witnesses: Iterable[Witness]) -> None:
        for witness in witnesses:
            for decider in self._possible.get(witness, ()):
                self._by_action[decider.action or ""].discard(witness)
            self._possible[witness] = self._look(witness)
            for decider in self._possible[witness]:
                self._by_action[decider.action or ""].add(witness)

    def _look(self, witness: Witness) -> set[Decider]:
        """Return who may stand in front: whose rank may be above the least that each of the others has."""
        places = {name: self._now[name] for name in witness.names if name in self._now}
        least = {name: min(place.rank for place in its) for name, its in places.items()}
        highest, second = [-1, -1, *sorted(least.values())][-1:-3:-1]
        found = {
            Decider(name, place.action)
            for name, its in places.items()
            for place in its
            if place.rank > (second if least[name] == highest else highest)
        }
        return found if highest >= 0 else found | {NOBODY}
