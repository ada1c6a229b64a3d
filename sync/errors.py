"""The errors a user can meet, each with the exit code that the command ends with."""

import signal
from collections.abc import Sequence
from enum import IntEnum, StrEnum


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


class StaleError(RefusedError):
    """The plan is no longer what was approved: source or target has changed since."""


class CancelledError(HeimdallSyncError):
    """A person or the platform asked the run to end."""

    def __init__(self, number: signal.Signals = signal.SIGINT, *, untouched: bool = True) -> None:
        super().__init__(
            "cancelled, nothing was changed" if untouched else "cancelled; what is done stays done"
        )
        self.signal = number
        self.exit_code = ExitCode.TERMINATED if number is signal.SIGTERM else ExitCode.INTERRUPTED


class Result(StrEnum):
    """Whether the target holds what a write was to change."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


class RemoteError(HeimdallSyncError):
    """An environment, or the server that issues its tokens, did not do what it was asked.

    `result` is what became of a write, None where nothing of it was sent.
    """

    def __init__(self, message: str, hint: str = "", *, result: Result | None = None) -> None:
        super().__init__(message, hint)
        self.result = result


class ReadError(RemoteError):
    """An environment, or a file in its place, could not be read completely; nothing is concluded from it."""


class MistakesError(ReadError):
    """Snapshots that somebody wrote have mistakes: `problems`, a line each, as `file:line: mistake`."""

    def __init__(self, message: str, problems: tuple[str, ...]) -> None:
        super().__init__(message, "correct what is named, then run again; docs/files.md explains the format")
        self.problems = problems

    @classmethod
    def at(cls, place: str, shown: tuple[str, ...], count: int) -> "MistakesError":
        """Return the error of one snapshot, which has so many mistakes."""
        more = count - len(shown)
        rest = (f"and {more:,} more mistakes",) if more else ()
        return cls(f"{place} has {f'{count:,} mistakes' if count > 1 else '1 mistake'}", (*shown, *rest))

    @classmethod
    def of(cls, errors: Sequence["MistakesError"]) -> "MistakesError":
        """Return one error that names the mistakes of all."""
        problems = tuple(problem for error in errors for problem in error.problems)
        return cls(" and ".join(error.message for error in errors), problems)


class AnswerError(ReadError):
    """A read was answered with something else than what it asked for. `status` is the HTTP status."""

    def __init__(self, message: str, hint: str = "", *, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


class SnapshotError(ReadError):
    """What was read contradicts itself: a name twice, or a reference to something that is not there."""


class WriteError(RemoteError):
    """A write could not be sent."""


class TooLargeError(RemoteError):
    """An answer has more bytes than it may have."""


class UnavailableError(RemoteError):
    """No usable answer came, however often it was tried.

    `said` is the text of the last answer, if there was one, and `retry_after` its header of that name.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        result: Result | None = None,
        said: str = "",
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message, hint, result=result)
        self.said = said
        self.retry_after = retry_after

    def count(self, tries: int) -> None:
        """Say how often it was tried, where it was sent more than once."""
        if tries > 1:
            self.message = f"{self.message}, {tries} times"
            self.args = (self.message,)


class UnreachableError(UnavailableError):
    """The server may have stopped answering: nothing more is sent until it has answered."""


class RateLimitError(UnavailableError):
    """The server asks to wait."""


class GivenUpError(RemoteError):
    """The environment is not asked any more."""


class TokenError(RemoteError):
    """There is no token that the environment accepts: the write is not done, and nothing more can be sent."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, result=Result.NOT_DONE)
