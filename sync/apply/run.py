"""Carry out a plan wave by wave: operations of a wave at the same time, each judged before its wave."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, as_completed, wait

from sync.apply.outcome import Outcome, Status
from sync.errors import ReadError
from sync.interruption import GRACE_SECONDS, Threads
from sync.plan.judge import Judge
from sync.plan.model import Operation, Plan, Snapshot, Wave

Execute = Callable[[Operation], Outcome]
"""Carry out one operation. Raises `ReadError` where nothing can be carried out any more."""


def judge_of(plan: Plan, source: Snapshot, target: Snapshot, done: Iterable[Operation] = ()) -> Judge:
    """Return the judge of a plan's operations, which knows its blocked differences as failed.

    `target` is the target before any of them, `done` those that are done already.
    """
    blocked = [difference for difference in plan.blocked if difference.operation]
    changes = [*plan.operations, *(b.operation for b in blocked if b.operation)]
    judge = Judge(plan.strategy, source, target, changes)
    for difference in blocked:
        if difference.operation:
            judge.settle(difference.operation, done=False, reason=difference.reason)
    for operation in done:
        judge.settle(operation, done=True)
    return judge


class Run:
    """One apply of a plan; `outcomes` holds what has become of its operations so far.

    An operation that fails does not stop the others. What depends on it, or would break the strategy's
    guarantee now that it has failed, is skipped with the reason. Once the target is gone, so is the rest.
    """

    def __init__(
        self, execute: Execute, judge: Judge, concurrency: int, noted: Callable[[Outcome], None]
    ) -> None:
        """Take what carries an operation out, and what is told each outcome as it comes, from any thread."""
        self._execute = execute
        self._judge = judge
        self._concurrency = concurrency
        self._noted = noted
        self._gone = threading.Event()
        self._lock = threading.Lock()
        self._outcomes: dict[Operation, Outcome] = {}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Return what has become of the operations so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._outcomes.values())

    def carry_out(self, waves: Iterable[Wave], wave_ended: Callable[[], None] = lambda: None) -> None:
        """Carry out waves one after another; `wave_ended` is called after each.

        An exception on this thread (a signal) lets what is in flight end for some seconds. What has not
        ended by then is noted as unsettled, and the exception goes on.
        """
        with Threads(self._concurrency, thread_name_prefix="apply") as threads:
            for wave in waves:
                admitted, turned_away = self._judge.split(wave.operations)
                for operation, reason in turned_away.items():
                    remedy = "resolve that first, then run again"
                    self._note(Outcome(operation, Status.SKIPPED, reason, remedy))
                running = {threads.submit(self._attempt, operation): operation for operation in admitted}
                try:
                    for future in as_completed(running):
                        outcome = future.result()
                        self._judge.settle(outcome.operation, done=_done(outcome), reason=outcome.reason)
                except BaseException:
                    self._let_end(running)
                    raise
                finally:
                    wave_ended()

    def _let_end(self, running: dict[Future[Outcome], Operation]) -> None:
        begun = [future for future in running if not future.cancel()]
        _, hanging = wait(begun, timeout=GRACE_SECONDS)
        for future in hanging:
            reason, remedy = "no answer had come when the run was interrupted", "run again with --resume"
            self._note(Outcome(running[future], Status.FAILED, reason, remedy, unsettled=True))

    def _attempt(self, operation: Operation) -> Outcome:
        outcome = self._outcome(operation)
        self._note(outcome)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        """Keep an outcome; one that comes after the run has ended without it is too late."""
        with self._lock:
            if outcome.operation not in self._outcomes:
                self._outcomes[outcome.operation] = outcome
                self._noted(outcome)

    def _outcome(self, operation: Operation) -> Outcome:
        if self._gone.is_set():
            return Outcome(operation, Status.SKIPPED, "the target is gone", "run again when it is back")
        try:
            return self._execute(operation)
        except ReadError as error:
            self._gone.set()
            return Outcome(operation, Status.FAILED, error.message, error.hint)


def _done(outcome: Outcome) -> bool | None:
    return None if outcome.unsettled else outcome.status is Status.DONE
