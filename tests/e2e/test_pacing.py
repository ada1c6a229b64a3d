"""A run that really waits, against servers that have a rate limit or work for one request at a time.

What is said of it is counted in what the servers were sent, never measured on a clock.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pydantic import SecretStr

from sync.heimdall.transport import Transport
from sync.sandbox.log import RequestRecord
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import equal
from tests.e2e.environments import environment, made_different
from tests.e2e.subprocesses import Command
from tests.servers import lent

WANTED = environment(20, 30, 20, 100)
BEFORE = made_different(WANTED, descriptions=False)
ASKED = "/api/v1/groups/"


def refused(records: Sequence[RequestRecord]) -> int:
    return sum(record.status == 429 for record in records)


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("command", "concurrency", "limit"),
    [
        ("plan", 8, {"rate": 80.0, "burst": 10}),
        ("apply", 16, {"rate": 80.0, "burst": 20, "no_retry_after": True}),
    ],
)
def test_a_rate_limit_is_kept_and_no_run_fails_for_it(
    tmp_path: Path, command: str, concurrency: int, limit: dict[str, Any]
) -> None:
    """With a single try: what a rate limit refuses is none that failed."""
    with lent(WANTED, **limit) as source, lent(BEFORE, first_id=1000, **limit) as target:
        flags = (f"--concurrency={concurrency}", "--retries=1")
        code, out = Command(source, target, tmp_path, command, *flags).finish()
        assert code == 0, out
        assert equal(target.snapshot(), WANTED if command == "apply" else BEFORE)
        sides = source.requests(), target.requests()
    records = [*sides[0], *sides[1]]
    assert 0 < refused(records) <= 0.05 * len(records)
    # it has settled: whatever is under way when the burst ends is most of what is ever refused
    assert all(refused(side[len(side) // 2 :]) <= 0.03 * len(side) for side in sides)


def in_flight(records: Sequence[RequestRecord]) -> list[int]:
    """Return beside how many others each request was under way when it came, itself counted."""
    return [
        1 + sum(other.started < each.started < (other.ended or each.started) for other in records)
        for each in records
    ]


Asking = Callable[[Sandbox, int], list[int]]


@pytest.fixture
def ask() -> Asking:
    """Return a function that reads one thing many times; it returns how many requests were in flight."""

    def asked(server: Sandbox, count: int) -> list[int]:
        token = SecretStr(server.token)
        with Transport(server.url, token, read_only=True, concurrency=8) as transport:
            transport.each(lambda _: transport.get(ASKED), range(count))
        return in_flight(server.requests())

    return asked


def test_a_server_that_works_for_one_request_at_a_time_gets_no_queue(ask: Asking) -> None:
    with lent(environment(1, 1, 1, 1), serial=True, read_time=0.015) as server:
        found = ask(server, 180)
    assert max(found) == 8
    assert median(found[-50:]) <= 5  # alone on a machine 1 or 2


def test_a_server_that_answers_side_by_side_gets_as_many_as_the_setting_says(ask: Asking) -> None:
    with lent(environment(1, 1, 1, 1), delay=0.25) as server:
        found = ask(server, 72)
    assert median(found[-40:]) >= 5  # alone on a machine 8
