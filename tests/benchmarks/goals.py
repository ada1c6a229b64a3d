"""What the figures have to be: each goal with what was measured."""

import sys
from dataclasses import dataclass
from pathlib import Path

from sync.model.snapshot import Snapshot
from tests.benchmarks.cells import CONCURRENCIES, Cell, Timing
from tests.benchmarks.limits import Server
from tests.benchmarks.pairs import fewest_to_read, questions_that_can_matter
from tests.benchmarks.runs import Run, Usage, used_by

Cells = dict[Cell, dict[str, Timing]]
Pair = tuple[Snapshot, Snapshot]
SPARE_REQUESTS = 10
NEAR, FAR, USUAL = 0.02, 0.1, 8
FASTER, WITHIN, CPU_MS, MEGABYTES, GROWTH, HELP = 4.0, 1.25, 2.0, 200.0, 14.0, 2.5
HELP_RUNS = 5
FILLS = 1_000
"""From so many entities on, a reading keeps all connections busy: a smaller one is all beginnings."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to hold, what was measured, and whether it holds."""

    title: str
    measured: str
    met: bool


def needed(entities: list[int]) -> list[Cell]:
    """Return the cells that the goals are about."""
    near = Cell(min(entities), serial=False, delay=NEAR, concurrency=USUAL)
    usual = [
        Cell(size, serial=False, delay=delay, concurrency=USUAL) for delay in (FAR, NEAR) for size in entities
    ]
    return [near, *usual]


def run_of(found: Cells, cell: Cell, name: str) -> Run | None:
    """Return the run of a command in a cell, None where it was not measured."""
    return found[cell][name].run


def of_requests(found: Cells, entities: int, pair: Pair) -> list[Goal]:
    """Compare the requests of a dry run, and of an apply of nothing, with the fewest."""
    cell = measured_cell(found, entities)
    goals = []
    if run := cell and run_of(found, cell, "dry run"):
        parts, met = [], True
        source, target = pair
        sides = (("source", run.source, source, target), ("target", run.target, target, source))
        for side, sent, snapshot, other in sides:
            fewest, matter = (
                fewest_to_read(snapshot) + sent.members,
                questions_that_can_matter(snapshot, other),
            )
            met &= sent.requests <= fewest + SPARE_REQUESTS + matter.all
            parts.append(f"{side} {sent.requests:,} (fewest {fewest:,}; questions: {matter})")
        title = "Dry run: at most fewest + 10 + questions that can matter, a side"
        goals.append(Goal(f"{title}; {entities:,} entities", ", ".join(parts), met))
    if run := cell and run_of(found, cell, "apply of nothing"):
        fewest = fewest_to_read(pair[0])
        read = max(run.source.readings, run.target.readings)
        title = f"Apply of nothing: one reading; {entities:,} entities"
        goals.append(Goal(title, f"{read:,} requests, of one reading {fewest:,}", read <= fewest))
    return goals


def of_time(found: Cells, entities: int, near: Server, naive: Usage | None) -> list[Goal]:
    """Compare a reading and an apply with the limit, and a dry run with the naive script."""
    far = Server(FAR, near.read_time, near.write_time)
    goals = []
    cell = Cell(entities, serial=False, delay=FAR, concurrency=USUAL)
    run = run_of(found, cell, "dry run")
    if run and entities >= FILLS:
        sides = (run.source, run.target)
        took = max(side.reading_seconds for side in sides)
        limit = max(far.reading(side.readings + side.beside, USUAL) for side in sides)
        goals.append(_within(f"Reading at 100 ms and concurrency 8; {entities:,} entities", took, limit))
    if run := run_of(found, cell, "apply"):
        limit = far.writing(run.waves, USUAL)
        title = f"Writing the waves at 100 ms and concurrency 8; {entities:,} entities"
        goals.append(_within(title, run.target.writing_seconds, limit))
    run = run_of(found, Cell(entities, serial=False, delay=NEAR, concurrency=USUAL), "dry run")
    if naive and run:
        times = naive.seconds / run.usage.seconds
        title = f"Dry run at 20 ms: at least 4 times as fast as the naive script; {entities:,} entities"
        measured = f"{times:.1f} times ({run.usage.seconds:.1f} s and {naive.seconds:.1f} s)"
        goals.append(Goal(title, measured, times >= FASTER))
    return goals


def _within(title: str, took: float, limit: float) -> Goal:
    measured = f"{took / limit:.2f} times ({took:.1f} s, limit {limit:.1f} s)"
    return Goal(f"{title}: within 1.25 times the limit", measured, took <= WITHIN * limit)


def of_the_process(found: Cells, entities: list[int]) -> list[Goal]:
    """Look at the processor time of a request and at the memory."""
    goals = []
    for size in entities:
        if ms := milliseconds_a_request(found, size):
            title = f"Processor time of a request more: at most 2 ms; {size:,} entities"
            goals.append(Goal(title, f"{ms:.1f} ms", ms <= CPU_MS))
    largest = [t.run for cell, each in found.items() if cell.entities == entities[-1] for t in each.values()]
    if runs := [run for run in largest if run]:
        most = max(run.usage.megabytes for run in runs)
        title = f"Memory: under 200 MB; {entities[-1]:,} entities"
        goals.append(Goal(title, f"{most:.0f} MB", most < MEGABYTES))
    return goals


def milliseconds_a_request(found: Cells, entities: int) -> float | None:
    """Return what a request more costs: an apply against an apply of nothing, which reads once."""
    cell = measured_cell(found, entities)
    apply, nothing = (run_of(found, cell, name) if cell else None for name in ("apply", "apply of nothing"))
    if apply is None or nothing is None:
        return None
    more = apply.requests - nothing.requests
    return (apply.usage.processor - nothing.usage.processor) / more * 1_000


def measured_cell(found: Cells, entities: int) -> Cell | None:
    """Return the cell of a size that was measured with the usual concurrency, the farthest one first."""
    ours = (
        Cell(entities, serial=False, delay=delay, concurrency=concurrency)
        for delay in (FAR, NEAR, 0.0)
        for concurrency in (USUAL, *CONCURRENCIES)
    )
    return next((cell for cell in ours if run_of(found, cell, "dry run")), None)


def of_growth(small: float, large: float) -> Goal:
    """Compare what planning takes on a processor, for ten times the size."""
    title = "Overlaps and planning: at most 14 times the time for ten times the size"
    return Goal(
        title, f"{large / small:.1f} times ({small:.2f} s and {large:.2f} s)", large <= GROWTH * small
    )


def of_help(folder: Path) -> Goal:
    """Compare `--help` with what importing the HTTP library takes: the best of some runs, on a processor."""
    ours, theirs = (
        min(used_by([sys.executable, *argv], folder).processor for _ in range(HELP_RUNS))
        for argv in (["-m", "sync", "--help"], ["-c", "import requests"])
    )
    measured = f"{ours / theirs:.1f} times ({ours * 1_000:.0f} ms and {theirs * 1_000:.0f} ms)"
    title = "`--help`: within 2.5 times `python -c 'import requests'`"
    return Goal(title, measured, ours <= HELP * theirs)
