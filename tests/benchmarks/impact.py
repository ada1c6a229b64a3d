"""How long it takes to find who gains and loses what in a large environment, and how much memory.

10,000 mappings, 5,000 actions, 500 roles and 500 groups, of which some of everything changes; and the same
with every action renamed, after which everybody reaches what they did before.
"""

import random
import sys
import time
import tracemalloc

from sync.model.impact import count_of
from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.plan.impact import impact_of
from sync.plan.interruptions import WonRequests
from sync.plan.planned_winners import PlannedWinners
from sync.plan.planner import make_plan
from sync.plan.side import Environment

MAPPINGS, ACTIONS, ROLES, GROUPS = 10_000, 5_000, 500, 500
CASES = ("some of everything changes", "every action is renamed")


def environment(prefix: str = "", *, seed: int = 0) -> Snapshot:
    """Return an environment; with a seed, one in which a few of all edges and endpoints are others."""
    chance, other = random.Random(7), random.Random(seed)

    def drawn(count: int) -> int:
        usual, instead = chance.randrange(count), other.randrange(count)
        return instead if seed and other.random() < 0.02 else usual

    actions = [f"{prefix}action_{number}" for number in range(ACTIONS)]
    roles = [f"role_{number}" for number in range(ROLES)]
    return Snapshot(
        actions=tuple(Action(name=name, description="d") for name in actions),
        roles=tuple(
            Role(name=name, description="d", actions=tuple({actions[drawn(ACTIONS)] for _ in range(40)}))
            for name in roles
        ),
        mappings=tuple(
            Mapping(
                method="GET",
                path_pattern=f"/api/v1/things_{number // 2}{('$', '/([^/]+)$')[number % 2]}",
                action=actions[drawn(ACTIONS)],
            )
            for number in range(MAPPINGS)
        ),
        groups=tuple(
            Group(
                name=f"group_{number}",
                description="d",
                roles=tuple({roles[drawn(ROLES)] for _ in range(6)}),
            )
            for number in range(GROUPS)
        ),
    )


def measure(case: str) -> str:
    """Return what a case takes, in a line."""
    source = environment("new_") if case == CASES[1] else environment(seed=1)
    sides = Environment("source", source), Environment("target", environment())
    plan = make_plan(*sides, refuses=lambda _: None)
    all_won = [WonRequests(*each) for each in PlannedWinners(*sides).before_and_after(plan.operations)]
    start = time.perf_counter()
    impact = impact_of(sides[1].enforced, plan.waves, all_won)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    impact_of(sides[1].enforced, plan.waves, all_won)
    peak = tracemalloc.get_traced_memory()[1] / 1024**2
    tracemalloc.stop()
    size = len(impact.canonical_json()) / 1024**2
    return (
        f"{MAPPINGS:,} mappings, {ACTIONS:,} actions, {ROLES} roles, {GROUPS} groups, {case} "
        f"({len(plan.operations):,} changes): {count_of(impact.gains):,} accesses gained, "
        f"{count_of(impact.losses):,} lost, found in {seconds:.1f} s with at most {peak:.0f} MiB, "
        f"told in {size:.1f} MiB of JSON"
    )


def main() -> int:
    """Print what each case takes."""
    for case in CASES:
        sys.stdout.write(f"{measure(case)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
