"""In which order operations run: both strategies as tables of phases, and operations sorted into waves.

Why the order is what it is stands in `tests/plan/test_order.py`, beside what breaks if it is not.
"""

from collections.abc import Iterable, Mapping

from sync.model.plan import Operation, Strategy, Verb, Wave
from sync.model.snapshot import Kind
from sync.plan.recreation import of_recreation

Step = tuple[Verb, Kind]

_DESCRIPTIONS: tuple[Step, ...] = (
    (Verb.UPDATE, Kind.ACTION),
    (Verb.UPDATE, Kind.ROLE),
    (Verb.UPDATE, Kind.GROUP),
)
_REMAP: tuple[Step, ...] = (
    (Verb.CREATE, Kind.MAPPING),
    (Verb.UPDATE, Kind.MAPPING),
    (Verb.REORDER, Kind.MAPPING),
    (Verb.REFRESH, Kind.MAPPING),
    (Verb.DELETE, Kind.MAPPING),
)
_REVOKE: tuple[Step, ...] = ((Verb.UNASSIGN, Kind.GROUP), (Verb.UNASSIGN, Kind.ROLE))

_RECREATE: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("recreate: take", _REVOKE),
    ("recreate: delete", ((Verb.DELETE, Kind.ROLE),)),
    ("recreate: create", ((Verb.CREATE, Kind.ROLE),)),
    ("recreate: fill", ((Verb.ASSIGN, Kind.ROLE),)),
    ("recreate: give back", ((Verb.ASSIGN, Kind.GROUP),)),
)
RECREATION = frozenset(phase for phase, _ in _RECREATE)
"""The phases in which roles are recreated; an operation of a recreation runs in these alone."""

PHASES: dict[Strategy, tuple[tuple[str, tuple[Step, ...]], ...]] = {
    Strategy.LEAST_PRIVILEGE: (
        ("prepare", ((Verb.CREATE, Kind.ACTION), (Verb.CREATE, Kind.GROUP), *_DESCRIPTIONS)),
        ("revoke", _REVOKE),
        ("delete roles", ((Verb.DELETE, Kind.ROLE),)),
        *_RECREATE,
        ("create roles", ((Verb.CREATE, Kind.ROLE),)),
        ("remap", _REMAP),
        ("grant actions", ((Verb.ASSIGN, Kind.ROLE),)),
        ("grant roles", ((Verb.ASSIGN, Kind.GROUP),)),
        ("retire groups", ((Verb.DELETE, Kind.GROUP),)),
        ("retire actions", ((Verb.DELETE, Kind.ACTION),)),
    ),
    Strategy.ZERO_DOWNTIME: (
        (
            "prepare",
            (
                (Verb.CREATE, Kind.ACTION),
                (Verb.CREATE, Kind.ROLE),
                (Verb.CREATE, Kind.GROUP),
                *_DESCRIPTIONS,
            ),
        ),
        ("grant", ((Verb.ASSIGN, Kind.ROLE), (Verb.ASSIGN, Kind.GROUP))),
        ("remap", _REMAP),
        ("revoke", _REVOKE),
        ("retire groups", ((Verb.DELETE, Kind.GROUP),)),
        ("retire roles", ((Verb.DELETE, Kind.ROLE),)),
        ("retire actions", ((Verb.DELETE, Kind.ACTION),)),
    ),
}


def waves_of(
    operations: Iterable[Operation], strategy: Strategy, turns: Mapping[str, int] | None = None
) -> list[Wave]:
    """Return the operations in waves, empty ones left out.

    Mappings that match the same request are changed in turns, given by name: each turn is a wave.
    """
    operations = tuple(operations)
    recreating = of_recreation(operations)
    by_step: dict[tuple[Step, bool], list[Operation]] = {}
    for operation in operations:
        step = operation.verb, operation.kind
        by_step.setdefault((step, operation in recreating), []).append(operation)
    waves = []
    for phase, steps in PHASES[strategy]:
        found = [op for step in steps for op in by_step.get((step, phase in RECREATION), ())]
        parts = _in_turns(found, turns or {}) if phase == "remap" else [found]
        waves += [Wave(phase=phase, operations=tuple(part)) for part in parts if part]
    return waves


def _in_turns(operations: list[Operation], turns: Mapping[str, int]) -> list[list[Operation]]:
    parts: list[list[Operation]] = [[] for _ in range(max(turns.values(), default=0) + 1)]
    for operation in operations:
        parts[turns.get(operation.name, 0)].append(operation)
    return parts
