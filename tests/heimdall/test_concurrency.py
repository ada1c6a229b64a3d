"""The number of requests at once against simulated servers: no clock, no threads."""

import heapq
import itertools
import random
from collections.abc import Callable
from statistics import median

import pytest

from sync.heimdall.concurrency import Concurrency

WORK = 0.015
"""Seconds that a request takes a server."""

Server = Callable[[float], float]
"""Take a request at a moment, and return when it is answered."""


def one_at_a_time(delay: float, work: Callable[[], float] = lambda: WORK) -> Server:
    free = 0.0

    def answered(now: float) -> float:
        nonlocal free
        free = max(free, now + delay / 2) + work()
        return free + delay / 2

    return answered


def side_by_side(delay: float, work: Callable[[], float] = lambda: WORK) -> Server:
    return lambda now: now + delay + work()


def chance(spread: float, seed: int = 1) -> Callable[[], float]:
    """Return what takes as long as it happens to."""
    drawn = random.Random(seed)
    return lambda: WORK * drawn.lognormvariate(0, spread)


def ask(server: Server, most: int, requests: int, *, fixed: bool = False) -> tuple[list[int], float]:
    """Return how many requests were in flight with each that was sent, and how long all of them took."""
    concurrency, numbers = Concurrency(most), itertools.count()
    in_flight: list[int] = []
    answers: list[tuple[float, int, float, int]] = []
    now = 0.0
    while len(in_flight) < requests or answers:
        while len(in_flight) < requests and len(answers) < (most if fixed else concurrency.limit):
            in_flight.append(len(answers) + 1)
            heapq.heappush(answers, (server(now), next(numbers), now, concurrency.sent(len(answers) + 1)))
        begun = answers[0][2]
        now, _, _, sent = heapq.heappop(answers)
        concurrency.answered(sent, "a read", now - begun)
        assert 1 <= concurrency.limit <= most
    return in_flight, now


def settled(in_flight: list[int]) -> float:
    """Return how many are mostly in flight in the second half."""
    return median(in_flight[len(in_flight) // 2 :])


@pytest.mark.parametrize(
    ("delay", "most", "least", "enough"),
    [(0.0, 4, 1, 2), (0.0, 8, 1, 2), (0.0, 16, 1, 2), (0.02, 8, 2, 4), (0.1, 8, 7, 8), (0.1, 16, 7, 10)],
)
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_a_server_that_works_for_one_request_at_a_time_gets_as_many_as_fill_it(
    delay: float, most: int, least: int, enough: int, spread: float
) -> None:
    """That is one that is worked for, and as many as travel meanwhile: 1 + delay / work."""
    in_flight, seconds = ask(one_at_a_time(delay, chance(spread)), most, 600)
    assert least <= settled(in_flight) <= enough
    _, fixed = ask(one_at_a_time(delay, chance(spread)), most, 600, fixed=True)
    assert seconds < 1.15 * fixed, "the queue was of no use"


@pytest.mark.parametrize("most", [4, 8, 16])
@pytest.mark.parametrize(("delay", "spread"), [(0.0, 0.0), (0.02, 0.3), (0.1, 0.3), (0.1, 0.7)])
def test_a_server_that_answers_side_by_side_gets_all_that_the_setting_allows(
    delay: float, spread: float, most: int
) -> None:
    in_flight, seconds = ask(side_by_side(delay, chance(spread)), most, 400)
    assert settled(in_flight) == most
    _, fixed = ask(side_by_side(delay, chance(spread)), most, 400, fixed=True)
    assert seconds < 1.1 * fixed


def test_where_answers_take_longer_by_chance_alone_the_larger_number_comes_back() -> None:
    for seed in range(10):
        in_flight, _ = ask(side_by_side(0.0, chance(0.5, seed)), 8, 600)
        assert settled(in_flight) >= 6


def test_a_queue_is_found_also_where_no_request_was_ever_alone() -> None:
    """The first of all connects: the least time of a request was then spent in a queue."""
    server = one_at_a_time(0.0)
    in_flight, _ = ask(lambda now: server(now) + (0.045 if now < 0.1 else 0.0), 8, 400)
    assert settled(in_flight) <= 2


def test_a_server_that_gets_more_processes_gets_more_requests() -> None:
    one, many = one_at_a_time(0.0), side_by_side(0.0)
    in_flight, _ = ask(lambda now: one(now) if now < 3 else many(now), 8, 2_000)
    assert in_flight[150] <= 2
    assert settled(in_flight) == 8


def test_a_short_run_is_not_slowed() -> None:
    in_flight, _ = ask(side_by_side(0.02, chance(0.3)), 8, 60)
    assert median(in_flight) == 8
