"""What the tests of the image share."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.faults import Interrupt
from sync.sandbox.process import Sandbox, launch


@pytest.fixture
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with launch(staging()) as source, launch(production(), people=PEOPLE, first_id=1000) as target:
        yield source, target
        target.kill()  # where an answer hangs, it would be waited for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that any user may write to."""
    open_to_all = tmp_path / "work"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    return open_to_all


class Moment:
    """When a sandbox gets a certain request, which then hangs: it ends a process, and that is waited for."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)

    def effect(self, *, done: bool = False) -> Interrupt:
        """Return what is to happen to that request; `done` lets it be carried out before it hangs."""
        return Interrupt(pid=self._process.pid, seconds=3600, done=done)

    def wait(self) -> None:
        """Wait until the request is there. Raises `TimeoutExpired` where none comes."""
        self._process.wait(timeout=120)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def moment() -> Iterator[Moment]:
    moment = Moment()
    yield moment
    moment.close()
