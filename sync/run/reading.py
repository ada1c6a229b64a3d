"""Both environments as they are, read and asked at the same time.

Who wins what overlaps is asked as soon as the lists of both sides are there, while what roles and groups hold
is still being read.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from sync.errors import ReadError
from sync.heimdall.reader import MAX_READINGS, Reading, read_environment
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.model.snapshot import Snapshot
from sync.overlaps.questions import Ask
from sync.overlaps.search import overlaps_of
from sync.run.asker import Asker
from sync.snapshots.folder import read_snapshot

End = Transport | Snapshot
"""An environment, or the snapshot that stands for it."""

Sides = Mapping[str, Reading]
"""What was read of each side, by its name."""


def read_both(
    source: End,
    target: End,
    ask: Ask = Ask.FEWEST,
    before: tuple[Reading, Reading] | None = None,
    wrote: Collection[str] = (),
) -> tuple[Reading, Reading]:
    """Read both environments, and ask each server who wins what overlaps among the mappings of both.

    Nobody is asked about a snapshot that stands for either. `before` is what this run has read before,
    and `wrote` are the mappings, by name, that it has put in front in the target since. Raises `ReadError`.
    """
    known = _remembered(*before) if before else frozenset()
    earlier = dict(zip(("source", "target"), before or (None, None), strict=True))

    def ask_both(listed: Sides) -> Sides:
        askers = []
        if isinstance(source, Transport):
            side = "source"
            askers.append(Asker(side, source, listed[side], listed["target"], ask, earlier[side]))
        if isinstance(target, Transport):
            side = "target"
            askers.append(Asker(side, target, listed[side], listed["source"], ask, earlier[side], wrote))
        names = known.union(*(reading.actions for reading in listed.values()))
        return {**listed, **_ask(askers, names)}

    read = _read({"source": source, "target": target}, ask_both)
    return read["source"], read["target"]


def _remembered(source: Reading, target: Reading) -> frozenset[str]:
    """Return the mappings, by name, that may win though no list will show them.

    Those are what a cascade left, and what the target listed: it may have hidden such a one of its name.
    """
    return frozenset({*target.actions, *source.leftovers, *target.leftovers})


def read_one(side: str, end: End, ask: Ask = Ask.FEWEST) -> Reading:
    """Read one side alone, and ask who wins what overlaps in it. Raises `ReadError`."""
    if isinstance(end, Snapshot):
        return Reading(end, {})

    def ask_it(listed: Sides) -> Sides:
        return _ask([Asker(side, end, listed[side], None, ask)], frozenset(listed[side].actions))

    return _read({side: end}, ask_it)[side]


def _read(ends: Mapping[str, End], ask: Callable[[Sides], Sides]) -> Sides:
    """Read some sides at the same time, and `ask` as soon as the lists of all are there.

    Where a side is read again, all is asked again, and the answers before that count no more.
    """
    lock, turn = threading.Lock(), threading.Lock()
    listed: dict[str, Reading] = {}
    answers: list[Future[Sides]] = []

    with Threads(2 * MAX_READINGS) as askers, Threads(len(ends)) as readers:

        def answered(now: Sides) -> Sides:
            with turn:  # two readings are not asked about at once: a question may move a mapping
                return ask(now) if now == listed else now

        def tell(side: str, reading: Reading) -> None:
            with lock:
                listed[side] = reading
                if len(listed) == len(ends):
                    answers.append(askers.submit(answered, dict(listed)))

        def read(side: str, end: End) -> Reading:
            if isinstance(end, Transport):
                return read_environment(end, lambda reading: tell(side, reading))
            reading = Reading(end, {})
            tell(side, reading)
            return reading

        begun = {side: readers.submit(read, side, end) for side, end in ends.items()}
        whole = {side: reading.result() for side, reading in begun.items()}
        asked = answers[-1].result()
    return {side: _with_answers(whole[side], asked[side]) for side in ends}


def _with_answers(whole: Reading, asked: Reading) -> Reading:
    """Return a whole reading with what was answered about the mappings that it lists."""
    return replace(asked, snapshot=whole.snapshot.ranked(asked.snapshot.ranking), ids=whole.ids)


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


def _ask(askers: Collection[Asker], names: frozenset[str]) -> dict[str, Reading]:
    """Return the readings, by side, with what the servers answer about the overlaps of the named mappings.

    An answer may name a mapping that no list shows, or an action that was renamed: both raise further
    questions. Each round finds a mapping or an action that no earlier one did, and there are finitely many
    on a server.
    """
    raised: frozenset[str] | None = None
    while raised is None or not raised <= names:
        names |= raised or frozenset()
        overlaps = overlaps_of(names)
        with Threads(2) as threads:
            found = [threads.submit(asker.ask, overlaps) for asker in askers]
            raised = frozenset[str]().union(*(each.result() for each in found))
    return {asker.side: asker.reading for asker in askers}
