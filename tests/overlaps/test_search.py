"""Every set of mappings that some path selects is found: held against `re` itself, path by path."""

import random
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.overlaps.search import overlaps_of

SEGMENTS = ("a", "b", "me", "1", "12", "abc", "x-y", "")
PATHS = ["/" + "/".join(parts) for length in (1, 2, 3) for parts in product(SEGMENTS, repeat=length)]
CHANCE = random.Random(4)

PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "me",
            "1",
            "x-y",
            "([^/]+)",
            "[^/]+",
            "([^/]*)",
            "(\\d+)",
            "\\d{2}",
            "[a-z]{3}",
            "[a-c]+",
        ),
        *("(a|b|me)", "(?:a|\\d)", "me?", "a*", "(?P<id>[^/]+)", "a.", "\\w+", "[ab]+c?", "(?:a|me/1|b)"),
        *(".", ".+", "(.*)", "[^a]+?"),
    ]
)
TAILS = st.sampled_from(
    ["$", "", "/$", "/?$", "(/.*)?$", "/(.*)", "(?:/[^/]+)*$", "(/me)?$", "/.*$", "$|/b$"]
)


@st.composite
def regular(draw: st.DrawFn) -> str:
    return "/" + "/".join(draw(st.lists(PIECES, max_size=3))) + draw(TAILS)


@st.composite
def simple(draw: st.DrawFn) -> str:
    pieces = st.sampled_from(["a", "b", "me", "1", "*", ":id", "**", "a*", "*c", "x-*"])
    return "/" + "/".join(draw(st.lists(pieces, min_size=1, max_size=3)))


NAMES = st.one_of(
    regular().map("GET {}".format), simple().map("GET {}".format), simple().map("ANY {}".format)
)


def is_valid(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def in_first_layer(name: str, path: str) -> bool:
    method, _, pattern = name.partition(" ")
    return method == "GET" and is_valid(pattern) and re.match(pattern, path) is not None


def in_fallback(name: str, path: str) -> bool:
    pattern = name.partition(" ")[2]
    if "(" in pattern and ")" in pattern:
        return is_valid(pattern) and re.fullmatch(pattern, path) is not None
    parts = {"**": ".*", "*": "[^/]*"}
    text = "".join(
        parts.get(part) or ("[^/]+" if re.fullmatch(r":\w+", part) else re.escape(part))
        for part in re.findall(r"\*\*|\*|:\w+|.", pattern)
    )
    return re.fullmatch(text, path) is not None


def selected(names: set[str], path: str) -> tuple[frozenset[str], frozenset[str]]:
    first = frozenset(name for name in names if in_first_layer(name, path))
    return first, frozenset(name for name in names if in_fallback(name, path)) - first


@given(st.sets(NAMES, min_size=1, max_size=6))
def test_every_set_that_a_path_selects_is_found_and_no_other(names: set[str]) -> None:
    overlaps = overlaps_of(frozenset(names))
    every = [each for each in (*overlaps.found, *overlaps.alone) if each.method == "GET"]
    compared = names - overlaps.not_compared.keys()
    for overlap in every:
        for path in filter(None, (overlap.path, overlap.fresh_path(CHANCE), overlap.fresh_path(CHANCE))):
            first, fallback = selected(compared, path)
            assert (first, fallback) == (overlap.names, overlap.fallback), path
    found = {(overlap.names, overlap.fallback) for overlap in every}
    for path in PATHS:
        chosen = selected(compared, path)
        assert not any(chosen) or chosen in found, path


@pytest.mark.parametrize(
    "pattern", ["/a(?=b)", "/(a)\\1", "(?i)/a", "/a\\b", "/x{1000}", "/a(?!b)c", "/(?:a/b/)*c$"]
)
def test_what_is_not_understood_is_named(pattern: str) -> None:
    assert list(overlaps_of(frozenset({f"GET {pattern}", "GET /a$"})).not_compared) == [f"GET {pattern}"]


def test_as_many_expressions_as_a_segment_may_have_are_compared_at_once() -> None:
    words = "|".join(f"word{number}" for number in range(300))
    names = frozenset({f"GET /api/({words})$", "GET /api/([^/]+)$", "GET /api/word7$"})
    found = {(each.path, each.names) for each in overlaps_of(names).found}
    assert ("/api/word7", names) in found
    assert {len(names) for _, names in found} == {2, 3}


def test_sets_that_only_together_select_a_path_are_found() -> None:
    names = frozenset({"GET /([^/]+)/b/c$", "GET /a/([^/]+)/c$", "GET /a/b/([^/]+)$"})
    assert [each.names for each in overlaps_of(names).found] == [names]


def test_patterns_that_merely_cross_are_found() -> None:
    names = frozenset({"GET /pulls/comments/([^/]+)$", "GET /pulls/([^/]+)/files$"})
    assert [str(each) for each in overlaps_of(names).found] == ["GET /pulls/comments/files"]
