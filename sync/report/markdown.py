"""`summary.md`: what a person reads before approving a plan, or after it was applied.

GitHub shows it as the summary of a step. It says first what happens, then what can't be undone, then
what stays different, and only then everything else.
"""

from sync.apply.outcome import Status
from sync.errors import CancelledError, HeimdallSyncError, RefusedError, UnhealthyError
from sync.heimdall.health import Finding, Level
from sync.plan.model import Strategy
from sync.report.document import Document
from sync.report.markup import alert, code, prose, table
from sync.report.tables import (
    counts_table,
    deletions_section,
    difference_sections,
    kind_sections,
    outcome_sections,
)
from sync.report.wording import RUN_AGAIN, UNCHECKED, endpoints_lose, lost_mappings, lost_memberships, plural

_LISTED = 10
"""So many things an alert names; the tables below it have them all."""

_GUARANTEES = {
    Strategy.LEAST_PRIVILEGE: "no group can reach an endpoint that it could not reach before and is not"
    " meant to reach afterwards",
    Strategy.ZERO_DOWNTIME: "no group has lost an endpoint that it could reach before and is meant to"
    " reach afterwards",
}

_MARKS = {Level.PASSED: "✅", Level.WARNING: "⚠️", Level.FAILED: "❌"}


def render(document: Document) -> str:
    """Return the summary as GitHub's Markdown."""
    blocks = [_title(document), _ended_early(document)]
    if document.plan is not None:
        blocks += [
            _headline(document),
            _irreversible(document),
            _unprotected(document),
            *outcome_sections(document),
            counts_table(document),
            *difference_sections(document),
            deletions_section(document),
            *kind_sections(document),
            _half_way(document),
        ]
    blocks += [_findings(document), _footer(document)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _title(document: Document) -> list[str]:
    target, source = code(document.target_url), code(document.source_url)
    if document.outcomes is not None:
        return [f"## Sync: make {target} equal to {source}"]
    if document.plan is not None:
        return [f"## Plan: make {target} equal to {source}"]
    if document.error is None or document.unhealthy:
        return [f"## Healthcheck of {source} and {target}"]
    return [f"## Not planned: make {target} equal to {source}"]


def _ended_early(document: Document) -> list[str]:
    error = document.error
    if error is None:
        return []
    return alert(
        "CAUTION",
        f"**{_what_ended(error)}:** {prose(error.message)}",
        *([f"**What to do:** {prose(error.hint)}"] if error.hint else []),
        "Nothing was changed."
        if document.target_untouched
        else "Some changes had been made before, see below.",
    )


def _what_ended(error: HeimdallSyncError) -> str:
    match error:
        case RefusedError():
            return "Refused"
        case CancelledError():
            return "Cancelled"
        case UnhealthyError():
            return "Healthcheck failed"
        case _:
            return "Stopped"


def _headline(document: Document) -> list[str]:
    if document.outcomes is None:
        return [_planned(document)]
    return [_applied(document), "", _verdict(document)]


def _planned(document: Document) -> str:
    assert document.plan is not None
    changes, blocked = len(document.plan.operations), len(document.plan.blocked)
    if not changes and not blocked:
        return "**There is nothing to change:** no difference was found."
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
    done, planned = len(document.changes), len(document.plan.operations)
    if not planned:
        return "**There was nothing to change.**"
    if done == planned:
        return f"**{plural(done, 'change')} made,** all that were planned."
    rest = {
        "failed": len(document.ended(Status.FAILED)),
        "skipped": len(document.ended(Status.SKIPPED)),
        "not tried": len(document.not_tried),
    }
    said = ", ".join(f"{count:,} {how}" for how, count in rest.items() if count)
    return f"**{done:,} of {plural(planned, 'change')} made;** {said}."


def _verdict(document: Document) -> str:
    found = document.verification
    if found is None:
        return "❓ **Not verified:** the two environments were not read again."
    if found.error:
        return f"❓ **Not verified:** {prose(found.error)}"
    if found.identical:
        but = f", but for {plural(len(found.blocked), 'accepted difference')}" if found.blocked else ""
        return f"✅ **Verified:** both were read again, and the target is identical to the source{but}."
    stay = sum(not blocked.accepted for blocked in found.blocked)
    needed = plural(len(found.remaining), "change")
    again = f" {RUN_AGAIN}" if found.remaining else ""
    return (
        "❌ **Verified:** both were read again, and the target still differs from the source:"
        f" {needed} still needed, {plural(stay, 'difference')} that can't be removed.{again}"
    )


def _irreversible(document: Document) -> list[str]:
    assert document.plan is not None
    lost = [(operation.name, lost_memberships(document.plan, operation)) for operation in document.changes]
    said = [f"deleting group {code(name)} takes away {what}" for name, what in lost if what]
    return alert("CAUTION", f"**Can't be undone:** {_listed(said, '; ')}.") if said else []


def _unprotected(document: Document) -> list[str]:
    endpoints = [code(endpoint) for endpoint in lost_mappings(document.changes)]
    if not endpoints:
        return []
    return alert("WARNING", f"**{endpoints_lose(len(endpoints))}:** {_listed(endpoints, ', ')}. {UNCHECKED}")


def _listed(items: list[str], separator: str) -> str:
    more = len(items) - _LISTED
    return separator.join(items[:_LISTED]) + (
        f"{separator}and {more:,} more, listed below" if more > 0 else ""
    )


def _half_way(document: Document) -> list[str]:
    assert document.plan is not None
    guarantee = f"{_GUARANTEES[document.plan.strategy]} (strategy *{document.plan.strategy}*)"
    if document.outcomes is None and document.plan.operations:
        when, afterwards = (
            "If it stops half way,** at any moment:",
            "What is done stays done; running it again",
        )
    elif len(document.changes) < len(document.plan.operations):
        when, afterwards = "It stopped half way:**", "Running it again"
    else:
        return []
    return [f"**{when} {guarantee}. {afterwards} goes on with the rest."]


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
