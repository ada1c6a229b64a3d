"""What is wrong with mappings themselves."""

import pytest

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.overlaps.lint import Fault, Flaw, flaws_of


def written(*oldest_first: str) -> Snapshot:
    return Snapshot(
        actions=(Action(name="a"),),
        mappings=tuple(Mapping.named(name, "a") for name in oldest_first),
        precedence=oldest_first,
    )


SLOW = "/(?:a|aa)+$"
LOOKING_AHEAD = "/a(?=b)"
WIDE, ME = "GET /users/([^/]+)$", "GET /users/me$"


@pytest.mark.parametrize(
    ("oldest_first", "expected"),
    [
        ((WIDE, ME, "GET /app/(.*)", "GET /health$"), ()),
        ((ME, WIDE), (Flaw(ME, Fault.UNDECIDING, WIDE),)),
        ((WIDE, "GET /users/x$"), ()),
        ((WIDE, "GET /users/([a-z0-9]+)$"), ()),
        (("GET /users/{id}",), (Flaw("GET /users/{id}", Fault.UNREAL, "{id}"),)),
        (("GET users$",), (Flaw("GET users$", Fault.UNREAL),)),
        (("GET /n",), (Flaw("GET /n", Fault.OPEN, "/nx"),)),
        (("GET /u/([^/]+)",), (Flaw("GET /u/([^/]+)", Fault.OPEN, "/u/x/x"),)),
        (("GET (",), (Flaw("GET (", Fault.INVALID),)),
        (("GET (?a)(?u)/x",), (Flaw("GET (?a)(?u)/x", Fault.INVALID),)),
        ((f"GET {SLOW}",), (Flaw(f"GET {SLOW}", Fault.SLOW),)),
        (
            (f"GET {LOOKING_AHEAD}",),
            (Flaw(f"GET {LOOKING_AHEAD}", Fault.UNCOMPARED, "'(?=b' in it is not understood"),),
        ),
        (("GET /docs/**", "GET /users/:id"), ()),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_by_name(oldest_first: tuple[str, ...], expected: tuple[Flaw, ...]) -> None:
    assert flaws_of(written(*oldest_first), written(*oldest_first)) == expected


def test_what_decides_nothing_is_told_of_the_source_alone() -> None:
    assert flaws_of(written(WIDE, ME), written(ME, WIDE)) == ()
    assert flaws_of(written(ME, WIDE), written(WIDE, ME)) == (Flaw(ME, Fault.UNDECIDING, WIDE),)


@pytest.mark.parametrize("sides", [("GET /n", "GET /m$"), ("GET /m$", "GET /n")])
def test_what_else_is_wrong_is_told_of_both_sides(sides: tuple[str, str]) -> None:
    assert flaws_of(*map(written, sides)) == (Flaw("GET /n", Fault.OPEN, "/nx"),)
