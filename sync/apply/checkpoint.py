"""What one apply has done so far, line by line, so that the next run can tell what was ours.

The first line names the plan and holds it whole, before-images included; each line after it is an outcome. A
run that dies may leave a torn last line: it is as if that line had not been written.
"""

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from sync.disk import Room, write_whole
from sync.errors import HeimdallSyncError, RefusedError
from sync.model.outcome import Outcome, Status
from sync.model.plan import Operation, Plan
from sync.model.snapshot import Value
from sync.plan.approval import plan_from

FORMAT = "heimdall-sync/checkpoint/"
WHAT_NOW = "delete it if you no longer need it, or name another file with --checkpoint-file"


class Header(Value):
    """The first line: which plan, for which target."""

    format: Literal["heimdall-sync/checkpoint/1"] = Field("heimdall-sync/checkpoint/1", alias="schema")
    target: str
    digest: str


class Line(Value):
    """What became of one operation, by its place in the plan."""

    number: int = Field(ge=0)
    status: Status
    reason: str = ""


_ROOM_FOR_A_LINE = 512
"""Bytes; most take fifty, and a failure gives its reason."""


class Checkpoint:
    """A journal that is open for writing, and holds room for all that is to come."""

    def __init__(self, path: Path, plan: Plan, ours: Iterable[Operation] = (), mode: int = 0o600) -> None:
        """Begin a journal, completely or not at all, in place of one that is there.

        `ours` are operations of the plan that an earlier run has done, `mode` says who may read the file.
        Raises `HeimdallSyncError` where it can't be written.
        """
        self._numbers = {operation: number for number, operation in enumerate(plan.operations)}
        self._lock = threading.Lock()
        self._path = path
        done = (Line(number=self._numbers[operation], status=Status.DONE) for operation in ours)
        begin = (Header(target=plan.target.url, digest=plan.digest), plan, *done)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, "".join(f"{line.canonical_json()}\n" for line in begin), mode)
            self._room = Room(path.parent, _ROOM_FOR_A_LINE * len(plan.operations))
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise HeimdallSyncError(
                f"the checkpoint {path} can't be written: {error.strerror}",
                "nothing was changed; name another file with --checkpoint-file",
            ) from None

    def note(self, outcome: Outcome) -> None:
        """Add an outcome; it is out of the process's hands when this returns.

        Raises `HeimdallSyncError` where it can't be written.
        """
        number = self._numbers[outcome.operation]
        line = Line(number=number, status=outcome.status, reason=outcome.reason)
        with self._lock, self._explained():
            self._file.write(f"{line.canonical_json()}\n")
            self._flush()

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._room.release()
            self._file.flush()

    def sync(self) -> None:
        """Have everything that was noted on the disk when this returns. Raises like `note`."""
        with self._lock, self._explained():
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the journal; it is kept until the run has succeeded."""
        with self._lock, contextlib.suppress(OSError):  # told by `note`, which would have written it
            self._room.release()
            self._file.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HeimdallSyncError(
                f"the checkpoint {self._path} can no longer be written: {error.strerror}",
                "free disk space, then plan again: the new plan holds only the changes that are left",
            ) from None


class EarlierRun(Value):
    """What an earlier run has left: its plan, and which of the plan's operations it has done."""

    plan: Plan
    done: frozenset[Operation]


def may_be_replaced(path: Path) -> bool:
    """Tell whether a checkpoint may be begun in a place: it is free, or has a checkpoint of any version."""
    try:
        with path.open("rb") as file:
            start = file.readline(100)
    except OSError:
        return True  # told by whoever writes there
    return not start or FORMAT.encode() in start


def read_checkpoint(path: Path, target_url: str) -> EarlierRun | None:
    """Return what an earlier run noted, None where there is no file.

    Raises `RefusedError` where the file is empty, foreign, of another version or for another target.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(f"the checkpoint {path} can't be read: {error.strerror}", WHAT_NOW) from None
    lines = text.split(b"\n")
    try:
        header = Header.model_validate_json(lines[0])
        plan = plan_from(lines[1], str(path), expected_digest=header.digest)
        noted = [Line.model_validate_json(line) for line in lines[2:-1]]
        done = frozenset(plan.operations[line.number] for line in noted if line.status is Status.DONE)
    except (ValidationError, IndexError, RefusedError):
        raise RefusedError(
            f"{path} is damaged, or another version of heimdall-sync wrote it", WHAT_NOW
        ) from None
    if plan.target.url != target_url:
        raise RefusedError(f"the checkpoint {path} is for another target: {plan.target.url}", WHAT_NOW)
    return EarlierRun(plan=plan, done=done)
