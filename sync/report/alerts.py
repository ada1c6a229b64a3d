"""What people must hear of a run, the most important first: for where there is room for a few lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sync.heimdall.health import Finding, Level
from sync.model.outcome import Status
from sync.report.checks import (
    CHECK_PATTERN,
    allowed,
    drift_by_side,
    is_refusal_told,
    names_nothing,
    override,
    refused,
    way_out,
)
from sync.report.decided import EXPOSED, exposed
from sync.report.document import Document
from sync.report.unfinished import causes_of, is_unfinished, still_needed
from sync.report.wording import (
    PLAIN,
    UNCHECKED,
    endpoints_lose,
    lost_mappings,
    lost_memberships,
    plural,
    printable,
)


class Gravity(StrEnum):
    """Whether something went wrong, or should be known."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """One line that people must hear."""

    gravity: Gravity
    message: str


def alerts_of(document: Document) -> list[Alert]:
    """Return what people must hear of a run, errors before warnings; nothing where all is well."""
    return [
        *(Alert(Gravity.ERROR, message) for message in _errors(document)),
        *(Alert(Gravity.WARNING, message) for message in _warnings(document)),
    ]


def _errors(document: Document) -> Iterator[str]:
    if document.error and not is_refusal_told(document):
        yield _advised(document.error.message, document.error.hint)
    for objection in refused(document.objections):
        yield _advised(objection.message, way_out(objection))
    yield from _of_level(document, Level.FAILED)
    for cause in causes_of(document):
        yield _advised(f"{cause.subject(PLAIN)}: {cause.reason}", cause.remedy)
    yield from _found_afterwards(document)
    if document.drift is not None:
        for side, differences in drift_by_side(document):
            yield f"Drift: {plural(len(differences), 'difference')}{f' ({side})' if side else ''}"


def _found_afterwards(document: Document) -> Iterator[str]:
    found = document.verification
    how = f"to finish: {document.how_to_finish}" if is_unfinished(document) else ""
    if found and found.error:
        yield _advised(f"Not verified: {found.error}", how)
    elif found and not found.identical:
        yield _advised(f"The target still differs from the source: {still_needed(document)}", how)
    elif how:
        yield _advised("The apply is not finished", how)


def _warnings(document: Document) -> Iterator[str]:
    yield from _of_patterns(document, protecting=True)
    yield from map(printable, document.notes)
    if document.backup and document.backup.remark:
        yield document.backup.remark
    for objection in allowed(document.objections):
        yield f"Allowed: {printable(objection.message)} ({override(objection)})"
    if document.plan:
        for operation in document.changes:
            if lost := lost_memberships(document.plan, operation):
                yield f"Can't be undone: {PLAIN.phrase(operation)} takes away {lost}"
    if document.drift is None:
        yield from _of_plan(document)
    skipped = len(document.ended(Status.SKIPPED)) + len(document.not_tried)
    if skipped:
        yield f"{plural(skipped, 'change')} skipped or not tried"
    yield from _of_level(document, Level.WARNING)
    yield from _of_patterns(document, protecting=False)


def _of_patterns(document: Document, *, protecting: bool) -> Iterator[str]:
    for unmatched in document.plan.unmatched if document.plan else ():
        if protecting is (unmatched.setting == "protect"):
            yield _advised(names_nothing(unmatched, PLAIN), CHECK_PATTERN)


def _of_plan(document: Document) -> Iterator[str]:
    lost_endpoints = lost_mappings(document.changes)
    if lost_endpoints:
        yield f"{endpoints_lose(len(lost_endpoints))}. {UNCHECKED}"
    if document.plan and document.outcomes is None:
        for exposure in document.plan.exposures:
            yield f"{EXPOSED}: {exposed(exposure, document.plan.strategy, PLAIN)}"
    for blocked in document.differences:
        if not blocked.accepted:
            yield _advised(f"Stays different: {PLAIN.difference(blocked)}: {blocked.reason}", blocked.remedy)


def _of_level(document: Document, level: Level) -> Iterator[str]:
    for finding in document.findings:
        if finding.level is level:
            yield _told(finding)


def _told(finding: Finding) -> str:
    return _advised(f"{finding.side}: {finding.message}", finding.remedy)


def _advised(message: str, what_to_do: str) -> str:
    return printable(f"{message} → {what_to_do}" if what_to_do else message)
