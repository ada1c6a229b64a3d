"""Orders, what they decide, and that no smaller set of writes reaches another: tried out on small cases."""

from collections.abc import Iterable, Sequence
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.plan.contested import Contest, Witness
from sync.plan.precedence import Demand, decided_by, fewest_writes, precedence_of, turns

NAMES = "abcde"
SETS = st.lists(st.frozensets(st.sampled_from(NAMES), min_size=2), unique=True, max_size=5)
ORDERS = st.permutations(NAMES)


def contest(sets: Iterable[Iterable[str]]) -> Contest:
    witnesses = tuple(Witness("GET", f"/{''.join(sorted(names))}", frozenset(names)) for names in sets)
    return Contest(witnesses, frozenset())


@given(SETS, ORDERS, ORDERS)
def test_the_same_decisions_give_the_same_precedence_and_others_another(
    sets: list[frozenset[str]], one: list[str], other: list[str]
) -> None:
    its = contest(sets)
    decided = decided_by(one, its)
    order = precedence_of(decided)
    assert set(order) == set().union(*sets)
    assert decided_by(order, its) == decided
    assert (precedence_of(decided_by(other, its)) == order) is (decided_by(other, its) == decided)


def test_decisions_that_no_order_makes_are_an_error() -> None:
    one, other = contest([{"a", "b", "c"}, {"a", "b"}]).witnesses
    with pytest.raises(ValueError, match="no order of writing decides like that"):
        precedence_of({one: "a", other: "b"})


def demands(sets: Iterable[frozenset[str]], wanted: Sequence[str], now: Sequence[str]) -> list[Demand]:
    return [
        Demand(
            names, max(names, key=wanted.index), met=max(names, key=now.index) == max(names, key=wanted.index)
        )
        for names in sets
    ]


def reaches(its: Iterable[Demand], now: Sequence[str], written: Sequence[str]) -> bool:
    order = [*(name for name in now if name not in written), *written]
    return all(max(demand.names, key=order.index) == demand.decider for demand in its)


@given(SETS, ORDERS, ORDERS, st.frozensets(st.sampled_from(NAMES), max_size=2))
def test_no_smaller_set_of_writes_reaches_the_order(
    sets: list[frozenset[str]], wanted: list[str], now: list[str], must: frozenset[str]
) -> None:
    its = demands(sets, wanted, now)
    writes, missing = fewest_writes(its, must)
    assert not missing
    assert must <= writes
    assert reaches(its, now, sorted(writes, key=wanted.index))
    assert not any(
        reaches(its, now, written)
        for size in range(len(must), len(writes))
        for chosen in combinations(NAMES, size)
        if must <= set(chosen)
        for written in permutations(chosen)
    )


def test_what_cannot_be_written_is_told_and_forces_nothing() -> None:
    its = [Demand(frozenset("ab"), "b", met=True), Demand(frozenset("bc"), "c", met=True)]
    assert fewest_writes(its, "a") == ({"a", "b", "c"}, set())
    assert fewest_writes(its, "a", unable="b") == ({"a"}, {"b"})


@given(SETS, ORDERS)
def test_of_those_that_match_the_same_each_has_a_turn_of_its_own(
    sets: list[frozenset[str]], order: list[str]
) -> None:
    turn = turns(order, contest(sets))
    for names in sets:
        its = [turn[name] for name in order if name in names]
        assert its == sorted(set(its))
    assert set(turn.values()) == set(range(max(turn.values()) + 1))
