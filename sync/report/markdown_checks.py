"""What the summary says of what a plan is held against, and of what happens with it next."""

from collections.abc import Sequence

from sync.plan.approval import Deviated
from sync.report.checks import (
    CHECK_PATTERN,
    allowed,
    deviations_by_side,
    is_refusal_told,
    names_nothing,
    override,
    refused,
    rules_of,
    way_out,
)
from sync.report.document import Document
from sync.report.markup import alert, code, listed, prose
from sync.report.tables import MARKDOWN, section

_LISTED = 10
"""So many objections and patterns are named; `junit.xml` and `plan.json` have them all."""


def overrides(document: Document) -> list[str]:
    """Return what guardrails object to and settings let pass, none where there is nothing."""
    said = [
        f"{prose(objection.guardrail)}: {prose(objection.message)} ({prose(override(objection))})"
        for objection in allowed(document.objections)
    ]
    return _alert("WARNING", "**Overrides in use:** guardrails object, and settings let it pass.", said)


def unmatched(document: Document) -> list[str]:
    """Return which patterns of the scope name nothing, those that should protect first; none for none."""
    patterns = document.plan.unmatched if document.plan else ()
    said = [names_nothing(pattern, MARKDOWN) for pattern in patterns]
    return _alert("WARNING", f"**Check these patterns:** {CHECK_PATTERN}.", said)


def refusals(document: Document) -> list[str]:
    """Return what guardrails refuse, each with the setting that allows it, none where there is nothing."""
    said = [
        f"{prose(objection.guardrail)}: {'; '.join(map(prose, filter(None, sentences)))}"
        for objection in refused(document.objections)
        for sentences in [(objection.message, way_out(objection))]
    ]
    nothing = ["Nothing was changed."] if is_refusal_told(document) and document.target_untouched else []
    return _alert("CAUTION", "**Refused by guardrails:** this must not be applied.", said, *nothing)


def _alert(kind: str, title: str, said: Sequence[str], *rest: str) -> list[str]:
    if not said:
        return []
    items = listed([f"- {sentence}" for sentence in said], "\n", _LISTED, "- and {} more")
    return alert(kind, title, items, *rest)


def deviation_sections(document: Document) -> list[list[str]]:
    """Return how what is needed now differs from what was approved, by the side that has moved."""
    return [
        section(moved.capitalize(), ["what", "how"], map(_deviation, group))
        for moved, group in deviations_by_side(document.deviations)
    ]


def _deviation(deviated: Deviated) -> Sequence[str]:
    return MARKDOWN.phrase(deviated.operation), deviated.deviation


def approval(document: Document) -> list[str]:
    """Return which plan this is and, where it can still be approved, what that means and what comes next."""
    assert document.plan is not None
    digest = document.plan.digest
    if document.outcomes is not None or document.error or not document.plan.operations:
        return [f"**{'Approved plan' if document.deviations else 'Plan'}:** {code(digest)}"]
    line = document.next_line
    this = f"**What runs is this plan and nothing else:** {code(digest)}."
    return [
        f"{this} If either side changes before that, apply refuses.",
        "",
        "**Next:** approve it, or reject it."
        + (f" Once it is approved, this applies it: {code(line)}" if line else ""),
    ]


def scope(document: Document) -> list[str]:
    """Return what is left alone by settings, empty where nothing is."""
    rules = rules_of(document)
    parts = {"protected, so never changed": rules.protect, "ignored on both sides": rules.ignore}
    said = [
        f"{what}: {listed([code(pattern) for pattern in patterns], ', ', _LISTED, 'and {} more')}"
        for what, patterns in parts.items()
        if patterns
    ]
    return [f"**Scope:** {'; '.join(said)}."] if said else []


def notes(document: Document) -> list[str]:
    """Return which files were there and are left out, none where there is nothing to say."""
    return alert("WARNING", *map(prose, document.notes)) if document.notes else []


def way_back(document: Document) -> list[str]:
    """Return what a rollback takes as its source, none where nothing was about to change."""
    kept = document.backup
    if kept is None:
        return []
    where = ", in the folder of the downloaded reports" if kept.elsewhere else ""
    line = f" This restores it{where}: {code(kept.line)}." if kept.line else ""
    lost = "Memberships that went with a deleted group do not come back."
    return [
        f"**Way back:** {code(kept.path)} holds what the target held before the first change.{line} {lost}",
        *(["", f"⚠️ {prose(kept.remark)}"] if kept.remark else []),
    ]
