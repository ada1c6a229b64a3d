"""What a server answered about overlapping patterns, held against what its list of mappings shows."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sync.errors import SnapshotError
from sync.model.ranking import Ranking
from sync.model.snapshot import Snapshot
from sync.overlaps.overlap import Overlap
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import Winner, ranking_of, winners_of

CACHE_SECONDS = 300
"""How long a server gives the answer for an exact path again without looking, whatever is written."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server lets win a request.

    `path` is the one that was asked for; `fresh` tells that nobody can have asked for it before, `twice` that
    another path that the same mappings match got the same answer.
    """

    path: str
    winner: Winner
    fresh: bool
    at: datetime
    twice: bool = False


class Doubt(StrEnum):
    """Why an answer is not what the list shows."""

    CACHED = "the answer may come from a cache, which holds it for 300 seconds at most"
    REORDERED = "its order differs from the order of the last writes: a restart or a rebuilt cache changed it"
    LEFTOVER = "this mapping was deleted with its action, but wins until the server restarts"
    NOBODY = "no mapping wins, although its list shows one that matches"
    STALE = "the action was renamed, but the server uses its old name until somebody writes the mapping"
    CHANGING = "it gave another answer a moment before: somebody is changing it, or its cache was lost"


@dataclass(frozen=True, slots=True)
class Remark:
    """An answer that is not what the list shows: `shown` is what was expected."""

    side: str
    request: str
    shown: Winner
    answered: Winner
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A snapshot whose order is what the server does, and what else its answers tell: see `Environment`."""

    snapshot: Snapshot
    order: Ranking
    answered: Mapping[str, Winner]
    stale: Mapping[str, str]
    leftovers: Mapping[str, str]
    remarks: tuple[Remark, ...]


def confirm(
    side: str,
    snapshot: Snapshot,
    written: Mapping[str, datetime],
    rows: Sequence[str],
    answers: Mapping[Overlap, Answered],
    changing: Collection[Overlap] = (),
    wrote: Collection[str] = frozenset(),
) -> Confirmed:
    """Hold answers against a snapshot; where the server says otherwise, it is right.

    `written` is when each mapping was, the first standing first; `rows` are their names as the server lists
    them. What may come from a cache is not believed; `changing` are those that were answered otherwise a
    moment before. Where this run has just written one of the mappings (`wrote`), two paths may both be
    answered as before. Raises `SnapshotError` where no order of the mappings explains the answers.
    """
    # two paths may both come from a cache: then they contradict what does not
    once = {overlap: replace(answered, twice=False) for overlap, answered in answers.items()}
    settled = {o: answers[o] if o.mappings.isdisjoint(wrote) else once[o] for o in answers}
    shown = Ranking(tuple(written), tuple(rows))
    with suppress(ValueError):
        return _confirmed(side, snapshot, shown, settled, changing, written, wrote)
    try:
        return _confirmed(side, snapshot, shown, once, changing, written, wrote)
    except ValueError as error:
        raise SnapshotError(
            f"the {side} gave contradictory answers: {error}", "wait until nobody changes it, then run again"
        ) from None


def _confirmed(
    side: str,
    snapshot: Snapshot,
    shown_order: Ranking,
    answers: Mapping[Overlap, Answered],
    changing: Collection[Overlap],
    written: Mapping[str, datetime],
    wrote: Collection[str],
) -> Confirmed:
    """Do what `confirm` does. Raises `ValueError` where no order explains the answers."""
    listed = {mapping.name: mapping.action for mapping in snapshot.mappings}
    winners_by_request: dict[str, Winner] = {}
    believed: dict[Overlap, str | None] = {}
    stale: dict[str, str] = {}
    leftovers: dict[str, str] = {}
    remarks = []
    for overlap, answered in answers.items():
        name = overlap.winner(shown_order, listed)
        shown = Winner(name, listed[name] if name else None)
        doubt = None if answered.winner == shown else _doubt(answered, shown, overlap, written, wrote)
        if doubt:
            remarks.append(
                Remark(
                    side,
                    str(overlap),
                    shown,
                    answered.winner,
                    Doubt.CHANGING if overlap in changing else doubt,
                )
            )
        winner = answered.winner
        if doubt is Doubt.CACHED:
            if winner.mapping and winner.action and winner.mapping not in listed:
                leftovers[winner.mapping] = winner.action  # it is one, whether it still wins this or not
            continue
        winners_by_request[str(overlap)] = winner
        believed[overlap] = winner.mapping
        if winner.mapping and winner.action and listed.get(winner.mapping) != winner.action:
            (stale if winner.mapping in listed else leftovers)[winner.mapping] = winner.action
    order = _order(shown_order, believed, {*listed, *leftovers})
    own = overlaps_of(frozenset(listed))
    canonical = ranking_of(winners_of(order, own, listed), listed)
    return Confirmed(snapshot.ranked(canonical), order, winners_by_request, stale, leftovers, tuple(remarks))


def _doubt(
    answered: Answered,
    shown: Winner,
    overlap: Overlap,
    written: Mapping[str, datetime],
    wrote: Collection[str],
) -> Doubt:
    name = answered.winner.mapping
    since = max((written[each] for each in overlap.mappings if each in written), default=None)
    recently = since is not None and answered.at - since < timedelta(seconds=CACHE_SECONDS)
    may_be_old = recently and not (answered.fresh or answered.twice)
    if name is not None and name not in written:
        # no list shows it, and it won a moment ago: only what this run wrote can have come in front of it
        return Doubt.LEFTOVER if overlap.mappings.isdisjoint(wrote) or not may_be_old else Doubt.CACHED
    if may_be_old:
        return Doubt.CACHED
    if name is None:
        return Doubt.NOBODY
    return Doubt.STALE if name == shown.mapping else Doubt.REORDERED


def _order(shown: Ranking, believed: Mapping[Overlap, str | None], present: Collection[str]) -> Ranking:
    """Return the order of one side's overlapping mappings: what is shown, as far as the answers allow it."""
    overlaps = overlaps_of(frozenset(present))
    own = {each.key: each for each in overlaps.found}
    winners: dict[Overlap, str] = {}
    for overlap, name in believed.items():
        key = overlap.method, overlap.names.intersection(present), overlap.fallback.intersection(present)
        here = own.get(key)
        if here and name in here.candidates(present):
            winners[here] = name
    return ranking_of(winners, present, shown, overlaps)
