"""Both environments as they are, read and asked at the same time."""

import random
from dataclasses import dataclass
from pathlib import Path

from sync.errors import ReadError
from sync.heimdall.decisions import confirmed
from sync.heimdall.reader import Reading, read_environment
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.plan.answers import Remark
from sync.plan.contested import Contest, contest_of
from sync.plan.lint import Flaw, blank_on_one_side, flaws_of
from sync.plan.model import Snapshot
from sync.report.files import read_snapshot


@dataclass(frozen=True, slots=True)
class Readings:
    """Both environments as they were read, at the same time."""

    source: Reading
    target: Reading

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """Return what is wrong with the mappings of either side."""
        source, target = self.source.snapshot, self.target.snapshot
        flaws = flaws_of(source, target)
        if self.source.blank is None or self.target.blank is None:
            return flaws
        return (*flaws, *blank_on_one_side(source, target, self.source.blank, self.target.blank))

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Return what either server answered otherwise than its list shows."""
        return (*self.source.remarks, *self.target.remarks)


def read_both(source: Transport | Snapshot, target: Transport) -> Readings:
    """Read both environments, then ask each who decides what is contested among the mappings of both.

    Nobody is asked about a snapshot that stands in for the source. Raises `ReadError`.
    """
    with Threads(2) as threads:
        first = threads.submit(_read, source)
        second = threads.submit(read_environment, target)
        contest = _contest_of(first.result(), second.result())
        asked = threads.submit(_asked, source, "source", first.result(), contest)
        also = threads.submit(_asked, target, "target", second.result(), contest)
        return Readings(asked.result(), also.result())


def read_source(source: Transport | Snapshot) -> Reading:
    """Read the source alone, and ask who decides what is contested in it. Raises `ReadError`."""
    reading = _read(source)
    return _asked(source, "source", reading, _contest_of(reading))


def _read(source: Transport | Snapshot) -> Reading:
    return Reading(source, {}) if isinstance(source, Snapshot) else read_environment(source)


def read_source_file(path: Path) -> Snapshot:
    """Return the snapshot of a file, which says in which order its contested mappings were written.

    Nobody else can say it. Raises `ReadError`.
    """
    snapshot = read_snapshot(path)
    contest = contest_of(frozenset(mapping.name for mapping in snapshot.mappings))
    contested = {name for witness in contest.witnesses for name in witness.names}
    if missing := contested.difference(snapshot.precedence):
        raise ReadError(
            f"{path} does not say which mapping decides where patterns overlap: its precedence lacks "
            f"{len(missing)} of {len(contested)}, {min(missing)} among them",
            "take a file that export or apply has written, as it was written",
        )
    return snapshot


def _asked(environment: Transport | Snapshot, side: str, reading: Reading, contest: Contest) -> Reading:
    if isinstance(environment, Snapshot):
        return reading
    return confirmed(environment, side, reading, contest, random.SystemRandom())


def _contest_of(*readings: Reading) -> Contest:
    return contest_of(
        frozenset(mapping.name for reading in readings for mapping in reading.snapshot.mappings)
    )
