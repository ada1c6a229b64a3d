"""What became of a plan's operations, and what was found afterwards."""

from dataclasses import dataclass
from enum import StrEnum

from sync.plan.changes import Blocked, Operation


class Status(StrEnum):
    """How an operation ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation.

    `reason` says why it failed or was skipped, `remedy` what to do about it; both are empty where it is done.
    `unsettled` marks a failure after which the target may or may not hold the change: no answer said.
    """

    operation: Operation
    status: Status
    reason: str = ""
    remedy: str = ""
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """What reading both sides again after an apply found.

    `remaining` are the operations that would still be needed, `blocked` the differences that stay.
    `error` says why the reading failed, empty where it did not: then nothing is known of the rest.
    """

    remaining: tuple[Operation, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    error: str = ""

    @property
    def identical(self) -> bool:
        """Tell whether the two sides were read and nothing differs but what is accepted."""
        return not self.error and not self.remaining and all(b.accepted for b in self.blocked)
