"""Who may do what: tokens, superadmin, and the probes that change nothing."""

from typing import Any

import jwt
import pytest

from sync.sandbox.process import Sandbox
from sync.sandbox.tokens import STATIC_TOKEN, make_token

from .world import HOLDER, MEMBER, Api, bearer, ordinary, shows, superadmin

NEW = {"name": "new", "description": "New"}
RESOLVE = "GET /api/v1/mappings/?path=/docs&method=GET"

FORBIDDEN_TABLE: list[tuple[str, Any]] = [
    ("GET /api/v1/roles/reader/actions", None),
    ("GET /api/v1/roles/groups/staff/roles", None),
    ("GET /api/v1/groups/staff/members", None),
    ("POST /api/v1/roles/", NEW),
    ("DELETE /api/v1/roles/idle", None),
    ("DELETE /api/v1/roles/x", None),
    ("POST /api/v1/roles/x/actions", {"action_name": "x"}),
    ("POST /api/v1/mappings/", {"path_pattern": "/", "method": "GET", "action_id": 99}),
    ("PUT /api/v1/mappings/99", {}),
    ("DELETE /api/v1/mappings/2147483647", None),
    ("POST /api/v1/groups/", NEW),
    ("DELETE /api/v1/groups/__no_such_group__", None),
    ("POST /api/v1/groups/x/members", {"subject": MEMBER}),
    ("DELETE /api/v1/groups/x/members/x", None),
    ("POST /api/v1/roles/groups/x/roles", {"role_name": "x"}),
    ("DELETE /api/v1/roles/groups/__no_such_group__/roles/__no_such_role__", None),
    ("DELETE /api/v1/roles/__no_such_role__/actions/__no_such_action__", None),
]

PROBES_TABLE = [
    # request, status for a superadmin
    ("DELETE /api/v1/actions/2147483647", 400),
    ("DELETE /api/v1/mappings/2147483647", 204),
    ("DELETE /api/v1/groups/__no_such_group__", 404),
    ("DELETE /api/v1/roles/groups/__no_such_group__/roles/__no_such_role__", 204),
    ("DELETE /api/v1/roles/__no_such_role__/actions/__no_such_action__", 404),
]

OPEN_TO_ALL = [
    "GET /api/v1/actions/",
    "GET /api/v1/actions/1",
    "GET /api/v1/roles/",
    "GET /api/v1/mappings/list",
    "GET /api/v1/groups/",
    "GET /api/v1/users/",
    "GET /api/v1/users/me",
    RESOLVE,
]


@pytest.mark.parametrize(("request_line", "body"), FORBIDDEN_TABLE)
def test_permission_is_checked_before_anything_is_looked_for(
    sandbox: Sandbox, request_line: str, body: Any
) -> None:
    response = ordinary(sandbox)(request_line, body)

    assert response.status_code == 403
    assert response.json()["status_code"] == 403
    assert "Insufficient permissions" in response.json()["error"]


@pytest.mark.parametrize(
    ("request_line", "body", "verb"),
    [
        ("POST /api/v1/actions/", NEW, "create"),
        ("PUT /api/v1/actions/99", {}, "update"),
        ("DELETE /api/v1/actions/2147483647", None, "delete"),
    ],
)
def test_the_action_endpoints_wrap_a_refusal(
    sandbox: Sandbox, request_line: str, body: Any, verb: str
) -> None:
    response = ordinary(sandbox)(request_line, body)

    assert response.status_code == 500
    assert response.json() == {
        "error": f"Failed to {verb} action: 403: Insufficient permissions to {verb} actions",
        "status_code": 500,
    }


def test_a_body_is_checked_before_permission(sandbox: Sandbox) -> None:
    assert ordinary(sandbox)("POST /api/v1/groups/", {"name": "No!"}).status_code == 422


@pytest.mark.parametrize(("request_line", "status"), PROBES_TABLE)
def test_a_probe_tells_and_changes_nothing(sandbox: Sandbox, request_line: str, status: int) -> None:
    before = sandbox.snapshot()

    assert superadmin(sandbox)(request_line).status_code == status
    assert sandbox.snapshot() == before


@pytest.mark.parametrize("request_line", OPEN_TO_ALL)
def test_lists_are_open_to_everyone_with_a_token(sandbox: Sandbox, request_line: str) -> None:
    assert ordinary(sandbox)(request_line).status_code == 200


@pytest.mark.parametrize("authorization", [None, "Basic dXNlcjpwYXNz", "Bearer "])
def test_no_token_is_forbidden(sandbox: Sandbox, authorization: str | None) -> None:
    response = Api(sandbox.url, authorization)("GET /api/v1/actions/")

    assert response.status_code == 403
    assert set(response.json()) == {"error", "status_code"}


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", STATIC_TOKEN, jwt.encode({}, "k" * 32)])
def test_what_is_no_token_of_a_user_is_unauthorized(sandbox: Sandbox, token: str) -> None:
    response = bearer(sandbox, token)("GET /api/v1/actions/")

    assert response.status_code == 401
    assert response.json()["status_code"] == 401


def test_only_which_mapping_decides_can_be_asked_with_the_static_token(sandbox: Sandbox) -> None:
    assert bearer(sandbox, STATIC_TOKEN)(RESOLVE).status_code == 200
    assert bearer(sandbox, "nonsense")(RESOLVE).status_code == 401
    assert Api(sandbox.url, None)(RESOLVE).status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/healthz", "/api/v1/readyz", "/openapi.json"])
def test_health_and_schema_take_no_token(sandbox: Sandbox, path: str) -> None:
    assert Api(sandbox.url, None)(f"GET {path}").status_code == 200


def test_neither_signature_nor_expiry_is_checked(sandbox: Sandbox) -> None:
    claims = {"preferred_username": MEMBER}

    assert bearer(sandbox, make_token(expires_in=-60))("GET /api/v1/users/me").status_code == 200
    assert bearer(sandbox, make_token(expires_in=None))("GET /api/v1/users/me").status_code == 200
    assert bearer(sandbox, jwt.encode(claims, "another key" * 3))("GET /api/v1/users/me").status_code == 200


def test_the_first_request_creates_a_user(sandbox: Sandbox) -> None:
    newcomer = "55555555555"
    assert newcomer not in sandbox.users()

    bearer(sandbox, make_token(newcomer, superadmin=False))("GET /api/v1/groups/")

    assert newcomer in sandbox.users()
    assert superadmin(sandbox).get(f"/api/v1/users/{newcomer}")["roles"] == []


def test_a_token_gives_superadmin_and_takes_it_away(sandbox: Sandbox) -> None:
    group_roles = "GET /api/v1/roles/groups/staff/roles"
    admin, plain = bearer(sandbox, make_token(MEMBER)), ordinary(sandbox)

    assert admin(group_roles).status_code == 200
    assert admin.get(f"/api/v1/users/{MEMBER}")["roles"] == ["reader", "superadmin"]
    assert plain(group_roles).status_code == 403
    assert plain.get(f"/api/v1/users/{MEMBER}")["roles"] == ["reader"]
    assert admin(group_roles).status_code == 200


def test_members_of_a_group_that_holds_superadmin_may_do_everything(sandbox: Sandbox) -> None:
    member = ordinary(sandbox)
    assert member("POST /api/v1/groups/", NEW).status_code == 403

    superadmin(sandbox)("POST /api/v1/roles/groups/staff/roles", {"role_name": "superadmin"})

    assert member("POST /api/v1/groups/", NEW).status_code == 201
    assert member.get("/api/v1/users/me")["roles"] == ["reader", "superadmin"]


def test_an_admin_may_create_roles_only(sandbox: Sandbox) -> None:
    api = superadmin(sandbox)
    api("POST /api/v1/roles/", {"name": "admin", "description": "Creates roles"})
    api("POST /api/v1/roles/groups/staff/roles", {"role_name": "admin"})

    assert ordinary(sandbox)("POST /api/v1/roles/", NEW).status_code == 201
    assert ordinary(sandbox)("POST /api/v1/groups/", NEW).status_code == 403


def test_a_service_account_may_do_everything_but_ask_who_it_is(sandbox: Sandbox) -> None:
    service = bearer(sandbox, make_token(subject="service-account-sync"))

    assert shows(service("GET /api/v1/users/me").json(), {"status_code": 500})
    assert service("POST /api/v1/roles/", NEW).status_code == 201
    assert service("GET /api/v1/roles/reader/actions").status_code == 200
    assert "service-account-sync" in sandbox.users()
    assert service("GET /api/v1/users/").status_code == 200


def test_a_role_held_directly_is_among_the_roles(sandbox: Sandbox) -> None:
    holder = bearer(sandbox, make_token(HOLDER, superadmin=False))

    assert holder.get("/api/v1/users/me")["roles"] == ["held"]
