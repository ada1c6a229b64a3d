"""Ending a run in order when a person or the platform asks for it: Ctrl-C, SIGTERM, a cancelled workflow."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

from sync.errors import CancelledError

GRACE_SECONDS = 5.0
"""How long requests in flight may take to end; a platform kills ten seconds after it has asked."""

LOOK_SECONDS = 0.1
"""How often the main thread is woken to look for a signal.

Of one that comes just as it begins to wait for another thread, Python only leaves a mark, at which the main
thread would not look before that wait has ended.
"""


class Interruption:
    """What the first signal does: it ends what runs on the main thread, and tells the other threads.

    A second signal ends the process at once. As process 1 of a container a program has no handlers but its
    own, so both signals are handled here.
    """

    def __init__(self) -> None:
        self.requested = threading.Event()
        self.signal: signal.Signals | None = None

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Raise `CancelledError` on the main thread while the block runs, when a signal comes."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._interrupt) for number in signals}
        try:
            with _woken():
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, self._end_at_once if self.requested.is_set() else handler)

    def sleep(self, seconds: float) -> None:
        """Wait, but not for longer than until a signal comes."""
        self.requested.wait(seconds)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.requested.is_set():
            self._end_at_once(number, frame)
        self.requested.set()
        self.signal = signal.Signals(number)
        raise CancelledError(self.signal)

    @staticmethod
    def _end_at_once(number: int, _: FrameType | None) -> None:
        os._exit(128 + number)


@contextmanager
def _woken() -> Iterator[None]:
    """Wake the main thread now and then while the block runs, where the system has a timer for it."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, LOOK_SECONDS, LOOK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Threads(ThreadPoolExecutor):
    """Threads that nobody waits for once the block has ended: after an error, one may hang in a request."""

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=False, cancel_futures=True)
