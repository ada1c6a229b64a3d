import random
import re

import pytest

from sync.plan.patterns import (
    SlowPatternError,
    fresh_samples,
    has_end,
    is_valid,
    matches,
    samples,
    segments_of,
)

SLOW = "/(a|aa)+$"
TOO_MUCH = f"/{'a' * 80}!"


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("/users$", ["/users"]),
        ("^/users\\Z", ["/users"]),
        ("/users/([^/]+)$", ["/users/x"]),
        ("/app/(.*)", ["/app/x", "/app/"]),
        ("/users/{id}", ["/users/{id}"]),
        ("/v[0-9]+/x.y", ["/v1/x.y"]),
        (r"/(?P<name>\w+)/\d{3}$", ["/x/111"]),
        ("/(?:users|groups)/(me|all)$", ["/users/me", "/groups/me", "/users/all", "/groups/all"]),
        ("/[^x1/]{2,3}$", ["/XX"]),
        ("/optional(/.*)?$", ["/optional/x", "/optional/", "/optional"]),
        ("/(?!me$)[^/]+$", ["/x"]),
        ("(?i)/Users", ["/Users"]),
        ("(.*)", ["/x", "/"]),
        ("users", ["users"]),
        ("", ["/"]),
    ],
)
def test_samples_are_paths_that_the_pattern_matches(pattern: str, paths: list[str]) -> None:
    assert list(samples(pattern)) == paths
    assert all(re.match(pattern, path) for path in paths)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[z-a]",
        "*",
        "(?a)(?u)/x",
        r"/\ud800",
        r"/(x)\1",
        "/x{9999}",
        "/((a{65535}){65535}){65535}",
    ],
)
def test_what_is_invalid_not_understood_or_endless_has_no_sample(pattern: str) -> None:
    assert samples(pattern) == ()


@pytest.mark.parametrize("pattern", ["/users/([^/]+)$", "/app/(.*)", r"/\d+/x$", "/n", "/users/([^/]+)/me$"])
def test_a_fresh_sample_is_another_path_that_the_pattern_matches(pattern: str) -> None:
    chance = random.Random(1)
    fresh = [*fresh_samples(pattern, chance), *fresh_samples(pattern, chance)]
    assert len(fresh) == len(set(fresh)) >= 2
    assert not set(fresh) & set(samples(pattern))
    assert all(re.match(pattern, path) for path in fresh)


def test_what_is_repeated_in_what_is_repeated_takes_no_longer_for_each_level() -> None:
    """Tried anew for each time of each level, this would never end."""
    pattern = f"/x{'(' * 30}{')*' * 30}"
    assert [*fresh_samples(pattern, random.Random(1))]
    assert all(re.match(pattern, path) for path in samples(pattern))


@pytest.mark.parametrize("pattern", ["/users/me$", "(", "/(one|two)$"])
def test_without_a_choice_there_is_no_fresh_sample(pattern: str) -> None:
    assert list(fresh_samples(pattern, random.Random(1))) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "/n",
        "/n$",
        "/users/{id}",
        "/{e}/{i}",
        "/a{2}",
        "/a{,2}b",
        "[[:alpha:]]",
        "/[^[]+",
        r"/\{id\}",
        "/[]{id}]",
    ],
)
@pytest.mark.parametrize(
    "path", ["/n", "/nx", "/users/7", "/users/{id}", "/{e}/{i}", "/aa", "/b", ":]", "/i"]
)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_path_matches_as_it_does_for_the_server(pattern: str, path: str) -> None:
    assert matches(pattern, path) is (re.match(pattern, path) is not None)


def test_a_pattern_that_explodes_ends_in_time() -> None:
    assert matches(SLOW, "/aaa")
    with pytest.raises(SlowPatternError):
        matches(SLOW, TOO_MUCH)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "*", "/(?<id>x)", "/a{99999999999}"])
def test_what_is_valid_is_what_python_takes(pattern: str) -> None:
    assert is_valid("/[[a]")
    assert not is_valid(pattern)
    assert not matches(pattern, "/")


@pytest.mark.parametrize(
    ("pattern", "segments", "text"),
    [
        ("/users$", ("",), "users"),
        ("^/users/([^/]+)/me$", ("", "users", None), "me"),
        ("/a/x[0-9]+y/b", ("", "a", None), "b"),
        ("/app/(.*)", ("", "app"), ""),
        ("/app/pre(.*)/x", ("", "app"), "pre"),
        ("/optional(/.*)?$", ("",), "optional"),
        ("(?i)/users", (), ""),
        ("/(a|b/c)/d", ("",), ""),
        ("/[!-~]/d", ("",), ""),
        (r"/\d+/(?:a|b)?/d", ("", None, None), "d"),
        ("(", (), ""),
    ],
)
def test_what_every_path_begins_with(pattern: str, segments: tuple[str | None, ...], text: str) -> None:
    assert segments_of(pattern) == (segments, text)


@pytest.mark.parametrize(
    ("pattern", "end"), [("/n", False), ("/n$", True), (r"/n\Z", True), ("/n/(.*)", True)]
)
def test_whether_a_pattern_says_where_a_path_ends(pattern: str, end: bool) -> None:
    assert has_end(pattern) is end
