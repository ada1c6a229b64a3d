"""The page of figures: goals, tables and the machine, in Markdown; and the drawing beside it."""

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.benchmarks.busy import Others
from tests.benchmarks.cells import COMMANDS, CONCURRENCIES, DELAYS, Cell, Timing
from tests.benchmarks.drawing import BLUE, GREEN, GREY, ORANGE, Bars, Points, drawn
from tests.benchmarks.goals import CPU_MS, MEGABYTES, Cells, Goal, Pair, measured_cell, milliseconds_a_request
from tests.benchmarks.pairs import fewest_to_read
from tests.benchmarks.runs import Run

_COLOURS = dict(zip(COMMANDS, (BLUE, ORANGE, GREEN), strict=True))

_ABOUT = """\
# Performance

`make bench` writes this page and the drawing in at most 20 minutes. It runs the command between two sandboxes
that hold generated environments: a tenth of everything differs, and as many mappings overlap as in real APIs.
The servers answer side by side, or *one at a time* with 15 ms of work for a read and 23 ms for a write, as a
real one does. The delay is what each request spends on its way.

![Requests, seconds, memory and processor time](performance.svg)

"""

_QUESTIONS = """\
Questions that can matter have answers that no list shows: which of several mappings with different actions
wins (*order*); whether a mapping that only the other side lists was deleted with its action here and still
wins (*leftovers*); whether one of the ten likeliest actions was renamed (*renames*).
"""

_SECONDS = """\
Seconds, then the limit: what so many requests take at least, with this delay, this concurrency for each side
and the server's own work. Seconds in *italics* were computed, not measured: the limit of the requests that
were counted, and the time on the processor. The start of the process takes most of a dry run of a small pair.
"""


def machine(others: Others) -> str:
    """Return what the figures were measured on, and what else it did."""
    return (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}, {platform.system()}, Python "
        f"{platform.python_version()}). {others.said()}\n"
    )


def page(found: Cells, goals: Sequence[Goal], naive: Sequence[str], measured_on: str) -> str:
    """Return the page."""
    met = sum(goal.met for goal in goals)
    rows = [f"| {goal.title} | {goal.measured} | {'met' if goal.met else '**missed**'} |" for goal in goals]
    parts = [
        _ABOUT + measured_on,
        f"## Goals\n\n{met} of {len(goals)} are met.\n",
        "\n".join(["| goal | measured | |", "| --- | --- | --- |", *rows, ""]),
        _QUESTIONS,
        "## A straightforward script\n\nIt sends one request after another and asks nobody who wins.\n",
        "\n".join([*naive, ""]),
        "## Seconds\n",
        _SECONDS,
        *(_table(name, found) for name in COMMANDS),
    ]
    return "\n".join(parts)


def _table(name: str, found: Cells) -> str:
    head = ["entities", "server", "delay", *(f"concurrency {each}" for each in CONCURRENCIES)]
    lines = [f"### {name.capitalize()}\n", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for entities in sorted({cell.entities for cell in found}):
        for serial in (False, True):
            for delay in DELAYS:
                cells = (Cell(entities, serial, delay, each) for each in CONCURRENCIES)
                figures = [_figures(found[cell][name]) for cell in cells]
                kind = "one at a time" if serial else "side by side"
                row = [f"{entities:,}", kind, f"{delay * 1_000:.0f} ms", *figures]
                lines.append(f"| {' | '.join(row)} |")
    return "\n".join([*lines, ""])


def _figures(timing: Timing) -> str:
    seconds = f"{timing.seconds:.1f}"
    return f"{seconds if timing.run else f'*{seconds}*'} / {timing.limit:.1f}"


def drawing(found: Cells, pairs: dict[int, Pair]) -> str:
    """Return the drawing."""
    requests: dict[str, dict[str, float]] = {}
    for entities, pair in pairs.items():
        cell = measured_cell(found, entities)
        run = found[cell]["dry run"].run if cell else None
        if run:
            requests[f"{entities:,} entities"] = {
                "fewest": fewest_to_read(pair[1]),
                "fewest, and members counted": fewest_to_read(pair[1]) + run.target.members,
                "sent to the target": run.target.requests,
            }
    colours = dict(
        zip(("fewest", "fewest, and members counted", "sent to the target"), (GREY, GREEN, BLUE), strict=True)
    )
    points = {
        name: [(each[name].limit, each[name].seconds) for each in found.values() if each[name].run]
        for name in COMMANDS
    }
    panels = (
        Bars("Requests of a dry run", "", requests, colours, logarithmic=True),
        Points("Seconds of a command against the limit", "limit", points, _COLOURS),
        Bars("Memory at most", "MB", _most(found, lambda run: run.usage.megabytes), _COLOURS, MEGABYTES),
        Bars("Processor time of a request more", "ms", _a_request(found, pairs), {"apply": ORANGE}, CPU_MS),
    )
    return drawn("Requests, seconds, memory and processor time", [panel.panel() for panel in panels])


def _most(found: Cells, value: Callable[[Run], float]) -> dict[str, dict[str, float]]:
    most: dict[str, dict[str, float]] = {}
    for cell, timings in sorted(found.items()):
        values = most.setdefault(f"{cell.entities:,} entities", {})
        for name, timing in timings.items():
            if timing.run:
                values[name] = max(values.get(name, 0.0), value(timing.run))
    return most


def _a_request(found: Cells, sizes: Iterable[int]) -> dict[str, dict[str, float]]:
    costs = {f"{size:,} entities": milliseconds_a_request(found, size) for size in sizes}
    return {group: {"apply": cost} for group, cost in costs.items() if cost is not None}


def write(folder: Path, text: str, svg: str) -> None:
    """Write the page and the drawing into a folder."""
    Path(folder, "performance.md").write_text(text, encoding="utf-8")
    Path(folder, "performance.svg").write_text(svg, encoding="utf-8")
