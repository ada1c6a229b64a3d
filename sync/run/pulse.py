"""How far a run has come, looked up in what carries it out."""

from collections.abc import Sequence

from sync.apply.carry_out import Execution
from sync.heimdall.transport import Transport
from sync.model.outcome import Status
from sync.model.plan import Wave
from sync.report.progress import Look, Standing


def of_requests(transports: Sequence[Transport]) -> Look:
    """Return what tells how many requests were sent from now on, and how many are known to follow."""
    before = sum(transport.sent for transport in transports)

    def look() -> Standing:
        sent = sum(transport.sent for transport in transports) - before
        queued = sum(transport.queued for transport in transports)
        return Standing(sent, "request", sent + queued, growing=True, waiting=_waiting(transports))

    return look


def of_changes(run: Execution, waves: Sequence[Wave], transports: Sequence[Transport]) -> Look:
    """Return what tells how many changes have ended, one way or another."""
    total = sum(len(wave.operations) for wave in waves)

    def look() -> Standing:
        outcomes = run.outcomes
        return Standing(
            len(outcomes),
            "change",
            total,
            stage=f"wave {run.wave} of {len(waves)}",
            failed=sum(outcome.status is Status.FAILED for outcome in outcomes),
            waiting=_waiting(transports),
        )

    return look


def _waiting(transports: Sequence[Transport]) -> str:
    return "; ".join(filter(None, (transport.availability.waiting for transport in transports)))
