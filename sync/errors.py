"""The errors a user can meet, each with the exit code that the command ends with."""

import signal
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit status means."""

    DONE = 0
    FAILED = 1
    DIFFERENT = 2
    REFUSED = 3
    UNHEALTHY = 4
    USAGE = 64
    INTERRUPTED = 130
    TERMINATED = 143


class HeimdallSyncError(Exception):
    """Say what happened, to what, and what to do next.

    `message` is one line; `hint` is what to do about it, or empty.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(HeimdallSyncError):
    """Settings are missing, malformed or contradict each other: all of them, a line each, in `problems`."""

    exit_code = ExitCode.USAGE

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems), "see heimdall-sync --help")
        self.problems = problems


class UnhealthyError(HeimdallSyncError):
    """The healthcheck found a reason not to go on."""

    exit_code = ExitCode.UNHEALTHY


class RefusedError(HeimdallSyncError):
    """The plan must not be applied."""

    exit_code = ExitCode.REFUSED


class CancelledError(HeimdallSyncError):
    """A person or the platform asked the run to end."""

    def __init__(self, number: signal.Signals = signal.SIGINT, *, untouched: bool = True) -> None:
        super().__init__(
            "cancelled, nothing was changed" if untouched else "cancelled; what is done stays done"
        )
        self.signal = number
        self.exit_code = ExitCode.TERMINATED if number is signal.SIGTERM else ExitCode.INTERRUPTED


class ReadError(HeimdallSyncError):
    """An environment could not be read completely; nothing is concluded from it.

    `tried` tells of a write whether anything of it was sent, `maybe_done` whether it may have been carried
    out all the same.
    """

    tried = True
    maybe_done = False


class SnapshotError(ReadError):
    """What was read contradicts itself: a name twice, or a reference to something that is not there."""
