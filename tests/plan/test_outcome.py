"""What reading again says of changes that failed."""

from dataclasses import replace

from sync.model.outcome import Outcome, Status, Verification, settled
from tests.report.examples import APPLIED, AUDITOR, PLAN

LOST = Outcome(PLAN.operations[0], Status.FAILED, "no answer came", "run again", unsettled=True)
SKIPPED = Outcome(PLAN.operations[1], Status.SKIPPED, "it depends on that")


def test_what_failed_and_differs_no_more_is_done() -> None:
    [outcome, skipped] = settled((LOST, SKIPPED), Verification())
    assert outcome == Outcome(LOST.operation, Status.DONE, LOST.reason)
    assert skipped == SKIPPED


def test_what_still_differs_has_failed_whichever_way_it_differs() -> None:
    other = LOST.operation.model_copy(update={"verb": "update"})
    assert settled((LOST,), Verification(remaining=(other,))) == (LOST,)
    assert AUDITOR.operation
    blocked = replace(LOST, operation=AUDITOR.operation)
    assert settled((blocked,), Verification(blocked=(AUDITOR,))) == (blocked,)


def test_nothing_is_known_where_the_reading_failed() -> None:
    assert settled((LOST,), Verification(error="GET /x answers 500")) == (LOST,)
    assert APPLIED.outcomes
    assert settled(APPLIED.outcomes, Verification()) == APPLIED.outcomes
