"""What is asked of a server, and what follows from its answers."""

from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap
from sync.overlaps.questions import Ask, Known, questions
from sync.overlaps.search import overlaps_of

ANYONE, ME, EVERYTHING = "GET /users/([^/]+)$", "GET /users/me$", "GET /users/(.*)"
NAMES = (EVERYTHING, ANYONE, ME)
OVERLAPS = overlaps_of(frozenset(NAMES))


def asked(
    *listed: str,
    ask: Ask = Ask.FEWEST,
    order: tuple[str, ...] = NAMES,
    elsewhere: tuple[str, ...] = NAMES,
    winners: dict[Overlap, str | None] | None = None,
) -> list[set[str]]:
    known = Known(
        dict.fromkeys(listed, "a"),
        Ranking(NAMES),
        Ranking(order),
        elsewhere,
        winners=winners or {},
    )
    return [{*each.names} for each in questions(OVERLAPS, known, ask) if each not in known.winners]


def overlap_of(*names: str) -> Overlap:
    (found,) = (each for each in (*OVERLAPS.found, *OVERLAPS.alone) if each.names == {*names})
    return found


def test_an_order_that_follows_from_others_is_not_asked_about() -> None:
    winners: dict[Overlap, str | None] = {overlap_of(*NAMES): ME, overlap_of(EVERYTHING, ANYONE): ANYONE}
    assert asked(*NAMES, winners=winners) == [{EVERYTHING}]  # written first, its action may have been renamed


def test_an_answer_that_was_not_expected_raises_a_question() -> None:
    winners: dict[Overlap, str | None] = {overlap_of(*NAMES): EVERYTHING}
    order = (ANYONE, ME, EVERYTHING)
    assert asked(*NAMES, order=order, winners=winners) == []
    winners = {overlap_of(EVERYTHING, ANYONE): EVERYTHING}
    assert {*NAMES} in asked(*NAMES, order=order, winners=winners)


def test_what_a_server_does_not_list_is_asked_about_once() -> None:
    assert asked() == [{*NAMES}]
    assert asked(winners={overlap_of(*NAMES): None}) == []
    assert asked(ask=Ask.ALL) == [{*NAMES}, {EVERYTHING, ANYONE}, {EVERYTHING}]


def test_what_a_server_does_not_list_may_be_in_front_of_what_it_lists() -> None:
    assert {*NAMES} in asked(EVERYTHING, ANYONE)
    assert {*NAMES} in asked(EVERYTHING)
