"""What an apply did, and what the verification after it found: the base that drift is told against."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from sync.errors import UsageError
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import Operation, Plan
from sync.model.snapshot import Snapshot, Value


class RolledBack(Value):
    """What a rollback took back: a plan by its digest, empty where it is not known, and its operations."""

    plan: str
    operations: tuple[Operation, ...]


class Receipt(Value):
    """A minimal receipt.

    `identical` is true but for the overlaps of what was `not_compared`, mappings by name. `snapshot` is
    what the target held when it was verified, None where it was not read. `rolled_back` is None where the
    apply was not a rollback.
    """

    format: Literal["heimdall-sync/receipt/1"] = Field("heimdall-sync/receipt/1", alias="schema")
    plan: str
    source_url: str
    target_url: str
    ended: datetime
    done: int
    done_before: int
    failed: int
    skipped: int
    identical: bool
    not_compared: tuple[str, ...] = ()
    snapshot: Snapshot | None
    rolled_back: RolledBack | None = None

    @classmethod
    def of(
        cls,
        plan: Plan,
        outcomes: Sequence[Outcome],
        verification: Verification,
        snapshot: Snapshot | None,
        ended: datetime,
        done_before: int,
        rolled_back: RolledBack | None = None,
    ) -> "Receipt":
        """Return the receipt of an apply; `plan` is named by its digest."""
        counts = Counter(outcome.status for outcome in outcomes)
        return cls(
            plan=plan.digest,
            source_url=plan.source.url,
            target_url=plan.target.url,
            ended=ended,
            done=counts[Status.DONE],
            done_before=done_before,
            failed=counts[Status.FAILED],
            skipped=counts[Status.SKIPPED],
            identical=verification.identical,
            not_compared=verification.not_compared,
            snapshot=snapshot,
            rolled_back=rolled_back,
        )


def read_receipt(path: Path, target_url: str) -> Receipt:
    """Return the receipt that a file holds. Raises `UsageError` where it holds none, or another target's."""
    option = "--receipt (HEIMDALL_RECEIPT)"
    try:
        receipt = Receipt.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{option}: {path} can't be read: {error.strerror}") from None
    except ValidationError:
        raise UsageError(
            f"{option}: {path} is damaged, or another version of heimdall-sync wrote it"
        ) from None
    if receipt.target_url != target_url:
        raise UsageError(f"{option}: {path} is for another target: {receipt.target_url}, not {target_url}")
    return receipt
