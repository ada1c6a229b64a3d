"""What a server with a rate limit is sent, and what a run costs the other users of a server: `make bench`.

Writes `docs/pacing.md` and its drawing, in about two minutes. No option fixes the number of requests at once:
a run that does so here is one in which the part that finds it learns nothing (`FIXED`).
"""

import argparse
import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import requests

from sync.model.snapshot import Snapshot
from sync.sandbox.log import RequestRecord
from sync.sandbox.process import Sandbox, launch
from tests.benchmarks.busy import Others
from tests.benchmarks.cells import READ_TIME, WRITE_TIME
from tests.benchmarks.drawing import BLUE, GREEN, ORANGE, Bars, Lines, drawn
from tests.benchmarks.runs import ROOT, used_by
from tests.benchmarks.telling import machine
from tests.e2e.environments import environment, made_different

RATE, BURST, SETTING = 40.0, 40, 8
MOST_REFUSED = 0.05
DELAYS = (0.0, 0.02)
EVERY_SECONDS = 0.1
ASKED = "/api/v1/groups/?by=another"
FIXED = (
    "from sync.cli import entry\n"
    "from sync.heimdall.concurrency import Concurrency\n"
    "Concurrency.answered = lambda *_: None\n"
    "entry()"
)
COLOURS = {"median": BLUE, "95 of 100 times at most": ORANGE}

_ABOUT = f"""\
# Pacing

`make bench` writes this page and the drawing.

![Requests over time, and the waiting of another user](pacing.svg)

## A rate limit

Source and target accept {RATE:g} requests a second, after a pause up to {BURST} at once. They answer the
others with 429, without `Retry-After`. This is what `apply --concurrency {SETTING}` sends them.

| side | requests | refused | accepted in a second, second half of the run |
| --- | --- | --- | --- |
"""

_OTHERS = f"""\

## Another user

The target works for one request at a time, {READ_TIME * 1_000:.0f} ms for a read and
{WRITE_TIME * 1_000:.0f} ms for a write. Another user asks it for a list {1 / EVERY_SECONDS:.0f} times a
second while an apply runs. *Fixed* is a run that sends so many requests at once all the time. *Found* is the
run as it is: it finds out how many are of use, and `--concurrency` is the most.

| delay | requests at once | seconds | median in flight | another user waits, median | 95 of 100 times |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Limited:
    """What a side with a rate limit was sent in a run."""

    records: tuple[RequestRecord, ...]

    @property
    def refused(self) -> int:
        """Return how many requests were refused."""
        return sum(record.status == 429 for record in self.records)

    @property
    def settled(self) -> float:
        """Return how many were accepted in each second of the second half."""
        begin, end = self.records[0].started, self.records[-1].started
        middle = (begin + end) / 2
        return sum(r.status != 429 and r.started >= middle for r in self.records) / (end - middle)

    def by_second(self, *, refused: bool) -> list[tuple[float, float]]:
        """Return how many were refused, or accepted, in each second."""
        begin = self.records[0].started
        seconds = [int(r.started - begin) for r in self.records if (r.status == 429) is refused]
        whole = int(self.records[-1].started - begin)  # the last second is not a whole one
        return [(float(second), float(seconds.count(second))) for second in range(whole)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long an apply took, its requests in flight (the median), and how long another user waited."""

    seconds: float
    in_flight: float
    waits: tuple[float, ...]

    @property
    def figures(self) -> dict[str, float]:
        """Return what is drawn, in milliseconds."""
        values = median(self.waits), quantiles(self.waits, n=20)[-1]
        return {name: value * 1_000 for name, value in zip(COLOURS, values, strict=True)}


def _apply(argv: Sequence[str], source: Sandbox, target: Sandbox, concurrency: int) -> float:
    """Run an apply; return how many seconds it took."""
    sides = {"SOURCE": source, "TARGET": target}
    urls = {f"HEIMDALL_{side}_URL": sandbox.url for side, sandbox in sides.items()}
    tokens = {f"HEIMDALL_{side}_TOKEN": sandbox.token for side, sandbox in sides.items()}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, *argv, "apply", f"--concurrency={concurrency}"]
        return used_by(command, Path(folder), **urls, **tokens).seconds


def limited(wanted: Snapshot, before: Snapshot) -> dict[str, Limited]:
    """Run an apply between two servers with a rate limit."""
    with (
        launch(wanted, burst=BURST, rate=RATE, no_retry_after=True) as source,
        launch(before, burst=BURST, rate=RATE, no_retry_after=True, first_id=100_000) as target,
    ):
        _apply(["-m", "sync"], source, target, SETTING)
        return {"source": Limited(source.requests()), "target": Limited(target.requests())}


@contextmanager
def _asking(server: Sandbox) -> Iterator[list[float]]:
    """Ask a server steadily while the block runs; the list grows by how long each answer took."""
    waits: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not ended.wait(EVERY_SECONDS):
                begun = time.monotonic()
                session.get(f"{server.url}{ASKED}", headers={"Authorization": f"Bearer {server.token}"})
                waits.append(time.monotonic() - begun)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()


def beside(wanted: Snapshot, before: Snapshot, delay: float, concurrency: int, *, fixed: bool) -> Waiting:
    """Run an apply on a target that works for one request at a time, beside somebody who asks it steadily."""
    with (
        launch(wanted, delay=delay) as source,
        launch(
            before, delay=delay, serial=True, read_time=READ_TIME, write_time=WRITE_TIME, first_id=100_000
        ) as target,
    ):
        with _asking(target) as waits:
            seconds = _apply(["-c", FIXED] if fixed else ["-m", "sync"], source, target, concurrency)
        records = [record for record in target.requests() if record.path != ASKED]
    return Waiting(seconds, median(_in_flight(records)), tuple(waits))


def _in_flight(records: Sequence[RequestRecord]) -> list[int]:
    return [sum(r.started <= each.started < (r.ended or math.inf) for r in records) for each in records]


def page(sides: dict[str, Limited], waiting: dict[tuple[float, str], Waiting], measured_on: str) -> str:
    """Return the page."""
    lines = [
        f"| {side} | {len(found.records):,} | {found.refused} ({found.refused / len(found.records):.1%}) "
        f"| {found.settled:.0f} |"
        for side, found in sides.items()
    ]
    others = [
        f"| {delay * 1_000:.0f} ms | {name} | {found.seconds:.1f} | {found.in_flight:.0f} | "
        f"{' | '.join(f'{value:.0f} ms' for value in found.figures.values())} |"
        for (delay, name), found in waiting.items()
    ]
    return _ABOUT + "\n".join(lines) + "\n" + _OTHERS + "\n".join(others) + f"\n\n{measured_on}"


def drawing(sides: dict[str, Limited], waiting: dict[tuple[float, str], Waiting]) -> str:
    """Return the drawing."""
    panels: list[Lines | Bars] = [
        Lines(
            f"Requests in each second, {side}",
            "seconds since the first",
            {"accepted": found.by_second(refused=False), "refused": found.by_second(refused=True)},
            {"accepted": GREEN, "refused": ORANGE},
            ("the limit", RATE),
        )
        for side, found in sides.items()
    ]
    for delay in sorted({delay for delay, _ in waiting}):
        values = {name: each.figures for (other, name), each in waiting.items() if other == delay}
        panels.append(Bars(f"Another user waits, {delay * 1_000:.0f} ms away", "ms", values, COLOURS))
    return drawn("Requests over time, and the waiting of another user", [panel.panel() for panel in panels])


def main() -> int:
    """Print the page and write it. Return 1 where too many requests were refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pacing", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs", help="where the page goes")
    folder, others = parser.parse_args().folder, Others()
    wanted = environment(100, 40, 150, 60)
    pair = wanted, made_different(wanted, descriptions=False)
    larger = environment(150, 45, 300, 200)  # the rate is seen in a run of some length
    sides = limited(larger, made_different(larger, descriptions=False))
    waiting = {}
    for delay in DELAYS:
        for concurrency in (1, 4, SETTING):
            waiting[delay, f"fixed {concurrency}"] = beside(*pair, delay, concurrency, fixed=True)
        waiting[delay, f"found, up to {SETTING}"] = beside(*pair, delay, SETTING, fixed=False)
    text = page(sides, waiting, machine(others))
    Path(folder, "pacing.md").write_text(text, encoding="utf-8")
    Path(folder, "pacing.svg").write_text(drawing(sides, waiting), encoding="utf-8")
    sys.stdout.write(text)
    sent = sum(len(each.records) for each in sides.values())
    return int(sum(each.refused for each in sides.values()) > MOST_REFUSED * sent)


if __name__ == "__main__":
    sys.exit(main())
