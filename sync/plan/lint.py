"""What is wrong with mappings themselves, on whichever side: nothing that a sync would change."""

import random
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from sync.plan.contested import Patterns
from sync.plan.model import Snapshot
from sync.plan.patterns import SlowPatternError, fresh_samples, has_end, is_valid, matches, samples
from sync.plan.precedence import Order

_PLACEHOLDER = re.compile(r"\{[A-Za-z_][\w-]*\}")
_VARIABLE = ")]+*?}"
"""What a pattern's last part ends in where it stands for any name."""

_TRIED = 4
"""So many further paths are tried before a pattern is said to decide nothing."""


class Fault(StrEnum):
    """What may be wrong with a mapping."""

    INVALID = "is no valid regular expression"
    SLOW = "takes so long to match that nothing more is known of it"
    UNREAL = "matches nothing real"
    UNDECIDING = "decides nothing"
    OPEN = "also matches more than it seems to"
    BLANK = "has an empty description on one side and none on the other, which counts as equal"


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mapping, by name, with what is wrong with it, and what shows it.

    That is what is text in it, the mapping that always decides, a path that it matches as well, or how many
    others have the same.
    """

    mapping: str
    fault: Fault
    because: str = ""


def flaws_of(source: Snapshot, target: Snapshot) -> tuple[Flaw, ...]:
    """Return what is wrong with the mappings of either side, each once, by the name of the mapping.

    What decides nothing is a matter of the source alone: how the target stands is what a sync changes.
    """
    found = {*_flaws(source), *(flaw for flaw in _flaws(target) if flaw.fault is not Fault.UNDECIDING)}
    return tuple(sorted(found, key=lambda flaw: (flaw.mapping, list(Fault).index(flaw.fault))))


def blank_on_one_side(
    source: Snapshot, target: Snapshot, in_source: Collection[str], in_target: Collection[str]
) -> Iterator[Flaw]:
    """Yield one flaw for all mappings whose description is an empty text on one side and none on the other.

    The last two arguments name those with an empty text. No request writes none over a text, every request
    changes which mapping decides, and the difference has no effect: so it is only said.
    """
    without = [{m.name for m in side.mappings if not m.description} for side in (source, target)]
    differing = sorted(({*in_source} ^ {*in_target}) & without[0] & without[1])
    if differing:
        more = len(differing) - 1
        yield Flaw(differing[0], Fault.BLANK, f"{more:,}" if more else "")


def _flaws(snapshot: Snapshot) -> Iterator[Flaw]:
    names = [mapping.name for mapping in snapshot.mappings]
    patterns, order = Patterns(names), Order(snapshot.precedence)
    for name in names:
        method, _, pattern = name.partition(" ")
        if not is_valid(pattern):
            yield Flaw(name, Fault.INVALID)
            continue
        try:
            paths = _paths(pattern)
            deciders = [order.decider(patterns.matching(method, path)) for path in paths]
            found = list(_of_valid(name, pattern, paths, deciders))
        except SlowPatternError:
            patterns.slow.add(name)
            continue
        if name not in patterns.slow:
            yield from found
    yield from (Flaw(name, Fault.SLOW) for name in patterns.slow)


def _of_valid(name: str, pattern: str, paths: list[str], deciders: list[str | None]) -> Iterator[Flaw]:
    """Yield what is wrong with a pattern that is valid. Raises `SlowPatternError`."""
    real = [path for path in paths if path.startswith("/") and not _PLACEHOLDER.search(path)]
    if paths and not real:
        text = _PLACEHOLDER.search(paths[0])
        yield Flaw(name, Fault.UNREAL, text[0] if text else "")
    elif real and name not in deciders:
        yield Flaw(name, Fault.UNDECIDING, deciders[0] or "")
    if real and not has_end(pattern):
        more = real[0] + ("/x" if pattern[-1:] in _VARIABLE else "x")
        if matches(pattern, more):
            yield Flaw(name, Fault.OPEN, more)


def _paths(pattern: str) -> list[str]:
    """Return paths of a pattern, the same each time, among them some that no other is likely to name.

    Raises `SlowPatternError`.
    """
    fresh = islice(fresh_samples(pattern, random.Random(0)), _TRIED)  # noqa: S311 - hides nothing
    return [*samples(pattern), *fresh]
