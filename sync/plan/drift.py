"""Which side has moved since the last apply: changed in the target by hand, or waiting in the source."""

from collections.abc import Collection, Iterable
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
    ROLLBACK = "taken back by a rollback"


def moved_since(
    base: Snapshot,
    source: Snapshot,
    target: Snapshot,
    operations: Iterable[Operation],
    taken_back: Collection[Operation] = (),
) -> dict[Operation, Moved]:
    """Tell of each operation which side has moved; `base` is what both held when they were last equal.

    After a rollback it is what the target held then, and `taken_back` are the operations that it undid.
    """
    by_hand = {_subject(operation) for operation in _all_differences(base, target)}
    waiting = {_subject(operation) for operation in _all_differences(source, base)}
    moved = {}
    for operation in operations:
        in_target, in_source = _subject(operation) in by_hand, _subject(operation) in waiting
        if in_target:
            moved[operation] = Moved.BOTH if in_source else Moved.TARGET
        else:
            moved[operation] = Moved.ROLLBACK if operation in taken_back else Moved.SOURCE
    return moved


def changed_since(base: Snapshot, target: Snapshot, operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the operations about what has changed in a target since it held what `base` says."""
    by_hand = {_subject(operation) for operation in _all_differences(base, target)}
    return tuple(operation for operation in operations if _subject(operation) in by_hand)


def _all_differences(source: Snapshot, target: Snapshot) -> list[Operation]:
    changes = list(differences(source, target))
    winners = PlannedWinners(Environment("source", source), Environment("target", target))
    return [*changes, *winners.reordering(changes, ()).reorders]


def _subject(operation: Operation) -> tuple[str, ...]:
    return operation.kind, operation.name, operation.member or ""
