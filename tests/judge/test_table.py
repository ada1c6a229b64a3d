"""What was once seen to be called identical and was not: each case in every variation, asked over the API."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from .conftest import Servers
from .histories import (
    Caller,
    DeletedAction,
    Event,
    Flushed,
    History,
    Renamed,
    Reordered,
    Restarted,
    Wrote,
    play,
)
from .judging import CACHE_SECONDS, Judgement, judge
from .model import Winner
from .pairs import Pair
from .paths import all_paths

TEN = "(account|billing|charts|data|events|files|grants|hooks|images|jobs)"
ODD_PATHS = (
    "/users/me/repos",
    "/users/you/repos",
    "/users/me/keys",
    "/users/me",
    *(
        f"/api/{section}/{page}"
        for section in ("maps", "billing", "jobs")
        for page in ("1", "billing", "jobs")
    ),
    "/docs/public",
    "/docs/private",
    "/docs/private/",
    "/docs/private/salaries",
    "/orgs/city/users/me",
    "/orgs/city/users/you",
    "/orgs//users/me",
    "/legacy/reports",
    "/legacy/me",
)


@dataclass(frozen=True)
class Case:
    """Mappings in the order of writing, each with its own action, and a request that they contest."""

    request: str
    mappings: tuple[Wrote, ...]


CASES = {
    "crossing": Case(
        "GET /users/me/repos",
        (Wrote("GET /users/([^/]+)/repos$", "a:x"), Wrote("GET /users/me/([^/]+)$", "b:y")),
    ),
    "an alternation of ten": Case(
        "GET /api/maps/billing",
        (Wrote("GET /api/maps/([^/]+)$", "maps:read"), Wrote(f"GET /api/([^/]+)/{TEN}$", "ten:read")),
    ),
    "simple, within": Case(
        "GET /docs/private/salaries",
        (Wrote("GET /docs/**", "docs:read"), Wrote("GET /docs/private/**", "private:read")),
    ),
    "simple, a literal at the end": Case(
        "GET /orgs/city/users/me",
        (Wrote("GET /orgs/*/users/*", "users:read"), Wrote("GET /orgs/*/users/me", "me:read")),
    ),
    "simple, names": Case(
        "GET /users/me/repos",
        (Wrote("GET /users/:name/repos", "repos:read"), Wrote("GET /users/me/:section", "me:read")),
    ),
    "any method": Case(
        "GET /legacy/reports",
        (Wrote("ANY /legacy/(.*)", "legacy:use"), Wrote("ANY /legacy/reports", "reports:use")),
    ),
    "any method behind a simple pattern": Case(
        "GET /legacy/reports",
        (Wrote("ANY /legacy/(.*)", "legacy:use"), Wrote("GET /legacy/*", "reports:use")),
    ),
}


def _described(mappings: tuple[Wrote, ...], number: int) -> tuple[Wrote, ...]:
    return tuple(
        replace(mapping, description="said otherwise") if each == number else mapping
        for each, mapping in enumerate(mappings)
    )


def _with_other_action(mappings: tuple[Wrote, ...], number: int) -> tuple[Wrote, ...]:
    return tuple(
        replace(mapping, action="other:use") if each == number else mapping
        for each, mapping in enumerate(mappings)
    )


VARIATIONS: dict[str, Callable[[tuple[Wrote, ...]], tuple[Wrote, ...]]] = {
    "nothing": lambda mappings: mappings,
    "the description of the first": lambda mappings: _described(mappings, 0),
    "the description of the last": lambda mappings: _described(mappings, 1),
    "the action of the first": lambda mappings: _with_other_action(mappings, 0),
    "the action of the last": lambda mappings: _with_other_action(mappings, 1),
    "the order": lambda mappings: mappings[::-1],
    "the first is missing": lambda mappings: mappings[1:],
    "the last is missing": lambda mappings: mappings[:1],
}


def _asked(servers: Servers, request: str) -> tuple[tuple[str, str] | None, ...]:
    """Ask both servers which mapping decides a request, as the gateway does."""
    answers = []
    for sandbox in (servers.source, servers.target):
        sandbox.advance(CACHE_SECONDS + 1)
        with Caller(sandbox) as caller:
            answers.append(caller.ask(request))
    return tuple(answers)


def _judge(servers: Servers, source: History, target: History, *argv: str) -> Judgement:
    return judge(servers, Pair(source, target), *argv, paths=(*ODD_PATHS, *all_paths()))


@pytest.mark.sampled
@pytest.mark.parametrize("varied_side", ["source", "target"])
@pytest.mark.parametrize("variation", VARIATIONS)
@pytest.mark.parametrize("name", CASES)
def test_afterwards_all_is_decided_alike_or_named(
    servers: Servers, name: str, variation: str, varied_side: str
) -> None:
    case = CASES[name]
    sides = [History(case.mappings), History(VARIATIONS[variation](case.mappings))]
    source, target = sides if varied_side == "target" else sides[::-1]

    judgement = _judge(servers, source, target)

    assert not judgement.unnamed, judgement
    on_source, on_target = _asked(servers, case.request)
    if judgement.ended.code == 0:
        assert on_source == on_target, judgement.ended.out
        assert not judgement.different, judgement


EXPRESSIONS = [name for name, case in CASES.items() if "(" in case.mappings[0].mapping and name[:3] != "any"]


@pytest.mark.sampled
@pytest.mark.parametrize("variation", VARIATIONS)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_regular_expressions_can_always_be_made_equal(servers: Servers, name: str, variation: str) -> None:
    case = CASES[name]

    judgement = _judge(servers, History(case.mappings), History(VARIATIONS[variation](case.mappings)))

    assert judgement.ended.code == 0, judgement.ended.out
    assert not judgement.different
    assert servers.run("plan", "--detailed-exitcode").code == 0


def test_a_simple_pattern_that_decides_is_not_said_to_decide_nothing(servers: Servers) -> None:
    case = CASES["simple, a literal at the end"]

    ended = _judge(servers, History(case.mappings[::-1]), History(case.mappings[::-1])).ended

    assert _asked(servers, case.request)[0] == ("GET /orgs/*/users/me", "me:read")
    assert "GET /orgs/*/users/me never wins a request" not in ended.out


# An action was renamed

READ = (Wrote("GET /users/([^/]+)$", "users:read"), Wrote("GET /users/me$", "users:read"))


def _renamed(*later: Event) -> History:
    once = tuple(replace(mapping, action="once:read") for mapping in READ)
    return History(once, (Renamed("once:read", "users:read"), *later))


@pytest.mark.parametrize("request_", ["GET /users/me", "GET /users/you"])
def test_a_stale_name_in_the_target_is_healed(servers: Servers, request_: str) -> None:
    judgement = _judge(servers, History(READ), _renamed())

    assert judgement.ended.code == 0, judgement.ended.out
    assert not judgement.different, judgement
    assert _asked(servers, request_)[1] == _asked(servers, request_)[0]


def test_a_stale_name_in_the_target_shows_in_the_plan(servers: Servers) -> None:
    judgement = _judge(servers, History(READ), _renamed(), "plan", "--detailed-exitcode")

    assert judgement.ended.code == 2
    assert "once:read" in judgement.ended.out


def test_a_stale_name_in_the_source_is_named_and_not_copied(servers: Servers) -> None:
    judgement = _judge(servers, _renamed(), History(READ))

    assert judgement.different
    assert not judgement.unnamed, judgement
    assert judgement.ended.code != 0
    assert "once:read" in judgement.ended.out
    assert _asked(servers, "GET /users/me")[1] == ("GET /users/me$", "users:read")


def test_what_was_written_since_has_no_stale_name(servers: Servers) -> None:
    judgement = _judge(servers, History(READ), _renamed(*READ))

    assert judgement.ended.code == 0, judgement.ended.out
    assert judgement.before == judgement.after


# An action was deleted whose mapping still decides

ME = Wrote("GET /users/me$", "me:read")
ANYONE = Wrote("GET /users/([^/]+)$", "users:read")
SECTION = Wrote("GET /users/(.*)", "section:read")


def _left(*before: Wrote, gone: str) -> History:
    """Return a history in which an action was deleted; its mappings are in no list and still decide."""
    return History(before, (DeletedAction(gone),), tuple({wrote.action for wrote in before} - {gone}))


def test_a_leftover_that_the_source_has_a_mapping_for_is_overtaken(servers: Servers) -> None:
    judgement = _judge(servers, History((ANYONE, ME)), _left(ANYONE, ME, gone="me:read"))

    assert judgement.ended.code == 0, judgement.ended.out
    assert not judgement.different, judgement
    assert _asked(servers, "GET /users/me") == (("GET /users/me$", "me:read"),) * 2


def test_a_leftover_that_still_decides_what_it_did_is_seen_by_its_action(servers: Servers) -> None:
    other = replace(ME, action="other:read")
    judgement = _judge(servers, History((ANYONE, other)), _left(ANYONE, ME, gone="me:read"))

    assert judgement.ended.code == 0, judgement.ended.out
    assert _asked(servers, "GET /users/me") == (("GET /users/me$", "other:read"),) * 2


@pytest.mark.parametrize("order", [(ANYONE, SECTION), (SECTION, ANYONE)])
def test_a_leftover_that_decides_more_than_others_do_is_an_open_difference(
    servers: Servers, order: tuple[Wrote, ...]
) -> None:
    """It is overtaken where a mapping can come in front of it; elsewhere only a restart ends it."""
    judgement = _judge(servers, History((ANYONE,)), _left(*order, gone="section:read"))

    answers = _asked(servers, "GET /users/me")
    assert answers == (("GET /users/([^/]+)$", "users:read"),) * 2
    if order[-1] == SECTION:  # in front of the other, so that it shows in answers
        _is_open(judgement)


def test_a_leftover_in_the_source_is_an_open_difference(servers: Servers) -> None:
    judgement = _judge(servers, _left(ANYONE, ME, gone="me:read"), History((ANYONE, ME)))

    _is_open(judgement)


def test_a_leftover_behind_a_mapping_that_is_deleted_is_an_open_difference(servers: Servers) -> None:
    """It wins again when the new mapping with its pattern goes, and nobody could see it before."""
    users = Wrote("GET /users$", "users:read")
    new = replace(ME, action="users:read")
    target = History((users, ME), (DeletedAction("me:read"), new))
    judgement = _judge(servers, History((users,)), target)

    assert judgement.before["GET /users/me"][1] == Winner("GET /users/me$", "users:read")
    assert judgement.after["GET /users/me"][1] == Winner("GET /users/me$", "me:read")
    _is_open(judgement)


def _is_open(judgement: Judgement) -> None:
    assert judgement.ended.code != 0, judgement.ended.out
    assert "restart" in judgement.ended.out.lower()
    assert judgement.different
    assert not judgement.unnamed, judgement


# Redis was flushed


DOCUMENTS = (
    Wrote("GET /documents$", "documents:read"),
    Wrote("GET /documents/([^/]+)$", "documents:read"),
    Wrote("GET /documents/([^/]+)/pages$", "documents:read"),
    Wrote("POST /documents$", "documents:write"),
)


def test_what_redis_has_lost_of_the_target_is_written_again(servers: Servers) -> None:
    paths = ("/documents", "/documents/1", "/documents/1/pages")
    pair = Pair(History(DOCUMENTS), History(DOCUMENTS, (Flushed(),)))

    judgement = judge(servers, pair, paths=paths)

    assert judgement.before["GET /documents"] == (Winner("GET /documents$", "documents:read"), None)
    assert judgement.ended.code == 0, judgement.ended.out
    assert not judgement.different, judgement


def test_what_redis_has_lost_of_the_source_is_an_open_difference(servers: Servers) -> None:
    pair = Pair(History(DOCUMENTS, (Flushed(),)), History(DOCUMENTS))

    judgement = judge(servers, pair, paths=("/documents",))

    _is_open(judgement)


# Questions


@pytest.mark.parametrize("pattern", ["/[^/]+/[^/]*$", "/a?/.*", "/me$"])
def test_a_question_moves_nothing(servers: Servers, pattern: str) -> None:
    """The database reads these as texts. Asked for one of them, it would bring the mapping to the front."""
    mappings = (
        Wrote(f"GET {pattern}", "a:read"),
        Wrote("GET /(a|me)(.*)", "b:read"),
        Wrote(f"ANY {pattern}", "c:read"),
    )

    judgement = _judge(servers, History(mappings), History(mappings), "plan")

    assert judgement.ended.code == 0, judgement.ended.out
    assert judgement.after == judgement.before


def test_a_second_question_is_about_the_same_mappings(servers: Servers) -> None:
    """Where a path has no other, one with a line break at its end is asked for, which more patterns match."""
    short = Wrote("GET /b/a?$", "short:read")
    mappings = (short, Wrote("GET /([^/]+)/[^/]+/*$", "long:read"))
    once = History((replace(short, action="once:read"), mappings[1]), (Renamed("once:read", "short:read"),))
    play(servers.source, History(mappings))
    play(servers.target, once)

    ended = servers.run("plan")

    assert "GET /b/ in the target: GET /b/a?$ (action 'once:read') wins" in ended.out


# The order was lost


def _rebuilt(mappings: tuple[Wrote, ...]) -> History:
    """Return a history after which Redis was written anew from rows in the opposite order."""
    rows = tuple(mapping.mapping for mapping in reversed(mappings))
    return History(mappings, (Reordered(rows), Restarted()))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_order_that_a_restart_has_lost_is_drift_and_the_next_promotion_mends_it(
    servers: Servers, name: str
) -> None:
    case = CASES[name]
    source, target = History(case.mappings), _rebuilt(case.mappings)

    drifted = _judge(servers, source, target, "drift").ended
    assert drifted.code == 2, drifted.out
    assert "may come from a cache" not in drifted.out
    assert servers.run("plan", "--detailed-exitcode").code == 2

    judgement = _judge(servers, source, target)
    assert judgement.ended.code == 0, judgement.ended.out
    assert judgement.before[case.request][0] != judgement.before[case.request][1]
    assert judgement.before[case.request][0] == judgement.after[case.request][1]
    assert not judgement.different, judgement


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_source_whose_order_a_restart_has_changed_is_followed(servers: Servers, name: str) -> None:
    case = CASES[name]

    judgement = _judge(servers, _rebuilt(case.mappings), History(case.mappings))

    assert not judgement.unnamed, judgement
    if judgement.ended.code == 0:
        assert not judgement.different, judgement
