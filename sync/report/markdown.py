"""`summary.md`: what a person reads before approving a plan, or after it was applied.

GitHub shows it as the summary of a step. It says first what happens, then what can't be undone, then
what stays different, and only then everything else.
"""

from sync.heimdall.health import Finding, Level
from sync.model.outcome import Status
from sync.model.plan import Strategy
from sync.report import markdown_drift
from sync.report.checks import known, resumed, rules_of
from sync.report.decided import EXPOSED, exposed, reach
from sync.report.document import Document
from sync.report.markdown_checks import (
    approval,
    deviation_sections,
    notes,
    overrides,
    refusals,
    scope,
    unmatched,
    way_back,
)
from sync.report.markdown_ended import ended_early
from sync.report.markup import alert, code, listed, prose, table
from sync.report.tables import (
    MARKDOWN,
    counts_table,
    decisions_section,
    deletions_section,
    difference_sections,
    kind_sections,
    outcome_sections,
    remark_sections,
)
from sync.report.unfinished import is_unequal, is_unfinished, still_needed
from sync.report.wording import (
    UNCHECKED,
    contents_of,
    endpoints_lose,
    lost_mappings,
    lost_memberships,
    plural,
)

_LISTED = 10
_BELOW = "and {} more, listed below"
"""So many things an alert names; the tables below it have them all."""

_BELOW_IN_PLAN = "and {} more, in `plan.json`"

_GUARANTEES = {
    Strategy.LEAST_PRIVILEGE: "no group can reach an endpoint that it could not reach before and is not"
    " meant to reach afterwards",
    Strategy.ZERO_DOWNTIME: "no group has lost an endpoint that it could reach before and is meant to"
    " reach afterwards",
}

_MARKS = {Level.PASSED: "✅", Level.WARNING: "⚠️", Level.FAILED: "❌"}


def render(document: Document) -> str:
    """Return the summary as GitHub's Markdown."""
    blocks = [
        _title(document),
        ended_early(document),
        notes(document),
        overrides(document),
        refusals(document),
        unmatched(document),
        _exported(document),
        *_found(document),
        scope(document),
        _findings(document),
        _footer(document),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _found(document: Document) -> list[list[str]]:
    """Return what the comparison of the two sides found, none where the run did not come to it."""
    if document.plan is None:
        return []
    if document.deviations:
        return [*deviation_sections(document), approval(document)]
    if document.drift is not None:
        return [
            markdown_drift.verdict(document),
            *markdown_drift.drift_sections(document),
            *difference_sections(document),
            *remark_sections(document),
        ]
    stays = difference_sections(document)
    is_plan = document.outcomes is None
    return [
        _headline(document),
        *([] if is_plan else stays),
        *outcome_sections(document),
        _irreversible(document),
        _unprotected(document),
        _exposed(document),
        counts_table(document),
        *(stays if is_plan else []),
        decisions_section(document),
        deletions_section(document),
        *kind_sections(document),
        *remark_sections(document),
        _half_way(document),
        way_back(document),
        approval(document),
    ]


def _title(document: Document) -> list[str]:
    target, source = code(document.target_url), code(document.source_url)
    goal = f"make {target} equal to {source}"
    titles = (
        (not document.target_url, f"Snapshot of {source}"),
        (document.drift is not None, f"Drift: {target}, held against {source}"),
        (bool(document.deviations), f"Not applied: {goal}"),
        (is_unfinished(document), f"Not finished: {goal}"),
        (is_unequal(document), f"Not equal: {goal}"),
        (document.outcomes is not None, f"Sync: {goal}"),
        (document.plan is not None, f"Plan: {goal}"),
        (document.error is None or document.unhealthy, f"Healthcheck of {source} and {target}"),
        (True, f"Not planned: {goal}"),
    )
    return [f"## {next(title for applies, title in titles if applies)}"]


def _exported(document: Document) -> list[str]:
    if document.exported is None:
        return []
    holds = f"{code('snapshot-source.json')} holds {contents_of(document.exported)}."
    return [f"**Exported:** {holds} Give it as {code('source-url')} to make a target equal to it."]


def _headline(document: Document) -> list[str]:
    before = resumed(document)
    if document.outcomes is None:
        return [_planned(document), *(["", before] if before else [])]
    return [_applied(document), *(["", before] if before else []), "", _verdict(document)]


def _planned(document: Document) -> str:
    assert document.plan is not None
    changes, blocked = len(document.changes), len(document.plan.blocked)
    if not changes and not blocked:
        return (
            f"**There is nothing to change:** no difference was found. Compared: {reach(document, MARKDOWN)}."
        )
    would = f"**{plural(changes, 'change')} would " if changes else "**There is nothing that can be changed; "
    if not blocked:
        would += "make the target equal to the source.**"
    elif changes:
        would += f"be made; {plural(blocked, 'difference')} would stay.**"
    else:
        would += f"{plural(blocked, 'difference')} would stay.**"
    return f"{would} Nothing has been changed so far. The source is only ever read."


def _applied(document: Document) -> str:
    assert document.plan is not None
    done, before = len(document.changes), len(document.done_before)
    left = len(document.plan.operations) - before
    if not left:
        return f"**There was nothing {'left ' if before else ''}to change.**"
    if done == left:
        return f"**{plural(done, 'change')} made,** all that were {'left' if before else 'planned'}."
    failed = document.ended(Status.FAILED)
    unknown = sum(outcome.unsettled for outcome in failed)
    rest = {
        "failed": len(failed) - unknown,
        "unknown, since no answer came": unknown,
        "skipped": len(document.ended(Status.SKIPPED)),
        "not tried": len(document.not_tried),
    }
    said = ", ".join(f"{count:,} {how}" for how, count in rest.items() if count)
    return f"**{done:,} of {plural(left, 'change')} made;** {said}."


def _verdict(document: Document) -> str:
    found = document.verification
    if found is None:
        return "❓ **Not verified:** the two environments were not read again."
    if found.error:
        return f"❓ **Not verified:** {prose(found.error)}"
    if found.identical:
        but = f", but for {known(found.blocked, rules_of(document))}" if found.blocked else ""
        return (
            f"✅ **Verified:** both were read again, and the target is identical to the source{but}. "
            f"Compared: {reach(document, MARKDOWN)}."
        )
    return (
        "❌ **Verified:** both were read again, and the target still differs from the source:"
        f" {still_needed(document)}."
    )


def _irreversible(document: Document) -> list[str]:
    assert document.plan is not None
    lost = [(operation.name, lost_memberships(document.plan, operation)) for operation in document.changes]
    said = [f"deleting group {code(name)} takes away {what}" for name, what in lost if what]
    return alert("CAUTION", f"**Can't be undone:** {listed(said, '; ', _LISTED, _BELOW)}.") if said else []


def _unprotected(document: Document) -> list[str]:
    endpoints = [code(endpoint) for endpoint in lost_mappings(document.changes)]
    if not endpoints:
        return []
    said = listed(endpoints, ", ", _LISTED, _BELOW)
    return alert("WARNING", f"**{endpoints_lose(len(endpoints))}:** {said}. {UNCHECKED}")


def _exposed(document: Document) -> list[str]:
    plan = document.plan
    assert plan is not None
    if not plan.exposures or document.outcomes is not None:
        return []
    said = [exposed(exposure, plan.strategy, MARKDOWN) for exposure in plan.exposures]
    return alert("WARNING", f"**{EXPOSED}:** {listed(said, '; ', _LISTED, _BELOW_IN_PLAN)}.")


def _half_way(document: Document) -> list[str]:
    assert document.plan is not None
    strategy = document.plan.strategy
    guarantee = f"{_GUARANTEES[strategy]} (strategy *{strategy}*)"
    if strategy is Strategy.ZERO_DOWNTIME and document.plan.blocked:
        # Old and new roles together may be more than the target takes changes to.
        guarantee += ". That holds for what is done; what is blocked stays different"
    if document.plan.exposures:
        guarantee += ", but for what a third mapping decides for a moment"
    if document.outcomes is None and document.changes:
        when = "If it stops half way,** at any moment:"
        afterwards = " What is done stays done; running it again goes on with the rest."
    elif document.outcomes is not None and _is_unfinished(document):
        when, afterwards = "It stopped half way:**", ""
    else:
        return []
    return [f"**{when} {guarantee}.{afterwards}"]


def _is_unfinished(document: Document) -> bool:
    assert document.plan is not None
    return len(document.changes) + len(document.done_before) < len(document.plan.operations)


def _findings(document: Document) -> list[str]:
    # A healthcheck in which all is well is the footer's, unless there is nothing else to show.
    everything = document.plan is None or document.unhealthy
    shown = [finding for finding in document.findings if everything or finding.level is not Level.PASSED]
    if not shown:
        return []
    title = _health(document).capitalize()
    return [f"### {title}", "", *table(["", "side", "found", "what you can do"], map(_finding, shown))]


def _finding(finding: Finding) -> tuple[str, ...]:
    return _MARKS[finding.level], prose(finding.side), prose(finding.message), prose(finding.remedy)


def _footer(document: Document) -> list[str]:
    parts = [
        _health(document),
        f"{plural(document.requests, 'request')} in {document.seconds:.1f} s",
        f"heimdall-sync {document.version}",
    ]
    return [f"<sub>{' · '.join(filter(None, parts))}</sub>"]


def _health(document: Document) -> str:
    if not document.findings:
        return ""
    if document.unhealthy:
        return "healthcheck failed"
    warnings = sum(finding.level is Level.WARNING for finding in document.findings)
    return f"healthcheck passed with {plural(warnings, 'warning')}" if warnings else "healthcheck passed"
