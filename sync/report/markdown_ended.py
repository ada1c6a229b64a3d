"""What the summary says first of a run that did not reach its goal: the cause, what to do, how to go on."""

from sync.errors import CancelledError, HeimdallSyncError, RefusedError, UnhealthyError
from sync.report.checks import is_refusal_told
from sync.report.document import Document
from sync.report.markup import alert, listed, prose
from sync.report.tables import MARKDOWN
from sync.report.unfinished import Cause, causes_of, is_unfinished
from sync.report.wording import plural

_LISTED = 10
"""So many causes are named; the table of what failed has them all."""


def ended_early(document: Document) -> list[str]:
    """Return why a run ended early, or why changes failed; none where neither happened."""
    paragraphs = [*_stopped(document), *_failed(document)]
    if is_unfinished(document):
        paragraphs.append(f"**To finish:** {prose(document.how_to_finish)}.")
    if paragraphs and document.target_untouched:
        paragraphs.append("Nothing was changed.")
    return alert("CAUTION", *paragraphs) if paragraphs else []


def _stopped(document: Document) -> list[str]:
    error = document.error
    if error is None or is_refusal_told(document):
        return []
    said = f"**{_what_ended(error)}:** {prose(error.message)}"
    return [said, *([f"**What to do:** {prose(error.hint)}"] if error.hint else [])]


def _what_ended(error: HeimdallSyncError) -> str:
    match error:
        case RefusedError():
            return "Refused"
        case CancelledError():
            return "Cancelled"
        case UnhealthyError():
            return "Healthcheck failed"
        case _:
            return "Stopped"


def _failed(document: Document) -> list[str]:
    causes = causes_of(document)
    if not causes:
        return []
    title = f"**{plural(sum(len(cause.operations) for cause in causes), 'change')} failed:**"
    return [
        title,
        listed([f"- {_cause(cause)}" for cause in causes], "\n", _LISTED, "- and {} more reasons, below"),
    ]


def _cause(cause: Cause) -> str:
    said = f"{cause.subject(MARKDOWN)}: {prose(cause.reason)}"
    return f"{said} → {prose(cause.remedy)}" if cause.remedy else said
