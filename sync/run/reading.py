"""Both environments as they are, read and asked at the same time."""

import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sync.errors import ReadError
from sync.heimdall.asking import ask_about, ask_again
from sync.heimdall.reader import Reading, read_environment
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.model.snapshot import Snapshot
from sync.overlaps.answers import Answered, Confirmed, Doubt, Remark, confirm
from sync.overlaps.lint import Flaw, blank_on_one_side, flaws_of
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.questions import Known, is_lost, questions
from sync.overlaps.search import overlaps_of
from sync.plan.environment import Environment
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
    def look_like_one(self) -> bool:
        """Tell whether both may be one environment under two URLs: same ids, written at the same moments."""
        rows = [(side.ids, side.written) for side in (self.source, self.target)]
        return rows[0] == rows[1] and bool(self.target.ids)

    @property
    def remembered(self) -> frozenset[str]:
        """Return the mappings, by name, that may win though no list will show them.

        Those are what a cascade left, and what the target listed: it may have hidden such a one of its name.
        """
        listed = {mapping.name for mapping in self.target.snapshot.mappings}
        return frozenset({*listed, *self.source.leftovers, *self.target.leftovers})

    def environments(self, source_url: str, target_url: str) -> tuple[Environment, Environment]:
        """Return the source and the target as a plan sees them."""
        source, target = (
            Environment(url, side.snapshot, side.order, side.said, side.stale, side.leftovers)
            for url, side in ((source_url, self.source), (target_url, self.target))
        )
        return source, target

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Return what either server answered otherwise than its list shows."""
        return (*self.source.remarks, *self.target.remarks)


def read_both(
    source: Transport | Snapshot,
    target: Transport,
    before: Readings | None = None,
    wrote: Collection[str] = frozenset(),
) -> Readings:
    """Read both environments, then ask each server who wins what overlaps among the mappings of both.

    Nobody is asked about a snapshot that stands in for the source. `before` is what this run has read before,
    and `wrote` are the mappings, by name, that it has put in front in the target since. Raises `ReadError`.
    """
    known = before.remembered if before else frozenset()
    with Threads(2) as threads:
        first = threads.submit(_read, source)
        second = threads.submit(read_environment, target)
        askers = (
            _Asker("source", source, first.result()),
            _Asker("target", target, second.result(), wrote),
        )
        asked = _asked(threads, askers, known)
    return Readings(*asked)


def read_source(source: Transport | Snapshot) -> Reading:
    """Read the source alone, and ask who wins what overlaps in it. Raises `ReadError`."""
    with Threads(1) as threads:
        (reading,) = _asked(threads, (_Asker("source", source, _read(source)),))
    return reading


def _read(source: Transport | Snapshot) -> Reading:
    return Reading(source, {}) if isinstance(source, Snapshot) else read_environment(source)


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


def _asked(
    threads: Threads, askers: Collection["_Asker"], known: frozenset[str] = frozenset()
) -> tuple[Reading, ...]:
    """Return the readings with what the servers answer about all overlaps.

    An answer may name a mapping that no list shows, or an action that was renamed: both raise further
    questions. Each round finds a mapping or an action that no earlier one did, and there are finitely many
    on a server. `known` are mappings that answers have named before, by name.
    """
    names = known.union(*(asker.listed for asker in askers))
    raised: frozenset[str] | None = None
    while raised is None or not raised <= names:
        names |= raised or frozenset()
        raised = frozenset()
        for round_ in [threads.submit(asker.ask, overlaps_of(names), askers) for asker in askers]:
            raised |= round_.result()
    return tuple(asker.reading for asker in askers)


class _Asker:
    """What one side is asked, and has answered; `reading` is the side with all of that."""

    def __init__(
        self,
        side: str,
        environment: Transport | Snapshot,
        reading: Reading,
        wrote: Collection[str] = frozenset(),
    ) -> None:
        self.reading = reading
        self.listed = {mapping.name: mapping.action for mapping in reading.snapshot.mappings}
        self._side = side
        self._wrote = wrote
        self._environment = environment
        self._answers: dict[tuple[str, frozenset[str], frozenset[str]], Answered] = {}
        self._chance = random.SystemRandom()

    def ask(self, overlaps: Overlaps, askers: Iterable["_Asker"]) -> frozenset[str]:
        """Ask what has not been asked yet, and return the mappings that no list shows."""
        if isinstance(self._environment, Snapshot):
            return frozenset()
        elsewhere = next((asker.listed for asker in askers if asker is not self), None)
        known: Known | None = None
        following = Known(self.listed, self.reading.shown_order, elsewhere)
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
            said=confirmed.said,
            stale=confirmed.stale,
            leftovers=confirmed.leftovers,
            remarks=confirmed.remarks,
        )
        return frozenset(confirmed.leftovers)

    def _again(self, overlap: Overlap, answered: Answered) -> Answered:
        assert isinstance(self._environment, Transport)
        second = ask_again(self._environment, overlap, answered, self._chance)
        # a path that ends in a line break is also matched by patterns that don't match the one without it
        is_of_others = second.winner.mapping in self.listed and second.winner.mapping not in overlap.mappings
        return second if answered.fresh or not is_of_others else answered

    def _confirmed(self, asked: Iterable[Overlap], before: Mapping[Overlap, Answered]) -> Confirmed:
        answers = {overlap: self._answers[_key(overlap)] for overlap in asked}
        reading = self.reading
        changing = {o for o, a in before.items() if a.fresh and a.winner != answers[o].winner}
        return confirm(
            self._side,
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
