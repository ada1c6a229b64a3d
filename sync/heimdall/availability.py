"""The gate through which every request to one environment passes, so that trouble is not made worse.

A server that is blocked, or a network that pauses, leaves requests without an answer. They may still be
carried out: each try that is sent beside them takes one more of the server's few connections to its database,
and two tries of one write wait for each other. So a request that is lost closes the gate for all. One thread
then asks a question that needs no database, and after it one that does. When both were answered the gate is
open for one request at a time, and for one more with each answer. An environment that answers nothing for too
long is given up: whoever waits at the gate, or comes to it later, gets `GivenUpError`.

The gate also keeps the pace that a rate limit allows, and lets no more requests through at once than are of
use.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sync.errors import GivenUpError, RateLimitError, RemoteError, Result, UnavailableError, UnreachableError
from sync.heimdall.concurrency import Concurrency
from sync.heimdall.pace import Pace
from sync.heimdall.retries import Patience
from sync.heimdall.wire import Request

ASK_SECONDS = 10.0
"""How long an answer to a mere question may take."""

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0

MANY = 3
"""Fewer requests that are never answered are slow ones; so many are a server that answers nothing of use."""

LOOK_UP_SECONDS = 0.1
"""How soon whoever waits at the gate sees that a signal has come."""


@dataclass(slots=True)
class _Trouble:
    """What has gone wrong for how long: `lost` are the requests since the last one that was answered."""

    since: float = field(default_factory=time.monotonic)
    lost: set[object] = field(default_factory=set)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since


class Availability:
    """Whether an environment answers, and how many requests may be sent to it at once. For many threads."""

    def __init__(self, side: str, most: int, patience: Patience, ask: Callable[[float], None]) -> None:
        """Open the gate to the `side` for so many requests at once, or fewer where more are of no use.

        `ask` asks the two questions; each may take so many seconds. It raises `UnavailableError` unless both
        were answered.
        """
        self._side = side
        self._most = most
        self._patience = patience
        self._ask = ask
        self._pace = Pace(patience.sleep)
        self._changed = threading.Condition()
        self._of_use = Concurrency(most)
        self._limit = most
        self._in_flight = 0
        self._losses = 0
        self._asking = False
        self._silence: _Trouble | None = None
        self._trouble: _Trouble | None = None
        self._end = self._hint = ""
        self._closed = threading.Event()

    @property
    def waiting(self) -> str:
        """Return, as the end of a sentence, what everybody waits for; empty where nobody does."""
        silence = self._silence
        if silence is None:
            return ""
        most = self._patience.give_up_after
        return f"the {self._side} has not answered for {silence.seconds:.0f} s (up to {most:g} s)"

    def close(self) -> None:
        """Let nobody pass any more, and nobody wait."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()

    @contextmanager
    def passage(self, request: Request) -> Iterator[None]:
        """Wait until a request may be sent; the block sends it, and its error tells what became of it.

        Raises `GivenUpError` where the environment is not asked any more.
        """
        kept, sent = self._enter(request)
        begun = time.monotonic()
        try:
            yield
        except UnavailableError as error:
            with self._leaving():
                self._lost(request, error, kept)
            raise
        except BaseException:
            with self._leaving():
                raise
        seconds = time.monotonic() - begun
        self._pace.accepted()
        with self._leaving():
            self._of_use.answered(sent, request.kind, seconds)
            self._answered()

    def _enter(self, request: Request) -> tuple[int, int]:
        """Wait until a request may be sent; return what tells later how fast, and beside how many, it was."""
        while True:
            with self._changed:
                while self._in_flight >= min(self._limit, self._of_use.limit) and not self._is_over:
                    self._changed.wait(LOOK_UP_SECONDS)
                self._raise_if_over(request)
                self._in_flight += 1
                sent = self._of_use.sent(self._in_flight)
            kept = self._pace.keep(lambda: self._is_over)
            with self._changed:
                if self._limit and not self._is_over:
                    return kept, sent
                self._in_flight -= 1  # while this one kept the pace, another was lost

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        with self._changed:
            self._in_flight -= 1
            yield
            self._changed.notify_all()

    @property
    def _is_over(self) -> bool:
        return bool(self._end) or self._closed.is_set() or self._patience.stopping.is_set()

    def _raise_if_over(self, request: Request) -> None:
        if self._end:
            raise GivenUpError(self._end, self._hint)
        if self._closed.is_set():
            raise GivenUpError(f"{request} was not sent: the run has ended", "")
        if self._patience.stopping.is_set():
            raise GivenUpError(f"{request} was not sent: the run was interrupted", "")

    def _answered(self) -> None:
        self._trouble = None
        if 0 < self._limit < self._most:
            self._limit += 1

    def _lost(self, request: Request, error: UnavailableError, kept: int) -> None:
        if not isinstance(error, UnreachableError | RateLimitError):
            return
        trouble = self._trouble = self._trouble or _Trouble()
        trouble.lost.add(request)
        left = self._patience.give_up_after - trouble.seconds
        if isinstance(error, RateLimitError):
            self._pace.refused(kept, error.retry_after, max(left, 0))
        else:
            self._pace.hold(error.retry_after, max(left, 0))
            self._of_use.forget()
        if left <= 0 and isinstance(error, RateLimitError):
            self._give_up(
                f"has refused requests by its rate limit for {trouble.seconds:.0f} s: {error.message}"
            )
        elif left <= 0 and len(trouble.lost) >= MANY:
            count = len(trouble.lost)
            self._give_up(f"answered none of {count} requests for {trouble.seconds:.0f} s: {error.message}")
        elif isinstance(error, UnreachableError):
            self._losses += 1
            self._limit = 0
            if not self._asking:
                self._asking = True
                threading.Thread(target=self._wait_for_it, args=(error,), daemon=True).start()

    def _give_up(self, why: str, error: UnavailableError | None = None) -> None:
        # of a server that was never reached the URL may be wrong
        self._hint = error.hint if error and error.result is Result.NOT_DONE else "run again when it answers"
        self._end, self._silence = f"the {self._side} {why}", None
        self._changed.notify_all()

    def _wait_for_it(self, error: UnavailableError) -> None:
        try:
            self._ask_until_answered(error)
        except BaseException:  # a mistake of ours, at which nobody must wait for ever
            with self._changed:
                self._give_up("can't be asked for its health")
            raise

    def _ask_until_answered(self, error: UnavailableError) -> None:
        """Open the gate, for one request at a time, when both questions were answered; or give up."""
        most, pause = self._patience.give_up_after, FIRST_PAUSE_SECONDS
        silence = _Trouble()
        while not self._is_over:
            losses = self._losses
            self._pace.keep(lambda: self._is_over)
            left = most - silence.seconds
            seconds = min(self._patience.timeout, 4 * pause, ASK_SECONDS, max(left, pause))
            answers = self._answers(seconds, left)
            if self._is_over:
                return  # the run has ended meanwhile, and nobody is told any more
            if answers:
                if self._open(losses):
                    return
                continue
            if self._silence is None:
                self._silence = silence
                self._tell(f"does not answer: waiting up to {most:g} s ({error.message})")
            left = most - silence.seconds
            if left <= 0:
                with self._changed:
                    self._give_up(f"has not answered for {most:g} s: {error.message}", error)
                return
            self._patience.sleep(min(pause, left))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _answers(self, seconds: float, left: float) -> bool:
        """Ask both questions, each for so many seconds; `left` is the most that is waited after them."""
        try:
            self._ask(seconds)
        except UnavailableError as error:
            self._pace.hold(error.retry_after, max(left, 0))
            return False
        except RemoteError:  # an answer all the same; each request meets for itself what is wrong
            return True
        return True

    def _open(self, losses: int) -> bool:
        """Open the gate for one request at a time, unless one was lost while the questions were asked."""
        with self._changed:
            if losses != self._losses:
                return False
            if self._silence:
                self._tell(f"answers again, after {self._silence.seconds:.0f} s: going on")
            self._silence = None
            self._asking = False
            self._limit = 1
            self._changed.notify_all()
            return True

    def _tell(self, what: str) -> None:
        self._patience.tell(f"The {self._side} {what}")
