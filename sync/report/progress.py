"""How far something has come: a bar where it can move, else a line now and then."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from sync.report.wording import plural

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How far something has come.

    `done` things are done of `total`, or of what is known so far where the total is `growing`; without a
    total nobody knows. `stage` says where that is, and `waiting` what everybody waits for.
    """

    done: int
    noun: str
    total: int | None = None
    growing: bool = False
    stage: str = ""
    failed: int = 0
    waiting: str = ""

    def words(self, seconds: float) -> str:
        """Return it in words, after so many seconds: `wave 2 of 5, 120 of 1,000 changes, 8.3 a second, …`."""
        rate = self.done / seconds if seconds else 0
        least = "at least " if self.growing else ""
        parts = [self.stage, plural(self.done, self.noun)]
        if self.total is not None:
            parts[1] = f"{self.done:,} of {least}{plural(self.total, self.noun)}"
        if rate:
            parts.append(f"{rate:.1f} a second")
        if rate and self.total is not None:
            parts.append(f"{least}{_span((self.total - self.done) / rate)} left")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        return "; ".join(filter(None, (", ".join(filter(None, parts)), self.waiting)))


Look = Callable[[], Standing]
"""What tells how far something has come, from any thread."""


class _Bar(Progress):
    """A bar that looks for itself how far something has come, and says it in the row below."""

    def __init__(self, console: Console, description: str, look: Look | None) -> None:
        self._look = look
        columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
        super().__init__(*columns, console=console, transient=True)
        self.add_task(description, total=None)

    def get_renderables(self) -> Iterable[RenderableType]:
        below: list[RenderableType] = []
        for task in self.tasks:  # the one, once it has been added
            if self._look:
                standing = self._look()
                self.update(task.id, completed=standing.done, total=standing.total)
                below = [Text(standing.words(task.elapsed or 0), overflow="fold", no_wrap=False)]
        return [*super().get_renderables(), *below]


@contextmanager
def bar(console: Console, description: str, look: Look | None) -> Iterator[None]:
    """Show a bar while the block runs."""
    with _Bar(console, description, look):
        yield


@contextmanager
def lines(show: Callable[[str], None], description: str, look: Look | None, every: float) -> Iterator[None]:
    """Show a line every so many seconds while the block runs."""
    started, ended = time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(every):
            seconds = time.monotonic() - started
            show(f"{description}: {look().words(seconds) if look else _span(seconds)}")

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _span(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
