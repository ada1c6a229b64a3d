"""What an approver approved: its digest, its file, and what has changed since."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import RefusedError
from sync.model.plan import Blocked, Plan, Rules
from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.approval import Deviation, deviations, plan_from
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from tests.plan.pairs import snapshots

SOURCE = Snapshot(
    actions=(Action(name="read", description="r"), Action(name="write", description="w")),
    roles=(Role(name="editor", description="e", actions=("read", "write")),),
    mappings=(Mapping(method="GET", path_pattern="/x$", action="read"),),
)
TARGET = Snapshot(actions=(Action(name="read", description="old"), Action(name="gone", description="g")))


def plan_of(source: Snapshot, target: Snapshot, rules: Rules | None = None) -> Plan:
    return make_plan(
        Environment("https://source.example", source),
        Environment("https://target.example", target),
        refuses=lambda _: None,
        rules=rules or Rules(),
    )


PLAN = plan_of(SOURCE, TARGET)


def written(plan: Plan) -> bytes:
    return plan.model_dump_json(by_alias=True, indent=2).encode()


def shuffled(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    def mixed(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(rows, len(rows)))

    return Snapshot(
        actions=mixed(snapshot.actions),
        roles=mixed(
            tuple(
                Role(name=r.name, description=r.description, actions=mixed(r.actions or ()))
                for r in snapshot.roles
            )
        ),
        mappings=mixed(snapshot.mappings),
        groups=mixed(
            tuple(
                Group(name=g.name, description=g.description, roles=mixed(g.roles or ()))
                for g in snapshot.groups
            )
        ),
        precedence=snapshot.precedence,
    )


@given(snapshots(), snapshots(), st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_rows(
    source: Snapshot, target: Snapshot, chance: random.Random
) -> None:
    assert (
        plan_of(source, target).digest == plan_of(shuffled(source, chance), shuffled(target, chance)).digest
    )


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path to every text, number and switch in a JSON value."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in places(item, (*path, key))]
    if isinstance(value, list):
        return [place for key, item in enumerate(value) for place in places(item, (*path, key))]
    return [path]


def changed(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return a JSON value with another text, number or switch at a path."""
    copy = json.loads(json.dumps(value))
    at = copy
    for key in path[:-1]:
        at = at[key]
    old = at[path[-1]]
    at[path[-1]] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old}x"
    return copy


WHOLE = PLAN.model_copy(
    update={
        "rules": Rules(accept=("role:a",), protect=("role:b",), ignore=("role:c",)),
        "blocked": (
            Blocked(kind=Kind.ROLE, name="r", operation=PLAN.operations[0], reason="why", remedy="how"),
        ),
    }
)
EVERYTHING = json.loads(WHOLE.model_dump_json(by_alias=True, exclude={"digest", "members"}))


@pytest.mark.parametrize("place", places(EVERYTHING), ids=lambda place: ".".join(map(str, place)))
def test_whatever_is_edited_the_file_is_refused(place: tuple[str | int, ...]) -> None:
    edited = changed(EVERYTHING, place) | {"digest": WHOLE.digest}
    with pytest.raises(RefusedError, match=r"plan\.json (was edited|is not a plan of this version)"):
        plan_from(json.dumps(edited).encode(), "plan.json")


def test_the_members_are_no_part_of_the_approval() -> None:
    assert PLAN.model_copy(update={"members": {"team": 3}}).digest == PLAN.digest


def test_what_was_written_is_read() -> None:
    assert plan_from(written(PLAN), "plan.json", expected_digest=PLAN.digest) == PLAN
    assert plan_from(written(WHOLE), "plan.json") == WHOLE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "plan.json is not a plan of this version: it is incomplete, or not JSON"),
        (written(PLAN)[:-40], "plan.json is not a plan of this version: it is incomplete, or not JSON"),
        (b"[" * 100_000, "plan.json is not a plan of this version: it is incomplete, or not JSON"),
        (b"[]", "plan.json is not a plan of this version: it is not an object"),
        (b"{}", "plan.json is not a plan of this version: it has no digest"),
        (
            written(PLAN).replace(b"heimdall-sync/plan/2", b"heimdall-sync/plan/1"),
            "plan.json is not a plan of this version: schema: Input should be 'heimdall-sync/plan/2'",
        ),
    ],
    ids=["empty", "cut", "deep", "a list", "an empty object", "another version"],
)
def test_a_file_that_is_no_plan_is_refused_in_one_sentence(text: bytes, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        plan_from(text, "plan.json")
    assert caught.value.message == message


def test_another_plan_than_the_one_put_out_is_refused() -> None:
    other = plan_of(TARGET, SOURCE)
    with pytest.raises(RefusedError, match="is not the plan that was shown for approval"):
        plan_from(written(other), "plan.json", expected_digest=PLAN.digest)


def subjects(approved: Plan, fresh: Plan) -> set[tuple[Deviation, str, str, str]]:
    return {(d.deviation, d.operation.verb, d.operation.name, d.moved) for d in deviations(approved, fresh)}


def test_what_the_target_has_already_is_no_longer_needed() -> None:
    target = TARGET.model_copy(update={"actions": (*TARGET.actions, SOURCE.actions[1])})
    assert subjects(PLAN, plan_of(SOURCE, target)) == {
        (Deviation.NO_LONGER_NEEDED, "create", "write", "target")
    }


def test_what_the_source_wants_besides_is_new() -> None:
    source = SOURCE.model_copy(update={"actions": (*SOURCE.actions, Action(name="x", description="x"))})
    assert subjects(PLAN, plan_of(source, TARGET)) == {(Deviation.NEW, "create", "x", "source")}


def test_what_says_something_else_is_changed() -> None:
    source = SOURCE.model_copy(
        update={"actions": (Action(name="read", description="other"), SOURCE.actions[1])}
    )
    target = TARGET.model_copy(
        update={"actions": (Action(name="read", description="old"), Action(name="gone", description="x"))}
    )
    assert subjects(PLAN, plan_of(source, target)) == {
        (Deviation.CHANGED, "update", "read", "source or target"),
        (Deviation.CHANGED, "delete", "gone", "source or target"),
    }
