import re

import pytest

from sync.plan.contested import overlaps, precedence, turns, witness
from sync.plan.model import Mapping


def mapping(name: str) -> Mapping:
    method, _, path_pattern = name.partition(" ")
    return Mapping(method=method, path_pattern=path_pattern, action="a")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/users$", "/users"),
        ("/users/([^/]+)$", "/users/x"),
        ("/app/(.*)", "/app/x"),
        ("/users/{id}", "/users/{id}"),
        ("/v[0-9]+/x.y", "/v0/x.y"),
        (r"/(?P<name>\w+)/\d{3}$", "/x/111"),
        ("/(?:one|two)$", "/one"),
        ("/[^x1/]{2,3}$", "/--"),
        ("/optional(/.*)?$", "/optional/x"),
        ("/a*?b", "/ab"),
    ],
)
def test_a_witness_is_a_path_that_the_pattern_matches(pattern: str, path: str) -> None:
    assert witness(pattern) == path
    assert re.match(pattern, path)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "/(?!x)y", r"/(x)\1", "*"])
def test_what_is_invalid_or_not_understood_has_no_witness(pattern: str) -> None:
    assert witness(pattern) is None


def test_patterns_that_match_the_same_path_overlap_within_their_method() -> None:
    names = [
        "GET /users/([^/]+)$",
        "GET /users/me$",
        "POST /users/me$",
        "GET /n",
        "GET /nx/below$",
        "GET /other$",
        "GET (",
    ]
    assert overlaps(map(mapping, names)) == {
        "GET /users/([^/]+)$": {"GET /users/me$"},
        "GET /users/me$": {"GET /users/([^/]+)$"},
        "GET /n": {"GET /nx/below$"},
        "GET /nx/below$": {"GET /n"},
    }


def test_precedence_names_only_what_is_contested() -> None:
    oldest_first = [mapping(name) for name in ("GET /b$", "GET /a/me$", "GET /a/(.+)$")]
    assert precedence(oldest_first) == ("GET /a/me$", "GET /a/(.+)$")


def test_a_chain_takes_turns_together() -> None:
    names = ["GET /a/b/c$", "GET /a/b", "GET /a", "GET /z$"]
    order = ["GET /a", "GET /a/b", "GET /a/b/c$"]
    assert turns([mapping(name) for name in names], order) == {
        "GET /a": 0,
        "GET /a/b": 1,
        "GET /a/b/c$": 2,
        "GET /z$": 0,
    }
