"""An environment that stops answering: it is asked, waited for, not made worse, and in the end given up."""

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sync.sandbox.example import production, staging
from sync.sandbox.faults import WRITES, Answer, Hang
from sync.sandbox.log import RequestRecord
from sync.sandbox.pool import PoolRecord
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import RunCommand, equal, writes
from tests.e2e.relay import Relay
from tests.e2e.subprocesses import Command
from tests.e2e.test_faults import NO_PROBE
from tests.servers import lent

CHANGE = "(?!.*(__no_such|2147483647))(POST|PUT|DELETE) "
HEALTH = "GET /api/v1/healthz "
NEEDS_DATABASE = "/api/v1/roles/?skip=0&limit=1"
FOR_GOOD = 3600.0
CONCURRENCY = 8
SHORT = ("--timeout", "0.5", "--give-up-after", "1")
LISTED = 10
"""So many of what was not tried are listed on the console."""


def under_way_when(started: float, records: Sequence[RequestRecord]) -> int:
    return sum(r.started < started and (r.ended is None or r.ended > started) for r in records)


def test_a_network_that_pauses_under_an_apply(run: RunCommand) -> None:
    """The tries that were under way all arrive when it goes on; the server would not bear one more of any."""
    with (
        lent(staging()) as source,
        lent(production(), first_id=1000, pool=15, delay=0.05, silence=FOR_GOOD) as target,
        Relay(target.url) as relay,
    ):
        relay.pause_at(CHANGE, nth=12)
        relay.go_on_at(HEALTH, nth=2)
        ended = run(source, target, "apply", "--target-url", relay.url, "--timeout", "1")
        assert ended.code == 0, ended.out
        assert equal(target.snapshot(), staging())
        assert "[FAILED]" not in ended.out
        assert "The target does not answer: waiting up to 120 s" in ended.out
        assert "The target answers again" in ended.out
        pool, records = target.pool(), target.requests()

    held = Counter(line for line in relay.held if not re.match(HEALTH, line))
    assert 0 < held.total() <= CONCURRENCY
    # of no write were two tries under way together, and there was always a connection left
    assert (pool.refused, pool.overlapping, pool.silent) == (0, 0, 0)
    # nothing was sent until both questions were answered: first the one that needs no database
    asked = next(record for record in records if record.path == NEEDS_DATABASE)
    assert asked.status == 200
    assert [r.path for r in records if r.number < asked.number][-1].startswith("/api/v1/")
    begun = [r for r in records if asked.started < r.started]
    assert asked.ended is not None
    assert begun[0].started > asked.ended
    # then one at a time, and one more with each answer
    for record in begun:
        answered = sum(r.ended is not None and r.ended < record.started for r in begun)
        assert under_way_when(record.started, begun) <= min(answered, CONCURRENCY - 1)


def unknown_in(out: str) -> int:
    """Count the changes of which nobody knows whether they are done."""
    return sum(
        "[FAILED]" in line and "the target may have made the change" in line for line in out.splitlines()
    )


@pytest.fixture
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with (
        lent(staging()) as source,
        lent(production(), first_id=1000, pool=15, silence=FOR_GOOD) as target,
    ):
        yield source, target


def test_a_target_that_stays_silent_is_given_up_in_order(
    run: RunCommand, pair: tuple[Sandbox, Sandbox]
) -> None:
    source, target = pair
    with Relay(target.url) as relay:
        relay.pause_at(CHANGE, nth=3)
        ended = run(source, target, "apply", "--target-url", relay.url, *SHORT)
        assert ended.code == 1
        unknown = unknown_in(ended.out)
        assert 1 < unknown <= CONCURRENCY
        planned = sum(len(wave["operations"]) for wave in ended.plan["waves"])
        done = len(writes(target)) + sum(bool(re.match(CHANGE, line)) for line in relay.held) - unknown
        assert f"  Done: {done} of {planned} changes" in ended.out
        assert ended.out.count("  [NOT TRIED] ") == LISTED
        assert f"… and {planned - done - unknown - LISTED} more not tried" in ended.out
        assert "✗ the target has not answered for 1 s: " in ended.out
        assert "To finish: run the same command again with --resume." in ended.out
        relay.go_on()  # and what was under way is done behind everybody's back
        again = run(source, target, "apply", "--resume", "--target-url", relay.url)
    assert again.code == 0, again.out
    assert equal(target.snapshot(), staging())
    assert target.pool() == PoolRecord(most=target.pool().most, refused=0, overlapping=0, silent=0)


def test_a_log_tells_how_far_it_has_come_and_what_it_waits_for(
    run: RunCommand, pair: tuple[Sandbox, Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.report.terminal.EVERY_SECONDS", 0.02)
    with Relay(pair[1].url) as relay:
        relay.pause_at(CHANGE, nth=12)
        relay.go_on_at(HEALTH, nth=3)
        ended = run(*pair, "apply", "--target-url", relay.url, "--timeout", "0.5")
    assert ended.code == 0, ended.out
    assert re.search(r"\nReading both environments: \d+ of at least \d+ requests", ended.out)
    assert re.search(r"\nApplying: wave \d of \d, \d+ of 29 changes, [\d.]+ a second, \d+ s left", ended.out)
    assert re.search(r"\nApplying: .*; the target has not answered for \d+ s \(up to 120 s\)\n", ended.out)


def test_in_a_workflow_the_way_on_is_the_workflows(
    run: RunCommand, pair: tuple[Sandbox, Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with Relay(pair[1].url) as relay:
        relay.pause_at(CHANGE)
        ended = run(*pair, "apply", "--target-url", relay.url, *SHORT)
    assert "To finish: use Re-run failed jobs." in ended.out


@pytest.mark.sampled
@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize(
    ("phase", "request_", "nth"),
    [
        ("healthcheck", "GET /api/v1/users/me ", 1),
        ("reading", "GET /api/v1/mappings/list ", 1),
        ("verification", "GET /api/v1/mappings/list ", 2),
    ],
)
class TestReads:
    def test_it_goes_on_when_the_environment_comes_back(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], side: str, phase: str, request_: str, nth: int
    ) -> None:
        assert phase
        with Relay(pair[side == "target"].url) as relay:
            relay.pause_at(request_, nth)
            relay.go_on_at(HEALTH, nth=3)  # the first may be the healthcheck's own
            ended = run(*pair, "apply", f"--{side}-url", relay.url, "--timeout", "0.5")
        assert ended.code == 0, ended.out
        assert f"The {side} does not answer: waiting up to 120 s" in ended.out
        assert f"The {side} answers again" in ended.out
        assert equal(pair[1].snapshot(), staging())

    def test_it_ends_in_order_when_it_does_not(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], side: str, phase: str, request_: str, nth: int
    ) -> None:
        with Relay(pair[side == "target"].url) as relay:
            relay.pause_at(request_, nth)
            ended = run(*pair, "apply", f"--{side}-url", relay.url, *SHORT)
        assert ended.code == (4 if phase == "healthcheck" else 1)
        assert f"the {side} has not answered for 1 s: GET " in ended.out
        assert ("Nothing was changed." in ended.out) == (phase != "verification")
        assert ("✗ Not verified: " in ended.out) == (phase == "verification")


class TestSlowWrites:
    @pytest.fixture
    def pair(self) -> Iterator[tuple[Sandbox, Sandbox]]:
        """Without a pool, which requests that hang would use up."""
        with lent(staging()) as source, lent(production(), first_id=1000) as target:
            yield source, target

    def test_one_slow_write_is_no_dead_server(self, run: RunCommand, pair: tuple[Sandbox, Sandbox]) -> None:
        slow = Hang(seconds=FOR_GOOD)
        pair[1].add_fault(slow, methods=["PUT"], path="^/api/v1/actions/", times=None)
        quick = ("--timeout", "0.4", "--retries", "2", "--give-up-after", "0.5")
        ended = run(*pair, "apply", *quick)
        assert ended.code == 1
        assert [line for line in ended.out.splitlines() if "[FAILED]" in line] == [
            line for line in ended.out.splitlines() if "[FAILED] update action" in line
        ]
        assert "[NOT TRIED]" not in ended.out
        assert "has not answered" not in ended.out

    def test_where_no_write_is_answered_the_rest_is_not_tried(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox]
    ) -> None:
        """A lock that only writes wait for: a thousand of them would take hours."""
        pair[1].add_fault(Hang(seconds=FOR_GOOD), methods=WRITES, path=NO_PROBE, times=None)
        ended = run(*pair, "apply", *SHORT)
        assert ended.code == 1
        assert re.search(r"✗ the target answered none of \d+ requests for \d+ s: ", ended.out)
        assert ended.out.count("[NOT TRIED]") > 0
        assert len(writes(pair[1])) <= CONCURRENCY + 5


@pytest.mark.sampled
@pytest.mark.parametrize(("method", "code"), [("GET", 4), ("POST", 1)])
def test_a_server_that_asks_to_wait_for_a_day_each_time_ends_the_run(
    pair: tuple[Sandbox, Sandbox], tmp_path: Path, method: str, code: int
) -> None:
    """In a process of its own, which really waits."""
    wait = Answer(status=429, headers={"Retry-After": "99999"})
    pair[1].add_fault(wait, methods=[method], path=NO_PROBE, times=None)
    ended, out = Command(*pair, tmp_path, "apply", "--give-up-after", "1").finish()
    assert ended == code, out
    assert "the target has refused requests by its rate limit" in out


def test_a_signal_ends_the_waiting(pair: tuple[Sandbox, Sandbox], tmp_path: Path) -> None:
    with Relay(pair[1].url) as relay:
        relay.pause_at(CHANGE, nth=3)
        command = Command(*pair, tmp_path, "apply", "--target-url", relay.url, "--timeout", "0.5")

        def interrupt() -> None:
            relay.wait_until_held(HEALTH)
            os.kill(command.pid, signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        ended, out = command.finish()
        assert ended == 130, out
        assert 1 < unknown_in(out) <= CONCURRENCY
        assert "[NOT TRIED]" in out
        relay.go_on()
        again, out = Command(*pair, tmp_path, "apply", "--resume", "--target-url", relay.url).finish()
    assert again == 0, out
