"""Requests that a plan leaves won by another mapping, or for another action, than in the source."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from sync.model.plan import Blocked, Operation
from sync.model.snapshot import Kind
from sync.overlaps.overlap import Overlap
from sync.overlaps.winners import NOBODY, Winner
from sync.plan.planned_winners import PlannedWinners
from sync.plan.side import Environment

_RESTART = "restart the {}'s Heimdall, then plan again"


def undecided(
    source: Environment,
    target: Environment,
    winners: PlannedWinners,
    operations: Collection[Operation],
    refused: Collection[Operation],
) -> Iterator[Blocked]:
    """Yield what no operation makes equal of who wins which request, each mapping once for each reason.

    What follows from another difference of the same mapping is left to that, and what is ignored is left out.
    """
    explained = {operation.name for operation in refused if operation.kind is Kind.MAPPING} | winners.ignored
    found: defaultdict[tuple[str, str, str], list[Overlap]] = defaultdict(list)
    for overlap, wanted, there in winners.unequal(operations):
        if not explained.intersection({wanted.mapping, there.mapping}):
            name = there.mapping or wanted.mapping or min(overlap.mappings)
            found[name, *_why(source, target, wanted, there)].append(overlap)
    for (name, reason, remedy), overlaps in sorted(found.items(), key=lambda item: item[0]):
        first, more = min(map(str, overlaps)), len(overlaps) - 1
        others = f" and {more} more" if more else ""
        yield Blocked(
            kind=Kind.MAPPING, name=name, operation=None, reason=f"{first}{others}: {reason}", remedy=remedy
        )


def _why(source: Environment, target: Environment, wanted: Winner, there: Winner) -> tuple[str, str]:
    for side, environment, winner in (("target", target, there), ("source", source, wanted)):
        if winner.mapping in environment.leftovers:
            reason = (
                f"{winner.mapping} still wins in the {side}, although it was deleted with its action "
                f"{winner.action!r}; only a restart ends that"
            )
            return reason, _RESTART.format(side)
    if wanted.mapping == there.mapping and wanted.mapping in source.stale:
        return (
            f"the source still uses {wanted.action!r}, the old name of action {there.action!r}",
            "restart the source's Heimdall, or save that mapping there again, then plan again",
        )
    if wanted == NOBODY and there.mapping in source.actions:
        return (
            f"no mapping wins in the source, although its list shows {there.mapping}: its cache lost it",
            "restart the source's Heimdall, or save that mapping there again, then plan again",
        )
    return (
        f"{_named(there)} wins in the target and {_named(wanted)} in the source; no request can change that",
        "narrow these patterns until each path matches only the right one, or accept the difference",
    )


def _named(winner: Winner) -> str:
    return f"{winner.mapping} (action {winner.action!r})" if winner.mapping else "no mapping"
