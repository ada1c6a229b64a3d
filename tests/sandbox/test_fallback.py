"""The database decides where Redis does not: in its own order of rows, and in another dialect."""

import pytest

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.sandbox.process import Sandbox

from .world import Api, superadmin

CACHE_LIFETIME = 300


def _begin(server: Sandbox, *oldest_first: str) -> Api:
    """Begin with these mappings, written in this order."""
    parts = [name.partition(" ") for name in oldest_first]
    mappings = tuple(Mapping(method=method, path_pattern=pattern, action="a") for method, _, pattern in parts)
    server.reset(Snapshot(actions=(Action(name="a"),), mappings=mappings, precedence=oldest_first))
    return superadmin(server)


def _decider(api: Api, path: str, method: str = "GET") -> str | None:
    response = api(f"GET /api/v1/mappings/?path={path}&method={method}")
    if response.status_code == 404:
        return None
    return f"{response.json()['method']} {response.json()['path_pattern']}"


def _touch(api: Api, name: str) -> None:
    """Write a mapping as it is."""
    (found,) = (
        row["id"]
        for row in api.get("/api/v1/mappings/list")
        if f"{row['method']} {row['path_pattern']}" == name
    )
    api(f"PUT /api/v1/mappings/{found}", {"description": ""})


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/docs/**", "/docs/a/b", True),
        ("/docs/**", "/docs/", True),
        ("/docs/**", "/docs", False),
        ("/orgs/*/users", "/orgs/a/users", True),
        ("/orgs/*/users", "/orgs/a/b/users", False),
        ("/orgs/*/users", "/orgs/a/users/b", False),
        ("/orgs/:org/users", "/orgs/a/users", True),
        ("/orgs/:org/users", "/orgs//users", False),
        ("/docs$", "/docs", False),
        ("/d.cs", "/docs", False),
        ("/docs", "/docs/a", False),
        ("/docs", "/docs", True),
        ("/docs/([^/]+)", "/docs/a", True),
        ("/docs/([^/]+)", "/docs/a/b", False),
        ("/docs/([^/]+)", "/x/docs/a", False),
        ("/docs/[^/]+$", "/docs/a", False),
        ("/docs/(*)", "/docs/(*)", False),
    ],
)
def test_the_database_reads_patterns_in_its_own_dialect(
    server: Sandbox, pattern: str, path: str, *, matches: bool
) -> None:
    api = _begin(server, f"GET {pattern}")
    server.flush_redis()

    assert _decider(api, path) == (f"GET {pattern}" if matches else None)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/orgs/*/users", "/orgs//users/below", True),
        ("/orgs/*/users", "/orgsusers", False),
        ("/docs", "/docs/a", True),
        ("/users/:id", "/users/:id/below", True),
        ("/docs/**", "/elsewhere", False),
    ],
)
def test_redis_reads_a_simple_pattern_as_a_regular_expression(
    server: Sandbox, pattern: str, path: str, *, matches: bool
) -> None:
    api = _begin(server, f"GET {pattern}")

    assert _decider(api, path) == (f"GET {pattern}" if matches else None)


def test_a_simple_pattern_decides_only_where_nothing_in_redis_matches(server: Sandbox) -> None:
    api = _begin(server, "GET /docs/([^/]+)$", "GET /docs/**")

    assert _decider(api, "/docs/a") == "GET /docs/([^/]+)$"
    assert _decider(api, "/docs/a/b") == "GET /docs/**"


@pytest.mark.parametrize("names", [("/docs/**", "/docs/private/**"), ("/docs/private/**", "/docs/**")])
def test_the_first_row_decides_and_a_write_moves_it_to_the_end(
    server: Sandbox, names: tuple[str, str]
) -> None:
    first, last = (f"GET {name}" for name in names)
    api = _begin(server, first, last)
    assert _decider(api, "/docs/private/salaries") == first

    _touch(api, first)

    assert _decider(api, "/docs/private/salaries") == first
    server.advance(CACHE_LIFETIME)
    assert _decider(api, "/docs/private/salaries") == last


def test_the_rows_may_come_in_any_order(server: Sandbox) -> None:
    api = _begin(server, "GET /docs/**", "GET /docs/private/**")

    server.order_rows(["GET /docs/**"])

    assert _decider(api, "/docs/private/salaries") == "GET /docs/private/**"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_row_with_the_method_any_counts_for_every_request(server: Sandbox, method: str) -> None:
    api = _begin(server, "ANY /a/(.*)", f"{method} /a/:id", f"{method} /b/(.*)")

    assert _decider(api, "/a/b", method) == "ANY /a/(.*)"
    assert _decider(api, "/b/b", method) == f"{method} /b/(.*)"


def test_a_row_with_the_method_any_is_never_found_by_asking_for_any(server: Sandbox) -> None:
    api = _begin(server, "ANY /a/(.*)")

    assert _decider(api, "/a/b") == "ANY /a/(.*)"
    assert _decider(api, "/a/b", "ANY") is None
    assert _decider(api, "/a/new", "ANY") is None


def test_a_row_with_the_method_any_comes_in_front_of_no_list_that_requests_are_looked_up_in(
    server: Sandbox,
) -> None:
    api = _begin(server, "GET /a/me$", "ANY /a/(.*)")
    assert _decider(api, "/a/b") == "ANY /a/(.*)"

    assert _decider(api, "/a/me") == "GET /a/me$"


def test_what_the_database_found_is_put_in_front(server: Sandbox) -> None:
    api = _begin(server, "GET /a/(.*)", "GET /a/me$")
    assert _decider(api, "/a/me") == "GET /a/me$"
    server.lose_entry("GET /a/(.*)")

    assert _decider(api, "/a/you") == "GET /a/(.*)"

    server.advance(CACHE_LIFETIME)
    assert _decider(api, "/a/me") == "GET /a/(.*)"


@pytest.mark.parametrize(
    ("asked_before", "decider"), [((), "GET /a/([^/]+)$"), (("/elsewhere",), "GET /(.*)")]
)
def test_after_a_flush_a_mere_question_changes_who_decides(
    server: Sandbox, asked_before: tuple[str, ...], decider: str
) -> None:
    api = _begin(server, "GET /a/([^/]+)$", "GET /(.*)")
    server.flush_redis()

    for path in asked_before:
        assert _decider(api, path) == "GET /(.*)"

    assert _decider(api, "/a/me") == decider


def test_after_a_flush_only_what_was_written_since_is_in_redis(server: Sandbox) -> None:
    api = _begin(server, "GET /a/([^/]+)", "GET /a/me$")
    server.flush_redis()
    assert _decider(api, "/a/me") == "GET /a/([^/]+)"

    _touch(api, "GET /a/me$")

    server.advance(CACHE_LIFETIME)
    assert _decider(api, "/a/me") == "GET /a/me$"


def test_while_redis_does_not_answer_the_database_decides_and_nothing_moves(server: Sandbox) -> None:
    api = _begin(server, "GET /a/([^/]+)", "GET /(.*)", "GET /a/me$")
    assert _decider(api, "/a/me") == "GET /a/me$"
    server.answer_from_redis(answering=False)
    assert api("GET /api/v1/readyz").status_code == 503

    assert _decider(api, "/a/me") == "GET /a/([^/]+)"
    assert _decider(api, "/a/you") == "GET /a/([^/]+)"

    server.answer_from_redis(answering=True)
    server.advance(CACHE_LIFETIME)
    assert _decider(api, "/a/me") == "GET /a/me$"
    assert _decider(api, "/a/you") == "GET /(.*)"
    assert api("GET /api/v1/readyz").status_code == 200


def test_the_answer_of_the_database_is_remembered_for_its_exact_path(server: Sandbox) -> None:
    api = _begin(server, "GET /docs/**", "GET /docs/private/**")
    assert _decider(api, "/docs/private/a") == "GET /docs/**"

    _touch(api, "GET /docs/**")

    assert _decider(api, "/docs/private/a") == "GET /docs/**"
    assert _decider(api, "/docs/private/b") == "GET /docs/private/**"


def test_looking_moves_nothing_and_remembers_nothing(server: Sandbox) -> None:
    api = _begin(server, "GET /a/(.*)", "GET /a/me$")
    server.lose_entry("GET /a/(.*)")

    seen = [decision and decision.path_pattern for decision in server.look(["GET /a/you", "GET /b"])]

    assert seen == ["/a/(.*)", None]
    assert _decider(api, "/a/me") == "GET /a/me$"
    _touch(api, "GET /a/(.*)")
    looked = server.look(["GET /a/me"])[0]
    assert looked is not None
    assert looked.path_pattern == "/a/(.*)"
    assert _decider(api, "/a/me") == "GET /a/me$"
