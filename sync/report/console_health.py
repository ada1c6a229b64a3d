"""What the console says of the healthcheck."""

from rich.text import Text

from sync.heimdall.health import Finding, Level
from sync.report.document import Document
from sync.report.lines import RULE, Lines, banner, remedy
from sync.report.wording import plural, printable

_LEVELS = {
    Level.PASSED: ("✓", "green"),
    Level.WARNING: ("⚠", "yellow"),
    Level.FAILED: ("✗", "bold red"),
}


def healthcheck(document: Document) -> Lines:
    """Return what the healthcheck found on both sides, none where there was no healthcheck."""
    if not document.findings:
        return []
    lines = banner("RUNNING HEALTHCHECK")
    for side, url in (("source", document.source_url), ("target", document.target_url)):
        findings = [finding for finding in document.findings if finding.side == side]
        if findings:
            lines += [
                Text(),
                Text(f"Checking {side.upper()} environment..."),
                Text(f"  URL: {printable(url)}"),
                *(line for finding in findings for line in _finding(finding)),
            ]
    return [*lines, Text(), Text(RULE), Text(), _health_verdict(document)]


def _finding(finding: Finding) -> Lines:
    mark, style = _LEVELS[finding.level]
    return [
        Text(f"  {mark} {printable(finding.message)}", style),
        *remedy(finding.remedy),
    ]


def _health_verdict(document: Document) -> Text:
    warnings = sum(finding.level is Level.WARNING for finding in document.findings)
    if document.unhealthy:
        return Text("✗ Healthcheck FAILED - nothing was changed", "bold red")
    ready = " - ready to sync" if document.target_url else ""
    if warnings:
        return Text(f"⚠ Healthcheck PASSED with {plural(warnings, 'warning')}{ready}", "yellow")
    return Text(f"✓ Healthcheck PASSED{ready}", "green")
