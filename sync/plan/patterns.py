"""Patterns of paths: what they match, within a time limit, and paths that they match.

A pattern is a regular expression of Python's, matched at the start of a path and not to its end.
"""

import random
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from re import _compiler as compiler  # type: ignore[attr-defined]  # there is no public way
from re import _constants as op  # type: ignore[attr-defined]  # to read a pattern's structure:
from re import _parser as parser  # type: ignore[attr-defined]  # these are what `re` itself reads it with
from typing import Any

import regex

TIME_LIMIT = 0.1
"""Seconds of computing that one match may take; an ordinary one takes some microseconds."""

_MOST_SAMPLES = 8
_LONGEST_SAMPLE = 2048
"""Characters. What a path needs more of is no path that anybody asks for."""

_CANDIDATES = "x1X-_.~ /" + "".join(map(chr, range(33, 127)))
_FRESH = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_~"
_REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    op.CATEGORY_NOT_DIGIT: lambda c: not c.isdigit(),
    op.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    op.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}

_DIFFERENT = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?!\d+\}|\d*,\d*\})", re.DOTALL)

Items = Sequence[tuple[Any, Any]]
Segment = str | None
"""What stands between two slashes of a pattern: a text, or None for whatever has no slash in it."""

_parsing = threading.Lock()


class SlowPatternError(Exception):
    """A pattern could not be matched within the time limit."""


class _NoSampleError(Exception):
    """A pattern is made of something that no path is found for."""


@lru_cache(maxsize=32768)
def _parsed(pattern: str) -> Items | None:
    """Return a pattern's structure, None where it is no regular expression."""
    with _parsing, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = parser.parse(pattern)
            compiler.compile(tree)
        except (re.error, ValueError, RecursionError, OverflowError):
            return None
    # letters of either case, or spaces that count for nothing: then its texts are not what it starts with
    return [(op.ASSERT, None), *tree] if tree.state.flags & (re.IGNORECASE | re.VERBOSE) else list(tree)


def _as_in_re(found: re.Match[str]) -> str:
    """Write what `regex` takes for syntax of its own as what `re` takes it for: `{id}`, a `[` in a set."""
    text = found[0]
    if text.startswith("["):
        return "[" + re.sub(r"\\.|\[", lambda part: part[0] if part[0] != "[" else r"\[", text[1:])
    return text if text.startswith("\\") else r"\{"


@lru_cache(maxsize=32768)
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    if _parsed(pattern) is None:
        return None
    try:
        return regex.compile(_DIFFERENT.sub(_as_in_re, pattern), regex.V0)
    except (regex.error, RecursionError, OverflowError, MemoryError):
        return None


def is_valid(pattern: str) -> bool:
    """Tell whether a pattern is a regular expression; the server, which is Python, decides by `re`."""
    return _parsed(pattern) is not None


def matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a path; an invalid one matches none.

    Raises `SlowPatternError` where it takes longer than the time limit.
    """
    compiled = _compiled(pattern)
    try:
        return compiled is not None and compiled.match(path, timeout=TIME_LIMIT) is not None
    except (TimeoutError, MemoryError):
        raise SlowPatternError(pattern) from None


def segments_of(pattern: str) -> tuple[tuple[Segment, ...], str]:
    """Return what every path that a pattern matches is made of: its first segments, and how the next begins.

    `/users/([^/]+)/me` is (("", "users", None), "me"). Both are empty where nothing can be said.
    """
    segments: list[Segment] = []
    text, wild = "", False
    for kind, argument in _parsed(pattern) or ():
        if kind is op.LITERAL and chr(argument) == "/":
            segments.append(None if wild else text)
            text, wild = "", False
        elif kind is op.LITERAL:
            text += "" if wild else chr(argument)
        elif _may_hold_slash(kind, argument):
            break
        elif kind is not op.AT:
            wild = True
    return tuple(segments), text


def _may_hold_slash(kind: Any, argument: Any) -> bool:
    match kind:
        case op.AT:
            return False
        case op.LITERAL | op.NOT_LITERAL | op.IN:
            return _fits(kind, argument, "/")
        case op.BRANCH:
            return any(_may_hold_slash(*item) for branch in argument[1] for item in branch)
        case _ if kind is op.SUBPATTERN or kind in _REPEATS:
            return any(_may_hold_slash(*item) for item in argument[-1])
    return True


def has_end(pattern: str) -> bool:
    """Tell whether a pattern says where a path ends, or that anything may follow: `$`, `.*`."""
    items = _parsed(pattern) or ()
    if not items:
        return False
    kind, argument = items[-1]
    while kind is op.SUBPATTERN and argument[-1]:
        kind, argument = argument[-1][-1]
    if kind in _REPEATS:
        _, most, body = argument
        return bool(most is op.MAXREPEAT and [item[0] for item in body] == [op.ANY])
    return kind is op.AT and argument in {op.AT_END, op.AT_END_STRING}


@lru_cache(maxsize=32768)
def samples(pattern: str) -> tuple[str, ...]:
    """Return paths that a pattern matches, the same each time: one for each alternative, a few at most.

    None where it is invalid or none was found. Raises `SlowPatternError`.
    """
    return tuple(_matched(pattern, _texts_of(pattern, None)))


def fresh_samples(pattern: str, chance: random.Random) -> Iterator[str]:
    """Yield paths that a pattern matches and that nobody is likely to have asked for; none without a choice.

    Raises `SlowPatternError`.
    """
    end = "".join(chance.choice(_FRESH) for _ in range(8))
    texts = [text + more for more in ("", f"/{end}", end) for text in _texts_of(pattern, chance)]
    known = {*samples(pattern)}
    yield from (path for path in _matched(pattern, texts) if path not in known)


def _texts_of(pattern: str, chance: random.Random | None) -> list[str]:
    items = _parsed(pattern)
    try:
        return [] if items is None else _texts(items, chance)
    except (_NoSampleError, RecursionError):
        return []


def _matched(pattern: str, texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts as paths, which begin with a slash unless the pattern forbids it."""
    for text in dict.fromkeys(texts):
        for path in (text,) if text.startswith("/") else (f"/{text}", text):
            if _can_be_sent(path) and matches(pattern, path):
                yield path
                break


def _can_be_sent(path: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in path)  # half of a pair is no text


def _texts(items: Iterable[tuple[Any, Any]], chance: random.Random | None) -> list[str]:
    texts = [""]
    for kind, argument in items:
        parts = _parts(kind, argument, chance)
        # what comes first in each part comes first of all: the shortest way through the first alternatives
        texts = list(islice((text + part for part in parts for text in texts), _MOST_SAMPLES))
        if max(map(len, texts)) > _LONGEST_SAMPLE:
            raise _NoSampleError
    return texts


def _parts(kind: Any, argument: Any, chance: random.Random | None) -> list[str]:
    match kind:
        case op.AT | op.ASSERT | op.ASSERT_NOT:
            return [""]  # whether it holds shows when the path is tried
        case op.SUBPATTERN | op.ATOMIC_GROUP:
            return _texts(argument if kind is op.ATOMIC_GROUP else argument[-1], chance)
        case op.BRANCH:
            branches = [_texts(branch, chance) for branch in argument[1]]
            return [text for branch in branches for text in branch][:_MOST_SAMPLES]
        case _ if kind in _REPEATS:
            return _repeated(*argument, chance=chance)
    return [_character(kind, argument, chance)]


def _repeated(least: int, most: int, body: Items, *, chance: random.Random | None) -> list[str]:
    # `.*` stands for a name, a single dot mostly for itself
    named = [(op.NOT_LITERAL, ord("/")) if kind is op.ANY else (kind, argument) for kind, argument in body]
    times = min(max(least, 1), most)
    if times * len(named) > _LONGEST_SAMPLE:
        raise _NoSampleError
    texts = _texts(named, chance)
    if chance:
        times = min(times + chance.randint(6, 9), most)
        if not _repeats(named):  # else each level would be done anew for each of those around it
            texts = [text for _ in range(times) for text in _texts(named, chance)]
        return ["".join(chance.choice(texts) for _ in range(times))]
    parts = [part * times for part in texts]
    return [*parts, ""][:_MOST_SAMPLES] if least == 0 else parts


def _repeats(items: Items) -> bool:
    """Tell whether something within is repeated."""
    return any(kind in _REPEATS or any(map(_repeats, _within(kind, argument))) for kind, argument in items)


def _within(kind: Any, argument: Any) -> Sequence[Items]:
    match kind:
        case op.SUBPATTERN:
            return [argument[-1]]
        case op.ATOMIC_GROUP:
            return [argument]
        case op.BRANCH:
            return list(argument[1])
    return []


def _character(kind: Any, argument: Any, chance: random.Random | None) -> str:
    match kind:
        case op.LITERAL:
            return str(chr(argument))
        case op.ANY:
            return "."
        case op.NOT_LITERAL | op.IN:
            fitting = [c for c in (_FRESH if chance else "") if _fits(kind, argument, c)]
            if chance and fitting:
                return str(chance.choice(fitting))
            return _first_fitting(kind, argument)
    raise _NoSampleError


def _first_fitting(kind: Any, argument: Any) -> str:
    ranges = [item for item in argument if item[0] in {op.RANGE, op.LITERAL}] if kind is op.IN else []
    starts: list[str] = [chr(which[0] if one is op.RANGE else which) for one, which in ranges]
    fitting: list[str] = [char for char in (*_CANDIDATES, *starts) if _fits(kind, argument, char)]
    if not fitting:
        raise _NoSampleError
    return fitting[0]


def _fits(kind: Any, argument: Any, char: str) -> bool:
    """Tell whether a character is one of those that a set such as `[a-z]`, `[^/]` or `[0-9]` names."""
    match kind:
        case op.LITERAL:
            return bool(argument == ord(char))
        case op.NOT_LITERAL:
            return bool(argument != ord(char))
        case op.RANGE:
            return bool(argument[0] <= ord(char) <= argument[1])
        case op.CATEGORY:
            return _CATEGORIES[argument](char)
    negated = argument[0][0] is op.NEGATE
    return negated is not any(_fits(one, which, char) for one, which in argument[negated:])
