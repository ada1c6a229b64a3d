"""Pieces that every section of the console is made of."""

import traceback

from rich.text import Text

from sync.heimdall.auth import redacted
from sync.report.wording import printable

Lines = list[Text]

RULE = "=" * 62


def banner(title: str) -> Lines:
    """Return the heading of a section."""
    return [Text(), Text(RULE, "bold"), Text(title, "bold"), Text(RULE, "bold")]


def trace(error: BaseException) -> Lines:
    """Return where an error comes from; no line begins with what it quotes of a server: a command, say."""
    text = redacted("".join(traceback.format_exception(error)))
    return [Text(f"| {printable(line)}") for line in text.splitlines()]


def remedy(what_to_do: str) -> Lines:
    """Return what a person can do about the line above, none where there is nothing to say."""
    return [Text(f"      → {printable(what_to_do)}")] if what_to_do else []
