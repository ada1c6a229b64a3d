"""Which side has moved in the order of its mappings since both were equal."""

import pytest

from sync.model.plan import Verb
from sync.model.snapshot import Action, Mapping, Snapshot
from sync.plan.drift import Moved, moved_since
from sync.plan.planner import make_plan
from sync.plan.side import Environment

EVERYTHING, ME = "GET /(.*)", "GET /me$"


def ordered(*oldest_first: str) -> Snapshot:
    mappings = tuple(
        Mapping(method="GET", path_pattern=name.removeprefix("GET "), action="a") for name in oldest_first
    )
    return Snapshot(actions=(Action(name="a"),), mappings=mappings, precedence=oldest_first)


@pytest.mark.parametrize(
    ("base", "moved"), [((EVERYTHING, ME), Moved.TARGET), ((ME, EVERYTHING), Moved.SOURCE)]
)
def test_a_reorder_is_owed_to_the_side_that_decides_otherwise(base: tuple[str, str], moved: Moved) -> None:
    source, target = ordered(EVERYTHING, ME), ordered(ME, EVERYTHING)
    plan = make_plan(Environment("s", source), Environment("t", target), refuses=lambda _: None)
    assert [(op.verb, op.name) for op in plan.operations] == [(Verb.REORDER, ME)]
    assert set(moved_since(ordered(*base), source, target, plan.operations).values()) == {moved}
