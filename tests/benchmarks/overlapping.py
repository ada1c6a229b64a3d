"""How long it takes to find the overlaps of 10,000 mappings and to plan by them, and how much memory.

The mappings lie side by side, behind something variable, all within one, or nested and crossing as in a large
API. Each case has a process of its own, so that its peak of memory is its own.
"""

import resource
import subprocess
import sys
import time

from sync.model.snapshot import Action, Mapping, Snapshot
from sync.overlaps.search import overlaps_of
from sync.plan.planner import make_plan
from sync.plan.side import Environment

NESTED_AND_CROSSING = ("/([^/]+)$", "/me$", "/([^/]+)/files$", "/latest/([^/]+)$")
CASES = {
    "side by side": ("GET /api/v1/", ("$", "/([^/]+)$"), ()),
    "behind something variable": ("GET /api/v1/tenants/([^/]+)/", ("$", "/([^/]+)$"), ()),
    "all within one": ("GET /api/v2/", ("$", "/([^/]+)$"), ("GET /api/v2/(.*)",)),
    "nested and crossing": ("GET /api/v1/", NESTED_AND_CROSSING, ()),
}
MAPPINGS = 10_000


def names_of(case: str) -> list[str]:
    """Return the names of a case's mappings."""
    prefix, ends, wide = CASES[case]
    things = range(MAPPINGS // len(ends))
    return [*wide, *(f"{prefix}things_{number:05}{end}" for number in things for end in ends)]


def environment(names: list[str]) -> Snapshot:
    """Return an environment with mappings, written in this order."""
    return Snapshot(
        actions=(Action(name="a"),),
        mappings=tuple(Mapping.named(name, "a") for name in names),
        precedence=tuple(names),
    )


def measure(case: str) -> str:
    """Return what a case takes, in a line."""
    names = names_of(case)
    start = time.perf_counter()
    overlaps = overlaps_of(frozenset(names))
    found = time.perf_counter()
    source, target = (Environment("", environment(order)) for order in (names, names[::-1]))
    plan = make_plan(source, target, refuses=lambda _: None)
    planned = time.perf_counter()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{len(names):,} mappings {case}: {len(overlaps.found):,} overlaps found in {found - start:.1f} s, "
        f"{len(plan.operations):,} reorders planned in {planned - found:.1f} s, at most {megabytes:.0f} MiB"
    )


def main() -> int:
    """Print what each case takes, or the one that is named takes."""
    if len(sys.argv) > 1:
        sys.stdout.write(f"{measure(sys.argv[1])}\n")
        return 0
    return max(subprocess.run([sys.executable, __file__, case], check=False).returncode for case in CASES)


if __name__ == "__main__":
    sys.exit(main())
