"""How long it takes to find which of 10,000 mappings overlap, and to plan by it.

The mappings lie side by side, behind something variable, or all within one.
"""

import sys
import time
from collections.abc import Iterator

from sync.overlaps.search import overlaps_of
from sync.plan.environment import Environment
from sync.plan.model import Action, Mapping, Snapshot
from sync.plan.planner import make_plan

MAPPINGS = 10_000


def cases() -> Iterator[tuple[str, list[str]]]:
    """Yield names of mappings, with how they lie to each other."""
    for title, prefix, wide in (
        ("side by side", "GET /api/v1/", []),
        ("behind something variable", "GET /api/v1/tenants/([^/]+)/", []),
        ("all within one", "GET /api/v2/", ["GET /api/v2/(.*)"]),
    ):
        yield (
            title,
            [
                *wide,
                *(
                    f"{prefix}things_{number:05}{end}"
                    for number in range(MAPPINGS // 2)
                    for end in ("$", "/([^/]+)$")
                ),
            ],
        )


def environment(names: list[str]) -> Snapshot:
    """Return an environment with mappings, written in this order."""
    mappings = (name.partition(" ") for name in names)
    return Snapshot(
        actions=(Action(name="a"),),
        mappings=tuple(Mapping(method=m, path_pattern=pattern, action="a") for m, _, pattern in mappings),
        precedence=tuple(names),
    )


def main() -> int:
    """Print the seconds that each case takes."""
    for title, names in cases():
        start = time.perf_counter()
        overlaps = overlaps_of(frozenset(names))
        found = time.perf_counter()
        source, target = (Environment("", environment(order)) for order in (names, names[::-1]))
        plan = make_plan(source, target, refuses=lambda _: None)
        sys.stdout.write(
            f"{len(names):,} mappings {title}: {len(overlaps.found):,} overlaps found in "
            f"{found - start:.1f} s, {len(plan.operations):,} reorders planned in "
            f"{time.perf_counter() - found:.1f} s\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
