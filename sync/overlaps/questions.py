"""Which requests to ask a server about: those whose winner its lists and its other answers don't show.

An answer may name a mapping that no list shows (it was deleted with its action, and wins until a restart), or
an action that was renamed. Both raise further questions, so a reading asks in rounds:

    names = the mappings that the lists of both sides show
    repeat:
        until it yields nothing new: ask each server what `questions` yields of the overlaps among names,
        but for what it has answered
        if all winners are among names: end
        names += the winners that are not

It ends: each round adds a mapping that a server holds, each round within it an answer to another overlap;
there are finitely many of both.

Premises. A server's first layer holds, for each method, one list of entries: those of its listed mappings,
and what cascades have left (a *leftover*), each with the action's name as it was when the mapping was
written. The first entry that matches wins. The lists say neither the order (a restart makes it anew from
rows that are in no promised order), nor which leftovers there are, nor which names are old. No premise:
that a few answers that go by the order of writing vouch for others. After a restart any pair may stand the
other way round.

What an answer tells. If `w` wins among some mappings, it is there, and each of the others is behind it or
not there at all. Read `w > x` as: `w` is there and in front, or `x` is not there. This is transitive, since
the entries of a method are one list: from `w > x` and `x > y` follows `w > y`, also where `x` or `y` is not
there. If none of some mappings wins, none of them is there. So the winner of an overlap follows where

- all but one of its mappings are known not to be there: not listed, and an answer has shown it;
- or one is known to be in front of all others, from answers to other questions;
- or the first layer has none of them, and of the rows the same is known: there are no leftovers among
  those.

What follows is not asked. It adds nothing to the order either: of all orders the one is taken that is
closest to what the list shows, and that depends only on what follows from the answers. So the plan is the
same.

What is asked although it looks idle, and why.

- A mapping that this server does not list and the other one does, once: it may be a leftover here, and win
  what looks as if nothing or one mapping alone could win it. One question clears all that match a path. It is
  not idle where this side lists none of them either: who is let in now, and whether a deletion leaves both
  sides alike, depend on it. Nothing else shows it: any mapping and any action may have been deleted once, and
  made again; numbers that are missing in a list tell the same of an ordinary deletion, and of the newest
  nothing is missing.
- Candidates that ask for the same action: their entries may hold different names for it, which mapping wins
  is a part of being identical, and the order is kept in snapshots and backups, whose next plan may need it.
- What the plan is about to delete all but one of: who wins now is told in the plan, decides which step is
  safe, and stands in the backup.
- One mapping of an action that may have been renamed: `renames` says of which ones, and what that rests on.
  Where that one is stale, all of the action.
- What the database finds and brings to the front, in both servers alike: the question itself reorders.
- Everything, where the first layer has lost something. A single lost entry that no question meets is
  missed.

A leftover whose pattern neither list has may win anything: it is found where it wins what is asked about.
Who asks everything has more such chances.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.renames import SPOT_CHECKS, where_oldest_win

_MOST_STEPS = 1_000
"""So many mappings are looked at to find whether one is in front of another; asking is cheaper then."""


class Ask(StrEnum):
    """What a server is asked about."""

    FEWEST = "fewest"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a server: its mappings with their actions, their order, and what it has answered.

    `shown` is the order that the list shows, `order` what the answers have made of it. `elsewhere` are the
    mappings of the other side, None where there is none; `renamed` are the actions, by name, that were found
    to be asked for by another name somewhere. `has_lost` tells that the first layer was found to lack a
    mapping. `leftovers` were found by answers, and `winners` are the answers that are believed. `suspects`
    are the actions that are likeliest to have been renamed; mappings that this run `wrote` ask for the
    present name.
    """

    listed: Mapping[str, str]
    shown: Ranking
    order: Ranking
    elsewhere: Collection[str] | None = None
    renamed: Collection[str] = ()
    has_lost: bool = False
    leftovers: Collection[str] = ()
    winners: Mapping[Overlap, str | None] = field(default_factory=dict)
    suspects: Sequence[str] = ()
    wrote: Collection[str] = ()

    def is_one_sided(self, overlap: Overlap) -> bool:
        """Tell whether a mapping that matches something alone is on one side only."""
        if self.elsewhere is None:
            return False
        return any(name not in self.listed or name not in self.elsewhere for name in overlap.mappings)


def questions(overlaps: Overlaps, known: Known, ask: Ask) -> list[Overlap]:
    """Return what to ask about, what was asked before included or not.

    After the answers there may be more to ask; there is nothing where nothing new is returned.
    """
    spares = ask is Ask.FEWEST and not known.has_lost
    chosen = _fewest(overlaps, known) if spares else every_winner(overlaps, known)
    return [*chosen, *_of_actions(overlaps, known, chosen, ask)]


def actions_left_out(overlaps: Overlaps, known: Known) -> int:
    """Return how many actions may have been renamed without an answer that shows it."""
    seen = {*known.winners.values()}
    oldest = _where_oldest_win(overlaps, known)
    return sum(name not in seen for name, _ in oldest.values())


def every_winner(overlaps: Overlaps, known: Known) -> list[Overlap]:
    """Return all that the lists don't show for certain, one by one."""
    if known.has_lost:
        return [*overlaps.found, *overlaps.alone]
    alone = (each for each in overlaps.alone if known.is_one_sided(each) or _may_be_old(each, known))
    return [*overlaps.found, *alone]


def _fewest(overlaps: Overlaps, known: Known) -> list[Overlap]:
    """Return as few as possible of which all others follow, if the answers are those to be expected."""
    by_name = overlaps.by_name()
    facts = _Facts(known)
    chosen = []
    for overlap in sorted((*overlaps.found, *overlaps.alone), key=lambda each: _place(each, known)):
        moves = moves_others(overlap, by_name) and (len(overlap.mappings) > 1 or known.is_one_sided(overlap))
        if moves or _may_be_old(overlap, known) or not facts.settle(overlap):
            chosen.append(overlap)
            facts.add(overlap, overlap.winner(known.order, facts.present))
    return chosen


def _place(overlap: Overlap, known: Known) -> tuple[bool, int]:
    """Put first what clears most mappings that are not listed, then what is said of the fewest."""
    some = any(name in known.listed for name in overlap.names)
    return some, len(overlap.mappings) if some else -len(overlap.names)


def _may_be_old(overlap: Overlap, known: Known) -> bool:
    return any(known.listed.get(name) in known.renamed for name in overlap.names)


def _of_actions(overlaps: Overlaps, known: Known, chosen: Iterable[Overlap], ask: Ask) -> list[Overlap]:
    """Return what shows whether actions were renamed and no other question does."""
    expected = (each.winner(known.order, known.listed) for each in chosen if each not in known.winners)
    seen = {*known.winners.values(), *expected}
    oldest = _where_oldest_win(overlaps, known)
    actions = list(oldest)
    if ask is Ask.FEWEST and not known.renamed:
        likeliest = [action for action in known.suspects if action in oldest]
        shown = [action for action, (name, _) in oldest.items() if name in seen]
        actions = list(dict.fromkeys((*likeliest, *shown, *oldest)))[:SPOT_CHECKS]
    return [overlap for name, overlap in map(oldest.__getitem__, actions) if name not in seen]


def _where_oldest_win(overlaps: Overlaps, known: Known) -> dict[str, tuple[str, Overlap]]:
    return where_oldest_win(overlaps, known.listed, known.shown, known.order, known.wrote)


class _Facts:
    """What follows from answers: who is in front of whom, and what is not there."""

    def __init__(self, known: Known) -> None:
        self.present = {*known.listed, *known.leftovers}
        self._listed = known.listed
        self._order = known.order
        self._absent: set[str] = set()
        self._over: defaultdict[str, set[str]] = defaultdict(set)
        self._rows: defaultdict[str, set[str]] = defaultdict(set)
        self._under: set[str] = set()
        for overlap, winner in known.winners.items():
            self.add(overlap, winner)

    def add(self, overlap: Overlap, winner: str | None) -> None:
        """Take in who wins an overlap."""
        if winner is not None and winner in overlap.names:
            self._over[winner] |= overlap.names - {winner}
            self._under |= overlap.names - {winner}
            return
        if winner is not None and winner not in overlap.fallback:
            return  # nothing is known of what else it matches
        self._absent |= overlap.names.difference(self._listed)
        if winner is not None:
            self._rows[winner] |= overlap.fallback - {winner}

    def settle(self, overlap: Overlap) -> bool:
        """Tell whether it follows who wins an overlap."""
        names = overlap.names - self._absent
        if names:
            winner = self._order.last_written(names & self.present)
            return winner is not None and self._is_first(winner, names, self._over)
        rows = overlap.fallback & self.present
        if not rows <= self._listed.keys():
            return False  # what a cascade left is in no row, which the order can't say
        row = self._order.first_row(rows)
        return row is None or self._is_first(row, rows, self._rows)

    def _is_first(self, name: str, names: frozenset[str], graph: Mapping[str, set[str]]) -> bool:
        missing = names - graph.get(name, frozenset()) - {name}
        if not missing:
            return True
        if name not in graph or (graph is self._over and not missing <= self._under):
            return False
        waiting, known = [name], {name}
        while waiting and len(known) < _MOST_STEPS:
            for after in graph.get(waiting.pop(), ()):
                if after not in known:
                    known.add(after)
                    waiting.append(after)
            if missing <= known:
                return True
        return False


def is_lost(overlap: Overlap, winner: str | None, listed: Collection[str]) -> bool:
    """Tell whether an answer shows that the first layer lacks mappings that are listed."""
    return not overlap.names.isdisjoint(listed) and (winner is None or winner in overlap.fallback)


def moves_others(overlap: Overlap, overlaps: Mapping[str, list[Overlap]]) -> bool:
    """Tell whether asking may change who wins: what the fallback finds comes to the front."""
    return not overlap.names and any(
        name in other.names and len(other.mappings) > 1
        for name in overlap.fallback
        for other in overlaps.get(name, ())
    )
