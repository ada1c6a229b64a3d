"""The part of the summary that tells differences as drift."""

from collections.abc import Sequence

from sync.model.plan import Operation, Plan, Verb
from sync.model.snapshot import Kind
from sync.report.checks import (
    RECEIPT_TELLS,
    Difference,
    drift_by_side,
    lacks_receipt,
    no_drift,
    operation_of,
    thing,
)
from sync.report.document import Document
from sync.report.markup import prose
from sync.report.tables import MARKDOWN, both_sides, section
from sync.report.wording import plural


def verdict(document: Document) -> list[str]:
    """Return whether there is drift and how much, by the side that has moved."""
    groups = drift_by_side(document)
    if not groups:
        return [f"✅ **No drift:** {no_drift(document)}"]
    count = sum(len(differences) for _, differences in groups)
    sides = ", ".join(f"{len(differences):,} {side}" for side, differences in groups if side)
    told = f" {sides}." if sides else ""
    said = f"❌ **Drift: {plural(count, 'difference')}.**{told} Nothing was changed."
    return [said, "", prose(RECEIPT_TELLS)] if lacks_receipt(document) else [said]


def drift_sections(document: Document) -> list[list[str]]:
    """Return one table for each side that has moved, or one for all where nothing tells which."""
    plan = document.plan
    assert plan is not None
    return [
        section(
            side.capitalize() or "Different",
            ["what", "in the target", "in the source"],
            (_row(difference, plan) for difference in differences),
        )
        for side, differences in drift_by_side(document)
    ]


def _row(difference: Difference, plan: Plan) -> Sequence[str]:
    operation = operation_of(difference)
    in_target, in_source = both_sides(operation)
    return thing(difference, MARKDOWN), f"{in_target}{_members(operation, plan)}", in_source


def _members(operation: Operation | None, plan: Plan) -> str:
    if operation is None or (operation.verb, operation.kind) != (Verb.DELETE, Kind.GROUP):
        return ""
    members = plan.members.get(operation.name)
    return "" if members is None else f", with {plural(members, 'member')}"
