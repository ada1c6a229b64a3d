"""Ask a server which mapping wins a request, and for which action: one request each."""

import random
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from pydantic import ValidationError

from sync.errors import AnswerError, ReadError
from sync.heimdall.rows import ResolvedRow
from sync.heimdall.transport import Transport
from sync.model.endpoint import Endpoint
from sync.overlaps.answers import Answered
from sync.overlaps.overlap import Overlap, Overlaps
from sync.overlaps.questions import moves_others
from sync.overlaps.syntax import matches
from sync.overlaps.winners import NOBODY, Winner

PATH = "/api/v1/mappings/"


def ask_about(
    transport: Transport, asked: Iterable[Overlap], overlaps: Overlaps, chance: random.Random
) -> dict[Overlap, Answered]:
    """Return what a server answers about overlaps.

    Asked for is a path that nobody has asked for before, where the patterns allow one: its answer comes from
    no cache. Questions that may move a mapping come first, one after another, so that two servers are left
    in the same order. Raises `ReadError` for any answer but a mapping or that there is none.
    """
    asked = list(asked)
    by_name = overlaps.by_name()
    first = [overlap for overlap in asked if moves_others(overlap, by_name)]
    answers = {overlap: _ask_fresh(transport, overlap, chance) for overlap in first}
    rest = [overlap for overlap in asked if overlap not in answers]
    found = transport.each(lambda overlap: _ask_fresh(transport, overlap, chance), rest)
    return {**answers, **dict(zip(rest, found, strict=True))}


def ask_again(transport: Transport, overlap: Overlap, answered: Answered, chance: random.Random) -> Answered:
    """Return what a server answers on second thoughts, for a path that is in no cache if there is one.

    `$` matches before a line break at the end as well: that makes a second path of one that has no other.
    """
    if answered.fresh:
        return _ask_fresh(transport, overlap, chance)
    path = f"{overlap.path}\n"
    if not overlap.names or not all(matches(Endpoint.parse(name).pattern, path) for name in overlap.names):
        return answered
    try:
        second = _ask(transport, overlap.method, path, fresh=False)
    except AnswerError:  # a gateway that takes no such path
        return answered
    if second.winner == answered.winner:
        return replace(answered, twice=True)
    return second if second.winner.mapping else answered


def _ask_fresh(transport: Transport, overlap: Overlap, chance: random.Random) -> Answered:
    fresh = overlap.fresh_path(chance)
    return _ask(transport, overlap.method, fresh or overlap.path, fresh=fresh is not None)


def _ask(transport: Transport, method: str, path: str, *, fresh: bool) -> Answered:
    answer = transport.send("GET", PATH, params={"path": path, "method": method})
    if answer.status == HTTPStatus.NOT_FOUND:
        return Answered(path, NOBODY, fresh, answer.at)
    what = f"GET {transport.url}{PATH}?path={path.strip()}&method={method} answered"
    if answer.status != HTTPStatus.OK:
        raise AnswerError(
            f"{what} {answer.message}",
            "check the server's log, then run again",
            status=answer.status,
        )
    try:
        row = ResolvedRow.model_validate(answer.content)
    except ValidationError:
        raise ReadError(
            f"{what} 200 with JSON that is not a mapping",
            "check that the URL is the URL of a Heimdall",
        ) from None
    return Answered(path, Winner(row.name, row.action), fresh, answer.at)
