"""What the console says of what a plan is held against; see `checks` for the words."""

from collections.abc import Iterable

from rich.text import Text

from sync.plan.guardrails import Objection
from sync.report.checks import (
    CHECK_PATTERN,
    RECEIPT_TELLS,
    deviations_by_side,
    drift_by_side,
    drifted,
    lacks_receipt,
    names_nothing,
    no_drift,
    override,
    way_out,
)
from sync.report.checks import resumed as how_resumed
from sync.report.document import Document
from sync.report.lines import Lines, banner, remedy
from sync.report.wording import PLAIN, printable


def unmatched(document: Document) -> Lines:
    """Return which patterns of the scope name nothing, those that should protect first."""
    patterns = document.plan.unmatched if document.plan else ()
    return [
        line
        for pattern in patterns
        for line in (Text(f"⚠ {names_nothing(pattern, PLAIN)}", "bold yellow"), *remedy(CHECK_PATTERN))
    ]


def objections(found: Iterable[Objection]) -> Lines:
    """Return what the guardrails have against a run, and which settings let it pass; none for none."""
    lines = [line for objection in found for line in _objection(objection)]
    return [*banner("GUARDRAILS"), *lines] if lines else []


def _objection(objection: Objection) -> Lines:
    said = f"{printable(objection.guardrail)}: {printable(objection.message)}"
    if objection.allowed:
        return [Text(f"  [ALLOWED] {said} ({printable(override(objection))})", "bold yellow")]
    return [Text(f"  [REFUSED] {said}", "bold red"), *remedy(way_out(objection))]


def deviations(document: Document) -> Lines:
    """Return how what is needed now differs from what was approved, by the side that has moved.

    None where nothing does.
    """
    if not document.deviations:
        return []
    lines = banner("NO LONGER WHAT WAS APPROVED")
    for moved, group in deviations_by_side(document.deviations):
        lines += [
            Text(f"{moved.capitalize()}:"),
            *(
                Text(f"  [{deviated.deviation.upper()}] {PLAIN.phrase(deviated.operation)}", "yellow")
                for deviated in group
            ),
        ]
    return lines


def resumed(document: Document) -> Lines:
    """Return how much of the plan was done before this run, and by whom; none where nothing was."""
    said = how_resumed(document)
    return [Text(), Text(said, "bold")] if said else []


def drift(document: Document) -> Lines:
    """Return the differences as drift, by the side that has moved; none without a plan."""
    if document.plan is None:
        return []
    groups = drift_by_side(document)
    lines = banner("DRIFT")
    if not groups:
        return [*lines, Text(f"✓ No drift: {no_drift(document)}", "bold green")]
    for side, differences in groups:
        lines += [
            *([Text(f"{side.capitalize()}:", "bold")] if side else []),
            *(Text(f"  {drifted(difference, PLAIN)}", "yellow") for difference in differences),
        ]
    return [*lines, *([Text(RECEIPT_TELLS)] if lacks_receipt(document) else [])]
