"""The matrix: each cell three commands between two sandboxes, measured or worked out from counts."""

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sync.model.snapshot import Snapshot
from sync.sandbox.process import Sandbox, launch
from tests.benchmarks.limits import Counted, Server, within_budget
from tests.benchmarks.runs import Run, run

COMMANDS = {"dry run": "plan", "apply": "apply", "apply of nothing": "apply"}
DELAYS = (0.0, 0.02, 0.1)
CONCURRENCIES = (1, 4, 8, 16)
READ_TIME, WRITE_TIME = 0.015, 0.023
"""Seconds of its own work that a real server takes, which answers one request at a time."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A pair of so many entities each, servers so far away, so many requests at once for each side."""

    entities: int
    serial: bool
    delay: float
    concurrency: int

    def __str__(self) -> str:
        kind = "one at a time" if self.serial else "side by side"
        return (
            f"{self.entities:,} entities, {self.delay * 1_000:.0f} ms, {kind}, concurrency {self.concurrency}"
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a command took and at least takes, in seconds; `run` is None where it was worked out."""

    seconds: float
    limit: float
    run: Run | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What cells of a size are worked out of: the runs of one cell, and a server without any delay."""

    runs: dict[str, Run]
    server: Server
    starting: float

    def server_of(self, cell: Cell) -> Server:
        """Return the server of a cell; its own work beside what it waits for is what was measured."""
        times = (READ_TIME, WRITE_TIME) if cell.serial else (0.0, 0.0)
        return replace(
            self.server,
            delay=cell.delay,
            read_time=self.server.read_time + times[0],
            write_time=self.server.write_time + times[1],
        )

    def limit(self, cell: Cell, name: str, counted: Counted | None = None) -> float:
        """Return the fewest seconds of a command's requests."""
        counted = counted or self.runs[name].counted
        return counted.limit(self.server_of(cell), cell.concurrency)

    def expected(self, cell: Cell, name: str) -> float:
        """Return how long a command is likely to take: its limit, and its time on a processor here."""
        return self.limit(cell, name) + self.runs[name].usage.processor

    def cost(self, cell: Cell) -> float:
        """Return how many seconds it is likely to take to measure a cell."""
        # what a command took beside its limit, it takes again: another machine's other work, too
        return self.starting + sum(self.limit(cell, name) + self._beside(name) for name in COMMANDS)

    def _beside(self, name: str) -> float:
        run = self.runs[name]
        return max(run.usage.processor, run.usage.seconds - run.counted.limit(self.server, 1))


def cells(sizes: Iterable[int]) -> list[Cell]:
    """Return all cells of some sizes."""
    return [
        Cell(size, serial, delay, concurrency)
        for size in sizes
        for serial in (False, True)
        for delay in DELAYS
        for concurrency in CONCURRENCIES
    ]


def started(cell: Cell, snapshot: Snapshot, first_id: int = 1) -> Sandbox:
    """Start a sandbox for a cell."""
    times = {"read_time": READ_TIME, "write_time": WRITE_TIME} if cell.serial else {}
    return launch(
        snapshot,
        delay=cell.delay,
        serial=cell.serial,
        first_id=first_id,
        read_time=times.get("read_time", 0.0),
        write_time=times.get("write_time", 0.0),
    )


def measure(cell: Cell, pair: tuple[Snapshot, Snapshot]) -> dict[str, Run]:
    """Run a cell's three commands, one after another."""
    source, target = pair
    with (
        started(cell, source) as one,
        started(cell, target, first_id=100_000) as other,
        tempfile.TemporaryDirectory() as folder,
    ):
        return {
            name: run(command, one, other, Path(folder), cell.concurrency)
            for name, command in COMMANDS.items()
        }


def basic(entities: int) -> Cell:
    """Return the cell that others of its size are worked out of."""
    return Cell(entities, serial=False, delay=0.0, concurrency=1)


def basis(entities: int, pair: tuple[Snapshot, Snapshot]) -> Basis:
    """Measure what cells of a size are worked out of: one request at a time, without any delay."""
    begun = time.monotonic()
    runs = measure(basic(entities), pair)
    starting = time.monotonic() - begun - sum(run.usage.seconds for run in runs.values())
    apply = runs["apply"].target
    return Basis(runs, Server(0.0, apply.read_work, apply.write_work), starting)


def matrix(
    pairs: dict[int, tuple[Snapshot, Snapshot]], first: Iterable[Cell], seconds: float
) -> tuple[dict[Cell, dict[str, Timing]], dict[int, Basis]]:
    """Measure as many cells as fit into so many seconds, those named `first` before all others.

    Return them all, the others worked out, and what they were worked out of.
    """
    end = time.monotonic() + seconds
    smallest = min(pairs)
    measure(
        basic(smallest), pairs[smallest]
    )  # what is run for the first time is compiled, and on no disk's cache
    bases = {entities: basis(entities, pair) for entities, pair in pairs.items()}
    by_name = {str(cell): cell for cell in cells(pairs)}
    costs = {name: bases[cell.entities].cost(cell) for name, cell in by_name.items()}
    chosen = within_budget(costs, map(str, first), end - time.monotonic())
    found = {cell: _worked_out(cell, bases[cell.entities]) for cell in by_name.values()}
    found |= {basic(size): _timings(basic(size), each, each.runs) for size, each in bases.items()}
    for name in chosen:
        if by_name[name] in map(basic, pairs):
            continue
        if time.monotonic() + costs[name] < end:  # what was measured may have taken longer than expected
            cell = by_name[name]
            found[cell] = _timings(cell, bases[cell.entities], measure(cell, pairs[cell.entities]))
    return found, bases


def _timings(cell: Cell, basis: Basis, runs: dict[str, Run]) -> dict[str, Timing]:
    return {
        name: Timing(run.usage.seconds, basis.limit(cell, name, run.counted), run)
        for name, run in runs.items()
    }


def _worked_out(cell: Cell, basis: Basis) -> dict[str, Timing]:
    return {name: Timing(basis.expected(cell, name), basis.limit(cell, name), None) for name in COMMANDS}
