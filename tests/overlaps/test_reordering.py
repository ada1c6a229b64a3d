"""Orders, who wins by them, and that no smaller set of writes reaches another: tried out on small cases."""

from collections.abc import Iterable, Sequence
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.ranking import Ranking
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.reordering import Demand, fewest_writes, turns
from sync.overlaps.winners import ranking_of, winners_of

NAMES = "abcde"
SETS = st.lists(st.frozensets(st.sampled_from(NAMES), min_size=2), unique=True, max_size=5)
ORDERS = st.permutations(NAMES)
BOTH = st.booleans()


def overlaps(sets: Iterable[Iterable[str]], *, fallback: bool = False) -> Overlaps:
    found = [
        Overlap("GET", f"/{''.join(sorted(names))}", frozenset(() if fallback else names), frozenset(names))
        for names in sets
    ]
    return Overlaps(tuple(found), (), {})


def ranking(order: Sequence[str]) -> Ranking:
    return Ranking(tuple(order), tuple(order))


@given(SETS, ORDERS, ORDERS, BOTH)
def test_the_same_winners_give_the_same_ranking_and_others_another(
    sets: list[frozenset[str]], one: list[str], other: list[str], fallback: bool
) -> None:
    its = overlaps(sets, fallback=fallback)
    won = winners_of(ranking(one), its, NAMES)
    order = ranking_of(won, NAMES)
    assert {*order.written, *order.rows} == set().union(*sets)
    assert winners_of(order, its, NAMES) == won
    won_otherwise = winners_of(ranking(other), its, NAMES)
    assert (ranking_of(won_otherwise, NAMES) == order) is (won_otherwise == won)


def test_winners_that_no_order_lets_win_are_an_error() -> None:
    one, other = overlaps([{"a", "b", "c"}, {"a", "b"}]).found
    with pytest.raises(ValueError, match="no order of the mappings gives these winners"):
        ranking_of({one: "a", other: "b"}, NAMES)


def demands(
    sets: Iterable[frozenset[str]], wanted: Sequence[str], now: Sequence[str], *, fallback: bool
) -> list[Demand]:
    found = []
    for overlap in overlaps(sets, fallback=fallback).found:
        winner = overlap.winner(ranking(wanted), NAMES)
        assert winner
        needed: set[str] = set()
        if overlap.winner(ranking(now), NAMES) != winner:
            before = {name for name in overlap.fallback if now.index(name) < now.index(winner)}
            needed = before if fallback else {winner}
        found.append(Demand(overlap, winner, tuple(overlap.order_for(winner, NAMES)), frozenset(needed)))
    return found


def reaches(its: Iterable[Demand], now: Sequence[str], written: Sequence[str]) -> bool:
    order = ranking([*(name for name in now if name not in written), *written])
    return all(demand.overlap.winner(order, NAMES) == demand.winner for demand in its)


@given(SETS, ORDERS, ORDERS, st.frozensets(st.sampled_from(NAMES), max_size=2), BOTH)
def test_no_smaller_set_of_writes_reaches_the_order(
    sets: list[frozenset[str]], wanted: list[str], now: list[str], must: frozenset[str], fallback: bool
) -> None:
    its = demands(sets, wanted, now, fallback=fallback)
    writes = fewest_writes(its, must, (), wanted)
    assert not writes.unable
    assert not writes.impossible
    assert must <= {*writes.sequence}
    assert reaches(its, now, writes.sequence)
    assert not any(
        reaches(its, now, written)
        for size in range(len(must), len(writes.sequence))
        for chosen in combinations(NAMES, size)
        if must <= set(chosen)
        for written in permutations(chosen)
    )


def test_what_cannot_be_written_is_told_and_forces_nothing() -> None:
    its = demands([frozenset("ab"), frozenset("bc")], "abc", "abc", fallback=False)
    assert fewest_writes(its, "a", (), "abc").sequence == ("a", "b", "c")
    writes = fewest_writes(its, "a", "b", "abc")
    assert writes.sequence == ("a",)
    assert writes.unable == {"b"}


def test_what_the_two_layers_ask_for_against_each_other_is_told() -> None:
    (first,), (second,) = (overlaps([frozenset("ab")], fallback=layer).found for layer in (False, True))
    its = [
        Demand(first, "b", (("a", "b"),), frozenset("b")),
        Demand(second, "b", (("b", "a"),), frozenset("a")),
    ]
    writes = fewest_writes(its, (), (), "ab")
    assert writes.sequence == ("b",)
    assert writes.impossible == {second}


@given(SETS, ORDERS)
def test_of_those_that_match_the_same_each_has_a_turn_of_its_own(
    sets: list[frozenset[str]], order: list[str]
) -> None:
    turn = turns(order, overlaps(sets))
    for names in sets:
        its = [turn[name] for name in order if name in names]
        assert its == sorted(set(its))
    assert set(turn.values()) == set(range(max(turn.values()) + 1))
