"""How long a run has patience with a server, and how fast the server wants to be asked."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import tenacity

from sync.errors import UnavailableError

MAX_WAIT_SECONDS = 60.0


def _say_nothing(_: str) -> None:
    """Stand in for what tells people."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take in seconds, how often it is tried, and how to wait between tries.

    An environment that answers nothing for `give_up_after` seconds is given up; `tell` is told when that
    begins and ends, from any thread. Once `stopping` is set, nothing is tried again.
    """

    timeout: float = 30.0
    tries: int = 5
    sleep: Callable[[float], None] = time.sleep
    stopping: threading.Event = field(default_factory=threading.Event)
    give_up_after: float = 120.0
    tell: Callable[[str], None] = _say_nothing

    def retrying(self, at_least: float = 0) -> tenacity.Retrying:
        """Return what tries again where no usable answer came, for so many seconds at least."""
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.tries) & tenacity.stop_after_delay(at_least)
            | tenacity.stop_when_event_set(self.stopping),
            wait=tenacity.wait_exponential(multiplier=0.5, max=10) + tenacity.wait_random(0, 0.5),
            retry=tenacity.retry_if_exception_type(UnavailableError),
            sleep=self.sleep,
            reraise=True,
        )


class Pace:
    """A moment before which nothing is sent, shared by all threads of an environment."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = 0.0

    def keep(self) -> None:
        """Wait until something may be sent."""
        with self._lock:
            wait = self._not_before - time.monotonic()
        if wait > 0:
            self._sleep(wait + random.uniform(0, 0.1))  # noqa: S311 - spreads load, hides nothing

    def hold(self, retry_after: str | None, most: float = MAX_WAIT_SECONDS) -> None:
        """Let all threads wait for as long as the server asks, a minute and `most` seconds at most."""
        seconds = min(_seconds(retry_after), MAX_WAIT_SECONDS, most)
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)


def _seconds(retry_after: str | None) -> float:
    """Read a `Retry-After` header: seconds or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return 0.0
    with contextlib.suppress(ValueError):
        if retry_after.strip().isdigit():
            return float(retry_after)
    return max(0.0, (moment_of(retry_after) - datetime.now(UTC)).total_seconds())


def moment_of(header: str | None) -> datetime:
    """Return the moment that a header names, this one where it names none (RFC 9110, 5.6.7)."""
    with contextlib.suppress(ValueError):
        date = parsedate_to_datetime(header or "")
        return date.replace(tzinfo=date.tzinfo or UTC)
    return datetime.now(UTC)
