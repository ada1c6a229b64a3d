"""Which side has moved since the last apply: changed in the target by hand, or waiting in the source."""

from collections.abc import Iterable
from enum import StrEnum

from sync.model.plan import Operation
from sync.model.snapshot import Snapshot
from sync.plan.diff import differences
from sync.plan.planned_winners import PlannedWinners
from sync.plan.side import Environment


class Moved(StrEnum):
    """Who a difference is owed to."""

    TARGET = "changed in the target by hand"
    SOURCE = "waiting in the source"
    BOTH = "changed on both sides"


def moved_since(
    base: Snapshot, source: Snapshot, target: Snapshot, operations: Iterable[Operation]
) -> dict[Operation, Moved]:
    """Tell of each operation which side has moved; `base` is what both held when they were last equal."""
    by_hand = {_subject(operation) for operation in _all_differences(base, target)}
    waiting = {_subject(operation) for operation in _all_differences(source, base)}
    moved = {}
    for operation in operations:
        in_target, in_source = _subject(operation) in by_hand, _subject(operation) in waiting
        moved[operation] = (
            Moved.BOTH if in_target and in_source else Moved.TARGET if in_target else Moved.SOURCE
        )
    return moved


def _all_differences(source: Snapshot, target: Snapshot) -> list[Operation]:
    changes = list(differences(source, target))
    winners = PlannedWinners(Environment("source", source), Environment("target", target))
    return [*changes, *winners.reordering(changes, ()).reorders]


def _subject(operation: Operation) -> tuple[str, ...]:
    return operation.kind, operation.name, operation.member or ""
