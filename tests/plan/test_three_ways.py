"""Git, source and target: every difference is told once, with the side that has changed."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.plan import Operation, Rules
from sync.model.refusal import Refusal
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.diff import differences
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from sync.plan.three_ways import Changed, Subject, ThreeWay, three_ways
from tests.plan.pairs import overlapping, snapshots

TRIPLES = st.one_of(
    st.tuples(snapshots(), snapshots(), snapshots()), st.tuples(overlapping(), overlapping(), overlapping())
)


def no_roles(operation: Operation) -> Refusal | None:
    return Refusal("no request", "accept it") if operation.kind is Kind.ROLE else None


def told(git: Snapshot, source: Snapshot, target: Snapshot, rules: Rules = Rules()) -> tuple[ThreeWay, ...]:  # noqa: B008
    sides = Environment("s", source), Environment("t", target)
    between = make_plan(*sides, refuses=no_roles, rules=rules)
    return three_ways(git, *sides, between, no_roles)


def subjects(operations: Iterable[Operation]) -> set[Subject]:
    return {(op.kind, op.name, op.member) for op in operations}


def attributes_differ(found: Iterable[ThreeWay]) -> set[Subject]:
    """Return what was told but for what only stands elsewhere, which no list of differences has."""
    return {
        (each.kind, each.name, each.member)
        for each in found
        if any(op and op.before != op.after for op in (each.in_source, each.in_target)) or each.member
    }


@given(TRIPLES)
def test_the_ways_part_what_differs_from_git_on_either_side(
    triple: tuple[Snapshot, Snapshot, Snapshot],
) -> None:
    git, source, target = triple
    in_source, in_target = subjects(differences(git, source)), subjects(differences(git, target))
    between = subjects(differences(source, target))
    found = told(git, source, target)
    keys = [(each.kind, each.name, each.member) for each in found]
    assert len(keys) == len(set(keys))
    assert attributes_differ(found) == in_source | in_target
    assert bool(found) is any(
        told_of.operations or told_of.blocked
        for told_of in (
            make_plan(Environment("git", git), Environment("", side), refuses=no_roles)
            for side in (source, target)
        )
    )
    for each in found:
        key = each.kind, each.name, each.member
        if key not in in_source | in_target:
            continue
        match each.changed:
            case Changed.SOURCE:
                assert key not in in_target
            case Changed.TARGET:
                assert key not in in_source
            case Changed.ALIKE:
                assert key in in_source & in_target - between
            case Changed.DIFFERENTLY:
                assert each.in_source
                assert each.in_target


@given(snapshots(), snapshots())
def test_whatever_differs_between_the_two_differs_from_git(one: Snapshot, other: Snapshot) -> None:
    assert not told(one, one, one)
    assert {each.changed for each in told(one, one, other)} <= {Changed.TARGET}
    assert {each.changed for each in told(one, other, one)} <= {Changed.SOURCE}
    assert {each.changed for each in told(one, other, other)} <= {Changed.ALIKE}


def holding(description: str, *actions: str) -> Snapshot:
    return Snapshot(
        actions=(Action(name="a"), Action(name="b")),
        roles=(Role(name="r", description=description, actions=actions), Role(name=SUPERADMIN)),
    )


@pytest.mark.parametrize(
    ("rules", "known"),
    [
        (Rules(), set[str | None]()),
        (Rules(accept=("role:r",)), {None, "a"}),
        (Rules(protect=("role:r",)), {None, "a"}),
    ],
)
def test_only_what_is_known_may_stay(rules: Rules, known: set[str | None]) -> None:
    found = told(holding("old", "a"), holding("old", "a"), holding("new"), rules)
    assert {each.member for each in found if each.known} == known
    assert {each.member for each in found} == {None, "a"}


def test_what_is_ignored_is_not_compared_with_git_either() -> None:
    git, other = holding("old", "a"), holding("new", "a", "b")
    assert told(git, other, other, Rules(ignore=("role:r",))) == ()
    assert [each.member for each in told(git, other, other, Rules(ignore=("action:b",)))] == [None]


def test_what_one_of_them_hides_cannot_be_told() -> None:
    git = holding("", "a")
    hidden = git.model_copy(update={"roles": (Role(name="r", actions=None), *git.roles[1:])})
    [there] = told(git, git, hidden)
    assert (there.changed, there.hidden_in, there.known) == (None, "the target", False)
    [accepted] = told(hidden, git, hidden, Rules(accept=("role:r",)))
    assert (accepted.hidden_in, accepted.known) == ("git and the target", True)
    assert told(git, git, hidden, Rules(ignore=("role:r",))) == ()
    grouped = Snapshot(groups=(Group(name="g", roles=None),))
    assert [each.kind for each in told(grouped, grouped, grouped)] == [Kind.GROUP]


def test_who_wins_is_compared_with_git_too() -> None:
    def ordered(*oldest_first: str) -> Snapshot:
        mappings = tuple(Mapping.named(name, "a") for name in oldest_first)
        return Snapshot(actions=(Action(name="a"),), mappings=mappings, precedence=oldest_first)

    git, both = ordered("GET /(.*)", "GET /me$"), ordered("GET /me$", "GET /(.*)")
    [found] = told(git, both, both)
    assert (found.name, found.changed) == ("GET /me$", Changed.ALIKE)
