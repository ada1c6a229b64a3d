"""Which actions are asked about to find those that were renamed."""

from sync.model.ranking import Ranking
from sync.overlaps.questions import Ask, Known, actions_left_out, questions
from sync.overlaps.renames import SPOT_CHECKS, likeliest_renamed
from sync.overlaps.search import overlaps_of

MANY = 3 * SPOT_CHECKS
LISTED = {f"GET /{number:02}$": f"action_{number:02}" for number in range(MANY)}
ORDER = Ranking(tuple(LISTED))
OVERLAPS = overlaps_of(frozenset(LISTED))


def known(suspects: tuple[str, ...] = (), renamed: tuple[str, ...] = ()) -> Known:
    return Known(LISTED, ORDER, ORDER, LISTED, renamed, suspects=suspects)


def asked(known: Known, ask: Ask = Ask.FEWEST) -> list[str]:
    return [LISTED[name] for each in questions(OVERLAPS, known, ask) for name in each.names]


def test_a_few_actions_are_asked_about_the_likeliest_first() -> None:
    suspects = ("action_29", "action_07", "an action that no mapping asks for")
    found = asked(known(suspects))
    assert found[:3] == ["action_29", "action_07", "action_00"]
    assert len(found) == SPOT_CHECKS


def test_each_action_is_asked_about_where_one_was_renamed_and_where_all_is_asked() -> None:
    assert {*asked(known(renamed=("action_03",)))} == {*LISTED.values()}
    assert {*asked(known(), Ask.ALL)} == {*LISTED.values()}


def test_what_no_answer_shows_is_counted() -> None:
    few = known()
    answers = {each: min(each.names) for each in questions(OVERLAPS, few, Ask.FEWEST)}
    answered = Known(LISTED, ORDER, ORDER, LISTED, winners=answers)
    assert actions_left_out(OVERLAPS, answered) == MANY - SPOT_CHECKS
    wrote = [*LISTED][SPOT_CHECKS:]
    assert actions_left_out(OVERLAPS, Known(LISTED, ORDER, ORDER, LISTED, winners=answers, wrote=wrote)) == 0


def test_a_row_behind_one_with_a_higher_id_was_updated_the_last_one_most_recently() -> None:
    assert likeliest_renamed({"a": 1, "c": 3, "d": 4, "b": 2}, None) == ("b", "d")


def test_an_action_that_one_side_only_lists_comes_next() -> None:
    assert likeliest_renamed({"a": 1, "b": 2, "c": 3}, {"a", "c"}) == ("c", "b")
