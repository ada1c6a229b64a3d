"""Which mappings can decide the same request, found by trying a path of each against the others.

A pattern is a regular expression, matched at the start of a path and not to its end; of the patterns of
a method that match, the one written last decides. So the order of writing counts where patterns overlap,
and nowhere else.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]  # no public way to read a pattern's structure
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from sync.plan.model import Mapping

_CATEGORIES = {
    op.CATEGORY_DIGIT: "1",
    op.CATEGORY_WORD: "x",
    op.CATEGORY_SPACE: " ",
    op.CATEGORY_NOT_DIGIT: "x",
    op.CATEGORY_NOT_WORD: "-",
    op.CATEGORY_NOT_SPACE: "x",
}
_CANDIDATES = "x1-_.~ /"


def witness(pattern: str) -> str | None:
    """Return a path that a pattern matches, None where none was found or the pattern is invalid."""
    try:
        path = "".join(_sample(parser.parse(pattern)))
        return path if re.match(pattern, path) else None
    except (re.error, NotImplementedError, RecursionError, OverflowError):
        return None


def _sample(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    for kind, argument in items:
        match kind:
            case op.SUBPATTERN:
                yield from _sample(argument[-1])
            case op.BRANCH:
                yield from _sample(argument[1][0])
            case op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
                least, most, body = argument
                # `.*` stands for a name, a single dot mostly for itself
                named = [(op.LITERAL, ord("x")) if part[0] is op.ANY else part for part in body]
                yield "".join(_sample(named)) * min(max(least, 1), most)
            case op.AT:
                pass
            case _:
                yield _character(kind, argument)


def _character(kind: Any, argument: Any) -> str:
    match kind:
        case op.LITERAL:
            return chr(argument)
        case op.ANY:
            return "."
        case op.NOT_LITERAL:
            return next(c for c in _CANDIDATES if ord(c) != argument)
        case op.IN:
            return _member(argument)
    raise NotImplementedError(kind)


def _member(choices: Sequence[tuple[Any, Any]]) -> str:
    """Return a character of a set such as `[a-z]` or `[^/]`."""
    kind, argument = choices[0]
    if kind is op.NEGATE:
        excluded = re.compile("|".join(_as_pattern(choice) for choice in choices[1:]))
        return next(c for c in _CANDIDATES if not excluded.match(c))
    if kind is op.RANGE:
        return chr(argument[0])
    return _CATEGORIES[argument] if kind is op.CATEGORY else chr(argument)


def _as_pattern(choice: tuple[Any, Any]) -> str:
    kind, argument = choice
    if kind is op.RANGE:
        return f"[{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}]"
    return re.escape(_CATEGORIES[argument] if kind is op.CATEGORY else chr(argument))


def overlaps(mappings: Iterable[Mapping]) -> dict[str, set[str]]:
    """Return, by name, the mappings that match a path that another's pattern matches too.

    One path of each pattern is tried against the others of its method. This finds every pattern that lies
    within another; it misses two that merely cross, where neither's path is matched by the other.
    """
    found: dict[str, set[str]] = defaultdict(set)
    by_prefix: dict[tuple[str, str], list[Mapping]] = defaultdict(list)
    everything = list(mappings)
    for mapping in everything:
        by_prefix[mapping.method, _literal_prefix(mapping.path_pattern)].append(mapping)
    for mapping in everything:
        path = witness(mapping.path_pattern)
        if path is None:
            continue
        for end in range(len(path) + 1):
            for other in by_prefix.get((mapping.method, path[:end]), ()):
                if other.name != mapping.name and _matches(other.path_pattern, path):
                    found[mapping.name].add(other.name)
                    found[other.name].add(mapping.name)
    return dict(found)


def _matches(pattern: str, path: str) -> bool:
    try:
        return re.match(pattern, path) is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _literal_prefix(pattern: str) -> str:
    """Return what every path that a pattern matches starts with."""
    prefix = ""
    try:
        for kind, argument in parser.parse(pattern):
            if kind is not op.LITERAL:
                break
            prefix += chr(argument)
    except (re.error, RecursionError, OverflowError):
        return ""
    return prefix


def precedence(oldest_first: Sequence[Mapping]) -> tuple[str, ...]:
    """Return the names of those mappings whose order decides something, in the order given."""
    contested = overlaps(oldest_first)
    return tuple(mapping.name for mapping in oldest_first if mapping.name in contested)


def turns(written: Sequence[Mapping], order: Sequence[str]) -> dict[str, int]:
    """Return for each mapping to be written how many others must be written before it, by name.

    Those that contest a path, directly or through others, take turns in `order` (names, the first to be
    written first); the rest all have turn 0.
    """
    position = {name: index for index, name in enumerate(order)}
    neighbours = overlaps(written)
    turn: dict[str, int] = {}
    for mapping in written:
        if mapping.name in turn:
            continue
        together, reached = {mapping.name}, [mapping.name]
        while reached:
            fresh = neighbours.get(reached.pop(), set()) - together
            together |= fresh
            reached.extend(fresh)
        ordered = sorted(together, key=lambda name: (position.get(name, -1), name))
        turn.update({name: index for index, name in enumerate(ordered)})
    return turn
