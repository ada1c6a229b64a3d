"""What a run found out, as one value that every format tells in its own way."""

from dataclasses import dataclass

from sync import __version__
from sync.apply.outcome import Outcome, Verification
from sync.errors import HeimdallSyncError
from sync.heimdall.health import Finding
from sync.plan.model import Plan, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything a run found out.

    What is None was not reached or not asked for: no `outcomes` means that nothing was applied (a dry
    run, or a run that ended before), no `verification` that nobody looked afterwards. `error` is what
    ended the run early. `requests` counts what was sent to both environments, `seconds` is how long the
    run took. `remaining` on the verification tells what still differs.
    """

    source_url: str
    target_url: str
    findings: tuple[Finding, ...] = ()
    source: Snapshot | None = None
    target: Snapshot | None = None
    plan: Plan | None = None
    outcomes: tuple[Outcome, ...] | None = None
    verification: Verification | None = None
    error: HeimdallSyncError | None = None
    requests: int = 0
    seconds: float = 0.0
    version: str = __version__
