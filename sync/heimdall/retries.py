"""How long a run has patience with a server, and what the server says about time."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import tenacity

from sync.errors import RateLimitError, UnavailableError


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
        """Return what tries again where no usable answer came, for so many seconds at least.

        A try that a rate limit refuses is not counted, and followed by no pause: the pace of the environment
        slows the next one. After twice `give_up_after` seconds of refusals the request has failed: an
        environment that refuses all requests is given up before that.
        """
        tries = _Tries(self, at_least)
        return tenacity.Retrying(
            stop=tries.are_used_up,
            wait=tries.wait,
            retry=tenacity.retry_if_exception_type(UnavailableError),
            sleep=self.sleep,
            reraise=True,
        )


class _Tries:
    """The tries of one request."""

    def __init__(self, patience: Patience, at_least: float) -> None:
        self._patience = patience
        self._at_least = at_least
        self._refused = 0
        self._refused_since = 0.0

    def wait(self, state: tenacity.RetryCallState) -> float:
        """Return how many seconds to wait after a try."""
        if _is_refusal(state):
            return 0.0
        doubled = 0.5 * 2.0 ** min(state.attempt_number - self._refused - 1, 10)
        return min(doubled, 10.0) + random.uniform(0, 0.5)  # noqa: S311 - spreads load, hides nothing

    def are_used_up(self, state: tenacity.RetryCallState) -> bool:
        """Count a try, and tell whether it was the last one."""
        now, patience = time.monotonic(), self._patience
        if patience.stopping.is_set():
            return True
        if not _is_refusal(state):
            waited = (state.seconds_since_start or 0) >= self._at_least
            return state.attempt_number - self._refused >= patience.tries and waited
        self._refused += 1
        if self._refused == 1:
            self._refused_since = now
        refused_for = now - self._refused_since  # at a low rate two tries may be minutes apart
        return self._refused >= patience.tries and refused_for >= 2 * patience.give_up_after


def _is_refusal(state: tenacity.RetryCallState) -> bool:
    return state.outcome is not None and isinstance(state.outcome.exception(), RateLimitError)


def seconds_of(retry_after: str | None) -> float:
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
