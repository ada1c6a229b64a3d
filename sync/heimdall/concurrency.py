"""How many requests at once a server makes use of, learned while it is asked.

A server that works for one request after another, 15 ms for each, answers 67 a second to one connection and
as many to eight. With eight each answer takes 120 ms, also the answer to anybody else, who waits in the
queue. The least time that such a request ever took tells how many at once were of use: eight that take 120
ms, where one took 15 ms, bring what one brings (8 * 15 / 120 = 1). If the network takes 30 ms more, the
least time is 45 ms, and three at once are of use: the server works for one while two travel.

Answers also take longer by chance, so this is only a reason to try fewer at once, for some answers. The
larger number stays if it brings at least half of what it would bring where requests are answered side by
side: 1.5 times the answers for twice the requests. Else the smaller number stays, and a still smaller one
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


class Concurrency:
    """The number of requests at once, at most `most`. Pure, and for one thread at a time."""

    def __init__(self, most: int) -> None:
        self.limit = most
        self._most = most
        self._least: dict[Hashable, float] = {}
        self._look = 0
        self._grown: list[float] = []
        self._before: tuple[int, float] | None = None
        self._fewer = True
        self._rest = 0
        self._next_rest = FIRST_REST

    def sent(self, in_flight: int) -> int:
        """Return what `answered` takes of a request, with which so many are in flight."""
        return self._look if in_flight >= self.limit else -1  # with fewer it would tell about another number

    def answered(self, sent: int, kind: Hashable, seconds: float) -> None:
        """Take in how long a request of some kind took. After some of them another limit is tried or kept."""
        least = self._least[kind] = min(seconds, self._least.get(kind, seconds))
        if sent == self._look:
            self._grown.append(seconds / least if least else 1.0)
            if len(self._grown) >= min(max(FEWEST, ANSWERS * self.limit), MOST):
                self._conclude()

    def forget(self) -> None:
        """Begin to look anew: what was under way met trouble."""
        self._grown.clear()
        self._before = None
        self._look += 1

    def _conclude(self) -> None:
        grown = median(self._grown)
        found = self.limit, self.limit / grown
        if self._before:
            found = self._better(self._before, found)
        self.forget()
        self.limit, of_use = found
        if self._rest:
            self._rest -= 1
            return
        another = self._another(of_use)
        if another != self.limit:
            self._before, self.limit = found, another

    def _better(self, before: tuple[int, float], tried: tuple[int, float]) -> tuple[int, float]:
        """Return of two limits, with the requests at once that were of use, the one to go on with."""
        (few, of_few), (many, of_many) = sorted((before, tried))
        kept = (many, of_many) if of_many / of_few - 1 >= (many / few - 1) / 2 else (few, of_few)
        if kept == tried:
            self._rest, self._next_rest = 0, FIRST_REST
        else:
            self._fewer = not self._fewer
            self._rest, self._next_rest = self._next_rest, min(2 * self._next_rest, LONGEST_REST)
        return kept

    def _another(self, of_use: float) -> int:
        """Return the limit to try next; it is the present one if there is no reason for another."""
        fewer = max(self.limit // 2, ceil(of_use)) if self.limit > GROWN * of_use else self.limit
        more = min(self.limit + max(1, self.limit // 2), self._most)
        first, second = (fewer, more) if self._fewer else (more, fewer)
        return second if first == self.limit else first
