"""Pieces of GitHub's Markdown that hold any text without being changed by it.

A code span is where GitHub leaves a text alone: no markup, no HTML, no links, no mentions, no names of
emoji, no formulas. So every name and value goes into one, and of a sentence all that is not a plain word.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from sync.report.wording import FLAG, Wording, printable

_PLAIN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|%|")
_ADDRESS = re.compile(r"https://[\w.-]+(?::\d+)?(?:/[\w.-]+)+", re.ASCII)
_ROWS = (1000, 300, 100, 30, 10, 3, 1, 0)
"""How many rows of each table a text keeps: the most with which it fits."""

_TOKEN = re.compile(
    r"""(?P<opening>[("']*)"""
    # A flag and its value, and a method and its path, are one thing to copy.
    rf"""(?P<core>{FLAG}|[A-Z]+ /\S*?|\S*?)"""
    r"""(?P<closing>[)"'.,;:!?…]*)(?:\s+|$)"""
)


def code(text: str) -> str:
    """Return any text as a code span, `(empty)` in italics for none."""
    text = printable(text)
    if not text:
        return "*(empty)*"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    # Readers take one space off both ends, which keeps the text's own backticks and spaces out of the fence.
    padding = " " if text.strip("` ") != text and text.strip() else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def prose(text: str) -> str:
    """Return a sentence that may quote anything: plain words as they are, everything else as code."""
    if text and not text.strip():
        return code(text)
    tokens = _TOKEN.findall(printable(text.strip()))
    return " ".join(_plain_or_code(*token) for token in tokens if any(token))


MARKDOWN = Wording(name=code, text=code, sentence=prose)
"""For `summary.md`."""


def _plain_or_code(opening: str, core: str, closing: str) -> str:
    quote = opening[-1:]
    if core and quote in {"'", '"'} and closing.startswith(quote):
        return f"{opening[:-1]}{code(core)}{closing[1:]}"
    return f"{opening}{core if _PLAIN.fullmatch(core) else code(core)}{closing}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int | None = None) -> list[str]:
    """Return a table's lines; cells are Markdown. Columns from `numbers_from` on are set to the right."""
    right = len(header) if numbers_from is None else numbers_from
    return [
        _row(header),
        _row(["---" if column < right else "---:" for column in range(len(header))]),
        *(_row(row) for row in rows),
    ]


def _row(cells: Sequence[str]) -> str:
    # A pipe ends a cell even within a code span, unless a backslash stands before it.
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def alert(kind: str, *paragraphs: str) -> list[str]:
    """Return one of GitHub's alerts: `NOTE`, `WARNING`, `CAUTION`."""
    lines = "\n\n".join(paragraphs).split("\n")
    return [f"> [!{kind}]", *(f"> {line}".rstrip() for line in lines)]


def listed(items: Sequence[str], separator: str, rest: str) -> str:
    """Return the first ten items as one text; `rest` tells how many more there are, in place of its `{}`."""
    at_most = 10
    more = len(items) - at_most
    return separator.join([*items[:at_most], *([rest.format(f"{more:,}")] if more > 0 else [])])


def folded(summary: str, lines: Iterable[str]) -> list[str]:
    """Return lines that are shown when a reader unfolds them; `summary` is HTML."""
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>"]


def is_address(text: str) -> bool:
    """Tell whether a text is surely an address that may become a link."""
    return _ADDRESS.fullmatch(text) is not None


def joined(blocks: Iterable[Sequence[str]]) -> str:
    """Return blocks of lines as one text, without those that are empty."""
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def fitted(text: str, fits: Callable[[str], bool], rest: str) -> str:
    """Return Markdown with as many rows of each table as fit, perhaps none; `rest` is that of `shortened`."""
    found = text
    for rows in _ROWS:
        if fits(found):
            break
        found = shortened(text, rows, rest)
    return found


def shortened(text: str, rows: int, rest: str) -> str:
    """Return Markdown with at most so many rows in each table; `rest` says, as Markdown, where all are."""
    lines: list[str] = []
    cut = 0
    position = 0  # in a table: its heading and the line below it come first
    for line in [*text.splitlines(), ""]:
        in_table = line.startswith("|")
        if cut and not in_table:
            lines += ["", f"**{cut:,} rows more are cut:** {rest}.", ""]
            cut = 0
        position = position + 1 if in_table else 0
        if position > rows + 2:
            cut += 1
        else:
            lines.append(line)
    return "\n".join(lines)
