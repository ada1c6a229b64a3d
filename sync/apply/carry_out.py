"""Carry out a plan wave by wave: operations of a wave at the same time, each judged before its wave."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import as_completed
from dataclasses import replace

from sync.errors import RemoteError, Result
from sync.interruption import GRACE_SECONDS, Threads
from sync.model.outcome import Outcome, Status
from sync.model.plan import Operation, Plan, Wave
from sync.model.snapshot import Snapshot
from sync.plan.drafting import tolerating
from sync.plan.guarantee import Guarantee

Execute = Callable[[Operation], Outcome]
"""Carry out one operation. Raises `RemoteError` where nothing can be carried out any more."""


def guarantee_of(plan: Plan, source: Snapshot, target: Snapshot, done: Iterable[Operation] = ()) -> Guarantee:
    """Return the guarantee of a plan's operations, which knows its blocked differences as failed.

    `target` is the target before any of them, `done` those that are done already.
    """
    blocked = {each.operation: each.reason for each in plan.blocked if each.operation}
    changes = [*plan.operations, *blocked]
    guarantee = Guarantee(plan.strategy, source, target, changes, tolerating(plan.exposures))
    for operation, reason in blocked.items():
        guarantee.settle(operation, Result.NOT_DONE, reason=reason)
    for operation in done:
        guarantee.settle(operation, Result.DONE)
    return guarantee


class Execution:
    """One apply of a plan; `outcomes` holds what has become of its operations so far, in `wave` waves.

    An operation that fails does not stop the others. What depends on it, or would break the strategy's
    guarantee now that it has failed, is skipped with the reason. Once nothing can be carried out any more
    (the target is gone, the token has ended), the rest is not tried.
    """

    def __init__(
        self, execute: Execute, guarantee: Guarantee, concurrency: int, noted: Callable[[Outcome], None]
    ) -> None:
        """Take what carries an operation out, and what is told each outcome as it comes, from any thread."""
        self._execute = execute
        self._guarantee = guarantee
        self._concurrency = concurrency
        self._noted = noted
        self.wave = 0
        self._ended: RemoteError | None = None
        self._stopping = False
        self._in_flight: set[Operation] = set()
        self._outcomes: dict[Operation, Outcome] = {}
        self._changed = threading.Condition(threading.RLock())

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what has become of the operations so far, in the order in which they ended."""
        with self._changed:
            return tuple(self._outcomes.values())

    def carry_out(self, waves: Iterable[Wave], wave_ended: Callable[[], None] = lambda: None) -> None:
        """Carry out waves one after another; `wave_ended` is called after each.

        An exception on this thread (a signal) lets what is in flight end for some seconds. What has not
        ended by then is noted as unsettled, and the exception goes on. Raises the `RemoteError` after which
        nothing could be carried out any more.
        """
        with Threads(self._concurrency, thread_name_prefix="apply") as threads:
            try:
                for self.wave, wave in enumerate(waves, start=1):
                    self._carry_out_one(wave, threads)
                    wave_ended()
            except BaseException:
                self._let_end()
                wave_ended()
                raise

    def _carry_out_one(self, wave: Wave, threads: Threads) -> None:
        admitted, turned_away = self._guarantee.split(wave.operations)
        for operation, reason in turned_away.items():
            self._note(Outcome(operation, Status.SKIPPED, reason))
        for future in as_completed([threads.submit(self._attempt, operation) for operation in admitted]):
            outcome = future.result()
            if outcome:
                self._guarantee.settle(outcome.operation, outcome.result, reason=outcome.reason)
        if self._ended:
            raise self._ended

    def _let_end(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.wait_for(lambda: not self._in_flight, timeout=GRACE_SECONDS)
            for operation in self._in_flight:
                reason = "the run was interrupted before the answer came"
                self._note(Outcome(operation, Status.FAILED, reason, unsettled=True))

    def _attempt(self, operation: Operation) -> Outcome | None:
        """Carry out an operation, unless the run has come to its end before anything of it is sent."""
        with self._changed:
            if self._stopping or self._ended:
                return None
            self._in_flight.add(operation)
        outcome: Outcome | None = None
        started = time.monotonic()
        try:
            outcome = self._execute(operation)
        except RemoteError as error:
            self._ended = error
            if error.result:
                reason, remedy, unsettled = error.message, error.hint, error.result is Result.UNKNOWN
                outcome = Outcome(operation, Status.FAILED, reason, remedy, unsettled=unsettled)
        with self._changed:
            self._in_flight.discard(operation)
            self._changed.notify_all()
            if outcome:
                outcome = replace(outcome, seconds=time.monotonic() - started)
                self._note(outcome)  # which fails where nothing can be noted
        return outcome

    def _note(self, outcome: Outcome) -> None:
        """Keep an outcome; one that comes after the run has ended without it is too late."""
        with self._changed:
            if outcome.operation not in self._outcomes:
                self._outcomes[outcome.operation] = outcome
                self._noted(outcome)
