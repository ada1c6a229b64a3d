"""What became of a run: what ended it, what an apply did, and what reading both sides again found."""

import re

from sync.errors import CancelledError, HeimdallSyncError, MistakesError, RefusedError, UnhealthyError
from sync.model.outcome import Outcome, Status
from sync.model.plan import Operation
from sync.report.checks import is_refusal_told
from sync.report.differences import known, reach
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, plural, why

NOT_REACHED = "the run ended before this change"


def ended(document: Document, wording: Wording) -> list[Section]:
    """Return what ended the run early, where no guardrail did."""
    error = document.error
    if error is None or is_refusal_told(document):
        return []
    row = Row(
        why=wording.sentence(error.message),
        hint=wording.sentence(error.hint),
        tag=type(error).__name__,
        severity=Severity.ERROR,
    )
    return [Section(_how_ended(error), (row,))]


def mistakes(document: Document, wording: Wording) -> list[Section]:
    """Return what is wrong with a snapshot that somebody wrote, each with its file and line."""
    error = document.error
    found = error.problems if isinstance(error, MistakesError) else ()
    return section("Mistakes", (_mistake(each, wording) for each in found))


def _mistake(problem: str, wording: Wording) -> Row:
    place = re.match(r"(.+?:\d+): ", problem)
    return Row(
        what=wording.text(place[1]) if place else "",
        why=wording.sentence(problem[place.end() :] if place else problem),
        severity=Severity.ERROR,
    )


def _how_ended(error: HeimdallSyncError) -> str:
    match error:
        case RefusedError():
            return "Refused"
        case CancelledError():
            return "Cancelled"
        case UnhealthyError():
            return "Healthcheck failed"
        case _:
            return "Stopped"


def causes(document: Document, wording: Wording) -> list[Section]:
    """Return why changes failed, each reason once, and not again what the error of the run says."""
    groups: dict[tuple[str, str], list[Operation]] = {}
    error = document.error
    for outcome in document.ended(Status.FAILED):
        is_told = error and (outcome.reason == error.message or outcome.remedy == error.hint != "")
        if not is_told:
            groups.setdefault((why(outcome), outcome.remedy), []).append(outcome.operation)
    rows = [
        Row(
            what=wording.phrase(operations[0])
            + (f" and {len(operations) - 1:,} more" if len(operations) > 1 else ""),
            why=wording.sentence(reason),
            hint=wording.sentence(remedy),
            severity=Severity.ERROR,
        )
        for (reason, remedy), operations in groups.items()
    ]
    count = sum(map(len, groups.values()))
    return section(f"{plural(count, 'change')} failed", rows)


def undone(document: Document, wording: Wording) -> list[Section]:
    """Return the changes that were not made: what failed, what was skipped, and what was not tried."""
    return [
        *section("Failed", (_outcome(each, wording) for each in document.ended(Status.FAILED))),
        *section("Skipped", (_outcome(each, wording) for each in document.ended(Status.SKIPPED))),
        *section(
            "Not tried",
            (
                Row(what=wording.phrase(operation), why=NOT_REACHED, tag="not tried")
                for operation in document.not_tried
            ),
        ),
    ]


def _outcome(outcome: Outcome, wording: Wording) -> Row:
    return Row(
        what=wording.phrase(outcome.operation),
        why=wording.sentence(why(outcome)),
        hint=wording.sentence(outcome.remedy),
        tag=outcome.status,
        severity=Severity.ERROR if outcome.status is Status.FAILED else Severity.WARNING,
    )


def found_besides(document: Document, wording: Wording) -> list[Section]:
    """Return what is still needed, but for the changes that are told as failed, skipped or not tried."""
    told = {outcome.operation for outcome in document.undone} | {*document.not_tried}
    remaining = document.verification.remaining if document.verification else ()
    return section(
        "Other differences found afterwards",
        (
            Row(
                what=wording.phrase(operation),
                why="the target still differs",
                hint=f"to finish: {document.how_to_finish}",
                tag="still needed",
                severity=Severity.ERROR,
            )
            for operation in remaining
            if operation not in told
        ),
    )


def verification(document: Document, wording: Wording) -> list[Section]:
    """Return what reading both sides again found, as one row under its verdict; none without an apply."""
    found = document.verification
    if document.outcomes is None:
        return []
    how = f"to finish: {document.how_to_finish}" if document.unfinished else ""
    if found is None:
        said = "the two environments were not read again"
        return [Section("Not verified", (Row(why=said, hint=how, tag="unread", severity=Severity.ERROR),))]
    if found.error:
        row = Row(why=wording.sentence(found.error), hint=how, tag="unreadable", severity=Severity.ERROR)
        return [Section("Not verified", (row,))]
    if found.identical:
        but = f", except {known(document)}" if found.blocked else ""
        said = f"the target is identical to the source{but}. Compared: {reach(document, wording)}"
        return [Section("Verified", (Row(why=said, severity=Severity.GOOD),))]
    said = f"the target still differs from the source: {still_needed(document)}"
    return [Section("Not equal", (Row(why=said, hint=how, tag="different", severity=Severity.ERROR),))]


def still_needed(document: Document) -> str:
    """Return how much still differs: `4 changes still needed, 1 difference that no change can remove`."""
    remaining = document.verification.remaining if document.verification else ()
    stay = sum(not blocked.accepted for blocked in document.differences)
    parts = [f"{plural(len(remaining), 'change')} still needed"] if remaining else []
    parts += [f"{plural(stay, 'difference')} that no change can remove"] if stay else []
    return ", ".join(parts)
