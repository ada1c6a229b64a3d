"""How fast a server wants to be asked, for all threads: 429 and `Retry-After`."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT_SECONDS = 60.0


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

    def hold(self, retry_after: str | None) -> None:
        """Let all threads wait for as long as the server asks, a minute at most."""
        seconds = min(_seconds(retry_after), MAX_WAIT_SECONDS)
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
