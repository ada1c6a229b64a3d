"""The example of the theory, in `sync/plan/guarantee.py`."""

import pytest

from sync.model.plan import Plan, Rules, Strategy
from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment

WIDE, ME = "GET /users/([^/]+)$", "GET /users/me$"


def environment(wide: str, **holders: tuple[str, ...]) -> Environment:
    """Return a side whose first mapping asks for an action; each group has a role of its name."""
    names = ("users:admin", "users:list", "users:self")
    snapshot = Snapshot(
        actions=tuple(Action(name=name) for name in names),
        roles=tuple(Role(name=group, actions=held) for group, held in holders.items()),
        groups=tuple(Group(name=group, roles=(group,)) for group in holders),
        mappings=(Mapping.named(WIDE, wide), Mapping.named(ME, "users:self")),
        precedence=(WIDE, ME),
    )
    return Environment("https://side.example", snapshot)


def planned(strategy: Strategy) -> Plan:
    return make_plan(
        environment("users:admin", admins=("users:admin", "users:self"), staff=("users:list", "users:self")),
        environment("users:list", admins=("users:list", "users:self"), staff=("users:self",)),
        refuses=lambda _: None,
        rules=Rules(strategy=strategy),
    )


@pytest.mark.parametrize(
    ("strategy", "first", "then", "exposed"),
    [
        (Strategy.LEAST_PRIVILEGE, f"update {WIDE}", "assign staff users:list", []),
        (
            Strategy.ZERO_DOWNTIME,
            "assign admins users:admin",
            f"update {WIDE}",
            [("/users/me", WIDE, ("staff",))],
        ),
    ],
)
def test_the_example_of_the_theory_is_planned_as_it_says(
    strategy: Strategy, first: str, then: str, exposed: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    plan = planned(strategy)
    steps = [f"{each.verb} {each.name} {each.member or ''}".strip() for each in plan.operations]
    assert steps.index(f"update {WIDE}") < steps.index(f"reorder {ME}")
    assert steps.index(first) < steps.index(then)
    assert [(each.path, each.mapping, each.groups) for each in plan.exposures] == exposed
    assert not plan.blocked
