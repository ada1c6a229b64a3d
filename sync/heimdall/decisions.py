"""Ask a server which mapping decides the contested requests: one request each."""

import random
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import islice

from pydantic import ValidationError

from sync.errors import ReadError
from sync.heimdall.answers import AnswerError
from sync.heimdall.reader import Reading
from sync.heimdall.rows import ResolvedRow
from sync.heimdall.transport import Transport
from sync.plan.answers import Answered, confirm
from sync.plan.contested import Contest, Patterns, Witness
from sync.plan.patterns import SlowPatternError, fresh_samples

PATH = "/api/v1/mappings/"
_TRIED = 12
"""So many paths of a pattern are looked at for one that the same mappings match."""
_NARROWEST = 3
"""So many of the patterns are looked at for such a path."""


def confirmed(
    transport: Transport, side: str, reading: Reading, contest: Contest, chance: random.Random
) -> Reading:
    """Return a reading with the precedence that the server confirms, and with what it said otherwise.

    Asked for is a path that nobody has asked for before, where the patterns allow one: its answer comes from
    no cache. Raises `ReadError` for any answer but a mapping or that there is none.
    """
    names = {name for witness in contest.witnesses for name in witness.names}
    patterns = Patterns(names)

    def ask(witness: Witness) -> Answered:
        fresh = next(_fresh_paths(witness, patterns, chance), None)
        return _ask(transport, witness.method, fresh or witness.path, fresh=fresh is not None)

    answers = dict(zip(contest.witnesses, transport.each(ask, contest.witnesses), strict=True))
    found = confirm(side, reading.snapshot, reading.written, answers)
    return replace(
        reading, snapshot=found.snapshot, order=found.order, said=found.said, remarks=found.remarks
    )


def _fresh_paths(witness: Witness, patterns: Patterns, chance: random.Random) -> Iterator[str]:
    # the longest are mostly the narrowest: what those match, the others match as well
    for name in sorted(witness.names, key=lambda name: (-len(name), name))[:_NARROWEST]:
        try:
            for path in islice(fresh_samples(name.partition(" ")[2], chance), _TRIED):
                if patterns.matching(witness.method, path) == witness.names:
                    yield path
        except SlowPatternError:
            continue


def _ask(transport: Transport, method: str, path: str, *, fresh: bool) -> Answered:
    answer = transport.send("GET", PATH, params={"path": path, "method": method})
    if answer.status == HTTPStatus.NOT_FOUND:
        return Answered(path, None, fresh, answer.at)
    what = f"GET {transport.url}{PATH}?path={path}&method={method} answered"
    if answer.status != HTTPStatus.OK:
        raise AnswerError(
            f"{what} {answer.message}",
            "nothing was concluded from it; see to the server, then run again",
            status=answer.status,
        )
    try:
        row = ResolvedRow.model_validate(answer.content)
    except ValidationError:
        raise ReadError(
            f"{what} 200 with something that is no mapping",
            "is the URL that of a Heimdall? nothing was concluded from the answer",
        ) from None
    return Answered(path, f"{row.method} {row.path_pattern}", fresh, answer.at)
