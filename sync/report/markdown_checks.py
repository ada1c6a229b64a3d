"""What the summary says of what a plan is held against, and what happens with it next."""

from collections.abc import Iterable, Sequence

from sync.errors import RefusedError
from sync.plan.approval import Deviated
from sync.report.checks import allowed, deviations_by_side, override, refused, way_out
from sync.report.document import Document
from sync.report.markup import alert, code, listed, prose
from sync.report.tables import MARKDOWN, section

_LISTED = 10
"""So many things an alert names; `junit.xml` has them all."""


def overrides(document: Document) -> list[str]:
    """Return what guardrails object to and settings let pass."""
    found = allowed(document.objections)
    said = [
        f"{prose(objection.guardrail)}: {prose(objection.message)} ({prose(override(objection))})"
        for objection in found
    ]
    return alert("WARNING", "**Overrides in use:** what guardrails refuse is allowed.", _items(said))


def refusals(document: Document) -> list[str]:
    """Return what guardrails refuse, each with the setting that allows it."""
    said = [
        ", ".join(
            filter(
                None,
                (
                    f"{prose(objection.guardrail)}: {prose(objection.message)}",
                    f"**{prose(way_out(objection))}**" if way_out(objection) else "",
                ),
            )
        )
        for objection in refused(document.objections)
    ]
    return alert("CAUTION", "**Refused by the guardrails:** nothing of this may be applied.", _items(said))


def refused_by_guardrail(document: Document) -> bool:
    """Tell whether the error that ended the run is one of the refusals."""
    messages = {objection.message for objection in refused(document.objections)}
    return isinstance(document.error, RefusedError) and document.error.message in messages
