"""Which requests to ask a server about: those whose winner its lists don't show for certain."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync.overlaps.order import Ranking
from sync.overlaps.overlap import Overlap, Overlaps


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a server before it is asked: its mappings with their actions, and their order.

    `elsewhere` are the mappings of the other side, None where there is none; `renamed` are the actions, by
    name, that were found to be asked for by another name somewhere.
    """

    listed: Mapping[str, str]
    ranking: Ranking
    elsewhere: Collection[str] | None = None
    renamed: Collection[str] = ()


def questions(overlaps: Overlaps, known: Known) -> Iterator[Overlap]:
    """Yield what to ask about.

    - every overlap: the order of writing is not the server's promise;
    - what a mapping of one side only matches alone: a mapping that no list shows may win it;
    - of each action the mapping that was written first, where that wins: if the action was renamed since, the
      server asks for its old name, and does so for all mappings that were written before. (Renamed to and
      fro, a mapping that was written in between is missed.) Where one is, all of the action.
    """
    yield from overlaps.found
    alone = {name: overlap for overlap in overlaps.alone for name in overlap.mappings}
    winning = {overlap.winner(known.ranking, known.listed) for overlap in overlaps.found}
    asked = set(winning)
    oldest: dict[str, str] = {}
    for name in sorted(known.listed, key=known.ranking.place):
        if name in alone or name in winning:
            oldest.setdefault(known.listed[name], name)
    for name, overlap in alone.items():
        is_on_both = known.elsewhere is None or (name in known.listed and name in known.elsewhere)
        action = known.listed.get(name, "")
        is_oldest = oldest.get(action) == name and name not in asked
        if not is_on_both or is_oldest or action in known.renamed:
            yield overlap


def moves_others(overlap: Overlap, overlaps: Mapping[str, list[Overlap]]) -> bool:
    """Tell whether asking may change who wins: what the fallback finds comes to the front."""
    return not overlap.names and any(
        name in other.names and len(other.mappings) > 1
        for name in overlap.fallback
        for other in overlaps.get(name, ())
    )
