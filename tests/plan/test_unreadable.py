"""A group that can't be read may hold any roles: nothing is done that would be wrong if it held them."""

import pytest

from sync.model.plan import Operation, Plan, Rules, Strategy, Verb
from sync.model.refusal import Refusal
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment

X = "GET /x$"


def environment(asked: str, groups: tuple[Group, ...], **held: tuple[str, ...]) -> Snapshot:
    """Return an environment in which an endpoint asks for an action, and roles hold some."""
    return Snapshot(
        actions=(Action(name="a"), Action(name="b")),
        roles=(*(Role(name=name, actions=actions) for name, actions in held.items()), Role(name=SUPERADMIN)),
        mappings=(Mapping(method="GET", path_pattern="/x$", action=asked),),
        groups=groups,
    )


def plan_of(source: Snapshot, target: Snapshot, strategy: Strategy, stuck: Verb) -> Plan:
    """Return a plan of which the edges of roles can't be made, or can't be taken away."""

    def refuses(operation: Operation) -> Refusal | None:
        refused = (operation.verb, operation.kind) == (stuck, Kind.ROLE)
        return Refusal("no", "none") if refused else None

    return make_plan(
        Environment("source", source),
        Environment("target", target),
        refuses=refuses,
        rules=Rules(strategy=strategy),
    )


def why_not_remapped(plan: Plan) -> str:
    return next((b.reason for b in plan.blocked if b.kind is Kind.MAPPING), "")


@pytest.mark.parametrize("roles", [("r",), None])
def test_what_one_role_would_let_it_gain_is_not_done(roles: tuple[str, ...] | None) -> None:
    groups = (Group(name="g/2", roles=roles),)
    source, target = environment("a", groups, r=()), environment("b", groups, r=("a",))
    plan = plan_of(source, target, Strategy.LEAST_PRIVILEGE, Verb.UNASSIGN)
    assert why_not_remapped(plan).startswith(f"it would let group 'g/2' reach {X}, although")


@pytest.mark.parametrize("roles", [("one", "two"), None])
def test_what_two_roles_would_make_it_lose_is_not_done(roles: tuple[str, ...] | None) -> None:
    groups = (Group(name="g/2", roles=roles),)
    source = environment("a", groups, one=("b",), two=("a",))
    target = environment("b", groups, one=("b",), two=())
    plan = plan_of(source, target, Strategy.ZERO_DOWNTIME, Verb.ASSIGN)
    assert why_not_remapped(plan).startswith(
        f"it would keep group 'g/2' from {X}, although that group has access before"
    )


@pytest.mark.parametrize("strategy", Strategy)
def test_one_that_the_source_lacks_stops_nothing_else(strategy: Strategy) -> None:
    source = environment("a", (), r=("a",))
    target = environment("b", (Group(name="g/2", roles=None),), r=("b",))
    plan = plan_of(source, target, strategy, Verb.REORDER)
    assert {(op.verb, op.kind) for op in plan.operations} == {
        (Verb.ASSIGN, Kind.ROLE),
        (Verb.UNASSIGN, Kind.ROLE),
        (Verb.UPDATE, Kind.MAPPING),
    }
    assert [(b.kind, b.name) for b in plan.blocked] == [(Kind.GROUP, "g/2")]


def test_who_may_get_through_for_a_moment_is_named_as_people_know_it() -> None:
    names = ("/users/([^/]+)$", "/users/me$")
    wide, narrow = (Mapping(method="GET", path_pattern=each, action="b") for each in names)
    narrow = narrow.model_copy(update={"action": "a"})
    target = environment("b", (Group(name="g/2", roles=None),), r=("b",)).model_copy(
        update={"mappings": (wide, narrow), "precedence": (wide.name, narrow.name)}
    )
    changed = wide.model_copy(update={"description": "new"})
    source = target.model_copy(update={"mappings": (changed, narrow)})
    plan = plan_of(source, target, Strategy.LEAST_PRIVILEGE, Verb.DELETE)
    assert [exposure.groups for exposure in plan.exposures] == [("g/2",)]
