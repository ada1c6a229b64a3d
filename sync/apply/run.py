"""Carry out a plan wave by wave: operations of a wave at the same time, each judged before its wave."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sync.apply.outcome import Outcome, Status
from sync.errors import ReadError
from sync.plan.judge import Judge
from sync.plan.model import Operation, Plan, Snapshot, Wave

Execute = Callable[[Operation], Outcome]
"""Carry out one operation. Raises `ReadError` where nothing can be carried out any more."""


def judge_of(plan: Plan, source: Snapshot, target: Snapshot) -> Judge:
    """Return the judge of a plan's operations, which knows its blocked differences as failed."""
    blocked = [difference for difference in plan.blocked if difference.operation]
    changes = [*plan.operations, *(b.operation for b in blocked if b.operation)]
    judge = Judge(plan.strategy, source, target, changes)
    for difference in blocked:
        if difference.operation:
            judge.settle(difference.operation, done=False, reason=difference.reason)
    return judge


class Run:
    """One apply of a plan.

    An operation that fails does not stop the others. What depends on it, or would break the strategy's
    guarantee now that it has failed, is skipped with the reason. Once the target is gone, the rest is skipped.
    """

    def __init__(self, execute: Execute, judge: Judge, concurrency: int) -> None:
        self._execute = execute
        self._judge = judge
        self._concurrency = concurrency
        self._gone = threading.Event()

    def outcomes(self, waves: Iterable[Wave], finished: Callable[[Outcome], None]) -> tuple[Outcome, ...]:
        """Carry out the waves; `finished` is called with each outcome as it comes, from many threads."""
        outcomes: list[Outcome] = []

        def attempt(operation: Operation) -> Outcome:
            outcome = self._attempt(operation)
            finished(outcome)
            return outcome

        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="apply") as threads:
            for wave in waves:
                admitted, turned_away = self._judge.split(wave.operations)
                skipped = [
                    Outcome(operation, Status.SKIPPED, reason, "resolve that first, then run again")
                    for operation, reason in turned_away.items()
                ]
                for outcome in skipped:
                    finished(outcome)
                attempted = list(threads.map(attempt, admitted))
                for outcome in attempted:
                    self._judge.settle(outcome.operation, done=_done(outcome), reason=outcome.reason)
                outcomes += skipped + attempted
        return tuple(outcomes)

    def _attempt(self, operation: Operation) -> Outcome:
        if self._gone.is_set():
            return Outcome(operation, Status.SKIPPED, "the target is gone", "run again when it is back")
        try:
            return self._execute(operation)
        except ReadError as error:
            self._gone.set()
            return Outcome(operation, Status.FAILED, error.message, error.hint)


def _done(outcome: Outcome) -> bool | None:
    return None if outcome.unsettled else outcome.status is Status.DONE
