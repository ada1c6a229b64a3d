"""Sandboxes that tests use one after another: to start one costs half a second of a processor."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sync.model.snapshot import Snapshot
from sync.sandbox.faults import Fault
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox, launch

_idle: dict[tuple[tuple[str, object], ...], list[Sandbox]] = defaultdict(list)
"""Those that nobody uses, by the options that they were started with."""


@contextmanager
def lent(
    snapshot: Snapshot, *, people: People | None = None, faults: Iterable[Fault] = (), **options: Any
) -> Iterator[Sandbox]:
    """Give a sandbox that begins with a snapshot while the block runs; the options are those of `launch`.

    Nobody else gets one that has ended, or whose last test failed.
    """
    idle = _idle[tuple(sorted(options.items()))]
    sandbox = idle.pop() if idle else launch(Snapshot(), **options)
    reusable = False
    try:
        sandbox.reset(snapshot, people=people, faults=faults)
        yield sandbox
        reusable = sandbox.running
    finally:
        if reusable:
            idle.append(sandbox)
        else:
            sandbox.stop()


def stop_idle() -> None:
    """Stop them all."""
    while _idle:
        _, sandboxes = _idle.popitem()
        for sandbox in sandboxes:
            sandbox.stop()
