"""What the console says of an apply: what became of the changes, and what reading again found."""

from rich.text import Text

from sync.model.outcome import Outcome, Status
from sync.model.plan import Operation
from sync.report.checks import known, rules_of
from sync.report.console_blocked import blocked_lines
from sync.report.decided import reach
from sync.report.document import Document
from sync.report.lines import Lines, banner, remedy
from sync.report.unfinished import (
    causes_of,
    found_besides,
    is_unequal,
    is_unfinished,
    still_needed,
)
from sync.report.wording import PLAIN, plural, printable, why

_LISTED = 10
"""So many lines each of what failed, was skipped and was not tried are shown; `junit.xml` has them all."""


def outcomes(document: Document) -> Lines:
    """Return what became of the operations of an apply, those that are done as one figure.

    None where nothing was applied.
    """
    if document.outcomes is None:
        return []
    done, tried = len(document.ended(Status.DONE)), len(document.outcomes)
    return [
        *banner("RESULT"),
        Text(f"  Done: {done:,} of {plural(tried + len(document.not_tried), 'change')}"),
        *_shortened([_outcome(outcome, "bold red") for outcome in document.ended(Status.FAILED)], "failed"),
        *_shortened([_outcome(outcome, "yellow") for outcome in document.ended(Status.SKIPPED)], "skipped"),
        *_shortened([_not_tried(operation) for operation in document.not_tried], "not tried"),
    ]


def _outcome(outcome: Outcome, style: str) -> Lines:
    said = f"{PLAIN.phrase(outcome.operation)}: {printable(why(outcome))}"
    return [Text(f"  [{outcome.status.upper()}] {said}", style), *remedy(outcome.remedy)]


def _not_tried(operation: Operation) -> Lines:
    return [Text(f"  [NOT TRIED] {PLAIN.phrase(operation)}", "yellow")]


def _shortened(entries: list[Lines], how: str) -> Lines:
    lines = [line for entry in entries[:_LISTED] for line in entry]
    more = len(entries) - _LISTED
    return [*lines, Text(f"  … and {more:,} more {how}, see junit.xml")] if more > 0 else lines


def verification(document: Document) -> Lines:
    """Return what reading both sides again found, none where nothing was applied."""
    if document.outcomes is None:
        return []
    lines = banner("VERIFICATION")
    found, rules = document.verification, rules_of(document)
    if found is None:
        return [*lines, Text("✗ Not verified: the two environments were not read again", "bold red")]
    if found.error:
        return [*lines, Text(f"✗ Not verified: {printable(found.error)}", "bold red")]
    if found.identical:
        but = f", but for {known(found.blocked, rules)}" if found.blocked else ""
        said = f"✓ Target is identical to source{but}. Compared: {reach(document, PLAIN)}"
        return [*lines, Text(said, "bold green")]
    besides = [[Text(f"  Still needed: {PLAIN.phrase(each)}", "red")] for each in found_besides(document)]
    return [
        *lines,
        Text(f"✗ Target still differs from source: {still_needed(document)}", "bold red"),
        *_shortened(besides, "still needed"),
        *blocked_lines((blocked for blocked in found.blocked if not blocked.accepted), rules),
    ]


def unfinished(document: Document) -> Lines:
    """Return why changes failed, each reason once, what differs, and how the rest is done; none for none."""
    lines: Lines = []
    for cause in causes_of(document):
        lines += [
            Text(f"✗ Failed: {cause.subject(PLAIN)}: {printable(cause.reason)}", "bold red"),
            *remedy(cause.remedy),
        ]
    if is_unequal(document):
        lines.append(Text(f"✗ Target still differs from source: {still_needed(document)}", "bold red"))
    if is_unfinished(document):
        lines.append(Text(f"To finish: {document.how_to_finish}.", "bold"))
    return lines
