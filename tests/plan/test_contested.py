"""Which requests are contested, and that finding them takes time that grows with the overlaps."""

import pytest

from sync.plan import contested
from sync.plan.contested import contest_of
from tests.plan.test_patterns import SLOW, TOO_MUCH


def found(*names: str) -> dict[str, set[str]]:
    return {str(witness): set(witness.names) for witness in contest_of(frozenset(names)).witnesses}


def test_patterns_that_match_the_same_path_contest_it_within_their_method() -> None:
    assert found(
        "GET /users/([^/]+)$",
        "GET /users/me$",
        "POST /users/me$",
        "ANY /users/([^/]+)$",
        "GET /n",
        "GET /nx/below$",
        "GET /other$",
        "GET (",
    ) == {
        "GET /users/me": {"GET /users/([^/]+)$", "GET /users/me$"},
        "GET /nx/below": {"GET /n", "GET /nx/below$"},
    }


def test_a_method_any_is_one_like_others() -> None:
    assert found("ANY /users/(.*)", "ANY /users/me$") == {
        "ANY /users/me": {"ANY /users/(.*)", "ANY /users/me$"}
    }


def test_each_set_of_mappings_has_one_witness_the_shortest() -> None:
    wide = {"GET /(.*)", "GET /users/(.*)"}
    assert found("GET /users/me$", "GET /users/all", *wide) == {
        "GET /users/": wide,
        "GET /users/me": {"GET /users/me$", *wide},
        "GET /users/all": {"GET /users/all", *wide},
    }


def test_every_alternative_is_tried() -> None:
    assert found("GET /(users|groups)/([^/]+)$", "GET /groups/(x|y)$") == {
        "GET /groups/x": {"GET /(users|groups)/([^/]+)$", "GET /groups/(x|y)$"}
    }


def test_a_pattern_that_explodes_is_told_and_hurts_nobody_else() -> None:
    contest = contest_of(
        frozenset(
            {f"GET {SLOW}", f"GET {TOO_MUCH}", "GET /users/([^/]+)$", "GET /users/me$", "GET /([^/]+)$"}
        )
    )
    assert contest.slow == {f"GET {SLOW}"}
    assert [str(witness) for witness in contest.witnesses] == [f"GET {TOO_MUCH}", "GET /users/me"]
    assert all(f"GET {SLOW}" not in witness.names for witness in contest.witnesses)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ([], "GET /api/v1/things_{:05}"),
        ([], "GET /api/v1/tenants/([^/]+)/things_{:05}"),
        (["GET /api/v1/(.*)"], "GET /api/v1/things_{:05}"),
    ],
    ids=["side by side", "behind something variable", "all in one"],
)
def test_ten_thousand_mappings_take_a_number_of_matches_that_grows_with_the_overlaps(
    monkeypatch: pytest.MonkeyPatch, wide: list[str], narrow: str
) -> None:
    calls = []

    def counted(pattern: str, path: str) -> bool:
        calls.append(path)
        return path.startswith(pattern.removesuffix("(.*)").removesuffix("([^/]+)$").removesuffix("$"))

    monkeypatch.setattr(contested, "matches", counted)
    names = [narrow.format(number) + end for number in range(5000) for end in ("$", "/([^/]+)$")]
    contest = contest_of(frozenset([*names, *wide]))
    overlaps = sum(len(witness.names) for witness in contest.witnesses)
    assert len(calls) <= 2 * len(names) + overlaps
