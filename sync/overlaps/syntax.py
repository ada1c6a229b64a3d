r"""A pattern's text → a tree: both dialects in which a Heimdall reads patterns.

A regular expression is read as Python's `re` reads it, as far as it describes which texts match and nothing
else: characters, classes, groups, alternatives, repetition, and the end of the path. The rest (look-around,
back references, flags, word boundaries) is refused with `UnsupportedError`; `re` itself decides what is
valid at all, and which characters a class such as `[^/]` or `\d` holds.
"""

import re
import string
import threading
import warnings
from dataclasses import dataclass
from functools import lru_cache

ALPHABET = "x1" + "".join(
    dict.fromkeys(
        string.ascii_lowercase.replace("x", "")
        + string.digits.replace("1", "")
        + string.ascii_uppercase
        + "-_~.:@!$&'()*+,;=%"
        + "".join(chr(code) for code in (*range(0x20, 0x7F), *range(0xC0, 0x100)))
        + "٣€"
    )
).translate({ord(char): None for char in "x1/"})
"""The characters that segments of paths are made of here, those that stand in most paths first.

Every other character behaves like one of its last: a letter, a digit (`٣`) or neither (`€`).
"""

EVERYTHING = (1 << len(ALPHABET)) - 1
_LAST_OF_LATIN = 0xFF

_SURELY_VALID = re.compile(r"(?:[\w/.:@!&',;=%~-]|\(\[\^/\]\+\))*\$?")
"""Matches what most patterns are made of: letters, `([^/]+)`, an end. To compile them all takes seconds."""

_compiling = threading.Lock()

_MOST_COPIES = 64
"""A repetition is written out at most so often."""


class UnsupportedError(Exception):
    """A pattern can't be compared with others; the text says what in it is the reason."""


@dataclass(frozen=True, slots=True)
class Char:
    """One character: those of the alphabet whose bits are set, and a slash or not.

    `text` is the character where it is a certain one, empty for a class.
    """

    bits: int
    slash: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Each of the parts, one after another; without parts the empty text."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options."""

    options: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body, so many times one after another; `most` is None where there is no limit."""

    body: "Tree"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class End:
    """The end of the path."""


Tree = Char | Sequence | Choice | Repeat | End

ANY = Char(EVERYTHING, slash=True)
ANY_BUT_SLASH = Char(EVERYTHING)


def sequence(*parts: Tree) -> Tree:
    """Return parts one after another, with nothing nested and nothing left over."""
    flat: list[Tree] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Sequence) else [part])
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def is_regular_expression(pattern: str) -> bool:
    """Tell whether a pattern is a valid regular expression; the server, which is Python, decides by `re`."""
    return _SURELY_VALID.fullmatch(pattern) is not None or _compiled(pattern) is not None


def matches(pattern: str, path: str) -> bool:
    """Tell whether a regular expression matches at the start of a path; an invalid one matches none."""
    compiled = _compiled(pattern)
    return compiled is not None and compiled.match(path) is not None


@lru_cache(maxsize=32768)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    with _compiling, warnings.catch_warnings():  # what is to be warned of is the same for all threads
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern)
        except (re.error, ValueError, RecursionError, OverflowError):
            return None


def has_parentheses(pattern: str) -> bool:
    """Tell whether the database reads a pattern as a regular expression, not as a simple pattern."""
    return "(" in pattern and ")" in pattern


def is_simple(pattern: str) -> bool:
    """Tell whether a pattern has something that only the dialect of the database has: `*`, `:name`."""
    return not has_parentheses(pattern) and re.search(r"\*|:\w", pattern) is not None


def simple_pattern(pattern: str) -> Tree:
    """Read the dialect of `**` (anything), `*` (within a segment) and `:name` (a segment), to the end."""
    parts: list[Tree] = []
    for symbol in re.findall(r"\*\*|\*|:\w+|.", pattern, re.DOTALL):
        if symbol == "**":
            parts.append(Repeat(ANY, 0, None))
        elif symbol == "*":
            parts.append(Repeat(ANY_BUT_SLASH, 0, None))
        elif symbol[0] == ":" and len(symbol) > 1:
            parts.append(Repeat(ANY_BUT_SLASH, 1, None))
        else:
            parts.append(_character(symbol))
    return sequence(*parts, End())


def regular_expression(pattern: str) -> Tree:
    """Read a valid regular expression. Raises `UnsupportedError`."""
    reader = _Reader(pattern)
    try:
        tree = reader.choice()
    except RecursionError:
        raise UnsupportedError("its groups are nested too deeply") from None
    if reader.rest:
        raise UnsupportedError(f"{reader.rest[:8]!r} in it is not understood")
    return tree


@lru_cache(maxsize=4096)
def class_bits(token: str) -> int:
    r"""Return which characters of the alphabet a class of `re` holds (`[^/]`, `\d`, `.`)."""
    compiled = _compiled(token)
    if compiled is None:
        raise UnsupportedError(f"{token!r} in it is not understood")
    return sum(1 << place for place, char in enumerate(ALPHABET) if compiled.fullmatch(char))


@lru_cache(maxsize=4096)
def _character(char: str) -> Char:
    if char == "/":
        return Char(0, slash=True, text="/")
    return Char(1 << ALPHABET.index(char) if char in ALPHABET else 0, text=char)


class _Reader:
    """Read a regular expression from left to right: alternatives of sequences of repeated items."""

    _QUANTIFIES = frozenset("*+?{")
    _QUANTIFIER = re.compile(r"[*+?]|\{(\d+)\}|\{(\d*),(\d*)\}")
    _CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
    _ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDwWsS]|[^\w])", re.DOTALL)
    _MEANING_MORE = frozenset("^$\\([.*+?")
    _GROUP = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    @property
    def rest(self) -> str:
        return self._pattern[self._at :]

    @property
    def _here(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def choice(self) -> Tree:
        options = [self._sequence()]
        while self.rest.startswith("|"):
            self._at += 1
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(dict.fromkeys(options)))

    def _sequence(self) -> Tree:
        parts: list[Tree] = []
        while self._here not in {"", "|", ")"}:
            parts.append(self._repeated(self._item()))
        return sequence(*parts)

    def _item(self) -> Tree:
        if self._here not in self._MEANING_MORE:
            self._at += 1
            return _character(self._pattern[self._at - 1])
        if self.rest[0] == "^" and self._at == 0:
            self._at += 1
            return Sequence(())
        if self.rest[0] == "$" or self.rest.startswith("\\Z"):
            self._at += 1 if self.rest[0] == "$" else 2
            return End()
        if self.rest[0] == "(":
            return self._group()
        for shape in (self._CLASS, self._ESCAPE):
            if found := shape.match(self._pattern, self._at):
                self._at = found.end()
                return _of_class(found[0])
        if self._here == ".":
            self._at += 1
            return ANY
        raise UnsupportedError(f"{self.rest[:2]!r} in it is not understood")

    def _group(self) -> Tree:
        opening = self._GROUP.match(self._pattern, self._at)
        if not opening:
            raise UnsupportedError(f"{self.rest[:4]!r} in it is not understood")
        self._at = opening.end()
        tree = self.choice()
        self._at += 1  # the closing parenthesis: the pattern is valid
        return tree

    def _repeated(self, body: Tree) -> Tree:
        if self._here not in self._QUANTIFIES:
            return body
        found = self._QUANTIFIER.match(self._pattern, self._at)
        if not found:
            return body
        self._at = found.end()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[0], (0, 0))
        if found[0].startswith("{"):
            least = int(found[1] or found[2] or 0)
            most = least if found[1] else int(found[3]) if found[3] else None
        if self.rest[:1] == "+":
            raise UnsupportedError("a possessive repetition in it is not understood")
        if self.rest[:1] == "?":  # which of several ways it takes changes nothing about what matches
            self._at += 1
        if max(least, most or 0) > _MOST_COPIES:
            raise UnsupportedError(f"a part of it is repeated more than {_MOST_COPIES} times")
        return Repeat(body, least, most)


def _of_class(token: str) -> Char:
    if token[0] == "\\" and not re.fullmatch(r"\\[dDwWsS]", token):
        compiled = re.compile(token)
        char = next((char for char in ("/", *ALPHABET) if compiled.fullmatch(char)), "")
        if not char:
            raise UnsupportedError(f"{token!r} in it is not understood")
        return _character(char)
    if any(ord(char) > _LAST_OF_LATIN for char in token):
        raise UnsupportedError("a class in it holds letters of other alphabets")
    compiled_class = _compiled(token)
    return Char(class_bits(token), slash=bool(compiled_class and compiled_class.fullmatch("/")))
