"""What one server is asked about its overlaps, and what it has answered."""

import random
from collections.abc import Collection, Iterable
from dataclasses import replace

from sync.heimdall.asking import ask_about, ask_again
from sync.heimdall.reader import Reading
from sync.heimdall.transport import Transport
from sync.overlaps.answers import Answered, Confirmed, Doubt, confirm
from sync.overlaps.overlap import Key, Overlap, Overlaps
from sync.overlaps.questions import Ask, Known, actions_left_out, every_winner, is_lost, questions
from sync.overlaps.renames import likeliest_renamed


class Asker:
    """What one side is asked, and has answered; `reading` is the side with all of that.

    `elsewhere` is the other side, None where there is none.
    """

    def __init__(
        self,
        side: str,
        transport: Transport,
        reading: Reading,
        elsewhere: Reading | None,
        ask: Ask,
        before: Reading | None = None,
        wrote: Collection[str] = (),
    ) -> None:
        """Start with what was answered `before` and holds still, unless all is to be asked."""
        self.side = side
        self.reading = reading
        self._listed = reading.actions
        others = None if elsewhere is None else elsewhere.actions
        suspects = likeliest_renamed(reading.action_ids, None if others is None else {*others.values()})
        self._unasked = Known(
            self._listed,
            reading.shown_order,
            reading.shown_order,
            others,
            suspects=before.suspects if before else suspects,  # the same ones are asked about again
            wrote=wrote if ask is Ask.FEWEST else (),
        )
        self._wrote = wrote
        self._transport = transport
        self._extent = ask
        still = reading.still_answered(before, wrote) if before and ask is Ask.FEWEST else {}
        self._kept = len(still)
        self._answers = still
        self._changing: set[Key] = set()
        self._chance = random.SystemRandom()

    def ask(self, overlaps: Overlaps) -> frozenset[str]:
        """Ask what has not been asked yet, and return the mappings that no list shows."""
        known = self._unasked
        new: list[Overlap] | None = None
        while new is None or new:
            confirmed = self._confirmed(overlaps)
            known = self._learnt(known, overlaps, confirmed)
            wanted = questions(overlaps, known, self._extent)
            new = [overlap for overlap in wanted if overlap.key not in self._answers]
            self._put(new, overlaps)
        everything = {overlap.key for overlap in every_winner(overlaps, known)}
        self.reading = replace(
            self.reading,
            snapshot=confirmed.snapshot,
            order=confirmed.order,
            answered=confirmed.answered,
            stale=confirmed.stale,
            leftovers=confirmed.leftovers,
            remarks=confirmed.remarks,
            answers=self._undoubted(overlaps, confirmed),
            asked=len(self._answers) - self._kept,
            followed=len(everything - self._answers.keys()) + self._kept,
            actions_left_out=actions_left_out(overlaps, known),
            suspects=tuple(known.suspects),
        )
        return frozenset(confirmed.leftovers)

    def _put(self, new: Iterable[Overlap], overlaps: Overlaps) -> None:
        """Put questions, and those again whose answers are in doubt."""
        answers = ask_about(self._transport, new, overlaps, self._chance)
        self._answers |= {overlap.key: answered for overlap, answered in answers.items()}
        # a second path is kept for what only it can settle: asked for once, it is in the cache as well
        doubts = {remark.request: remark.doubt for remark in self._confirmed(overlaps).remarks}
        twice = {o: a for o, a in answers.items() if _is_worth_asking_again(a, doubts.get(str(o)))}
        again = self._transport.each(lambda item: self._again(*item), twice.items())
        for (overlap, first), second in zip(twice.items(), again, strict=True):
            self._answers[overlap.key] = second
            if first.fresh and first.winner != second.winner:
                self._changing.add(overlap.key)

    def _again(self, overlap: Overlap, answered: Answered) -> Answered:
        second = ask_again(self._transport, overlap, answered, self._chance)
        # a path that ends in a line break is also matched by patterns that don't match the one without it
        is_of_others = second.winner.mapping in self._listed and second.winner.mapping not in overlap.mappings
        return second if answered.fresh or not is_of_others else answered

    def _answered(self, overlaps: Overlaps) -> dict[Overlap, Answered]:
        every = (*overlaps.found, *overlaps.alone)
        return {overlap: self._answers[overlap.key] for overlap in every if overlap.key in self._answers}

    def _confirmed(self, overlaps: Overlaps) -> Confirmed:
        reading, answers = self.reading, self._answered(overlaps)
        changing = {overlap for overlap in answers if overlap.key in self._changing}
        return confirm(
            self.side,
            reading.snapshot,
            reading.written,
            reading.rows,
            answers,
            changing,
            self._wrote,
        )

    def _learnt(self, known: Known, overlaps: Overlaps, confirmed: Confirmed) -> Known:
        answers = self._answered(overlaps)
        return replace(
            known,
            order=confirmed.order,
            renamed=frozenset(self._listed[name] for name in confirmed.stale).union(known.renamed),
            has_lost=any(
                is_lost(o, answered.winner.mapping, self._listed) for o, answered in answers.items()
            ),
            leftovers=frozenset(confirmed.leftovers),
            winners={o: confirmed.answered[str(o)].mapping for o in answers if str(o) in confirmed.answered},
        )

    def _undoubted(self, overlaps: Overlaps, confirmed: Confirmed) -> dict[Key, Answered]:
        doubted = {remark.request for remark in confirmed.remarks}
        return {o.key: answered for o, answered in self._answered(overlaps).items() if str(o) not in doubted}


def _is_worth_asking_again(answered: Answered, doubt: Doubt | None) -> bool:
    return doubt is Doubt.CACHED or (doubt is not None and answered.fresh)
