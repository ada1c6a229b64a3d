"""Why an apply did not make both sides equal: the causes, and what is left, in words for every format."""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.model.outcome import Outcome, Status
from sync.model.plan import Operation
from sync.report.document import Document
from sync.report.wording import Wording, plural, why


@dataclass(frozen=True, slots=True)
class Cause:
    """Changes that failed for one reason: `remedy` is what to do about it, or empty."""

    operations: Sequence[Operation]
    reason: str
    remedy: str

    def subject(self, wording: Wording) -> str:
        """Return what failed: `create role 'x'`, or `create role 'x' and 2 more`."""
        first, *more = self.operations
        return wording.phrase(first) + (f" and {len(more):,} more" if more else "")


def causes_of(document: Document) -> list[Cause]:
    """Return why changes failed, each reason once, and not again what the error of the run says."""
    groups: dict[tuple[str, str], list[Operation]] = {}
    error = document.error
    for outcome in document.ended(Status.FAILED):
        is_told = error and (outcome.reason == error.message or outcome.remedy == error.hint != "")
        if not is_told:
            groups.setdefault((why(outcome), outcome.remedy), []).append(outcome.operation)
    return [Cause(operations, *reason) for reason, operations in groups.items()]


def is_unfinished(document: Document) -> bool:
    """Tell whether an apply ended with changes left to do, or without knowing that there are none."""
    found = document.verification
    return document.outcomes is not None and (found is None or bool(found.error or found.remaining))


def is_unequal(document: Document) -> bool:
    """Tell whether both sides were read again after an apply, and differ."""
    found = document.verification
    return found is not None and not found.error and not found.identical


def found_besides(document: Document) -> list[Operation]:
    """Return what is still needed, but for the changes that are told as failed, skipped or not tried."""
    undone = {outcome.operation for outcome in undone_of(document)} | {*document.not_tried}
    remaining = document.verification.remaining if document.verification else ()
    return [operation for operation in remaining if operation not in undone]


def undone_of(document: Document) -> list[Outcome]:
    """Return the outcomes of the changes that were not made."""
    return [outcome for outcome in document.outcomes or () if outcome.status is not Status.DONE]


def still_needed(document: Document) -> str:
    """Return how much still differs: `4 changes still needed, 1 difference that no change can remove`."""
    found = document.verification
    assert found is not None
    stay = sum(not blocked.accepted for blocked in found.blocked)
    parts = [f"{plural(len(found.remaining), 'change')} still needed"] if found.remaining else []
    parts += [f"{plural(stay, 'difference')} that no change can remove"] if stay else []
    return ", ".join(parts)
