"""One environment made equal to another, over real HTTP."""

from collections import Counter
from collections.abc import Iterator

import pytest

from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.faults import Answer, AnyEffect, Die, DropRows
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import RunCommand, equal, writes
from tests.e2e.environments import environment, made_different
from tests.servers import lent

EXAMPLE_LINES = """\
  Found 25 actions in source
  Found 24 actions in target
  [CREATE] Action 'users:export'
  [CREATE] Action 'data:analyze'
  [UPDATE] Action 'users:read' description
  [DELETE] Action 'legacy:action'
  [CREATE] Role 'data_scientist'
  [CREATE] Role 'auditor'
Syncing role-action assignments...
  [ASSIGN] Action 'users:export' to role 'admin'
  [UNASSIGN] Action 'legacy:action' from role 'viewer'
  [CREATE] Mapping GET /api/v1/users/export$ -> users:export
  [CREATE] Mapping POST /api/v1/data/analyze$ -> data:analyze
  [DELETE] Mapping GET /api/v1/legacy$ -> legacy:action
  [CREATE] Group 'data_team'
Syncing group-role assignments...
  [ASSIGN] Role 'data_scientist' to group 'data_team'
Actions:  +2 ~1 -1
Roles:    +2 ~0 -1
Mappings: +2 ~2 -1
Groups:   +1 ~0 -1
Errors:   0
Total Changes: 29
"""


@pytest.fixture
def example() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(staging()) as source, lent(production(), people=PEOPLE, first_id=1000) as target:
        yield source, target


def test_the_example_keeps_its_lines_and_ends_equal(
    example: tuple[Sandbox, Sandbox], run: RunCommand
) -> None:
    source, target = example
    planned = run(source, target, "--dry-run")
    assert planned.code == 0
    assert writes(target) == []
    applied = run(source, target)
    assert applied.code == 0
    for ended in (planned, applied):
        lines = ended.out.splitlines()
        assert [line for line in EXAMPLE_LINES.splitlines() if line not in lines] == []
    assert "identical" in applied.out
    assert "identical" not in planned.out
    assert equal(target.snapshot(), staging())
    assert equal(source.snapshot(), staging())
    assert {record.method for record in source.requests()} == {"GET"}


def test_a_second_run_plans_nothing_and_only_reads(example: tuple[Sandbox, Sandbox], run: RunCommand) -> None:
    source, target = example
    assert run(source, target, "apply").code == 0
    target.clear_requests()
    again = run(source, target, "apply")
    assert again.code == 0
    assert "Total Changes: 0" in again.out
    assert writes(target) == []


@pytest.mark.parametrize("strategy", ["least-privilege", "zero-downtime"])
def test_a_large_pair_ends_equal(run: RunCommand, strategy: str) -> None:
    wanted = environment()
    before = made_different(wanted)
    with lent(wanted) as source, lent(before, publish_updates=True, first_id=1000) as target:
        ended = run(source, target, "apply", "--strategy", strategy)
        assert ended.code == 0
        assert equal(target.snapshot(), wanted)
        verbs = Counter(
            (operation["verb"], operation["kind"])
            for wave in ended.plan["waves"]
            for operation in wave["operations"]
        )
        assert set(verbs) == {
            *((verb, kind) for verb in ("create", "update", "delete") for kind in Kind),
            *((verb, kind) for verb in ("assign", "unassign") for kind in ("role", "group")),
        }
        assert len(writes(target)) == sum(verbs.values())


def test_with_sixty_roles_what_cannot_be_read_is_left_alone(run: RunCommand) -> None:
    wanted = environment(roles=60)
    before = made_different(wanted)
    with lent(wanted) as source, lent(before, publish_updates=True, first_id=1000) as target:
        ended = run(source, target, "apply")
        after = target.snapshot()
    assert ended.code == 1
    unread = {b["name"] for b in ended.plan["blocked"] if b["kind"] == "role" and b["operation"] is None}
    assert unread
    by_name = {role.name: role for role in before.roles}
    for role in after.roles:
        if role.name in unread:
            assert role.actions == by_name[role.name].actions
            assert f"role `{role.name}`" in ended.summary
    blocked = {(b["kind"], b["name"]) for b in ended.plan["blocked"]}
    for kind in (Kind.MAPPING, Kind.ROLE, Kind.GROUP):
        ours = {e.name: e for e in after.of(kind) if (kind, e.name) not in blocked}
        theirs = {e.name: e for e in wanted.of(kind) if (kind, e.name) not in blocked}
        assert ours == theirs
    assert {a.name for a in wanted.actions} <= {a.name for a in after.actions}
    assert "it shows those of the first 50 roles by name only" in ended.out


def test_what_deleting_roles_makes_readable_takes_another_run(run: RunCommand) -> None:
    names = [f"role_{number:02}" for number in range(57)]
    actions = (Action(name="read", description="r"), Action(name="write", description="w"))
    kept = [name for number, name in enumerate(names) if number >= 13]
    wanted = Snapshot(
        actions=actions,
        roles=(
            *(Role(name=n, description="d", actions=("read", "write")) for n in kept),
            Role(name=SUPERADMIN, description="s"),
        ),
    )
    before = Snapshot(
        actions=(*actions, Action(name="old", description="o")),
        roles=(
            *(Role(name=n, description="d", actions=("read", "old")) for n in names),
            Role(name=SUPERADMIN, description="s"),
        ),
    )
    with lent(wanted) as source, lent(before) as target:
        planned = run(source, target, "plan", "--max-delete-percent", "70")
        assert (
            "⚠ 2 runs are needed:\n  the target hides the assignments of 7 roles: the server" in planned.out
        )
        assert "2 runs are needed" in planned.cases("skipped")
        assert "Nobody is known to gain or lose access:" in planned.summary
        first = run(source, target, "apply", "--max-delete-percent", "70")
        assert first.code == 1
        assert (
            "apply this plan, then run the sync again: the target then shows all of its 45 roles" in first.out
        )
        for told in (first.out, first.summary):
            assert "Another run is needed" in told
            assert "this apply has deleted roles, so the target shows others now" in told
        assert "make a new plan and apply it: the old one is carried out" in first.summary
        assert "Another run is needed" in first.cases("skipped")
        second = run(source, target, "apply")
        assert second.code == 0
        assert equal(target.snapshot(), wanted)


READS = {
    "health": "/api/v1/healthz",
    "me": "/api/v1/users/me",
    "schema": "/openapi.json",
    "actions": r"/api/v1/actions/\?",
    "roles": r"/api/v1/roles/\?",
    "mappings": "/api/v1/mappings/list",
    "groups": "/api/v1/groups/$",
    "actions of a role": "/api/v1/roles/editor/actions",
    "roles of a group": "/api/v1/roles/groups/finance/roles",
    "members": "/api/v1/groups/legacy_team/members",
}
BAD: dict[str, AnyEffect] = {
    "403": Answer(status=403, body='{"error": "no", "status_code": 403}'),
    "404": Answer(status=404, body='{"error": "not there", "status_code": 404}'),
    "500": Answer(status=500, body='{"error": "broken", "status_code": 500}'),
    "html": Answer(body="<html>", content_type="text/html"),
    "nonsense": Answer(body='{"nonsense": 1}'),
    "fewer rows": DropRows(rows=1),
}
HARMLESS = {
    ("schema", "403"),  # a schema that is not published: the known one is used
    ("schema", "404"),
    ("schema", "nonsense"),
    ("schema", "fewer rows"),  # not a list
    ("health", "fewer rows"),
    ("health", "html"),
    ("health", "nonsense"),
    ("me", "500"),  # a service account: judged by the probes
    ("me", "fewer rows"),
    ("groups", "fewer rows"),  # no count to compare it with
    ("actions of a role", "fewer rows"),
    ("roles of a group", "fewer rows"),
    ("members", "fewer rows"),
}


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        yield source, target


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("read", "effect"), [(r, e) for r in READS for e in BAD if (r, e) not in HARMLESS], ids=str
)
def test_a_read_that_fails_ends_the_run_before_any_write(
    pair: tuple[Sandbox, Sandbox], run: RunCommand, read: str, effect: str
) -> None:
    source, target = pair
    source.reset(staging())
    target.reset(production(), people=PEOPLE)
    target.add_fault(BAD[effect], methods=["GET"], path=READS[read], times=None)
    ended = run(source, target, "apply")
    assert ended.code == (4 if read in {"health", "me"} else 1)
    assert writes(target) == []
    assert equal(target.snapshot(), production())
    assert "Nothing was changed" in ended.out
    assert ended.cases("failure")


LEGACY = Snapshot(
    actions=(
        Action(name="Old-Action", description="o"),
        Action(name="bare"),
        Action(name="new", description="n"),
    ),
    roles=(
        Role(name="data-scientist", description="d", actions=("new",)),
        Role(name="viewer", description="v", actions=("new", "bare")),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(
        Mapping(method="ANY", path_pattern="/any", action="new"),
        Mapping(method="GET", path_pattern="/new$", action="new"),
    ),
    groups=(Group(name="team", description="t", roles=("viewer", "data-scientist")),),
)


def test_legacy_rows_are_blocked_with_reasons_and_the_rest_is_synced(run: RunCommand) -> None:
    empty = Snapshot(roles=(Role(name=SUPERADMIN, description="s"),))
    with lent(LEGACY) as source, lent(empty) as target:
        ended = run(source, target, "apply")
        after = target.snapshot()
        assert ended.code == 1
        assert [a.name for a in after.actions] == ["new"]
        assert {r.name: r.actions for r in after.roles} == {"viewer": ("new",), SUPERADMIN: ()}
        assert [m.name for m in after.mappings] == ["GET /new$"]
        assert [g.roles for g in after.groups] == [("viewer",)]
        blocked = {
            (b["kind"], b["name"]): b["reason"]
            for b in ended.plan["blocked"]
            if b["operation"]["verb"] == "create"
        }
        assert blocked == {
            (
                "action",
                "Old-Action",
            ): "the target does not accept its name: 'Old-Action' does not match ^[a-z0-9_:]+$",
            ("action", "bare"): "the target does not accept its description: '' should be non-empty",
            ("role", "data-scientist"): "the target does not accept its name: "
            "'data-scientist' does not match ^[a-z0-9_:]+$",
            ("mapping", "ANY /any"): "the target does not accept its method: "
            "'ANY' does not match ^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$",
        }
        known = ["action:Old-*", "action:bare", "role:data-scientist", "mapping:ANY *"]
        accepted = run(source, target, "apply", *(part for p in known for part in ("--accept", p)))
        assert accepted.code == 0
        assert not accepted.cases("failure")
        assert len(accepted.cases("skipped")) >= 4


@pytest.mark.sampled
@pytest.mark.parametrize("status", [403, 409, 422, 500])
def test_one_refused_write_is_missed_by_its_dependants_only(run: RunCommand, status: int) -> None:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        refused = Answer(status=status, body='{"error": "not this one"}')
        target.add_fault(refused, methods=["POST"], path="^/api/v1/roles/$", times=1)
        ended = run(source, target, "apply")
        after = target.snapshot()
        assert ended.code == 1
        missing = {"auditor", "data_scientist"} - {role.name for role in after.roles}
        assert len(missing) == 1
        (name,) = missing
        assert f"[FAILED] create role '{name}': the target answered {status} not this one" in ended.out
        assert ended.cases("failure") == [f"create role '{name}'", "target is identical to source"]
        assert name in ended.summary
        assert run(source, target, "apply").code == 0


def test_a_role_that_a_user_holds_says_so(run: RunCommand) -> None:
    people = People(roles={"contractor": ("22222222222",)})
    with lent(staging()) as source, lent(production(), people=people, first_id=1000) as target:
        ended = run(source, target, "apply")
    assert ended.code == 1
    for told in (ended.out, ended.summary):
        assert "a user may hold this role directly" in told
    assert "22222222222" not in ended.out + ended.summary


def test_a_target_that_dies_is_finished_by_the_next_run(run: RunCommand) -> None:
    wanted = staging()
    with lent(wanted) as source, lent(production(), first_id=1000) as target:
        target.add_fault(Die(), methods=["POST"], nth=5)
        ended = run(source, target, "apply", "--retries", "2", "--give-up-after", "1")
        assert ended.code == 1
        assert ended.cases("failure")
        assert "the target has not answered for" in ended.summary
    with lent(wanted) as source, lent(production(), first_id=1000) as target:
        half = Answer(status=500, body='{"error": "dying"}')
        target.add_fault(
            half, methods=["POST", "PUT", "DELETE"], path="^(?!.*(__no_such|2147483647))", nth=9, times=None
        )
        assert run(source, target, "apply").code == 1
        target.clear_faults()
        assert run(source, target, "apply").code == 0
        assert equal(target.snapshot(), wanted)


def test_requests_are_the_fewest_possible(run: RunCommand) -> None:
    with lent(staging()) as source, lent(production(), people=PEOPLE, first_id=1000) as target:
        planned = run(source, target, "plan")
        assert planned.code == 0
        # a page of actions and one of roles, mappings, groups, 9 roles, 5 groups
        reading_source, reading_target = 4 + 9 + 5, 4 + 8 + 5
        # 3 overlaps, a mapping of 10 actions, and what the other side lists only
        asked = [len(questions(sandbox)) for sandbox in (source, target)]
        assert asked == [12, 13]
        others_source = len(source.requests()) - reading_source - asked[0]
        others_target = len(target.requests()) - reading_target - asked[1] - 3  # the members of groups
        assert others_source == 3
        assert others_target == 8
        assert "Winners of overlaps: 25 asked" in planned.out
        source.clear_requests()
        target.clear_requests()
        applied = run(source, target, "apply")
        # the verification asks about what was written, and one action more, since a mapping is gone
        assert [len(questions(sandbox)) for sandbox in (source, target)] == [12, 13 + 6]
        operations = sum(len(wave["operations"]) for wave in applied.plan["waves"])
        assert len(writes(target)) == operations
        assert "Winners of overlaps: 29 asked for, 22 deduced; 28 actions not checked" in applied.out
        read = [len(sandbox.requests()) - len(questions(sandbox)) for sandbox in (source, target)]
        assert read[0] == others_source + 2 * reading_source
        assert read[1] == others_target + reading_target + 3 + operations + reading_source


def questions(sandbox: Sandbox) -> list[str]:
    return [request.path for request in sandbox.requests() if "/mappings/?path=" in request.path]
