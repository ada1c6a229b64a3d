"""What a drift check adds to a plan: which side has changed since the last apply, or since git."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from sync.apply.receipt import Receipt
from sync.model.plan import Operation, Rules
from sync.model.snapshot import Snapshot
from sync.plan.drift import moved_since
from sync.plan.planner import make_plan
from sync.plan.recreation import as_differences
from sync.plan.side import Environment
from sync.plan.three_ways import three_ways
from sync.report.console import Console
from sync.run.planning import Planned


def explain_drift(planned: Planned) -> None:
    """Show of each difference which side has changed since the last apply or since git, if a file says so."""
    record, files = planned.read.connected.record, planned.read.connected.files
    record.document = replace(record.document, drift={})
    if files.git:
        with record.printer.progress("Comparing both environments with git"):
            found = three_ways(
                files.git, *planned.read.environments, planned.plan, planned.read.contract.refuses
            )
        record.document = replace(record.document, three_ways=found)
    elif files.receipt and files.receipt.snapshot:
        for doubt in _doubts(files.receipt, planned.plan.source.url):
            record.warn(doubt)
        taken_back = files.receipt.rolled_back.operations if files.receipt.rolled_back else ()
        _since(files.receipt.snapshot, planned, taken_back)
    record.show(Console.drift, Console.flaws)


def _doubts(receipt: Receipt, source: str) -> Iterator[str]:
    """Yield why what the receipt holds may not be what both sides held."""
    if receipt.source_url != source and not receipt.rolled_back:
        yield (
            f"the receipt is of an apply from another source, {receipt.source_url}: what the two sources do "
            "not have alike counts as waiting in the source"
        )
    if not receipt.identical:
        yield (
            "the apply of the receipt did not make both sides equal: what still differed then counts as "
            "waiting in the source"
        )


def _since(base: Snapshot, planned: Planned, taken_back: Collection[Operation]) -> None:
    """Keep which side has changed since both held `base`, and who can reach what because of the target's."""
    read, record = planned.read, planned.read.connected.record
    blocked = [difference.operation for difference in planned.plan.blocked if difference.operation]
    changes = (*as_differences(planned.plan.operations), *blocked)
    moved = moved_since(base, read.source.snapshot, read.target.snapshot, changes, taken_back)
    # what would make the state of the last apply equal to the target is what was done by hand
    rules = Rules(ignore=read.connected.rules.ignore)
    by_hand = make_plan(read.environments[1], Environment("", base), refuses=lambda _: None, rules=rules)
    record.document = replace(record.document, drift=moved, drift_impact=by_hand.impact)
