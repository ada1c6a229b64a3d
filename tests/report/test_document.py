"""What a document says of itself."""

from dataclasses import replace

from sync.model.outcome import Outcome, Status, Verification
from sync.model.snapshot import Kind
from tests.report.examples import (
    APPLIED,
    AUDITOR,
    INTERRUPTED,
    NO_DIFFERENCE,
    PLAN,
    PLANNED,
    RESUMED,
    STARTED,
)


def test_the_changes_are_those_planned_and_once_applied_those_done() -> None:
    assert STARTED.changes == ()
    assert PLANNED.changes == PLAN.operations
    assert len(INTERRUPTED.changes) == 9


def test_what_was_done_before_is_no_change_of_this_run() -> None:
    assert RESUMED.changes == PLAN.operations[4:]
    assert RESUMED.not_tried == ()
    assert replace(RESUMED, outcomes=None).changes == PLAN.operations[4:]


def test_what_was_not_tried_is_what_has_no_outcome() -> None:
    assert PLANNED.not_tried == ()
    assert APPLIED.not_tried == ()
    outcomes = INTERRUPTED.outcomes or ()
    assert set(INTERRUPTED.not_tried) == set(PLAN.operations) - {outcome.operation for outcome in outcomes}


def test_the_target_is_untouched_only_where_that_is_certain() -> None:
    operation = PLAN.operations[0]
    assert PLANNED.target_untouched
    assert replace(PLANNED, outcomes=()).target_untouched
    assert replace(PLANNED, outcomes=(Outcome(operation, Status.FAILED),)).target_untouched
    assert not replace(PLANNED, outcomes=(Outcome(operation, Status.DONE),)).target_untouched
    assert not replace(
        PLANNED, outcomes=(Outcome(operation, Status.FAILED, unsettled=True),)
    ).target_untouched


def test_the_differences_are_those_last_seen() -> None:
    assert PLANNED.differences == (AUDITOR,)
    assert replace(PLANNED, verification=Verification()).differences == ()
    assert replace(PLANNED, verification=Verification(error="gone")).differences == (AUDITOR,)
    assert STARTED.differences == ()


def test_unchanged_is_what_stands_on_both_sides_and_is_not_spoken_of() -> None:
    assert {kind: PLANNED.unchanged(kind) for kind in Kind} == {
        Kind.ACTION: 0,
        Kind.ROLE: 0,
        Kind.MAPPING: 1,
        Kind.GROUP: 1,
    }
    assert NO_DIFFERENCE.unchanged(Kind.ROLE) == 3
    assert STARTED.unchanged(Kind.ROLE) is None
