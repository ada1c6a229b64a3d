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
    """One apply of a plan; `outcomes` holds what has become of its operations so far.

    An operation that fails does not stop the others. What depends on it, or would break the strategy's
    guarantee now that it has failed, is skipped with the reason. Once the target is gone, so is the rest.
    """

    def __init__(self, execute: Execute, judge: Judge, concurrency: int) -> None:
        self.outcomes: list[Outcome] = []
        self._execute = execute
        self._judge = judge
        self._concurrency = concurrency
        self._gone = threading.Event()

    def carry_out(self, waves: Iterable[Wave], advance: Callable[[], None]) -> None:
        """Carry out waves one after another; `advance` is called as operations end, from many threads."""
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="apply") as threads:
            for wave in waves:
                admitted, turned_away = self._judge.split(wave.operations)
                for operation, reason in turned_away.items():
                    remedy = "resolve that first, then run again"
                    self.outcomes.append(Outcome(operation, Status.SKIPPED, reason, remedy))
                    advance()
                for outcome in threads.map(lambda operation: self._attempt(operation, advance), admitted):
                    self._judge.settle(outcome.operation, done=_done(outcome), reason=outcome.reason)

    def _attempt(self, operation: Operation, advance: Callable[[], None]) -> Outcome:
        outcome = self._outcome(operation)
        self.outcomes.append(outcome)
        advance()
        return outcome

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
