"""What patterns name, and that the pattern of one thing names it and nothing else, wherever it is written."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.plan import Rules
from sync.model.scope import accepting, exactly, named, unmatched
from sync.model.snapshot import Action, Kind, Mapping, Role, Snapshot
from sync.run.settings import Settings


@pytest.mark.parametrize(
    ("pattern", "kind", "name"),
    [
        ("mapping:GET /v/([^/]+)$", Kind.MAPPING, "GET /v/([^/]+)$"),
        ("mapping:GET /docs/**", Kind.MAPPING, "GET /docs/**"),
        ("mapping:GET /docs/**", Kind.MAPPING, "GET /docs/a/b"),
        ("mapping:GET /docs/[*][*]", Kind.MAPPING, "GET /docs/**"),
        ("role:legacy_*", Kind.ROLE, "legacy_"),
        ("role:team[12]", Kind.ROLE, "team1"),
        ("role:team[12]", Kind.ROLE, "team[12]"),
        ("role:team[!1]", Kind.ROLE, "team2"),
        ("role:''", Kind.ROLE, ""),
        ("role:*", Kind.ROLE, ""),
    ],
)
def test_a_pattern_names_its_own_text_and_what_it_matches(pattern: str, kind: Kind, name: str) -> None:
    assert named([pattern], kind, name)


@pytest.mark.parametrize(
    ("pattern", "kind", "name"),
    [
        ("mapping:GET /docs/[*][*]", Kind.MAPPING, "GET /docs/a"),
        ("role:team[!1]", Kind.ROLE, "team1"),
        ("role:a", Kind.GROUP, "a"),
        ("role:a", Kind.ROLE, "A"),
        ("role:''", Kind.ROLE, "a"),
    ],
)
def test_a_pattern_names_nothing_else(pattern: str, kind: Kind, name: str) -> None:
    assert not named([pattern], kind, name)


KINDS = st.sampled_from(Kind)
NAMES = st.one_of(
    st.text(st.sampled_from("ab*?[]!^-#,:@'\"\\$ {}12/.\t\u00fc"), max_size=12),
    st.sampled_from(["", "a,role:b", "a, @b", "a,", "##[x]", "a # b", "x{1,2}", "GET /docs/**", "a  b "]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)


def accepted(given_as: object) -> tuple[str, ...]:
    """Return the patterns that `--accept` (a list) or its variable (a text) gives."""
    return Settings(accept=given_as).accept


@given(KINDS, NAMES, NAMES)
def test_what_is_proposed_names_one_thing_wherever_it_is_pasted(kind: Kind, name: str, other: str) -> None:
    flag, word = accepting(kind, name), exactly(kind, name)
    assert shlex.split(flag) == ["--accept", word]
    pasted = flag.removeprefix("--accept ")
    for given_as in (
        [word],
        word,
        pasted,
        f"role:x, {pasted}\ngroup:y",
        f"{pasted}, role:x",
        f"{word},role:x",
    ):
        patterns = [pattern for pattern in accepted(given_as) if pattern not in {"role:x", "group:y"}]
        assert patterns in ([word], [])
        assert patterns or word in {"role:x", "group:y"}
    assert named([word], kind, name)
    if name.isprintable() and {name, other} != {"", "''"}:
        assert named([word], kind, other) is (other == name)


def test_patterns_that_name_nothing_are_told_those_that_should_protect_first() -> None:
    source = Snapshot(actions=(Action(name="a"),), roles=(Role(name="r"),))
    target = Snapshot(
        actions=(Action(name="a"),), mappings=(Mapping(method="GET", path_pattern="/x[1]", action="a"),)
    )
    rules = Rules(
        accept=("role:r", "role:q"), ignore=("action:b*",), protect=("mapping:GET /x[1]", "mapping:GET /x[2]")
    )
    assert [(each.setting, each.pattern) for each in unmatched(rules, source, target)] == [
        ("protect", "mapping:GET /x[2]"),
        ("ignore", "action:b*"),
        ("accept", "role:q"),
    ]
