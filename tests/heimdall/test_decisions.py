"""Asking a server who decides: one request for each set of mappings that match the same."""

import random
from urllib.parse import parse_qs, urlsplit

import pytest

from sync.errors import ReadError
from sync.heimdall.decisions import confirmed
from sync.heimdall.reader import Reading, read_environment
from sync.plan.contested import contest_of
from sync.plan.model import Action, Mapping, Snapshot
from sync.sandbox.faults import Answer, AnyEffect
from sync.sandbox.process import Sandbox
from tests.conftest import Connect

EVERYTHING, ANYONE, ME = "GET /(.*)", "GET /users/([^/]+)$", "GET /users/me$"


def environment(*oldest_first: str) -> Snapshot:
    mappings = tuple(
        Mapping(method=method, path_pattern=pattern, action="a")
        for method, _, pattern in (name.partition(" ") for name in oldest_first)
    )
    return Snapshot(actions=(Action(name="a"),), mappings=mappings, precedence=oldest_first)


def asked(sandbox: Sandbox, connect: Connect, seed: int = 1) -> tuple[Reading, list[str]]:
    """Read and ask; return the paths that were asked for."""
    transport = connect(sandbox, read_only=True)
    reading = read_environment(transport)
    names = frozenset(mapping.name for mapping in reading.snapshot.mappings)
    sandbox.clear_requests()
    found = confirmed(transport, "target", reading, contest_of(names), random.Random(seed))
    queries = [parse_qs(urlsplit(record.path).query) for record in sandbox.requests()]
    return found, [query["path"][0] for query in queries]


def test_one_request_for_each_contested_request(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.reset(environment(EVERYTHING, ANYONE, ME, "GET /other$", "POST /other$"))
    reading, paths = asked(sandbox, connect)
    assert reading.remarks == ()
    assert reading.order == (EVERYTHING, ANYONE, ME, "GET /other$")
    assert len(paths) == 3
    assert {"/users/me", "/other"} < set(paths)


def test_where_the_patterns_allow_it_a_path_is_asked_for_that_nobody_has(
    sandbox: Sandbox, connect: Connect
) -> None:
    sandbox.reset(environment(EVERYTHING, ANYONE))
    _, first = asked(sandbox, connect, seed=1)
    _, second = asked(sandbox, connect, seed=2)
    assert first != second
    assert all(path.startswith("/users/") and path != "/users/x" for path in (*first, *second))


@pytest.mark.parametrize(
    ("effect", "message"),
    [
        (Answer(status=403, body='{"error": "no"}'), r"path=/users/me&method=GET answered 403 no"),
        (Answer(status=500, body="{}"), "answered 500"),
        (Answer(body="null"), "answered 200 with something that is no mapping"),
        (
            Answer(body='{"path_pattern": 1, "method": "GET"}'),
            "answered 200 with something that is no mapping",
        ),
        (Answer(body="<html>", content_type="text/html"), "answered 200 with something that is no mapping"),
    ],
    ids=["403", "500", "null", "a list", "html"],
)
def test_every_answer_but_a_mapping_or_none_is_an_error(
    sandbox: Sandbox, connect: Connect, effect: AnyEffect, message: str
) -> None:
    sandbox.reset(environment(ANYONE, ME))
    sandbox.add_fault(effect, path=r"/mappings/\?", times=None)
    with pytest.raises(ReadError, match=message):
        asked(sandbox, connect)
