"""What shows only in several requests after another."""

from sync.model.snapshot import Role, Snapshot
from sync.sandbox.process import Sandbox

from .world import HOLDER, MEMBER, PEOPLE, Api, superadmin

NEW = {"name": "new", "description": "New"}


def test_an_update_with_null_leaves_a_description(api: Api) -> None:
    api("PUT /api/v1/actions/2", {"description": None})
    api("PUT /api/v1/actions/2", {})

    assert api.get("/api/v1/actions/2")["description"] == "Reads documents"


def test_an_updated_action_goes_to_the_end_of_the_list(api: Api) -> None:
    assert api.names("/api/v1/actions/") == ["Old-Action", "docs:read", "docs:write"]

    api("PUT /api/v1/actions/1", {"description": "Described at last"})

    assert api.names("/api/v1/actions/") == ["docs:read", "docs:write", "Old-Action"]


def test_deleting_an_action_takes_its_mappings_and_edges(api: Api, sandbox: Sandbox) -> None:
    api("DELETE /api/v1/actions/2")

    assert [row["id"] for row in api.get("/api/v1/mappings/list")] == [1, 3]
    assert api.names("/api/v1/roles/writer/actions") == ["docs:write"]
    assert api.names("/api/v1/roles/reader/actions") == []
    assert sandbox.snapshot().actions[-1].name == "docs:write"


def test_renaming_an_action_leaves_its_mappings_and_edges(api: Api) -> None:
    assert api("PUT /api/v1/actions/2", {"name": "Docs-Read"}).status_code == 200

    assert [row["action"] for row in api.get("/api/v1/mappings/list")][1] == "Docs-Read"
    assert api.names("/api/v1/roles/reader/actions") == ["Docs-Read"]


def test_renaming_takes_names_that_no_role_can_be_given_anew(api: Api) -> None:
    api("PUT /api/v1/actions/2", {"name": "Docs-Read"})

    assert api("POST /api/v1/roles/idle/actions", {"action_name": "Docs-Read"}).status_code == 422
    assert api("DELETE /api/v1/roles/reader/actions/Docs-Read").status_code == 204
    assert api("PUT /api/v1/actions/2", {"name": "docs read"}).status_code == 422


def test_an_id_is_not_used_again(api: Api) -> None:
    api("DELETE /api/v1/actions/3")

    assert api("POST /api/v1/actions/", NEW).json()["id"] == 4


def test_a_role_can_be_deleted_once_it_holds_nothing_and_nobody_holds_it(api: Api) -> None:
    assert api("DELETE /api/v1/roles/reader").status_code == 409
    api("DELETE /api/v1/roles/groups/staff/roles/reader")
    assert api("DELETE /api/v1/roles/reader").status_code == 500
    api("DELETE /api/v1/roles/reader/actions/docs:read")
    assert api("DELETE /api/v1/roles/reader").status_code == 204
    assert "reader" not in api.names("/api/v1/roles/")


def test_deleting_a_group_takes_its_members_for_good(api: Api, sandbox: Sandbox) -> None:
    api("DELETE /api/v1/groups/staff")
    api("POST /api/v1/groups/", {"name": "staff", "description": "Has had members"})

    assert api.get("/api/v1/groups/staff/members") == []
    assert api.names("/api/v1/roles/groups/staff/roles") == []
    assert sandbox.people().members == {}


def test_members_are_shown_newest_first(api: Api) -> None:
    api("POST /api/v1/groups/staff/members", {"subject": HOLDER})

    members = api.get("/api/v1/groups/staff/members")

    assert [member["subject"] for member in members] == [HOLDER, MEMBER]
    assert members[0]["added_by"] == "11111111111"


def test_edges_show_by_name(api: Api) -> None:
    for role in ("idle", "superadmin", "held"):
        api("POST /api/v1/roles/groups/staff/roles", {"role_name": role})

    assert api.names("/api/v1/roles/groups/staff/roles") == ["held", "idle", "reader", "superadmin"]


def test_a_mapping_shows_when_it_was_written(api: Api) -> None:
    body = {"path_pattern": "/new$", "method": "GET", "action_id": 2}
    created = api("POST /api/v1/mappings/", body).json()
    untouched = api(f"PUT /api/v1/mappings/{created['id']}", {"description": None}).json()
    updated = api(f"PUT /api/v1/mappings/{created['id']}", {"action_id": 2}).json()

    assert created["updated_at"] == created["created_at"]
    assert untouched == created
    assert updated["created_at"] == created["created_at"]
    assert updated["updated_at"] > created["updated_at"]


def _roles(count: int) -> Snapshot:
    """Return an environment whose roles, `superadmin` counted, are `count`."""
    return Snapshot(roles=tuple(Role(name=f"role_{number:02}") for number in range(1, count)))


def test_the_actions_of_roles_beyond_the_50th_are_out_of_reach(server: Sandbox) -> None:
    server.reset(_roles(52))
    api = superadmin(server)
    api("POST /api/v1/actions/", NEW)

    assert api.get("/api/v1/roles/?limit=100")["total"] == 52
    assert api("GET /api/v1/roles/role_50/actions").status_code == 200
    assert api("POST /api/v1/roles/role_50/actions", {"action_name": "new"}).status_code == 200
    for request, body in (
        ("GET /api/v1/roles/role_51/actions", None),
        ("POST /api/v1/roles/role_51/actions", {"action_name": "new"}),
        ("DELETE /api/v1/roles/role_51/actions/new", None),
    ):
        response = api(request, body)
        assert response.status_code == 404
        assert response.json() == {"error": "Role 'role_51' not found", "status_code": 404}
    assert api("GET /api/v1/roles/superadmin/actions").status_code == 404


def test_creating_roles_pushes_others_out_of_sight_and_deleting_brings_them_back(server: Sandbox) -> None:
    server.reset(_roles(50))
    api = superadmin(server)
    assert api("GET /api/v1/roles/superadmin/actions").status_code == 200

    api("POST /api/v1/roles/", NEW)
    assert api("GET /api/v1/roles/superadmin/actions").status_code == 404

    assert api("DELETE /api/v1/roles/role_01").status_code == 204
    assert api("GET /api/v1/roles/superadmin/actions").status_code == 200


def test_a_role_out_of_sight_can_be_assigned_to_groups_and_deleted(server: Sandbox) -> None:
    server.reset(_roles(60))
    api = superadmin(server)
    api("POST /api/v1/groups/", NEW)

    assert api("POST /api/v1/roles/groups/new/roles", {"role_name": "role_59"}).status_code == 200
    assert api("DELETE /api/v1/roles/groups/new/roles/role_59").status_code == 204
    assert api("DELETE /api/v1/roles/role_59").status_code == 204


def test_what_was_loaded_is_what_is_shown(sandbox: Sandbox) -> None:
    assert sandbox.people() == PEOPLE
    assert superadmin(sandbox).names("/api/v1/roles/groups/staff/roles") == ["reader"]
