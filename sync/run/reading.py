"""Both environments as they are, read and asked at the same time."""

import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sync.errors import ReadError
from sync.heimdall.asking import ask_about, ask_again
from sync.heimdall.reader import Reading, read_environment
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.model.snapshot import Snapshot
from sync.overlaps.answers import Answered, Confirmed, Doubt, confirm
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.questions import Known, is_lost, questions
from sync.overlaps.search import overlaps_of
from sync.report.files import read_snapshot


def read_both(
    source: Transport | Snapshot,
    target: Transport,
    known: frozenset[str] = frozenset(),
    wrote: Collection[str] = (),
) -> tuple[Reading, Reading]:
    """Read both environments, then ask each server who wins what overlaps among the mappings of both.

    Nobody is asked about a snapshot that stands in for the source. `known` are mappings, by name, that may
    win though no list will show them, and `wrote` those that this run has put in front in the target since.
    Raises `ReadError`.
    """
    with Threads(2) as threads:
        ends = threads.submit(_read, source), threads.submit(read_environment, target)
        readings = {side: end.result() for side, end in zip(("source", "target"), ends, strict=True)}
        listed = {side: _listed(reading) for side, reading in readings.items()}
        askers = [_Asker("target", target, readings["target"], listed["source"], wrote)]
        if isinstance(source, Transport):
            askers.insert(0, _Asker("source", source, readings["source"], listed["target"]))
        readings |= _ask(threads, askers, known.union(*listed.values()))
    return readings["source"], readings["target"]


def read_source(source: Transport | Snapshot) -> Reading:
    """Read the source alone, and ask who wins what overlaps in it. Raises `ReadError`."""
    if isinstance(source, Snapshot):
        return _read(source)
    with Threads(1) as threads:
        asker = _Asker("source", source, read_environment(source), None)
        return _ask(threads, [asker], frozenset(asker.listed))["source"]


def _read(source: Transport | Snapshot) -> Reading:
    return Reading(source, {}) if isinstance(source, Snapshot) else read_environment(source)


def _listed(reading: Reading) -> dict[str, str]:
    return {mapping.name: mapping.action for mapping in reading.snapshot.mappings}


def read_source_file(path: Path) -> Snapshot:
    """Return the snapshot of a file, which says in which order its overlapping mappings were written.

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


def _ask(threads: Threads, askers: Collection["_Asker"], names: frozenset[str]) -> dict[str, Reading]:
    """Return the readings, by side, with what the servers answer about all overlaps of the named mappings.

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


class _Asker:
    """What one side is asked, and has answered; `reading` is the side with all of that.

    `elsewhere` are the actions of the other side's mappings, None where there is no other side.
    """

    def __init__(
        self,
        side: str,
        environment: Transport,
        reading: Reading,
        elsewhere: Mapping[str, str] | None,
        wrote: Collection[str] = (),
    ) -> None:
        self.side = side
        self.reading = reading
        self.listed = _listed(reading)
        self._elsewhere = elsewhere
        self._wrote = wrote
        self._environment = environment
        self._answers: dict[tuple[str, frozenset[str], frozenset[str]], Answered] = {}
        self._chance = random.SystemRandom()

    def ask(self, overlaps: Overlaps) -> frozenset[str]:
        """Ask what has not been asked yet, and return the mappings that no list shows."""
        known: Known | None = None
        following = Known(self.listed, self.reading.shown_order, self._elsewhere)
        while known != following:
            known = following
            asked = {_key(overlap): overlap for overlap in questions(overlaps, known)}
            new = [overlap for key, overlap in asked.items() if key not in self._answers]
            answers = ask_about(self._environment, new, overlaps, self._chance)
            self._answers |= {_key(overlap): answered for overlap, answered in answers.items()}
            confirmed = self._confirmed(asked.values(), {})
            # a second path is kept for what only it can settle: asked for once, it is in the cache as well
            doubts = {remark.request: remark.doubt for remark in confirmed.remarks}
            twice = {o: a for o, a in answers.items() if _is_worth_asking_again(a, doubts.get(str(o)))}
            again = self._environment.each(lambda item: self._again(*item), twice.items())
            self._answers |= {_key(o): answered for o, answered in zip(twice, again, strict=True)}
            confirmed = self._confirmed(asked.values(), twice)
            following = replace(
                known,
                renamed=frozenset(self.listed[name] for name in confirmed.stale).union(known.renamed),
                has_lost=any(
                    is_lost(o, self._answers[key].winner.mapping, self.listed) for key, o in asked.items()
                ),
            )
        self.reading = replace(
            self.reading,
            snapshot=confirmed.snapshot,
            order=confirmed.order,
            answered=confirmed.answered,
            stale=confirmed.stale,
            leftovers=confirmed.leftovers,
            remarks=confirmed.remarks,
        )
        return frozenset(confirmed.leftovers)

    def _again(self, overlap: Overlap, answered: Answered) -> Answered:
        second = ask_again(self._environment, overlap, answered, self._chance)
        # a path that ends in a line break is also matched by patterns that don't match the one without it
        is_of_others = second.winner.mapping in self.listed and second.winner.mapping not in overlap.mappings
        return second if answered.fresh or not is_of_others else answered

    def _confirmed(self, asked: Iterable[Overlap], before: Mapping[Overlap, Answered]) -> Confirmed:
        answers = {overlap: self._answers[_key(overlap)] for overlap in asked}
        reading = self.reading
        changing = {o for o, a in before.items() if a.fresh and a.winner != answers[o].winner}
        return confirm(
            self.side,
            reading.snapshot,
            reading.written,
            reading.rows,
            answers,
            changing,
            self._wrote,
        )


def _is_worth_asking_again(answered: Answered, doubt: Doubt | None) -> bool:
    return doubt is Doubt.CACHED or (doubt is not None and answered.fresh)


def _key(overlap: Overlap) -> tuple[str, frozenset[str], frozenset[str]]:
    return overlap.method, overlap.names, overlap.fallback
