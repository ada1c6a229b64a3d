"""The tables of how the admin API was seen to answer, row by row, asked by a superadmin."""

from typing import Any

import pytest
import requests

from .world import MEMBER, Api, shows

NEW = {"name": "new", "description": "New"}
NO_SUCH = {"error": "Role 'x' not found", "status_code": 404}
READING_TABLE: list[tuple[str, str, int, Any]] = [
    # what, request, status, what the answer holds
    (
        "actions",
        "GET /api/v1/actions/?skip=1&limit=1",
        200,
        {
            "actions": [
                {"id": 2, "name": "docs:read", "description": "Reads documents", "endpoint_count": 1}
            ],
            "total": 3,
            "skip": 1,
            "limit": 1,
        },
    ),
    ("actions, by default", "GET /api/v1/actions/", 200, {"skip": 0, "limit": 50}),
    ("actions, too many", "GET /api/v1/actions/?limit=101", 422, {"error": "Validation error"}),
    ("an old action", "GET /api/v1/actions/1", 200, {"name": "Old-Action", "description": None}),
    ("no such action", "GET /api/v1/actions/99", 404, {"status_code": 404}),
    (
        "roles",
        "GET /api/v1/roles/?skip=3&limit=2",
        200,
        {
            "items": [{"name": "reader", "description": "Reads", "created_by": None}, {"name": "superadmin"}],
            "total": 6,
            "skip": 3,
            "limit": 2,
            "has_more": True,
        },
    ),
    ("the last roles", "GET /api/v1/roles/?skip=5", 200, {"items": [{"name": "writer"}], "has_more": False}),
    ("roles, too many", "GET /api/v1/roles/?limit=101", 422, {"error": "Validation error"}),
    (
        "a role's actions",
        "GET /api/v1/roles/writer/actions",
        200,
        [{"id": 2, "name": "docs:read", "description": "Reads documents"}, {"id": 3, "name": "docs:write"}],
    ),
    ("superadmin's actions", "GET /api/v1/roles/superadmin/actions", 200, []),
    ("no such role's actions", "GET /api/v1/roles/x/actions", 404, NO_SUCH),
    (
        "mappings",
        "GET /api/v1/mappings/list",
        200,
        [
            {"id": 1, "path_pattern": "/old", "method": "ANY", "action": "Old-Action", "description": None},
            {"id": 2, "path_pattern": "/docs$", "method": "GET", "description": "All of them"},
            {"id": 3, "path_pattern": "/docs$", "method": "POST", "created_by": None},
        ],
    ),
    ("an action's mappings", "GET /api/v1/mappings/list?action_filter=docs:read", 200, [{"id": 2}]),
    (
        "one request's mapping",
        "GET /api/v1/mappings/?path=/docs&method=GET",
        200,
        {
            "mapping_id": 2,
            "action": "docs:read",
            "path_pattern": "/docs$",
            "method": "GET",
            "description": "All of them",
        },
    ),
    ("no mapping", "GET /api/v1/mappings/?path=/nowhere&method=GET", 404, {"status_code": 404}),
    ("half a question", "GET /api/v1/mappings/?path=/docs", 422, {"error": "Validation error"}),
    (
        "groups",
        "GET /api/v1/groups/",
        200,
        [
            {"id": 1, "name": "nobody", "description": "Has no members", "created_by": None},
            {"id": 2, "name": "staff"},
        ],
    ),
    ("some groups", "GET /api/v1/groups/?prefix=STA", 200, [{"name": "staff"}]),
    (
        "a group's roles",
        "GET /api/v1/roles/groups/staff/roles",
        200,
        [{"id": 5, "name": "reader", "description": "Reads", "created_by": None}],
    ),
    ("no such group's roles", "GET /api/v1/roles/groups/x/roles", 404, {"status_code": 404}),
    (
        "a group's members",
        "GET /api/v1/groups/staff/members",
        200,
        [{"subject": MEMBER, "display_name": None, "added_by": None}],
    ),
    ("no such group's members", "GET /api/v1/groups/x/members", 404, {"status_code": 404}),
    ("who am I", "GET /api/v1/users/me", 200, {"cpf": "11111111111", "groups": [], "roles": ["superadmin"]}),
    ("who is that", f"GET /api/v1/users/{MEMBER}", 200, {"groups": ["staff"], "roles": ["reader"]}),
    ("nobody", "GET /api/v1/users/44444444444", 404, {"status_code": 404}),
    ("users in groups", "GET /api/v1/users/?has_groups=true", 200, {"items": [{"cpf": MEMBER}], "total": 1}),
    ("alive", "GET /api/v1/healthz", 200, {"status": "healthy"}),
    ("ready", "GET /api/v1/readyz", 200, {"status": "ready"}),
    ("the policy", "GET /api/v1/cerbos-policy-template", 200, {"rolePolicy": {"role": "superadmin"}}),
    ("no such path", "GET /api/v1/nowhere", 404, {"detail": "Not Found"}),
    ("no reading of one role", "GET /api/v1/roles/reader", 405, {"detail": "Method Not Allowed"}),
]

WRITING_TABLE: list[tuple[str, str, Any, int, Any]] = [
    # what, request, body, status, what the answer holds
    ("create action", "POST /api/v1/actions/", NEW, 201, {**NEW, "id": 4, "endpoint_count": 0}),
    ("existing action", "POST /api/v1/actions/", {**NEW, "name": "docs:read"}, 400, {"status_code": 400}),
    ("update action", "PUT /api/v1/actions/2", {"description": "R"}, 200, {"description": "R"}),
    ("null changes nothing", "PUT /api/v1/actions/2", {"description": None}, 200, {"name": "docs:read"}),
    ("rename action", "PUT /api/v1/actions/2", {"name": "Docs-Read"}, 200, {"name": "Docs-Read"}),
    ("existing name", "PUT /api/v1/actions/2", {"name": "docs:write"}, 400, {"status_code": 400}),
    ("update no action", "PUT /api/v1/actions/99", {"description": "R"}, 400, {"status_code": 400}),
    ("delete action", "DELETE /api/v1/actions/2", None, 204, None),
    ("delete no action", "DELETE /api/v1/actions/99", None, 400, {"status_code": 400}),
    ("create role", "POST /api/v1/roles/", NEW, 201, {**NEW, "id": 7, "created_by": "11111111111"}),
    ("existing role", "POST /api/v1/roles/", {**NEW, "name": "reader"}, 409, {"status_code": 409}),
    ("update role", "PUT /api/v1/roles/reader", {"description": "R"}, 405, {"detail": "Method Not Allowed"}),
    ("patch role", "PATCH /api/v1/roles/reader", {"description": "R"}, 405, {"detail": "Method Not Allowed"}),
    ("delete role", "DELETE /api/v1/roles/idle", None, 204, None),
    ("delete no role", "DELETE /api/v1/roles/x", None, 404, NO_SUCH),
    ("delete a group's role", "DELETE /api/v1/roles/reader", None, 409, {"status_code": 409}),
    ("delete a role with actions", "DELETE /api/v1/roles/writer", None, 500, {"status_code": 500}),
    ("delete a user's role", "DELETE /api/v1/roles/held", None, 500, {"status_code": 500}),
    ("delete superadmin", "DELETE /api/v1/roles/superadmin", None, 403, {"status_code": 403}),
    ("assign", "POST /api/v1/roles/idle/actions", {"action_name": "docs:read"}, 200, {"role": "idle"}),
    ("assign again", "POST /api/v1/roles/reader/actions", {"action_name": "docs:read"}, 200, {}),
    ("assign to nothing", "POST /api/v1/roles/x/actions", {"action_name": "docs:read"}, 404, NO_SUCH),
    ("assign nothing", "POST /api/v1/roles/idle/actions", {"action_name": "x"}, 404, {"status_code": 404}),
    ("to superadmin", "POST /api/v1/roles/superadmin/actions", {"action_name": "docs:read"}, 403, {}),
    ("unassign", "DELETE /api/v1/roles/reader/actions/docs:read", None, 204, None),
    ("unassign again", "DELETE /api/v1/roles/idle/actions/docs:read", None, 204, None),
    ("unassign from nothing", "DELETE /api/v1/roles/x/actions/docs:read", None, 404, NO_SUCH),
    ("unassign nothing", "DELETE /api/v1/roles/reader/actions/x", None, 404, {"status_code": 404}),
    (
        "create mapping",
        "POST /api/v1/mappings/",
        {"path_pattern": "/new$", "method": "GET", "action_id": 2},
        201,
        {"id": 4, "path_pattern": "/new$", "action": "docs:read", "description": None},
    ),
    (
        "existing mapping",
        "POST /api/v1/mappings/",
        {"path_pattern": "/docs$", "method": "GET", "action_id": 3},
        409,
        {"status_code": 409},
    ),
    (
        "mapping without action",
        "POST /api/v1/mappings/",
        {"path_pattern": "/new$", "method": "GET", "action_id": 99},
        409,
        {"status_code": 409},
    ),
    ("update mapping", "PUT /api/v1/mappings/2", {"action_id": 3}, 200, {"action": "docs:write"}),
    ("keep the description", "PUT /api/v1/mappings/2", {"action_id": 3}, 200, {"description": "All of them"}),
    ("clear the description", "PUT /api/v1/mappings/2", {"description": ""}, 200, {"description": None}),
    ("an old mapping", "PUT /api/v1/mappings/1", {"description": "D"}, 200, {"method": "ANY"}),
    ("move mapping", "PUT /api/v1/mappings/2", {"path_pattern": "/d$"}, 200, {"path_pattern": "/d$"}),
    ("move onto another", "PUT /api/v1/mappings/2", {"method": "POST"}, 409, {"status_code": 409}),
    ("update no mapping", "PUT /api/v1/mappings/99", {"action_id": 3}, 404, {"status_code": 404}),
    ("update to no action", "PUT /api/v1/mappings/2", {"action_id": 99}, 404, {"status_code": 404}),
    ("delete mapping", "DELETE /api/v1/mappings/2", None, 204, None),
    ("delete no mapping", "DELETE /api/v1/mappings/99", None, 204, None),
    ("create group", "POST /api/v1/groups/", NEW, 201, {**NEW, "id": 3, "created_by": "11111111111"}),
    ("existing group", "POST /api/v1/groups/", {**NEW, "name": "staff"}, 409, {"status_code": 409}),
    ("update group", "PUT /api/v1/groups/staff", {"description": "S"}, 405, {"detail": "Method Not Allowed"}),
    ("patch group", "PATCH /api/v1/groups/staff", NEW, 405, {"detail": "Method Not Allowed"}),
    ("delete group", "DELETE /api/v1/groups/staff", None, 204, None),
    ("delete no group", "DELETE /api/v1/groups/x", None, 404, {"status_code": 404}),
    ("assign role", "POST /api/v1/roles/groups/nobody/roles", {"role_name": "idle"}, 200, {"role": "idle"}),
    ("assign role again", "POST /api/v1/roles/groups/staff/roles", {"role_name": "reader"}, 200, {}),
    ("give superadmin", "POST /api/v1/roles/groups/staff/roles", {"role_name": "superadmin"}, 200, {}),
    ("assign role to nothing", "POST /api/v1/roles/groups/x/roles", {"role_name": "idle"}, 404, {}),
    ("assign no role", "POST /api/v1/roles/groups/staff/roles", {"role_name": "x"}, 404, NO_SUCH),
    ("unassign role", "DELETE /api/v1/roles/groups/staff/roles/reader", None, 204, None),
    ("unassign role again", "DELETE /api/v1/roles/groups/staff/roles/idle", None, 204, None),
    ("unassign no role from nothing", "DELETE /api/v1/roles/groups/x/roles/x", None, 204, None),
    ("add member", "POST /api/v1/groups/nobody/members", {"subject": MEMBER}, 200, {"subject": MEMBER}),
    ("add member again", "POST /api/v1/groups/staff/members", {"subject": MEMBER}, 400, {}),
    ("remove member", f"DELETE /api/v1/groups/staff/members/{MEMBER}", None, 204, None),
    ("remove no member", f"DELETE /api/v1/groups/nobody/members/{MEMBER}", None, 400, {}),
]

MAPPING = {"path_pattern": "/new$", "method": "GET", "action_id": 2}

INVALID_TABLE: list[tuple[str, str, Any]] = [
    *(
        (f"{what}, {fault}", f"POST /api/v1/{what}/", body)
        for what in ("actions", "roles", "groups")
        for fault, body in (
            ("a name with a dash", {**NEW, "name": "data-scientist"}),
            ("a name with a capital", {**NEW, "name": "New"}),
            ("a name with a line break at its end", {**NEW, "name": "new\n"}),
            ("an empty name", {**NEW, "name": ""}),
            ("a name of 101 characters", {**NEW, "name": "n" * 101}),
            ("no description", {"name": "new"}),
            ("an empty description", {**NEW, "description": ""}),
            ("a description of 501 characters", {**NEW, "description": "d" * 501}),
        )
    ),
    ("an action's description can't be cleared", "PUT /api/v1/actions/2", {"description": ""}),
    ("an old method", "POST /api/v1/mappings/", {**MAPPING, "method": "ANY"}),
    ("a method in small letters", "POST /api/v1/mappings/", {**MAPPING, "method": "get"}),
    ("an empty pattern", "POST /api/v1/mappings/", {**MAPPING, "path_pattern": ""}),
    ("a pattern of 256 characters", "POST /api/v1/mappings/", {**MAPPING, "path_pattern": "/" * 256}),
    ("no action", "POST /api/v1/mappings/", {**MAPPING, "action_id": 0}),
    ("a mapping's long description", "POST /api/v1/mappings/", {**MAPPING, "description": "d" * 501}),
    ("an old action", "POST /api/v1/roles/idle/actions", {"action_name": "Old-Action"}),
    ("an old role", "POST /api/v1/roles/groups/staff/roles", {"role_name": "data-scientist"}),
    ("no CPF", "POST /api/v1/groups/staff/members", {"subject": "1234"}),
]


@pytest.mark.parametrize(
    ("request_line", "status", "answer"), [pytest.param(*row[1:], id=row[0]) for row in READING_TABLE]
)
def test_reading(api: Api, request_line: str, status: int, answer: Any) -> None:
    response = api(request_line)

    assert response.status_code == status, response.text
    assert shows(response.json(), answer), response.text


@pytest.mark.parametrize(
    ("request_line", "body", "status", "answer"), [pytest.param(*row[1:], id=row[0]) for row in WRITING_TABLE]
)
def test_writing(api: Api, request_line: str, body: Any, status: int, answer: Any) -> None:
    response = api(request_line, body)

    assert response.status_code == status, response.text
    assert response.content == b"" if answer is None else shows(response.json(), answer), response.text


@pytest.mark.parametrize(
    ("request_line", "body"), [pytest.param(*row[1:], id=row[0]) for row in INVALID_TABLE]
)
def test_bodies_are_checked(api: Api, request_line: str, body: Any) -> None:
    response = api(request_line, body)

    assert response.status_code == 422, response.text
    assert response.json()["error"] == "Validation error"
    assert response.json()["details"]
    assert all(set(problem) == {"type", "loc", "msg", "input"} for problem in response.json()["details"])


@pytest.mark.parametrize("name", ["actions", "roles", "groups", "mappings"])
def test_a_missing_slash_is_a_redirect(api: Api, name: str) -> None:
    response = api(f"GET /api/v1/{name}")

    assert response.status_code == 307
    assert response.headers["Location"].endswith(f"/api/v1/{name}/")


def test_a_body_that_is_no_json_is_refused_in_the_same_shape(api: Api) -> None:
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(
            f"{api.url}/api/v1/groups/",
            data="{",
            headers={"Authorization": str(api.authorization), "Content-Type": "application/json"},
            timeout=api.timeout,
        )

    assert response.status_code == 422
    assert shows(response.json(), {"error": "Validation error", "details": [{"type": "json_invalid"}]})
