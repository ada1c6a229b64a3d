"""What became of a plan's operations, and what was found afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sync.errors import Result
from sync.model.plan import Blocked, Operation


class Status(StrEnum):
    """How an operation ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation.

    `reason` says why it failed or was skipped, `remedy` what to do about it; both are empty where it is done,
    unless the answer to it said otherwise.
    `unsettled` marks a failure after which the target may or may not hold the change: no answer said.
    `seconds` is how long it took, retries included; 0 where nothing was sent.
    """

    operation: Operation
    status: Status
    reason: str = ""
    remedy: str = ""
    unsettled: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def result(self) -> Result:
        """Return whether the target holds the change."""
        if self.unsettled:
            return Result.UNKNOWN
        return Result.DONE if self.status is Status.DONE else Result.NOT_DONE


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading both sides again after an apply found.

    `remaining` are the operations that would still be needed, `blocked` the differences that stay.
    `not_compared` are the mappings of which it is not known what they match. `error` says why the reading
    failed, empty where it did not: then nothing is known of the rest.
    """

    remaining: tuple[Operation, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    not_compared: tuple[str, ...] = ()
    error: str = ""

    @property
    def identical(self) -> bool:
        """Tell whether the two sides were read and nothing differs but what is accepted."""
        return not self.error and not self.remaining and all(b.accepted for b in self.blocked)


def settled(outcomes: Sequence[Outcome], verification: Verification) -> tuple[Outcome, ...]:
    """Return outcomes as the verification leaves them: what failed and differs no more is done.

    A write whose answer was lost may have been done all the same; reading again is what tells.
    """
    if verification.error:
        return tuple(outcomes)
    differing = {_subject(operation) for operation in verification.remaining}
    differing |= {_subject(b.operation) for b in verification.blocked if b.operation}
    return tuple(
        replace(outcome, status=Status.DONE, remedy="", unsettled=False)
        if outcome.status is Status.FAILED and _subject(outcome.operation) not in differing
        else outcome
        for outcome in outcomes
    )


def _subject(operation: Operation) -> tuple[str, str, str | None]:
    return operation.kind, operation.name, operation.member
