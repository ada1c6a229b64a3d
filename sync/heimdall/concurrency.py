"""How many requests at once a server makes use of, learned while it is asked.

A server that works for one request after another, 15 ms for each, answers 67 a second to one connection and
as many to eight. With eight each answer takes 120 ms, also the answer to anybody else, who waits in the
queue. The least time that such a request ever took tells how many at once were of use: eight that take 120
ms, where one took 15 ms, bring what one brings (8 * 15 / 120 = 1). If the network takes 30 ms more, the
least time is 45 ms, and three at once are of use: the server works for one while two travel.

Answers also take longer by chance, so this is only a reason to try fewer at once, for some answers. The
larger number stays if it brings at least a third of what it would bring where requests are answered side by
side: 1.33 times the answers for twice the requests. Else the smaller number stays, and a still smaller one
is tried. Now and then a larger one is tried, more and more rarely while it brings nothing. The setting is
the largest.
"""

from collections.abc import Hashable
from math import ceil
from statistics import median

ANSWERS = 3
"""So many answers for each request at once are looked at before anything is changed."""

FEWEST, MOST = 8, 32
"""But so many at least, and so many at most."""

GROWN = 1.4
"""So many times the least seconds are a reason to try fewer requests at once."""

FIRST_REST, LONGEST_REST = 4, 16
"""After trials that brought nothing, the answers are looked at so many times without one."""

WORTH = 1 / 3
"""More at once are kept for this share of what they would bring where requests are answered side by side."""

TINY = 1e-6


Seen = tuple[int, list[tuple[Hashable, float]]]
"""A limit, and the answers with so many requests in flight: of which kind, and after how many seconds."""


class Concurrency:
    """The number of requests at once, at most `most`. Pure, and for one thread at a time."""

    def __init__(self, most: int) -> None:
        self.limit = most
        self._most = most
        self._least: dict[Hashable, float] = {}
        self._look = 0
        self._seen: Seen = (most, [])
        self._before: Seen | None = None
        self._fewer = True
        self._failed = 0
        self._kept = False
        self._rest = 0
        self._next_rest = FIRST_REST

    def sent(self, in_flight: int) -> int:
        """Return what `answered` takes of a request, with which so many are in flight."""
        return self._look if in_flight >= self.limit else -1  # with fewer it would tell about another number

    def answered(self, sent: int, kind: Hashable, seconds: float) -> None:
        """Take in how long a request of some kind took. After some of them another limit is tried or kept."""
        self._least[kind] = min(seconds, self._least.get(kind, seconds))
        if sent == self._look:
            self._seen[1].append((kind, seconds))
            if len(self._seen[1]) >= min(max(FEWEST, ANSWERS * self.limit), MOST):
                self._conclude()

    def forget(self) -> None:
        """Begin to look anew: what was under way met trouble."""
        self._before = None
        self._begin(self.limit)

    def _begin(self, limit: int) -> None:
        self.limit = limit
        self._seen = limit, []
        self._look += 1

    def _conclude(self) -> None:
        seen = self._better(self._before, self._seen) if self._before else self._seen
        self._before = None
        limit = another = seen[0]
        if self._rest:
            self._rest -= 1
        else:
            another = self._another(limit, self._of_use(seen))
        if another != limit:
            self._before = seen
        self._begin(another)

    def _better(self, before: Seen, tried: Seen) -> Seen:
        """Return what was seen with the limit to go on with, of two."""
        few, many = sorted((before, tried), key=lambda seen: seen[0])
        gain, most_gain = self._of_use(many) / self._of_use(few) - 1, many[0] / few[0] - 1
        better = many if gain >= most_gain * WORTH else few
        self._kept = better is tried
        if self._kept:
            self._failed, self._next_rest = 0, FIRST_REST
            return better
        self._failed += 1
        self._fewer = not self._fewer
        if self._failed > 1 or better[0] in {1, self._most}:  # neither fewer nor more are better
            self._failed = 0
            self._rest, self._next_rest = self._next_rest, min(2 * self._next_rest, LONGEST_REST)
        return better

    def _of_use(self, seen: Seen) -> float:
        """Return how many requests at once would have brought as many answers if none had waited."""
        limit, answers = seen
        grown = median(seconds / max(self._least[kind], TINY) for kind, seconds in answers)
        return limit / max(grown, 1.0)

    def _another(self, limit: int, of_use: float) -> int:
        """Return the limit to try next; it is the present one if there is no reason for another."""
        more = min(limit + max(1, limit // 2), self._most)
        fewer = limit
        if limit > GROWN * of_use:
            fewer = max(limit // 2, ceil(of_use))
        elif self._fewer and self._kept:  # even the least time was spent in a queue
            fewer = max(limit // 2, 1)
        first, second = (fewer, more) if self._fewer else (more, fewer)
        return second if first == limit else first
