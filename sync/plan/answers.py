"""What a server answered about contested requests, held against the order that its list of mappings shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sync.errors import SnapshotError
from sync.plan.contested import Contest, Witness, contest_of
from sync.plan.model import Snapshot
from sync.plan.precedence import Order, decided_by, precedence_of

CACHE_SECONDS = 300
"""How long a server gives the answer for an exact path again without looking, whatever is written."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Which mapping a server lets decide a request, by name; None where none does.

    `path` is the one that was asked for; `fresh` tells that nobody can have asked for it before.
    """

    path: str
    decider: str | None
    fresh: bool
    at: datetime


class Doubt(StrEnum):
    """Why an answer is not what the list shows."""

    CACHED = "the answer may come from a cache, which holds it for 300 seconds at most"
    OTHERWISE = "the server decides otherwise than its list shows, and is right"
    LEFTOVER = "the server lets a mapping decide that its list does not show"
    NOBODY = "the server lets no mapping decide, although its list shows one that matches"


@dataclass(frozen=True, slots=True)
class Remark:
    """An answer that is not what the list shows: `shown` is what was expected, both by name or None."""

    side: str
    request: str
    shown: str | None
    answered: str | None
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A snapshot whose precedence is what the server does, and what it said of each request by then.

    `order` is the one in which the contested mappings were written, as far as that does not contradict it.
    """

    snapshot: Snapshot
    order: tuple[str, ...]
    said: Mapping[str, str | None]
    remarks: tuple[Remark, ...]


def confirm(
    side: str,
    snapshot: Snapshot,
    written: Mapping[str, datetime],
    answers: Mapping[Witness, Answered],
) -> Confirmed:
    """Hold answers against a snapshot; where the server says otherwise, it is right.

    `written` is when each mapping was, the first standing first. What may come from a cache is not
    believed. Raises `SnapshotError` where no order of the mappings decides like that.
    """
    order, names = Order(tuple(written)), {mapping.name for mapping in snapshot.mappings}
    said: dict[str, str | None] = {}
    remarks = []
    for witness, answered in answers.items():
        there = witness.names & names
        shown = order.decider(there)
        doubt = None if answered.decider == shown else _doubt(answered, there, written)
        if doubt:
            remarks.append(Remark(side, str(witness), shown, answered.decider, doubt))
        said[str(witness)] = shown if doubt is Doubt.CACHED else answered.decider
    contest = contest_of(frozenset(names))
    try:
        decided = _decided(tuple(written), contest, answers, said)
        precedence = precedence_of(decided)
    except ValueError as error:
        raise SnapshotError(
            f"the {side} contradicts itself: {error}", "is somebody changing it? run again when nobody is"
        ) from None
    return Confirmed(
        snapshot.model_copy(update={"precedence": precedence}),
        precedence_of(decided, tuple(written)),
        said,
        tuple(remarks),
    )


def _doubt(answered: Answered, there: frozenset[str], written: Mapping[str, datetime]) -> Doubt:
    since = max((written[name] for name in there), default=None)
    recently = since is not None and answered.at - since < timedelta(seconds=CACHE_SECONDS)
    if recently and not answered.fresh:
        return Doubt.CACHED
    if answered.decider is None:
        return Doubt.NOBODY
    return Doubt.OTHERWISE if answered.decider in there else Doubt.LEFTOVER


def _decided(
    written: Sequence[str],
    contest: Contest,
    answers: Mapping[Witness, Answered],
    said: Mapping[str, str | None],
) -> dict[Witness, str]:
    """Return who decides each request that is contested on one side, as far as its own mappings do."""
    names = frozenset(written)
    by_set = {(witness.method, witness.names): witness for witness in contest.witnesses}
    decided = decided_by(written, contest)
    for witness in answers:
        own, name = by_set.get((witness.method, witness.names & names)), said[str(witness)]
        if own and name in own.names:
            decided[own] = name
    return decided
