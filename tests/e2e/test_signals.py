"""Ctrl-C and SIGTERM: what is in flight ends, everything is written, and the next run goes on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.sandbox.example import production, staging
from sync.sandbox.faults import Interrupt
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import HARMLESS, equal
from tests.e2e.subprocesses import Command
from tests.servers import lent

WRITES = ["POST", "PUT", "DELETE"]


@pytest.fixture
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        yield source, target


@pytest.mark.sampled
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_in_the_middle_of_an_apply(
    pair: tuple[Sandbox, Sandbox], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    source, target = pair
    command = Command(source, target, tmp_path, "apply", "--concurrency", "1")
    target.add_fault(Interrupt(pid=command.pid, number=number), methods=WRITES, path=HARMLESS, nth=9)
    ended, out = command.finish()
    assert ended == code, out
    assert "what is done stays done" in out
    assert "Traceback" not in out
    lines = (tmp_path / "sync_checkpoint.json").read_text(encoding="utf-8").splitlines()
    done = sum('"done"' in line for line in lines[2:])
    assert done >= 8
    report = tmp_path / "report"
    assert {"summary.md", "junit.xml", "plan.json"} <= {p.name for p in report.iterdir()}
    [backup] = report.glob("backup-*.json")
    again, out = Command(source, target, tmp_path, "apply", "--resume").finish()
    assert again == 0, out
    assert equal(target.snapshot(), staging())
    assert [*report.glob("backup-*.json")] == [backup]


@pytest.mark.sampled
@pytest.mark.parametrize("process_one", [False, True], ids=["a process", "process 1"])
def test_a_server_that_hangs_keeps_nobody_waiting(
    pair: tuple[Sandbox, Sandbox], tmp_path: Path, process_one: bool
) -> None:
    """As process 1 a program has no default handlers: what it does not handle itself is ignored."""
    if process_one and os.geteuid() != 0:
        pytest.skip("a process namespace of its own takes root")
    source, target = pair
    command = Command(source, target, tmp_path, "apply", process_one=process_one)
    hanging = Interrupt(pid=command.pid, number=signal.SIGTERM, seconds=60)
    target.add_fault(hanging, methods=WRITES, path=HARMLESS, nth=9)
    ended, out = command.finish(timeout=20)
    assert ended == 143, out
    assert "the run was interrupted before the answer came" in out
    target.kill()


def test_while_reading_nothing_was_changed(pair: tuple[Sandbox, Sandbox], tmp_path: Path) -> None:
    source, target = pair
    command = Command(source, target, tmp_path, "apply")
    hanging = Interrupt(pid=command.pid, number=signal.SIGINT, seconds=60)
    target.add_fault(hanging, path="mappings/list")
    ended, out = command.finish(timeout=20)
    assert ended == 130, out
    assert "cancelled, nothing was changed" in out
    target.kill()


def test_in_the_countdown_nothing_was_changed(pair: tuple[Sandbox, Sandbox], tmp_path: Path) -> None:
    source, target = pair
    command = Command(source, target, tmp_path, "apply", "--countdown", "3600")
    # the answer to the last read comes after the signal, which the countdown then ends at
    target.add_fault(
        Interrupt(pid=command.pid, number=signal.SIGINT, done=True, seconds=0),
        path="/groups/legacy_team/members",
    )
    ended, out = command.finish(timeout=20)
    assert ended == 130, out
    assert "cancelled, nothing was changed" in out
    assert equal(target.snapshot(), production())
