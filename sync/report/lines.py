"""Rows of sections as lines of the console."""

from collections.abc import Iterable

from rich.text import Text

from sync.report.sections import Row, Section, Severity
from sync.report.wording import printable

Lines = list[Text]

RULE = "=" * 62

_LISTED = 10
"""So many rows are shown of what failed, was skipped and was not tried; `junit.xml` has them all."""

MARKS = {Severity.GOOD: "✓", Severity.NOTE: "⚠", Severity.WARNING: "⚠", Severity.ERROR: "✗"}

STYLES = {
    Severity.GOOD: "green",
    Severity.NOTE: "dim",
    Severity.WARNING: "yellow",
    Severity.ERROR: "bold red",
}


def banner(title: str) -> Lines:
    """Return the heading of a section."""
    return [Text(), Text(RULE, "bold"), Text(title, "bold"), Text(RULE, "bold")]


def remedy(what_to_do: str) -> Lines:
    """Return what a person can do about the line above."""
    return [Text(f"      → {printable(what_to_do)}")] if what_to_do else []


def to_copy(what: str, line: str) -> Text:
    """Return a command line that a person copies as it stands."""
    return Text(f"{what}: {printable(line)}", no_wrap=True)  # a line break would end the command


def marked(row: Row, said: str, indent: str = "") -> Lines:
    """Return a sentence of a row behind a mark that tells how grave it is: `✗ Failed: …`."""
    return [Text(f"{indent}{MARKS[row.severity]} {said}", STYLES[row.severity]), *remedy(row.hint)]


def remarked(row: Row) -> Lines:
    """Return a row below a title that bears the mark, and what to do about it."""
    return [Text(f"  {row.said}", STYLES[row.severity]), *remedy(row.hint)]


def marked_all(sections: Iterable[Section]) -> Lines:
    """Return all rows like that."""
    return [line for section in sections for row in section.rows for line in marked(row, row.said)]


def verdict(sections: Iterable[Section]) -> Lines:
    """Return a verdict behind its mark: `✓ Verified: …`."""
    return [
        Text(f"{MARKS[row.severity]} {section.title}: {row.why}", STYLES[row.severity])
        for section in sections
        for row in section.rows
    ]


def tagged(row: Row) -> Lines:
    """Return a row behind its tag: `[FAILED] create role 'x': …`."""
    sides = [("before: ", row.before), ("after:  ", row.after)] if row.tag == "winner" else []
    style = STYLES[row.severity]
    return [
        Text(f"  [{row.tag.upper()}] {row.said}", style),
        *(Text(f"      {label}{said}", style) for label, said in sides),
        *remedy(row.hint),
    ]


def titled(sections: Iterable[Section]) -> Lines:
    """Return rows under the titles of their sections."""
    lines: Lines = []
    for section in sections:
        lines += [Text(), Text(f"{section.title}:"), *(line for row in section.rows for line in tagged(row))]
    return lines


def first(sections: Iterable[Section]) -> Lines:
    """Return the first rows of each section, and how many more there are."""
    lines: Lines = []
    for section in sections:
        lines += [line for row in section.rows[:_LISTED] for line in tagged(row)]
        more = len(section.rows) - _LISTED
        lines += (
            [Text(f"  … and {more:,} more {section.rows[0].tag}: junit.xml has them all")] if more > 0 else []
        )
    return lines
