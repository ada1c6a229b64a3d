"""Which requests to ask a server about to find actions that were renamed.

A server asks for the name that an action had when its mapping was written. If the action was renamed since,
that is the old name, for all mappings that were written before, until they are written again. So the mapping
of an action that was written first, where it wins something, tells of the whole action. (Renamed to and fro,
a mapping that was written in between is missed.)

No list shows that or when an action was renamed, and an answer shows the name of one action only. So a proof
takes a question for each action: several times as many as all other questions together. `all` asks them.
`fewest` looks at `SPOT_CHECKS` actions, and at each once one was renamed: first at those that are likeliest
to have been renamed, then at those that other questions show anyway, then at others. So it is a proof where a
server has no more actions than that, and where nobody has renamed an action while mappings asked for it. Else
it rests on these:

- The database moves the row of an action that is updated to the end of the list, mostly. There it stands
  behind rows with higher IDs: what was renamed last is asked about first. An action that was the newest when
  it was renamed stands in its place.
- An action that was renamed on one side only is listed on that side only.

What is missed keeps people out: nobody can be given an action by its old name. It lets somebody in only where
another action has that name by now.
"""

from collections.abc import Collection, Mapping

from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap, Overlaps

SPOT_CHECKS = 10


def where_oldest_win(
    overlaps: Overlaps,
    listed: Mapping[str, str],
    shown: Ranking,
    order: Ranking,
    but_for: Collection[str] = (),
) -> dict[str, tuple[str, Overlap]]:
    """Return for each action the mapping written first of those that win something, and what it wins.

    The actions stand in the order in which those were written. Left out are mappings that need no question.
    """
    won: dict[str, Overlap] = {}
    for overlap in (*overlaps.alone, *overlaps.found):
        # the database answers with the present name: only the first layer has an old one
        winner = overlap.winner(order, listed) if overlap.names else None
        if winner is not None and winner in overlap.names:
            won.setdefault(winner, overlap)
    oldest: dict[str, tuple[str, Overlap]] = {}
    for name in sorted(won.keys() - but_for, key=shown.place):
        oldest.setdefault(listed[name], (name, won[name]))
    return oldest


def likeliest_renamed(ids: Mapping[str, int], elsewhere: Collection[str] | None) -> tuple[str, ...]:
    """Return the actions that something speaks for having been renamed, the likeliest first.

    `ids` are those of the actions, by name, as they are listed; `elsewhere` are the other side's actions.
    """
    last, highest, moved = max(ids.values(), default=0), 0, []
    for name, number in ids.items():
        if number < highest or number == last:
            moved.append(name)
        highest = max(highest, number)
    one_sided = [] if elsewhere is None else [name for name in ids if name not in elsewhere]
    return tuple(dict.fromkeys((*reversed(moved), *one_sided)))
