"""Both environments as they are, read and asked at the same time."""

from collections.abc import Collection
from pathlib import Path

from sync.errors import ReadError
from sync.heimdall.reader import Reading, read_environment
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.model.snapshot import Snapshot
from sync.overlaps.questions import Ask
from sync.overlaps.search import overlaps_of
from sync.run.asker import Asker
from sync.snapshots.folder import read_snapshot


def read_both(
    source: Transport | Snapshot,
    target: Transport | Snapshot,
    ask: Ask = Ask.FEWEST,
    before: tuple[Reading, Reading] | None = None,
    wrote: Collection[str] = (),
) -> tuple[Reading, Reading]:
    """Read both environments, then ask each server who wins what overlaps among the mappings of both.

    Nobody is asked about a snapshot that stands for either. `before` is what this run has read before,
    and `wrote` are the mappings, by name, that it has put in front in the target since. Raises `ReadError`.
    """
    known = _remembered(*before) if before else frozenset()
    with Threads(2) as threads:
        ends = threads.submit(_read, source), threads.submit(_read, target)
        readings = {side: end.result() for side, end in zip(("source", "target"), ends, strict=True)}
        earlier = dict(zip(readings, before or (None, None), strict=True))
        askers = []
        if isinstance(source, Transport):
            end = "source"
            askers.append(Asker(end, source, readings[end], readings["target"], ask, earlier[end]))
        if isinstance(target, Transport):
            end = "target"
            askers.append(Asker(end, target, readings[end], readings["source"], ask, earlier[end], wrote))
        if askers:
            every = (reading.actions for reading in readings.values())
            readings |= _ask(threads, askers, known.union(*every))
    return readings["source"], readings["target"]


def _remembered(source: Reading, target: Reading) -> frozenset[str]:
    """Return the mappings, by name, that may win though no list will show them.

    Those are what a cascade left, and what the target listed: it may have hidden such a one of its name.
    """
    return frozenset({*target.actions, *source.leftovers, *target.leftovers})


def read_one(side: str, end: Transport | Snapshot, ask: Ask = Ask.FEWEST) -> Reading:
    """Read one side alone, and ask who wins what overlaps in it. Raises `ReadError`."""
    if isinstance(end, Snapshot):
        return _read(end)
    with Threads(1) as threads:
        asker = Asker(side, end, read_environment(end), None, ask)
        return _ask(threads, [asker], frozenset(asker.reading.actions))[side]


def _read(end: Transport | Snapshot) -> Reading:
    return Reading(end, {}) if isinstance(end, Snapshot) else read_environment(end)


def read_file(path: Path) -> Snapshot:
    """Return the snapshot of a file or folder; it says in which order overlapping mappings were written.

    Nobody else can say it. Raises `ReadError`.
    """
    snapshot = read_snapshot(path)
    present = frozenset(mapping.name for mapping in snapshot.mappings)
    ordered = {*snapshot.precedence, *snapshot.rows}
    overlapping = {name for overlap in overlaps_of(present).found for name in overlap.candidates(present)}
    if missing := overlapping.difference(ordered):
        raise ReadError(
            f"{path} does not say which mapping wins where patterns overlap: its precedence lacks "
            f"{len(missing)} of {len(overlapping)}, {min(missing)} among them",
            "take a file that export or apply has written, as it was written",
        )
    return snapshot


def _ask(threads: Threads, askers: Collection[Asker], names: frozenset[str]) -> dict[str, Reading]:
    """Return the readings, by side, with what the servers answer about the overlaps of the named mappings.

    An answer may name a mapping that no list shows, or an action that was renamed: both raise further
    questions. Each round finds a mapping or an action that no earlier one did, and there are finitely many
    on a server.
    """
    raised: frozenset[str] | None = None
    while raised is None or not raised <= names:
        names |= raised or frozenset()
        overlaps = overlaps_of(names)
        found = [threads.submit(asker.ask, overlaps) for asker in askers]
        raised = frozenset[str]().union(*(each.result() for each in found))
    return {asker.side: asker.reading for asker in askers}
