"""A signal ends what the main thread waits for, whenever it comes."""

import signal
import threading
from pathlib import Path

import pytest

from sync.errors import CancelledError
from sync.interruption import Interruption


def _is_waiting(thread: int) -> bool:
    return Path(f"/proc/self/task/{thread}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def test_a_signal_that_does_not_wake_the_main_thread_is_seen_all_the_same() -> None:
    """As one that comes while it is about to wait: what gets this one is another thread."""
    interruption, held, main = Interruption(), threading.Lock(), threading.get_native_id()
    seen: list[bool] = []

    def send() -> None:
        while not _is_waiting(main):
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        seen.append(interruption.requested.wait(10))
        held.release()

    def wait() -> None:
        with interruption.armed():
            sender.start()
            held.acquire()

    held.acquire()
    sender = threading.Thread(target=send)
    with pytest.raises(CancelledError):
        wait()
    sender.join()
    assert seen == [True]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
