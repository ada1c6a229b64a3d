"""The pace against simulated servers: no clock, no threads, minutes in a moment."""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from sync.heimdall.pace import Rate

Limit = Callable[[float], float]
"""Take a request at a moment, and return 0, or refuse it and return in how many seconds to send again."""


def bucket(rate: float, size: int) -> Limit:
    tokens, filled = float(size), 0.0

    def take(now: float) -> float:
        nonlocal tokens, filled
        tokens, filled = min(tokens + (now - filled) * rate, size), now
        if tokens < 1:
            return (1 - tokens) / rate
        tokens -= 1
        return 0.0

    return take


def window(count: int, seconds: float) -> Limit:
    taken: dict[int, int] = {}

    def take(now: float) -> float:
        number = int(now // seconds)
        if taken.get(number, 0) >= count:
            return (number + 1) * seconds - now
        taken[number] = taken.get(number, 0) + 1
        return 0.0

    return take


@dataclass
class Asked:
    """When requests were accepted and refused."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    @property
    def wasted(self) -> float:
        return len(self.refused) / (len(self.accepted) + len(self.refused))

    def accepted_a_second(self, begin: float, end: float) -> float:
        return sum(begin <= moment < end for moment in self.accepted) / (end - begin)


def ask(limit: Limit, requests: int, *, threads: int = 8, travel: float = 0.02, header: bool = True) -> Asked:
    """Let threads ask a server, each again as soon as it is answered, until so many were accepted."""
    rate, found, numbers = Rate(), Asked(), itertools.count()
    ready, sleeping = deque(range(threads)), False
    events: list[tuple[float, int, str, int, int, float]] = []
    now = 0.0

    def then(seconds: float, what: str, thread: int, kept: int, refusal: float = 0.0) -> None:
        heapq.heappush(events, (now + seconds, next(numbers), what, thread, kept, refusal))

    while len(found.accepted) < requests:
        if ready and not sleeping:
            sleeping = True
            then(rate.turn(now) - now, "wakes", ready.popleft(), rate.refusals)
        now, _, what, thread, kept, refusal = heapq.heappop(events)
        if what == "wakes" and kept != rate.refusals:
            then(rate.turn(now) - now, "wakes", thread, rate.refusals)
        elif what == "wakes":
            sleeping = False
            then(travel / 2, "arrives", thread, kept)
        elif what == "arrives":
            refusal = limit(now)
            (found.refused if refusal else found.accepted).append(now)
            then(travel / 2, "is answered", thread, kept, refusal)
        else:
            ready.append(thread)
            if not refusal:
                rate.accepted(now)
            elif kept == rate.refusals:
                rate.refused(now, math.ceil(refusal) if header else 0.0, 60.0)
    return found


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("threads", [4, 8, 16])
@pytest.mark.parametrize(
    ("limit", "size"), [(10, 5), (10, 100), (50, 20), (50, 1_000), (200, 20), (200, 200)]
)
def test_it_settles_below_the_limit_and_few_are_refused(
    limit: int, size: int, threads: int, header: bool
) -> None:
    short = ask(bucket(limit, size), 250, threads=threads, travel=0.01, header=header)
    assert len(short.refused) <= max(0.05 * 250, threads + 4)
    found = ask(bucket(limit, size), size + 60 * limit, threads=threads, travel=0.01, header=header)
    assert found.wasted < 0.05
    # the burst ends with the first refusal; seconds later
    begin = found.refused[0] + 10
    assert 0.75 * limit < found.accepted_a_second(begin, begin + 20) < 1.15 * limit
    assert sum(begin < moment for moment in found.refused) < 0.02 * sum(
        begin < moment for moment in found.accepted
    )


@pytest.mark.parametrize("travel", [0.001, 0.1])
@pytest.mark.parametrize(("count", "seconds"), [(100, 1), (600, 60)])
def test_a_limit_that_counts_in_windows_is_kept_too(count: int, seconds: int, travel: float) -> None:
    found = ask(window(count, seconds), 3_000, travel=travel)
    assert found.wasted < 0.02
    assert max(found.accepted) < 1.5 * 3_000 / count * seconds


def test_where_nothing_is_refused_nobody_waits() -> None:
    found = ask(lambda _: 0.0, 400, threads=8, travel=0.1)
    assert max(found.accepted) == pytest.approx(400 / 8 * 0.1, abs=0.1)


def test_a_limit_that_rises_is_found() -> None:
    low, high = bucket(20, 20), bucket(100, 20)
    found = ask(lambda now: low(now) if now < 30 else high(now), 8_000)
    assert found.accepted_a_second(20, 30) < 25
    assert found.accepted_a_second(150, 160) > 70


def test_what_a_burst_has_refused_at_once_counts_once() -> None:
    found = ask(bucket(50, 20), 300, threads=16)
    burst = [moment for moment in found.refused if moment < found.refused[0] + 0.5]
    assert 1 < len(burst) <= 16
    # whoever waited for the next moment waits on
    assert min(moment for moment in found.accepted if moment > burst[-1]) >= burst[0] + 1


def test_while_nothing_is_accepted_the_pauses_grow() -> None:
    found = ask(lambda now: 0.0 if now > 60 else 1.0, 1, threads=8, header=False)
    assert len(found.refused) < 8 + 12
