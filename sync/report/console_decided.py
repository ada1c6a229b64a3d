"""What the console says of overlaps and of the mappings themselves; see `decided` for the words."""

from rich.text import Text

from sync.model.plan import Plan
from sync.report.decided import EXPOSED, before_and_after, exposed, flawed, remarked, request_of
from sync.report.document import Document
from sync.report.lines import Lines
from sync.report.wording import PLAIN, printable


def decisions(plan: Plan) -> Lines:
    """Return which requests another mapping decides afterwards, and which a third one for a moment."""
    lines: Lines = []
    if plan.winner_changes:
        lines += [Text(), Text("Decided by another mapping afterwards:")]
    for decision in plan.winner_changes:
        before, after = before_and_after(decision, PLAIN)
        lines += [
            Text(f"  [DECIDED] {printable(request_of(decision))}", "yellow"),
            Text(f"      before: {before}", "yellow"),
            Text(f"      after:  {after}", "yellow"),
        ]
    if plan.exposures:
        lines += [Text(), Text(f"⚠ {EXPOSED}:", "bold yellow")]
    for exposure in plan.exposures:
        lines.append(Text(f"  [EXPOSED] {exposed(exposure, plan.strategy, PLAIN)}", "bold yellow"))
    return lines


def remarks(document: Document) -> Lines:
    """Return what the servers answered of overlaps that is not what their lists show."""
    return [Text(f"⚠ {remarked(remark, PLAIN)}", "yellow") for remark in document.remarks]


def flaws(document: Document) -> Lines:
    """Return what is wrong with the mappings themselves, none where nothing is."""
    found = [Text(f"  [WARNING] {flawed(flaw, PLAIN)}", "dim") for flaw in document.flaws]
    return [Text(), Text("The mappings themselves:"), *found] if found else []
