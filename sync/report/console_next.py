"""What the console proposes: how a plan is applied, and how to go back."""

from rich.text import Text

from sync.report.document import Document
from sync.report.lines import Lines
from sync.report.wording import printable

_WHERE = {False: "To go back", True: "To go back, in the folder of the downloaded reports"}


def backup(document: Document) -> Lines:
    """Return where what the target held before the first change is kept, and how to go back to it."""
    kept = document.backup
    if kept is None:
        return []
    return [
        Text(f"Backup of the target: {printable(kept.path)}"),
        *([Text(f"⚠ {kept.remark}", "yellow")] if kept.remark else []),
        *([_to_copy(_WHERE[kept.elsewhere], kept.line)] if kept.line else []),
    ]


def next_step(document: Document) -> Lines:
    """Return how the plan is applied, nothing where there is nothing to apply."""
    line = document.next_line
    return [_to_copy("To apply exactly this", line)] if line and not document.error else []


def _to_copy(what: str, line: str) -> Text:
    return Text(f"{what}: {printable(line)}", no_wrap=True)  # a line break would end the command
