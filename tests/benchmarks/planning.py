"""How long a generated pair takes to plan, overlaps included: `python -m tests.benchmarks.planning 1000`."""

import sys
import time

from sync.overlaps.search import overlaps_of
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from sync.run.memory import manage_memory
from tests.benchmarks.pairs import pair


def main(entities: int) -> None:
    """Print the seconds. Nothing is known from before: each pair has a process of its own."""
    manage_memory()
    source, target = pair(entities)
    names = frozenset(mapping.name for side in (source, target) for mapping in side.mappings)
    start = time.process_time()
    overlaps_of(names)
    make_plan(Environment("", source), Environment("", target), refuses=lambda _: None)
    sys.stdout.write(f"{time.process_time() - start}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
