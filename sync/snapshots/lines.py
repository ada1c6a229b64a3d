"""Where in a TOML text an entry stands, or a text in it: what a parser that keeps no places leaves out."""

import re
import tomllib
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

_TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*')"
    r"|\#[^\n]*|^[ \t]*\[\[?[ \t]*(?P<table>\w+)[ \t]*\]",
    re.DOTALL | re.MULTILINE,
)
"""What may hold a bracket or a quote that means nothing, and the heads of tables. The text must be valid."""


@dataclass(frozen=True)
class Lines:
    """The lines of a valid TOML text, counted from 1."""

    text: str
    _starts: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list), init=False)
    _strings: list[tuple[int, str]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for token in _TOKEN.finditer(self.text):
            if table := token["table"]:
                self._starts[table].append(token.start("table"))
            elif string := token["string"]:
                self._strings.append((token.start(), string))

    def of(self, table: str, number: int, string: str = "", key: str = "") -> int:
        """Return the line of a table's entry, counted from 0, or of a string or a key in it.

        Where the entry has no head of its own, it is the first line that has the string.
        """
        starts = self._starts[table]
        start = starts[number] if number < len(starts) else 0
        heads = self._heads
        end = heads[at] if start and (at := bisect_right(heads, start)) < len(heads) else len(self.text)
        if key and (
            found := re.compile(rf"^[ \t]*{re.escape(key)}[ \t]*=", re.MULTILINE).search(
                self.text, start, end
            )
        ):
            return self._line(found.start())
        for position, written in self._strings if string else ():
            if start <= position < end and tomllib.loads(f"v = {written}")["v"] == string:
                return self._line(position)
        return self._line(start)

    @cached_property
    def _heads(self) -> list[int]:
        return sorted(start for starts in self._starts.values() for start in starts)

    @cached_property
    def _breaks(self) -> list[int]:
        return [found.end() for found in re.finditer("\n", self.text)]

    def _line(self, position: int) -> int:
        return bisect_right(self._breaks, position) + 1
