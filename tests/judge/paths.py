"""Patterns as people write them, in both dialects, and every short path over a small alphabet."""

from functools import cache
from itertools import product

from hypothesis import strategies as st

SEGMENTS = ("a", "b", "me", "1", "x1", "abc")
FORMS = {
    "a": (
        "(a|b)",
        "[^/]+",
        "([^/]+)",
        "[^/]*",
        "[a-z]",
        "(a|b|c|d|e|f|g|h|i|j)",
        "a?",
        "(?:a|me)",
        "*",
        ":id",
    ),
    "b": ("(a|b)", "[^/]+", "([^/]+)", "[a-z]+", "(?:c|d|e|f|g|h|i|j|k|l|b)", "b{1,3}", "*", ":id", ":name"),
    "me": ("(me)?", "[^/]+", "([^/]+)", "[a-z]{2}", "(?:me|search)", "m*e", "me?", "*", "m*", ":id"),
    "1": (r"\d+", "[^/]+", "([^/]+)", "[0-9]", r"(\d+)", "(?:x)?1", r"\w+", "*", ":number"),
    "x1": ("x?1", "[^/]+", "([^/]+)", r"x\d+", r"\w+", r"[^/]*\d", "(x1|x2)", "*", ":id", "x*"),
    "abc": ("[a-z]{3}", "[^/]+", "([^/]+)", "([a-z]{3})", "[a-z]+", "a.*", "abc?", "*", "a*c"),
}
"""What a segment is written as so that it matches itself, in one dialect or the other."""

TAILS = ("$", "$", "$", "", "(/a)?$", "/?$", "/.*", "/(.*)", "(.*)", "/**", "/(a|b|me)$", ".*$")


@cache
def all_paths() -> tuple[str, ...]:
    """Return every path of up to three segments, with odd endings, and some that are text in simple patterns.

    None spells out an expression: `/me$` is what `/me$` matches where the database reads it as a text.
    """
    paths = ["/" + "/".join(parts) for length in (1, 2, 3) for parts in product(SEGMENTS, repeat=length)]
    short = [path for path in paths if path.count("/") < 3]
    return (
        "/",
        "//",
        *paths,
        *(path + end for path in short for end in ("/", "x")),
        *(f"/{path}" for path in paths if path.count("/") == 1),
        *(f"/a/{odd}" for odd in ("*", "**", ":id", "search", "c", "bb", "10", "/b", "x2", "x11")),
    )


@st.composite
def patterns(draw: st.DrawFn, around: tuple[str, ...]) -> str:
    """Return a pattern that matches a path of these segments, or nearly so."""
    segments = [
        draw(st.sampled_from((segment, segment, *FORMS[segment])))
        for segment in around[: draw(st.integers(1, len(around)))]
    ]
    return "/" + "/".join(segments) + draw(st.sampled_from(TAILS))


def rivals(least: int, most: int) -> st.SearchStrategy[list[str]]:
    """Return patterns that mostly match the same path."""
    some = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(tuple)
    return some.flatmap(lambda around: st.lists(patterns(around), min_size=least, max_size=most, unique=True))
