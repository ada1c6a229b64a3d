"""What a server answers, held against the order that its list shows."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import SnapshotError
from sync.plan.answers import CACHE_SECONDS, Answered, Confirmed, Doubt, confirm
from sync.plan.contested import contest_of
from sync.plan.model import Action, Mapping, Snapshot

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(seconds=CACHE_SECONDS)
ANYONE, ME, EVERYTHING, GONE = "GET /users/([^/]+)$", "GET /users/me$", "GET /(.*)", "GET /users/(me|you)$"


def held_against(
    answers: dict[str, str | None], *oldest_first: str, written: datetime = LONG_AGO, fresh: bool = False
) -> Confirmed:
    mappings = [
        Mapping(method=method, path_pattern=pattern, action="a")
        for method, _, pattern in (name.partition(" ") for name in oldest_first)
    ]
    snapshot = Snapshot(actions=(Action(name="a"),), mappings=tuple(mappings), precedence=oldest_first)
    contest = contest_of(frozenset({*oldest_first, GONE}))
    return confirm(
        "target",
        snapshot,
        dict.fromkeys(oldest_first, written),
        {
            witness: Answered(witness.path, answers[str(witness)], fresh, NOW)
            for witness in contest.witnesses
            if str(witness) in answers
        },
    )


def test_an_answer_that_the_list_shows_is_no_remark() -> None:
    found = held_against({"GET /users/me": ME}, ANYONE, ME)
    assert found.remarks == ()
    assert found.said == {"GET /users/me": ME}
    assert found.snapshot.precedence == found.order == (ANYONE, ME)


@pytest.mark.parametrize(
    ("answer", "written", "fresh", "doubt"),
    [
        (ANYONE, LONG_AGO, False, Doubt.OTHERWISE),
        (ANYONE, NOW, True, Doubt.OTHERWISE),
        (ANYONE, NOW, False, Doubt.CACHED),
        (GONE, LONG_AGO, False, Doubt.LEFTOVER),
        (GONE, NOW, True, Doubt.LEFTOVER),
        (None, LONG_AGO, False, Doubt.NOBODY),
        (None, NOW, False, Doubt.CACHED),
    ],
)
def test_another_answer_is_told_as_what_it_is(
    answer: str | None, written: datetime, fresh: bool, doubt: Doubt
) -> None:
    found = held_against({"GET /users/me": answer}, ANYONE, ME, written=written, fresh=fresh)
    (remark,) = found.remarks
    assert (remark.side, remark.shown, remark.answered, remark.doubt) == ("target", ME, answer, doubt)
    assert found.said == {"GET /users/me": ME if doubt is Doubt.CACHED else answer}
    decides = ANYONE if doubt is Doubt.OTHERWISE else ME
    assert found.snapshot.precedence[-1] == found.order[-1] == decides


def test_an_order_that_the_server_contradicts_is_kept_where_it_does_not() -> None:
    found = held_against({"GET /users/me": ANYONE, "GET /users/x": ANYONE}, ANYONE, ME, EVERYTHING)
    assert found.order == (ME, EVERYTHING, ANYONE)


def test_answers_that_no_order_gives_are_an_error() -> None:
    with pytest.raises(
        SnapshotError, match="the target contradicts itself: no order of writing decides like"
    ):
        held_against({"GET /users/x": EVERYTHING, "GET /users/me": ANYONE}, EVERYTHING, ANYONE, ME)
