"""How fast a server lets itself be asked, learned from what it refuses with 429.

A server does not say its limit, and mostly has a bucket of tokens: 50 come in each second, up to 20 are
kept, and each request takes one. Eight threads that send 400 requests a second empty it in 50 ms. This
follows:

1. The first refusal stops all threads for as long as `Retry-After` says, else for a second.
2. They go on with nine tenths of what was accepted lately. At first that is a guess (20 requests in 1.05
   s), so the rate grows by a third in each second. Requests are spaced evenly: when the rate has grown
   beyond the limit, one or two are refused in the place of eight.
3. At that second refusal the rate is known: 50 were accepted in the last second, so the run goes on with
   45. From now on the rate grows by a hundredth in each second: it stays near the limit, and finds one that
   rises.

What is under way when a request is refused may be refused with it: that tells nothing new.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from sync.heimdall.retries import seconds_of

MAX_WAIT_SECONDS = 60.0

LATELY_SECONDS = 1.0
"""So far back goes what was accepted lately. So long a refusal without `Retry-After` stops all threads."""

LONGEST_PAUSE_SECONDS = 10.0
"""To here that second is doubled while nothing at all is accepted."""

BACK_OFF = 0.9
SLOWEST_GUESS = 1.0
GUESSED_GROWTH, KNOWN_GROWTH = 0.3, 0.01
"""By so many requests a second the rate grows with each answer: by that share of itself in each second."""

FEW = 5.0
"""Below so many requests a second it grows more slowly, so that few of them are refused."""


class Rate:
    """How many requests a second are sent. Pure: moments are seconds of any clock."""

    def __init__(self) -> None:
        self.refusals = 0
        self._rate = math.inf
        self._known = False
        self._next = 0.0
        self._pause = LATELY_SECONDS
        self._begun: float | None = None
        self._accepted: deque[float] = deque()

    def turn(self, now: float) -> float:
        """Return the moment at which the next request may be sent. The one after it gets a later moment."""
        self._begun = now if self._begun is None else self._begun
        moment = max(now, self._next)
        self._next = moment + 1 / self._rate
        return moment

    def hold(self, until: float) -> None:
        """Let nothing be sent before a moment."""
        self._next = max(self._next, until)

    def accepted(self, now: float) -> None:
        """Count a request that was not refused. The rate grows if requests wait for their moments."""
        self._accepted.append(now)
        while self._accepted[0] < now - MAX_WAIT_SECONDS:
            self._accepted.popleft()
        if self._next > now:
            growth = KNOWN_GROWTH if self._known else GUESSED_GROWTH
            self._rate += growth * min(1.0, self._rate / FEW)

    def refused(self, now: float, asked: float, most: float) -> None:
        """Pause after a refusal, for the seconds that the server has `asked` for, and go on more slowly.

        The pause takes `most` seconds at most.
        """
        begun = now if self._begun is None else self._begun  # with the pause after the refusal before
        since = max(now - max(asked, LATELY_SECONDS), begun)
        count = sum(moment > since for moment in self._accepted)
        self._pause = LATELY_SECONDS if count else min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        pause = asked or self._pause
        if not self.refusals:
            # a full bucket gave some of them, and it takes time to fill it again
            self._rate = max(BACK_OFF * count / (now - since + pause), SLOWEST_GUESS)
        elif count:
            self._known = since > begun
            self._rate = min(self._rate, BACK_OFF * count / (now - since))
        else:
            self._rate /= 2
        self.refusals += 1
        self._begun = now
        self._next = now + min(pause, most)


class Pace:
    """The moments at which an environment's threads may send, one after another."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._rate = Rate()
        self._lock = threading.Lock()
        self._first = threading.Lock()
        self._holds = 0

    def keep(self, is_over: Callable[[], bool]) -> int:
        """Wait until something may be sent, or all is over. Return what `refused` takes."""
        with self._first:  # so that nobody else has a moment to wait for when the server asks to wait
            while True:
                with self._lock:
                    now, holds = time.monotonic(), self._holds
                    wait = self._rate.turn(now) - now
                if wait > 0 and not is_over():
                    self._sleep(wait)
                if holds == self._holds or is_over():
                    return self._rate.refusals

    def accepted(self) -> None:
        """Count a request that the server has not refused by its rate limit."""
        with self._lock:
            self._rate.accepted(time.monotonic())

    def refused(self, kept: int, retry_after: str | None, most: float) -> None:
        """Let all threads wait, and then send more slowly. `kept` is what `keep` returned before the request.

        They wait for as long as the server asks, a minute and `most` seconds at most.
        """
        with self._lock:
            now, asked = time.monotonic(), min(seconds_of(retry_after), MAX_WAIT_SECONDS)
            if kept == self._rate.refusals:
                self._rate.refused(now, asked, most)
            else:
                self._rate.hold(now + min(asked, most))
            self._holds += 1

    def hold(self, retry_after: str | None, most: float) -> None:
        """Let all threads wait for as long as the server asks, a minute and `most` seconds at most."""
        with self._lock:
            seconds = min(seconds_of(retry_after), MAX_WAIT_SECONDS, most)
            self._rate.hold(time.monotonic() + seconds)
            self._holds += seconds > 0
