"""Which mapping decides a request."""

import pytest

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.sandbox.process import Sandbox, launch

from .world import Api, superadmin

ME, ANYONE, EVERYTHING = "/users/me$", "/users/([^/]+)$", "/(.*)"
PATTERNS = (ME, ANYONE, EVERYTHING)
CACHE_LIFETIME = 300


def _environment(*precedence: str, method: str = "GET") -> Snapshot:
    """Return an environment that holds all patterns, those in `precedence` written last, in its order."""
    return Snapshot(
        actions=(Action(name="users:read"), Action(name="users:list")),
        mappings=tuple(
            Mapping(method=method, path_pattern=pattern, action="users:read") for pattern in PATTERNS
        ),
        precedence=tuple(f"{method} {pattern}" for pattern in precedence),
    )


def _decider(api: Api, path: str = "/users/me", method: str = "GET") -> str | None:
    """Return the pattern that decides a request, None where there is no mapping for it."""
    response = api(f"GET /api/v1/mappings/?path={path}&method={method}")
    if response.status_code == 404:
        return None
    pattern: str = response.json()["path_pattern"]
    return pattern


def _action(api: Api, path: str = "/users/me") -> str:
    """Return the name of the action that a request asks for."""
    action: str = api.get(f"/api/v1/mappings/?path={path}&method=GET")["action"]
    return action


def _id(api: Api, pattern: str) -> int:
    (found,) = (row["id"] for row in api.get("/api/v1/mappings/list") if row["path_pattern"] == pattern)
    return int(found)


@pytest.mark.parametrize(
    ("precedence", "decider"),
    [
        ((EVERYTHING, ANYONE, ME), ME),
        ((EVERYTHING, ME, ANYONE), ANYONE),
        ((ME, ANYONE, EVERYTHING), EVERYTHING),
        ((ANYONE,), ANYONE),
    ],
)
def test_same_mappings_in_another_order(server: Sandbox, precedence: tuple[str, ...], decider: str) -> None:
    server.reset(_environment(*precedence))

    assert _decider(superadmin(server)) == decider
    assert server.write_order()[-len(precedence) :] == tuple(f"GET {pattern}" for pattern in precedence)


def test_the_order_shows_in_updated_at(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ME, ANYONE))
    rows = superadmin(server).get("/api/v1/mappings/list")

    assert [row["path_pattern"] for row in sorted(rows, key=lambda row: str(row["updated_at"]))] == [
        EVERYTHING,
        ME,
        ANYONE,
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/n", "/nx", True),
        ("/n", "/n/below", True),
        ("/n$", "/nx", False),
        ("/n", "/a/n", False),
        ("/users/{id}", "/users/7", False),
        ("/users/{id}", "/users/{id}", True),
        ("/broken[", "/broken", False),
    ],
)
def test_patterns_match_from_the_start_and_need_not_reach_the_end(
    server: Sandbox, pattern: str, path: str, *, matches: bool
) -> None:
    mapping = Mapping(method="GET", path_pattern=pattern, action="a")
    server.reset(Snapshot(actions=(Action(name="a"),), mappings=(mapping,)))

    assert _decider(superadmin(server), path) == (pattern if matches else None)


def test_a_method_is_decided_by_its_own_mappings_only(server: Sandbox) -> None:
    server.reset(_environment())
    api = superadmin(server)

    assert _decider(api, method="GET") is not None
    assert _decider(api, method="get") is None
    assert _decider(api, method="POST") is None


def test_what_is_created_comes_to_the_front(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)

    api("POST /api/v1/mappings/", {"path_pattern": "/users/", "method": "GET", "action_id": 1})

    assert _decider(api) == "/users/"


def test_a_wide_mapping_updated_with_its_own_value_decides(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    action_id = api.get("/api/v1/actions/")["actions"][1]["id"]

    assert api(f"PUT /api/v1/mappings/{_id(api, ANYONE)}", {"action_id": action_id}).status_code == 200

    assert _decider(api) == ANYONE


@pytest.mark.parametrize("body", [{}, {"action_id": None, "description": None}])
def test_an_update_of_nothing_moves_nothing(server: Sandbox, body: dict[str, None]) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)

    api(f"PUT /api/v1/mappings/{_id(api, ANYONE)}", body)

    assert _decider(api) == ME


def test_an_answer_is_remembered_for_its_exact_path_whatever_is_written(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    assert _decider(api) == ME
    assert _decider(api, "elsewhere") is None

    api(f"PUT /api/v1/mappings/{_id(api, EVERYTHING)}", {"description": "Everything"})
    api("POST /api/v1/mappings/", {"path_pattern": "else", "method": "GET", "action_id": 1})

    assert _decider(api) == ME
    assert _decider(api, "elsewhere") is None
    assert _decider(api, "/users/you") == EVERYTHING
    server.advance(CACHE_LIFETIME - 1)
    assert _decider(api) == ME
    server.advance(1)
    assert _decider(api) == EVERYTHING
    assert _decider(api, "elsewhere") == "else"


def test_a_deleted_mapping_stops_deciding_at_once(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    assert _decider(api) == ME

    api(f"DELETE /api/v1/mappings/{_id(api, ME)}")

    assert _decider(api) == ANYONE


def test_what_a_cascade_deleted_goes_on_deciding_until_a_restart(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    assert _decider(api, "/users/asked/before") == EVERYTHING

    for action in api.get("/api/v1/actions/")["actions"]:
        api(f"DELETE /api/v1/actions/{action['id']}")

    assert api.get("/api/v1/mappings/list") == []
    assert _decider(api) == ME
    server.advance(CACHE_LIFETIME)
    assert _decider(api) == ME
    server.restart()
    assert _decider(api) is None
    assert _decider(api, "/users/asked/before") is None


def _with_a_leftover(server: Sandbox) -> tuple[Api, int]:
    """Return an API where a mapping decides that went with its action, and that mapping's id."""
    me = Mapping(method="GET", path_pattern=ME, action="users:read")
    anyone = Mapping(method="GET", path_pattern=ANYONE, action="users:list")
    actions = (Action(name="users:list"), Action(name="users:read"))
    server.reset(Snapshot(actions=actions, mappings=(me, anyone), precedence=(anyone.name, me.name)))
    api = superadmin(server)
    leftover = _id(api, ME)
    assert api("DELETE /api/v1/actions/2").status_code == 204
    return api, leftover


def test_no_request_ends_a_leftover(server: Sandbox) -> None:
    api, leftover = _with_a_leftover(server)

    assert api(f"DELETE /api/v1/mappings/{leftover}").status_code == 204
    assert api(f"PUT /api/v1/mappings/{leftover}", {"action_id": 1}).status_code == 404

    assert (_decider(api), _action(api)) == (ME, "users:read")
    server.restart()
    assert _decider(api) == ANYONE


def test_a_new_mapping_decides_in_front_of_a_leftover_of_its_pattern_as_long_as_it_is_there(
    server: Sandbox,
) -> None:
    api, leftover = _with_a_leftover(server)
    new = api("POST /api/v1/mappings/", {"path_pattern": ME, "method": "GET", "action_id": 1}).json()["id"]

    assert (_decider(api), _action(api)) == (ME, "users:list")
    assert api.get("/api/v1/mappings/?path=/users/me&method=GET")["mapping_id"] == new
    api(f"DELETE /api/v1/mappings/{new}")
    assert (_decider(api), _action(api)) == (ME, "users:read")
    assert api.get("/api/v1/mappings/?path=/users/me&method=GET")["mapping_id"] == leftover


def test_what_is_written_decides_in_front_of_a_leftover(server: Sandbox) -> None:
    api, _ = _with_a_leftover(server)

    api(f"PUT /api/v1/mappings/{_id(api, ANYONE)}", {"action_id": 1})

    assert _decider(api) == ANYONE


def _with_a_renamed_action(server: Sandbox) -> Api:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    assert api("PUT /api/v1/actions/2", {"name": "Users-Read"}).status_code == 200
    return api


def test_a_renamed_action_is_asked_for_by_its_old_name_until_the_mapping_is_written(server: Sandbox) -> None:
    api = _with_a_renamed_action(server)
    assert {row["action"] for row in api.get("/api/v1/mappings/list")} == {"Users-Read"}
    assert [_action(api), _action(api, "/users/you")] == ["users:read", "users:read"]

    api(f"PUT /api/v1/mappings/{_id(api, ME)}", {"description": ""})

    server.advance(CACHE_LIFETIME)
    assert [_action(api), _action(api, "/users/you")] == ["Users-Read", "users:read"]


def test_a_restart_makes_a_stale_name_right(server: Sandbox) -> None:
    api = _with_a_renamed_action(server)

    server.restart()

    assert _action(api) == "Users-Read"


def test_the_database_answers_with_the_present_name(server: Sandbox) -> None:
    api = _with_a_renamed_action(server)
    assert _action(api, "/users/you") == "users:read"

    server.lose_entry(f"GET {ANYONE}")
    server.lose_entry(f"GET {EVERYTHING}")

    assert _action(api, "/users/someone") == "Users-Read"


def test_a_restart_keeps_the_order(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    api(f"PUT /api/v1/mappings/{_id(api, ANYONE)}", {"description": "Anyone"})

    server.restart()

    assert _decider(api) == ANYONE
    assert server.write_order() == tuple(f"GET {pattern}" for pattern in (EVERYTHING, ME, ANYONE))


def test_after_a_restart_the_last_of_the_rows_decides_whatever_was_written_last(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)
    server.order_rows([f"GET {ME}", f"GET {ANYONE}"])
    assert _decider(api) == ME

    server.restart()

    assert _decider(api) == ANYONE
    assert server.write_order()[-1] == f"GET {ME}"


def test_a_moved_mapping_decides_where_it_is_now(server: Sandbox) -> None:
    server.reset(_environment(EVERYTHING, ANYONE, ME))
    api = superadmin(server)

    api(f"PUT /api/v1/mappings/{_id(api, ME)}", {"path_pattern": "/users/you$"})

    assert _decider(api) == ANYONE
    assert _decider(api, "/users/you") == "/users/you$"


@pytest.mark.parametrize(("no_cache", "decider"), [(False, ANYONE), (True, ME)])
def test_an_answer_is_old_unless_the_sandbox_has_no_cache(no_cache: bool, decider: str) -> None:
    with launch(_environment(ME, ANYONE), no_cache=no_cache) as sandbox:
        api = superadmin(sandbox)
        assert _decider(api) == ANYONE
        assert api(f"PUT /api/v1/mappings/{_id(api, ME)}", {"description": "anew"}).status_code == 200
        assert _decider(api) == decider
