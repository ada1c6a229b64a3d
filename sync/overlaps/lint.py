"""What is wrong with mappings themselves, on whichever side: nothing that a sync would change."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sync.model.endpoint import Endpoint
from sync.model.ranking import Ranking
from sync.model.snapshot import Snapshot
from sync.overlaps.overlap import Overlap
from sync.overlaps.search import overlaps_of
from sync.overlaps.syntax import is_regular_expression, is_simple, matches
from sync.overlaps.timing import takes_long

_PLACEHOLDER = re.compile(r"\{[A-Za-z_][\w-]*\}")
_VARIABLE = ")]+*?}"
"""What a pattern's last part ends in where it stands for any name."""

_END = re.compile(r"(?:(?<!\\)\$|\.\*|\.\+)\)*$")
"""How a pattern ends that says where a path ends, or that anything may follow."""

_NESTED = re.compile(r"\)[*+{]")
"""A group that is repeated: matching it can take time that doubles with every character."""


class Fault(StrEnum):
    """What may be wrong with a mapping."""

    INVALID = "is not a valid regular expression"
    UNCOMPARED = "is not compared with others"
    SLOW = "can take very long to match, for every request that the server looks at"
    UNREAL = "matches no real path"
    UNDECIDING = "never wins a request"
    OPEN = "matches more paths than it seems to"
    BLANK = "has an empty description on one side and none on the other, which counts as equal"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mapping, by name, with what is wrong with it, and what shows it.

    That is what is text in it, the mapping that always wins, a path that it matches as well, or how many
    others have the same.
    """

    mapping: str
    fault: Fault
    because: str = ""


def flaws_of(source: Snapshot, target: Snapshot) -> tuple[Flaw, ...]:
    """Return what is wrong with the mappings of either side, each once, by the name of the mapping.

    What never wins is a matter of the source alone: how the target stands is what a sync changes.
    """
    found = {*_flaws(source), *(flaw for flaw in _flaws(target) if flaw.fault is not Fault.UNDECIDING)}
    return tuple(sorted(found, key=lambda flaw: (flaw.mapping, list(Fault).index(flaw.fault))))


def blank_on_one_side(
    source: Snapshot, target: Snapshot, in_source: Collection[str], in_target: Collection[str]
) -> Iterator[Flaw]:
    """Yield one flaw for all mappings whose description is an empty text on one side and none on the other.

    The last two arguments name those with an empty text. No request writes none over a text, every request
    changes which mapping wins, and the difference has no effect: so it is only said.
    """
    without = [{m.name for m in side.mappings if not m.description} for side in (source, target)]
    differing = sorted(({*in_source} ^ {*in_target}) & without[0] & without[1])
    if differing:
        more = len(differing) - 1
        yield Flaw(differing[0], Fault.BLANK, f"{more:,}" if more else "")


def _flaws(snapshot: Snapshot) -> Iterator[Flaw]:
    names = frozenset(mapping.name for mapping in snapshot.mappings)
    overlaps = overlaps_of(names)
    by_name, ranking = overlaps.all_by_name(), snapshot.ranking
    for name in sorted(names):
        pattern = Endpoint.parse(name).pattern
        if not is_regular_expression(pattern) and not is_simple(pattern):
            yield Flaw(name, Fault.INVALID)
        elif name in overlaps.not_compared:
            yield Flaw(name, Fault.UNCOMPARED, overlaps.not_compared[name])
        else:
            yield from _of_compared(name, by_name.get(name, []), ranking, names)


def _of_compared(
    name: str, overlaps: list[Overlap], ranking: Ranking, present: frozenset[str]
) -> Iterator[Flaw]:
    """Yield what is wrong with a mapping of which it is known what it matches."""
    pattern = Endpoint.parse(name).pattern
    real = [overlap for overlap in overlaps if not _PLACEHOLDER.search(overlap.path)]
    if not real:
        text = _PLACEHOLDER.search(pattern)
        yield Flaw(name, Fault.UNREAL, text[0] if text else "")
        return
    winners = [overlap.winner(ranking, present) for overlap in overlaps]
    if name not in winners:
        yield Flaw(name, Fault.UNDECIDING, winners[0] or "")
    shortest = min((overlap.path for overlap in real), key=lambda path: (len(path), path))
    more = shortest + ("/x" if pattern[-1:] in _VARIABLE else "x")
    if not _END.search(pattern) and matches(pattern, more):
        yield Flaw(name, Fault.OPEN, more)
    if _NESTED.search(pattern) and takes_long(pattern, shortest):
        yield Flaw(name, Fault.SLOW)
