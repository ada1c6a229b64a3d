"""What every format renders: sections of rows, each with how grave it is and what to do about it.

A section is worked out once, by a function that takes a `Document` and how the format words what a server
said: `checks` has what a plan is held against, `differences` what differs, `results` what an apply did. Each
returns the sections that there are: none where there is nothing to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from sync.model.snapshot import Kind


class Severity(IntEnum):
    """How grave a row is. Errors fail a run; warnings and notes don't."""

    GOOD = 0
    NOTE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding: `what` it is about, `why` it is there, and the `hint` what to do about it.

    `tag` sorts it in a word or two. `before` and `after` are what the target holds now and what it should
    hold, `base` is what git holds. Everything but `tag` is worded for one format.
    """

    what: str = ""
    why: str = ""
    hint: str = ""
    tag: str = ""
    before: str = ""
    after: str = ""
    base: str = ""
    severity: Severity = Severity.NOTE
    kind: Kind | None = None

    @property
    def said(self) -> str:
        """Return the finding as a sentence: `create role 'x': the target answered 503`."""
        return ": ".join(filter(None, (self.what, self.why)))

    @property
    def advised(self) -> str:
        """Return the same with what to do about it."""
        return f"{self.said} → {self.hint}" if self.hint else self.said


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a title, and a hint that concerns all of them.

    The rows of one that `enumerates` only name things, and are told in one sentence where there is room for
    one alone.
    """

    title: str
    rows: tuple[Row, ...]
    hint: str = ""
    enumerates: bool = False


def section(title: str, rows: Iterable[Row], hint: str = "", *, enumerates: bool = False) -> list[Section]:
    """Return the section of some rows, none where there are no rows."""
    found = tuple(rows)
    return [Section(title, found, hint, enumerates)] if found else []
