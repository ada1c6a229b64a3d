"""Measure the command between two sandboxes: `make bench`. Writes `docs/performance.md` and its drawing."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import goals, naive, telling
from tests.benchmarks.busy import Others
from tests.benchmarks.cells import Basis, Cell, matrix, started
from tests.benchmarks.pairs import SIZES, pair
from tests.benchmarks.runs import ROOT, Usage, used_by

PLANS = 3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--minutes", type=float, default=12, help="for the matrix; the rest takes some more")
    parser.add_argument("--largest", type=int, choices=SIZES, default=max(SIZES), help="entities")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs", help="where the page goes")
    parser.add_argument("--only-matrix", action="store_true", help="no script, no planning, no start")
    parser.add_argument("--busy", action="store_true", help="also where other programs take their share")
    return parser.parse_args()


def _seconds_to_plan(entities: int, folder: Path) -> float:
    """Return the seconds on a processor that overlaps and plan take, the best of some processes."""
    taken = []
    for _ in range(PLANS):
        used_by([sys.executable, "-m", "tests.benchmarks.planning", str(entities)], folder)
        taken.append(float(Path(folder, "output.txt").read_text(encoding="utf-8")))
    return min(taken)


def _naive(entities: int, command: str, folder: Path) -> Usage:
    """Run the naive script at 20 ms."""
    cell = Cell(entities, serial=False, delay=goals.NEAR, concurrency=1)
    source, target = pair(entities)
    with started(cell, source) as one, started(cell, target, first_id=100_000) as other:
        argv = [sys.executable, naive.__file__, command, one.url, one.token, other.url, other.token]
        return used_by(argv, folder)


def _all_goals(
    found: goals.Cells, bases: dict[int, Basis], pairs: dict[int, goals.Pair], naives: dict[int, Usage]
) -> list[goals.Goal]:
    return [
        *(goal for size, each in pairs.items() for goal in goals.of_requests(found, size, each)),
        *(
            goal
            for size in pairs
            for goal in goals.of_time(found, size, bases[size].server, naives.get(size))
        ),
        *goals.of_the_process(found, list(pairs)),
    ]


def _told(what: str, entities: int, usage: Usage) -> str:
    return f"- {what} of {entities:,} entities at 20 ms: {usage.seconds:.1f} s."


def main() -> int:
    """Print the page and write it. Return 1 where a goal is missed, 2 where others use the machine."""
    arguments = _arguments()
    others = Others()
    if not arguments.busy and others.use_the_machine():
        sys.stderr.write(
            "Other programs use this machine: end them, or give --busy to measure all the same; the page "
            "then says so.\n"
        )
        return 2
    pairs = {entities: pair(entities) for entities in sorted(SIZES) if entities <= arguments.largest}
    found, bases = matrix(pairs, goals.needed(list(pairs)), arguments.minutes * 60)
    naives: dict[int, Usage] = {}
    told: list[str] = []
    more: list[goals.Goal] = []
    if not arguments.only_matrix:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            naives = {entities: _naive(entities, "plan", folder) for entities in list(pairs)[:2]}
            told = [_told("Dry run", size, each) for size, each in naives.items()]
            told += [_told("Apply", min(pairs), _naive(min(pairs), "apply", folder))]
            start = used_by([sys.executable, "-c", "import sync.run.processing"], folder).seconds
            told += [f"- Loading the command, before its first request: {start:.2f} s."]
            growth = goals.of_growth(*(_seconds_to_plan(size, folder) for size in sorted(SIZES)[1:]))
            more = [growth, goals.of_help(folder)]
    judged = [*_all_goals(found, bases, pairs, naives), *more]
    text = telling.page(found, judged, told, telling.machine(others))
    telling.write(arguments.folder, text, telling.drawing(found, pairs))
    sys.stdout.write(text)
    return 0 if all(goal.met for goal in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
