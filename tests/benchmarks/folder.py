"""How long it takes to read a folder of 10,000 mappings, to validate it and to plan by it without a server.

One mapping in a hundred asks for another action on the other side. The cases differ in how mappings overlap.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.snapshots.folder import write_folder
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


def measure(case: str, folder: Path) -> str:
    """Return what a case takes, in a line."""
    names = names_of(case)
    write_folder(folder / "source", environment(names, "a"), 0o600)
    write_folder(folder / "target", environment(names, "b"), 0o600)
    sides = ["--source-url", "source", "--target-url", "target"]
    usage = used_by([sys.executable, "-m", "sync", "plan", *sides], folder)
    return (
        f"{len(names):,} mappings {case}: two folders read, validated, planned and reported in "
        f"{usage.seconds:.1f} s, {usage.processor:.1f} s on a processor, at most {usage.megabytes:.0f} MB\n"
    )


def main() -> int:
    """Print what each case takes."""
    for case in CASES:
        with TemporaryDirectory() as folder:
            sys.stdout.write(measure(case, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
