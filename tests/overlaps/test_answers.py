"""What a server answers, compared with the order that its list shows."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.errors import SnapshotError
from sync.model.snapshot import Action, Mapping, Snapshot
from sync.overlaps.answers import CACHE_SECONDS, Answered, Confirmed, Doubt, confirm
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import Winner

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(seconds=CACHE_SECONDS)
ANYONE, ME, EVERYTHING, GONE = "GET /users/([^/]+)$", "GET /users/me$", "GET /(.*)", "GET /users/(me|you)$"


def held_against(
    answers: dict[str, str | None],
    *oldest_first: str,
    written: datetime = LONG_AGO,
    fresh: bool = False,
    action: str = "a",
) -> Confirmed:
    snapshot = Snapshot(
        actions=(Action(name="a"),),
        mappings=tuple(Mapping.named(name, "a") for name in oldest_first),
        precedence=oldest_first,
    )
    overlaps = overlaps_of(frozenset({*oldest_first, GONE}))
    return confirm(
        "target",
        snapshot,
        dict.fromkeys(oldest_first, written),
        oldest_first,
        {
            overlap: Answered(overlap.path, Winner(name, action if name else None), fresh, NOW)
            for overlap in overlaps.found
            for request, name in answers.items()
            if request == str(overlap)
        },
    )


def test_an_answer_that_the_list_shows_is_no_remark() -> None:
    found = held_against({"GET /users/me": ME}, ANYONE, ME)
    assert found.remarks == ()
    assert found.answered == {"GET /users/me": Winner(ME, "a")}
    assert found.snapshot.precedence == found.order.written == (ANYONE, ME)


@pytest.mark.parametrize(
    ("answer", "written", "fresh", "doubt"),
    [
        (ANYONE, LONG_AGO, False, Doubt.REORDERED),
        (ANYONE, NOW, True, Doubt.REORDERED),
        (ANYONE, NOW, False, Doubt.CACHED),
        (GONE, LONG_AGO, False, Doubt.LEFTOVER),
        (GONE, NOW, False, Doubt.LEFTOVER),
        (None, LONG_AGO, False, Doubt.NOBODY),
        (None, NOW, False, Doubt.CACHED),
    ],
)
def test_another_answer_is_told_as_what_it_is(
    answer: str | None, written: datetime, fresh: bool, doubt: Doubt
) -> None:
    found = held_against({"GET /users/me": answer}, ANYONE, ME, written=written, fresh=fresh)
    (remark,) = found.remarks
    told = (remark.side, remark.shown.mapping, remark.answered.mapping, remark.doubt)
    assert told == ("target", ME, answer, doubt)
    answers = {request: winner.mapping for request, winner in found.answered.items()}
    assert answers == ({} if doubt is Doubt.CACHED else {"GET /users/me": answer})
    assert found.snapshot.precedence[-1] == (ANYONE if doubt is Doubt.REORDERED else ME)
    assert found.order.written[-1] == {Doubt.REORDERED: ANYONE, Doubt.LEFTOVER: GONE}.get(doubt, ME)


def test_an_action_that_the_list_does_not_show_was_renamed() -> None:
    found = held_against({"GET /users/me": ME}, ANYONE, ME, action="old")
    assert [remark.doubt for remark in found.remarks] == [Doubt.STALE]
    assert (found.stale, found.leftovers) == ({ME: "old"}, {})


def test_an_order_that_the_server_contradicts_is_kept_where_it_does_not() -> None:
    found = held_against({"GET /users/me": ANYONE, "GET /users/x": ANYONE}, ANYONE, ME, EVERYTHING)
    assert found.order.written == (ME, EVERYTHING, ANYONE)


def test_answers_that_no_order_gives_are_an_error() -> None:
    with pytest.raises(
        SnapshotError, match="the target gave contradictory answers: no order of the mappings"
    ):
        held_against({"GET /users/x": EVERYTHING, "GET /users/me": ANYONE}, EVERYTHING, ANYONE, ME)
