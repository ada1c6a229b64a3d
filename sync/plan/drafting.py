"""What of the differences between two sides can be done, in waves, and what it exposes for a moment.

A mapping that can't be written leaves requests to others, which may ask for other writes than before:

    refused = what the server, a setting or a name that can't be sent forbids
    repeat:
        reorders = the fewest writes that let each overlap be won as in the source, without refused mappings
        if the target refuses some reorders: add them to refused, and begin again
        waves = the changes and the reorders, in the strategy's order, without what may break its guarantee
        if that has turned away a part of a recreation: refuse the update that it stands for, and begin again
        if that has turned away writes or deletions of mappings: add them to refused, and begin again
        else: that is the draft

It ends: each round but the last refuses at least one more operation, none is proposed again once it is
refused, and there are at most four for each mapping (a change, a deletion, a refresh, a reorder) and one for
each role that is to be recreated.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync.errors import Result
from sync.model.plan import Exposure, Operation, Rules, Verb, Wave
from sync.model.refusal import Refusal
from sync.model.scope import accepting, named
from sync.model.snapshot import Kind
from sync.overlaps.overlap import Overlap
from sync.overlaps.winners import Winner
from sync.plan.guarantee import Guarantee
from sync.plan.order import waves_of
from sync.plan.planned_winners import WRITES, PlannedWinners
from sync.plan.recreation import Recreation
from sync.plan.side import Enforced

Refuses = Callable[[Operation], Refusal | None]
"""Whether the target would refuse an operation, whatever else is done."""

Refused = dict[Operation, Refusal]

PROTECTED = Refusal("it is protected by a setting", "leave it, or take it out of --protect")
_RESOLVE = "resolve that first: the run after it does this as well"


def _overtaken(mapping: str, how: str, setting: str) -> Refusal:
    """Say that others win what a mapping should win, which a setting forbids to be written."""
    return Refusal(
        f"it is {how} by a setting, and others come in front of it where it should win",
        f"take it out of {setting}, or accept it: {accepting(Kind.MAPPING, mapping)}",
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """The waves of a plan, what is not in them and why, and what they expose for a moment."""

    waves: list[Wave]
    refused: Refused
    exposures: tuple[Exposure, ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return every operation, in the order of the waves."""
        return tuple(operation for wave in self.waves for operation in wave.operations)


@dataclass(frozen=True, slots=True)
class Drafting:
    """The differences between two sides, and all that decides what can be done about them."""

    rules: Rules
    source: Enforced
    target: Enforced
    changes: tuple[Operation, ...]
    winners: PlannedWinners
    refuses: Refuses
    recreations: tuple[Recreation, ...] = ()

    def draft(self, refused: Refused) -> Draft:
        """Return the waves without what is refused, and without what can't be done for that.

        The docstring of this module shows the loop.
        """
        refused = dict(refused)
        while True:
            recreating = [each for each in self.recreations if each.update not in refused]
            # before the changes: what else differs in such a role is given to the new one
            possible = [op for each in recreating for op in each.operations]
            possible += [change for change in self.changes if change not in refused]
            unable = {op.name for op in refused if op.kind is Kind.MAPPING and op.verb in WRITES}
            reordering = self.winners.reordering(possible, {*unable, *self._protected()})
            stuck = {op: refusal for op in reordering.reorders if (refusal := self.refuses(op))}
            if not stuck:
                operations = [*possible, *reordering.reorders]
                draft = self._in_waves(operations, refused)
                stuck = {op: why for op, why in draft.refused.items() if op.kind is Kind.MAPPING}
                stuck |= {each.update: why for each in recreating if (why := each.impossible(draft.refused))}
                if not stuck:
                    kept = self._with_forbidden_reorders(refused, reordering.forbidden)
                    return Draft(draft.waves, {**kept, **draft.refused}, draft.exposures)
            refused |= stuck

    def _protected(self) -> Iterator[str]:
        for mapping in self.target.mappings:
            if named(self.rules.protect, Kind.MAPPING, mapping.name):
                yield mapping.name

    def _with_forbidden_reorders(self, refused: Refused, forbidden: Iterable[str]) -> Refused:
        """Return what is refused and a difference, with the reorders that a setting forbids.

        Such a reorder stands beside another change of the mapping that --protect forbids: that one is
        known, and that others win its requests is not.
        """
        forbidden = set(forbidden)
        kept = {op: why for op, why in refused.items() if op.verb is not Verb.REORDER or op.name in forbidden}
        forbidden -= {op.name for op, why in kept.items() if op.kind is Kind.MAPPING and why is not PROTECTED}
        for reorder in self.winners.reorders(forbidden):
            is_ignored = reorder.name in self.winners.ignored
            how = ("ignored", "--ignore") if is_ignored else ("protected", "--protect")
            kept[reorder] = _overtaken(reorder.name, *how)
        return kept

    def _in_waves(self, operations: Iterable[Operation], refused: Refused) -> Draft:
        """Sort operations into waves; what is refused in the draft is what the guarantee turns away."""
        operations = tuple(operations)
        after, goal = self.winners.after(operations), self.winners.goal(self.changes)

        def tolerates(overlap: Overlap, winner: Winner, _: set[str]) -> bool:
            """Let another mapping win for a moment what the right one wins in the end."""
            return winner.mapping is not None and after[overlap] == goal[overlap]

        everything = (*operations, *(op for op in refused if op not in operations))
        guarantee = Guarantee(self.rules.strategy, self.source, self.target, everything, tolerates)
        for operation, refusal in refused.items():
            guarantee.settle(operation, Result.NOT_DONE, reason=refusal.reason)
        waves: list[Wave] = []
        away: Refused = {}
        for wave in waves_of(operations, self.rules.strategy, self.winners.turns(operations)):
            admitted, turned_away = guarantee.split(wave.operations)
            away |= {operation: Refusal(reason, _RESOLVE) for operation, reason in turned_away.items()}
            for operation in admitted:
                guarantee.settle(operation, Result.DONE)
            if admitted:
                waves.append(Wave(phase=wave.phase, operations=admitted))
        return Draft(waves, away, tuple(_exposures(guarantee.exposed)))


def _exposures(exposed: Mapping[tuple[Overlap, Winner], set[str]]) -> list[Exposure]:
    found = [
        Exposure(method=overlap.method, path=overlap.path, mapping=winner.mapping or "", groups=tuple(groups))
        for (overlap, winner), groups in exposed.items()
    ]
    return sorted(found, key=lambda exposure: (exposure.method, exposure.path, exposure.mapping))


def tolerating(exposures: Iterable[Exposure]) -> Callable[[Overlap, Winner, set[str]], bool]:
    """Return a guarantee's tolerance of what a plan has announced, and of nothing beyond it."""
    announced: dict[tuple[str, str, str], set[str]] = {
        (exposure.method, exposure.path, exposure.mapping): set(exposure.groups) for exposure in exposures
    }

    def tolerates(overlap: Overlap, winner: Winner, groups: set[str]) -> bool:
        return groups <= announced.get((overlap.method, overlap.path, winner.mapping or ""), set())

    return tolerates
