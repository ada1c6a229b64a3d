"""Which requests to ask a server about: those whose winner its lists don't show for certain.

An answer may name a mapping that no list shows (it was deleted with its action, and wins until a restart), or
an action that was renamed. Both raise further questions, so a reading asks in rounds:

    names = the mappings that the lists of both sides show
    repeat:
        ask each server what `questions` yields of the overlaps among names, but for what it has answered
        where an answer shows a renamed action, or that the first layer has lost mappings: ask again
        if all winners are among names: end
        names += the winners that are not

It ends: each round adds a mapping that a server holds, and each further question within a round an action
that it has; there are finitely many of both.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap, Overlaps


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a server before it is asked: its mappings with their actions, and their order.

    `elsewhere` are the mappings of the other side, None where there is none; `renamed` are the actions, by
    name, that were found to be asked for by another name somewhere. `has_lost` tells that the first layer was
    found to lack a mapping.
    """

    listed: Mapping[str, str]
    ranking: Ranking
    elsewhere: Collection[str] | None = None
    renamed: Collection[str] = ()
    has_lost: bool = False


def questions(overlaps: Overlaps, known: Known) -> Iterator[Overlap]:
    """Yield what to ask about.

    - every overlap: the order of writing is not the server's promise;
    - what a mapping of one side only matches alone: a mapping that no list shows may win it;
    - of each action the mapping that was written first, where that wins: if the action was renamed since, the
      server asks for its old name, and does so for all mappings that were written before. (Renamed to and
      fro, a mapping that was written in between is missed.) Where one is, all of the action;
    - everything, where the first layer has lost something.
    """
    yield from overlaps.found
    oldest = _oldest(overlaps, known)
    for overlap in overlaps.alone:
        (name,) = overlap.mappings
        is_on_both = known.elsewhere is None or (name in known.listed and name in known.elsewhere)
        # the database answers with the present name: only the first layer has an old one
        may_be_old = bool(overlap.names) and (name in oldest or known.listed.get(name, "") in known.renamed)
        if known.has_lost or not is_on_both or may_be_old:
            yield overlap


def _oldest(overlaps: Overlaps, known: Known) -> set[str]:
    """Return of each action the mapping written first of those that win, unless it wins an overlap."""
    layered = [overlap for overlap in (*overlaps.found, *overlaps.alone) if overlap.names]
    asked = {each.winner(known.ranking, known.listed) for each in overlaps.found if each.names}
    winning = {winner for each in layered if (winner := each.winner(known.ranking, known.listed))}
    oldest: dict[str, str] = {}
    for name in sorted(winning, key=known.ranking.place):
        oldest.setdefault(known.listed[name], name)
    return {*oldest.values()} - asked


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
