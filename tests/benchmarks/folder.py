"""How long it takes to read a folder of 10,000 mappings, to validate it and to plan by it without a server.

One mapping in a hundred asks for another action on the other side. The cases differ in how mappings overlap.

On a busy machine "all within one" took 45 s on a processor and "nested and crossing" about 30, before the
order of a snapshot was looked up once instead of once a mapping, and before overlaps were looked for among
what wins instead of the reverse: now 17 and 10. What is left is spread. Reading takes nearly half of it
(comparing patterns more than a quarter), planning a fifth, and looking for faults in the mappings another.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.snapshots.folder import write_folder
from tests.benchmarks.goals import Goal
from tests.benchmarks.overlapping import CASES, names_of
from tests.benchmarks.runs import used_by


def environment(names: list[str], action: str) -> Snapshot:
    """Return an environment in which one mapping in a hundred asks for this action."""
    return Snapshot(
        actions=(Action(name="a"), Action(name="b")),
        mappings=tuple(
            Mapping.named(name, "a" if number % 100 else action) for number, name in enumerate(names)
        ),
        precedence=tuple(names),
    )


GOAL = 20.0
"""Seconds on a processor, of one that other work shares."""


def measure(case: str, folder: Path) -> Goal:
    """Return what a case takes, and whether that is little enough."""
    names = names_of(case)
    write_folder(folder / "source", environment(names, "a"), 0o600)
    write_folder(folder / "target", environment(names, "b"), 0o600)
    sides = ["--source-url", "source", "--target-url", "target"]
    usage = used_by([sys.executable, "-m", "sync", "plan", *sides], folder)
    return Goal(
        f"{len(names):,} mappings {case}: two folders read, validated, planned and reported in at most "
        f"{GOAL:.0f} s on a processor",
        f"{usage.processor:.1f} s, {usage.seconds:.1f} s in all, at most {usage.megabytes:.0f} MB",
        usage.processor <= GOAL,
    )


def main() -> int:
    """Print what each case takes. Return 1 where a goal is missed."""
    missed = 0
    for case in CASES:
        with TemporaryDirectory() as folder:
            goal = measure(case, Path(folder))
        missed += not goal.met
        sys.stdout.write(f"{goal.title}: {goal.measured}: {'met' if goal.met else 'missed'}\n")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
