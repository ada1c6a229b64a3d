"""A pattern's tree → the paths it matches, as segments: what stands between the slashes.

Whatever may hold a slash is written out: `(/me)?` as with and without it, `.*` as one segment or as a part
of one, any number of segments, and a part of another. What is left are lists of items, each a segment or a
gap. A pattern matches a path that one of its lists matches.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from sync.overlaps.syntax import (
    ANY,
    Char,
    Choice,
    End,
    Repeat,
    Sequence,
    Tree,
    UnsupportedError,
    regular_expression,
    sequence,
    simple_pattern,
)

_MOST_LISTS = 512


@dataclass(frozen=True, slots=True)
class Literal:
    """One segment: this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: a text that the expression matches."""

    expression: Tree


@dataclass(frozen=True, slots=True)
class Gap:
    """Any number of segments, none too, each a text that the expression matches."""

    expression: Tree


Item = Literal | Segment | Gap
Items = tuple[Item, ...]


class _Slash:
    """Where one segment ends and the next begins."""


_SLASH = _Slash()
_Token = _Slash | Gap | Tree
_Tokens = tuple[_Token, ...]


@lru_cache(maxsize=32768)
def of_regular_expression(pattern: str, *, whole: bool = False) -> tuple[Items, ...]:
    """Return what a regular expression matches from the start of a path; with `whole`, only whole paths.

    Raises `UnsupportedError`.
    """
    tree = regular_expression(pattern)
    return _lists(sequence(tree, End()) if whole else tree)


@lru_cache(maxsize=32768)
def of_simple_pattern(pattern: str) -> tuple[Items, ...]:
    """Return what a pattern of the dialect with `*`, `**` and `:name` matches. Raises `UnsupportedError`."""
    return _lists(simple_pattern(pattern))


def _lists(tree: Tree) -> tuple[Items, ...]:
    found = (tokens for written_out in _written_out(tree) for tokens in _to_the_end(written_out))
    return tuple(dict.fromkeys(_items(tokens) for tokens in found))


def _written_out(tree: Tree) -> list[_Tokens]:
    """Return the ways in which a tree can be read, with every slash a token of its own."""
    if not _concerns_segments(tree):
        return [(tree,)]
    match tree:
        case Char(bits=bits):
            return [(_SLASH,), *([(replace(tree, slash=False),)] if bits else [])]
        case Sequence(parts=parts):
            return _product(*(_written_out(part) for part in parts))
        case Choice(options=options):
            plain = tuple(option for option in options if not _concerns_segments(option))
            rest = [tokens for option in options if option not in plain for tokens in _written_out(option)]
            together = [(plain[0] if len(plain) == 1 else Choice(plain),)] if plain else []
            return _bounded([*together, *rest])
        case Repeat():
            return _repeated(tree)
    return [(tree,)]


def _concerns_segments(tree: Tree) -> bool:
    match tree:
        case Char(slash=slash):
            return slash
        case Sequence(parts=parts):
            return any(map(_concerns_segments, parts))
        case Choice(options=options):
            return any(map(_concerns_segments, options))
        case Repeat(body=body):
            return _concerns_segments(body)
    return True


def _repeated(tree: Repeat) -> list[_Tokens]:
    body, least, most = tree.body, tree.least, tree.most
    once = _written_out(body)
    if most is None and least <= 1:
        if isinstance(body, Char) and body.bits:
            within = replace(body, slash=False)
            some = Repeat(within, 0, None)
            return [(Repeat(within, least, None),), (some, _SLASH, Gap(some), some)]
        return _bounded([*([] if least else [()]), *_any_number(once)])
    if most is None:
        return _product(*[once] * least, _written_out(Repeat(body, 0, None)))
    return _bounded([tokens for times in range(least, most + 1) for tokens in _product(*[once] * times)])


def _any_number(once: list[_Tokens]) -> list[_Tokens]:
    """Return the ways to read something once or more: `A/B` is `A`, any number of segments `BA`, and `B`."""
    if len(once) == 1 and once[0].count(_SLASH) == 1:
        before, after = _around_slash(once[0])
        return [(before, _SLASH, Gap(sequence(after, before)), after)]
    raise UnsupportedError("a repeated part of it holds several slashes")


def _around_slash(tokens: _Tokens) -> tuple[Tree, Tree]:
    if any(isinstance(token, Gap | End) for token in tokens):
        raise UnsupportedError("a repeated part of it holds a slash and an end ($)")
    place = tokens.index(_SLASH)
    before, after = (
        sequence(*(token for token in part if not isinstance(token, _Slash | Gap)))
        for part in (tokens[:place], tokens[place:])
    )
    return before, after


def _product(*parts: list[_Tokens]) -> list[_Tokens]:
    size = 1
    for part in parts:
        size *= max(len(part), 1)
        if size > _MOST_LISTS:
            raise UnsupportedError("it has too many alternatives with slashes")
    return [tuple(token for tokens in each for token in tokens) for each in product(*parts)]


def _bounded(lists: list[_Tokens]) -> list[_Tokens]:
    if len(lists) > _MOST_LISTS:
        raise UnsupportedError("it has too many alternatives with slashes")
    return lists


def _to_the_end(tokens: _Tokens) -> Iterator[_Tokens]:
    """Yield what makes a reading one of whole paths: where it has no end, anything follows."""
    ends = [place for place, token in enumerate(tokens) if isinstance(token, End)]
    if not ends:
        yield from ((*tokens, *rest) for rest in _written_out(Repeat(ANY, 0, None)))
    elif all(isinstance(token, End) or _may_be_empty(token) for token in tokens[ends[0] :]):
        yield tokens[: ends[0]]


def _may_be_empty(token: _Token) -> bool:
    match token:
        case Sequence(parts=parts):
            return all(map(_may_be_empty, parts))
        case Choice(options=options):
            return any(map(_may_be_empty, options))
        case Repeat(body=body, least=least):
            return least == 0 or _may_be_empty(body)
    return isinstance(token, Gap)


def _items(tokens: _Tokens) -> Items:
    items: list[Item] = []
    parts: list[Tree] = []
    for token in tokens:
        if isinstance(token, _Slash):
            items.append(_segment(parts))
            parts = []
        elif isinstance(token, Gap):
            items.append(token)
        else:
            parts.append(token)
    return (*items, _segment(parts))


def _segment(parts: list[Tree]) -> Item:
    tree = sequence(*parts)
    chars = tree.parts if isinstance(tree, Sequence) else (tree,)
    if all(isinstance(char, Char) and char.text for char in chars):
        return Literal("".join(char.text for char in chars if isinstance(char, Char)))
    _refuse_other_letters(tree)
    return Segment(tree)


def _refuse_other_letters(tree: Tree) -> None:
    """Raise `UnsupportedError` where an expression names a character that the alphabet does not have."""
    match tree:
        case Char(bits=0):
            raise UnsupportedError("an expression in it holds letters of other alphabets")
        case Sequence(parts=trees) | Choice(options=trees):
            for part in trees:
                _refuse_other_letters(part)
        case Repeat(body=body):
            _refuse_other_letters(body)
