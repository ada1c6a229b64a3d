from collections import Counter

import pytest

from sync.errors import ReadError, SnapshotError
from sync.heimdall.lists import count_members
from sync.heimdall.reader import read_environment
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot
from sync.sandbox.example import staging
from sync.sandbox.faults import Answer, AnyEffect, DropRows
from sync.sandbox.options import People, Shift
from sync.sandbox.process import Sandbox
from tests.conftest import Connect
from tests.servers import lent

LISTS = ["/api/v1/actions/", "/api/v1/roles/", "/api/v1/mappings/list", "/api/v1/groups/"]
EDGES = ["/api/v1/roles/viewer/actions", "/api/v1/roles/groups/finance/roles"]


def many_actions(count: int) -> Snapshot:
    return Snapshot(
        actions=tuple(Action(name=f"a{number:04}", description="one of many") for number in range(count)),
        roles=(Role(name=SUPERADMIN),),
    )


def many_roles(count: int) -> Snapshot:
    roles = [Role(name=f"r{number:02}", actions=("a",)) for number in range(count - 1)]
    return Snapshot(actions=(Action(name="a"),), roles=(*roles, Role(name=SUPERADMIN)))


def test_what_is_read_is_what_is_there(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.reset(staging())
    reading = read_environment(connect(sandbox, read_only=True))
    assert reading.snapshot == staging()
    assert len(reading.ids) == 25 + 9 + 50 + 5
    assert (Kind.MAPPING, "GET /api/v1/users/me$") in reading.ids


def test_rows_older_than_the_rules_are_read(sandbox: Sandbox, connect: Connect) -> None:
    legacy = Snapshot(
        actions=(Action(name="Old-Action"),),
        roles=(Role(name="data-scientist", actions=("Old-Action",)), Role(name=SUPERADMIN)),
        mappings=(Mapping(method="ANY", path_pattern="/old", action="Old-Action"),),
        groups=(Group(name="Team-1", roles=("data-scientist",)),),
    )
    sandbox.reset(legacy)
    assert read_environment(connect(sandbox)).snapshot == legacy


def test_one_request_a_page_a_role_and_a_group(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.reset(many_actions(250))
    transport = connect(sandbox)
    read_environment(transport)
    assert Counter(record.path.split("?")[0] for record in sandbox.requests()) == {
        "/api/v1/actions/": 3,
        "/api/v1/roles/": 1,
        "/api/v1/mappings/list": 1,
        "/api/v1/groups/": 1,
        "/api/v1/roles/superadmin/actions": 1,
    }
    sandbox.reset(staging())
    read_environment(transport)
    assert len(sandbox.requests()) == 4 + 9 + 5


def test_the_first_fifty_roles_are_read_and_of_the_others_it_is_said(
    sandbox: Sandbox, connect: Connect
) -> None:
    sandbox.reset(many_roles(53))
    snapshot = read_environment(connect(sandbox)).snapshot
    assert [role.name for role in snapshot.roles if not role.readable] == ["r50", "r51"]


@pytest.mark.parametrize("shift", Shift)
def test_a_list_that_shifts_is_read_again(connect: Connect, shift: Shift) -> None:
    with lent(many_actions(250), shifting_list=shift, shifting_readings=2) as sandbox:
        assert read_environment(connect(sandbox)).snapshot == many_actions(250)


@pytest.mark.parametrize("shift", Shift)
def test_a_list_that_shifts_for_good_is_an_error(connect: Connect, shift: Shift) -> None:
    with (
        lent(many_actions(250), shifting_list=shift, shifting_readings=3) as sandbox,
        pytest.raises(SnapshotError, match=r"gave contradictory answers, 3 times: GET /api/v1/actions/"),
    ):
        read_environment(connect(sandbox))


@pytest.mark.parametrize("path", ["/api/v1/actions/", "/api/v1/roles/", "/api/v1/mappings/list"])
def test_a_list_that_lacks_rows_is_an_error(sandbox: Sandbox, connect: Connect, path: str) -> None:
    sandbox.reset(staging())
    sandbox.add_fault(DropRows(rows=1), path=f"^{path}", times=None)
    with pytest.raises(SnapshotError, match="gave contradictory answers, 3 times"):
        read_environment(connect(sandbox))


def test_a_role_that_a_group_holds_and_no_list_shows_is_an_error(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.reset(staging())
    body = '[{"id": 999, "name": "unlisted", "description": "x"}]'
    sandbox.add_fault(Answer(body=body), path="^/api/v1/roles/groups/finance/roles", times=None)
    with pytest.raises(SnapshotError, match="group 'finance' refers to role 'unlisted', which is not in"):
        read_environment(connect(sandbox))


BAD = [
    Answer(status=403, body='{"error": "Insufficient permissions", "status_code": 403}'),
    Answer(status=404, body='{"error": "Not found", "status_code": 404}'),
    Answer(status=500, body='{"error": "Internal", "status_code": 500}'),
    Answer(body="<html>", content_type="text/html"),
    Answer(body='"nonsense"'),
    Answer(body="[{}]"),
    Answer(body='{"items": [], "actions": []}'),
    Answer(body='[{"id": "1", "name": 2}]'),
]


@pytest.mark.parametrize("path", [*LISTS, *EDGES])
@pytest.mark.parametrize("effect", BAD, ids=lambda effect: f"{effect.status} {effect.body[:12]}")
def test_every_answer_but_a_good_one_is_an_error(
    sandbox: Sandbox, connect: Connect, path: str, effect: AnyEffect
) -> None:
    sandbox.reset(staging())
    sandbox.add_fault(effect, path=f"^{path}", times=None)
    with pytest.raises(ReadError, match=path):
        read_environment(connect(sandbox))


def test_members_are_counted_and_not_kept(sandbox: Sandbox, connect: Connect) -> None:
    groups = (Group(name="empty"), Group(name="team"))
    members = ("22222222222", "33333333333")
    sandbox.reset(Snapshot(groups=groups), people=People(members={"team": members}))
    assert count_members(connect(sandbox), ["team", "empty"]) == {"team": 2, "empty": 0}


def test_a_text_that_is_not_unicode_is_an_error(sandbox: Sandbox, connect: Connect) -> None:
    body = r'[{"id": 1, "name": "half\ud800", "description": "x"}]'
    sandbox.add_fault(Answer(body=body), path="^/api/v1/groups/$", times=None)
    with pytest.raises(ReadError, match=r"unexpected JSON: 0\.name: .* .half of a surrogate pair"):
        read_environment(connect(sandbox))
