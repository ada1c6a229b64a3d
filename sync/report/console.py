"""The text that people see in a terminal or in the log of a pipeline.

Every function returns the lines of one section, so that a run can show each as soon as it is known. A line
is a `Text`: what it says is `line.plain`, and its style is only ever seen on a terminal.
"""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from rich.text import Text

from sync.errors import HeimdallSyncError, UsageError
from sync.model.outcome import Status
from sync.model.plan import UPDATES, Operation, Plan, Verb
from sync.model.snapshot import Kind, Snapshot
from sync.report.checks import known
from sync.report.console_blocked import blocked_lines
from sync.report.console_checks import deviations, drift, objections, resumed, unmatched
from sync.report.console_decided import decisions, flaws, remarks
from sync.report.console_health import healthcheck
from sync.report.console_next import backup, next_step
from sync.report.console_result import outcomes, unfinished, verification
from sync.report.document import Document
from sync.report.lines import RULE, Lines, banner, remedy
from sync.report.wording import (
    EDGE_VERBS,
    PLAIN,
    UNCHECKED,
    contents_of,
    counts_of,
    endpoints_lose,
    in_order,
    lost_mappings,
    lost_memberships,
    plural,
    printable,
)

__all__ = [
    "Mode",
    "backup",
    "countdown",
    "demonstrated",
    "deviations",
    "drift",
    "exported",
    "failure",
    "flaws",
    "header",
    "healthcheck",
    "next_step",
    "note",
    "objections",
    "outcomes",
    "plan_sections",
    "reading",
    "remarks",
    "render",
    "reports",
    "resumed",
    "step",
    "summary",
    "unmatched",
    "verification",
]

_VERB_STYLES = {
    Verb.CREATE: "green",
    Verb.UPDATE: "yellow",
    Verb.REORDER: "yellow",
    Verb.REFRESH: "yellow",
    Verb.DELETE: "red",
    Verb.ASSIGN: "green",
    Verb.UNASSIGN: "red",
}

_EDGES = {Kind.ROLE: "role-action", Kind.GROUP: "group-role"}


class Mode(StrEnum):
    """What a run is for; all but `LIVE` leave the target as it is."""

    LIVE = "LIVE"
    DRY_RUN = "DRY RUN"
    CHECK = "HEALTHCHECK"
    DRIFT = "DRIFT CHECK"
    EXPORT = "EXPORT"


def render(document: Document, mode: Mode) -> Lines:
    """Return a whole run, as its sections follow each other."""
    return [
        *header(document, mode),
        *healthcheck(document),
        *remarks(document),
        *unmatched(document),
        *plan_sections(document),
        *objections(document.objections),
        *deviations(document),
        *resumed(document),
        *outcomes(document),
        *verification(document),
        *(drift(document) if document.drift is not None else ()),
        *summary(document),
    ]


def header(document: Document, mode: Mode) -> Lines:
    """Return the title: which environment becomes equal to which, and whether this run does it."""
    return [
        *banner("HEIMDALL ENVIRONMENT SYNCHRONIZATION")[1:],
        Text(f"Source: {printable(document.source_url)}"),
        *([Text(f"Target: {printable(document.target_url)}")] if document.target_url else []),
        Text(f"Mode: {mode}", "bold"),
    ]


def reading() -> Lines:
    """Return what is said before both environments are read."""
    return [Text(), Text("Fetching everything from source and target...")]


def plan_sections(document: Document) -> Lines:
    """Return one section a kind: what was found, what changes, what stays different and why.

    The same lines tell what is going to happen and what would happen. None without a plan.
    """
    if document.plan is None:
        return []
    return [line for kind in Kind for line in _kind_section(document, kind)]


def _kind_section(document: Document, kind: Kind) -> Lines:
    plan = document.plan
    assert plan is not None
    operations = in_order(operation for operation in plan.operations if operation.kind is kind)
    blocked = [blocked for blocked in plan.blocked if blocked.kind is kind]
    entities = [operation for operation in operations if operation.verb not in EDGE_VERBS]
    edges = [operation for operation in operations if operation.verb in EDGE_VERBS]
    lines = [
        *banner(f"SYNCING {kind.plural.upper()}"),
        *_found(document.source, kind, "source"),
        *_found(document.target, kind, "target"),
        *(line for operation in entities for line in _entity(plan, operation)),
        *_unprotected(entities),
    ]
    if edges:
        lines += [
            Text(),
            Text(f"Syncing {_EDGES[kind]} assignments..."),
            *(Text(f"  {PLAIN.describe(operation)}", _VERB_STYLES[operation.verb]) for operation in edges),
        ]
    if not operations and not blocked:
        lines.append(Text("  Nothing to change", "dim"))
    lines += blocked_lines(blocked, plan.rules)
    return [*lines, *decisions(plan), *flaws(document)] if kind is Kind.MAPPING else lines


def _entity(plan: Plan, operation: Operation) -> Lines:
    lost = lost_memberships(plan, operation)
    return [
        Text(f"  {PLAIN.describe(operation)}", _VERB_STYLES[operation.verb]),
        *([Text(f"      ⚠ takes away {lost}, which can't be undone", "bold yellow")] if lost else []),
    ]


def _unprotected(operations: Iterable[Operation]) -> Lines:
    count = len(lost_mappings(operations))
    return [Text(f"  ⚠ {endpoints_lose(count)}. {UNCHECKED}", "bold yellow")] if count else []


def _found(snapshot: Snapshot | None, kind: Kind, side: str) -> Lines:
    if snapshot is None:
        return []
    return [Text(f"  Found {plural(len(snapshot.of(kind)), kind.value)} in {side}")]


def summary(document: Document) -> Lines:
    """Return the figures of a run and how it ended.

    In a dry run they count what is planned, in an apply what is done; creations, updates, deletions and both
    sorts of assignments add up to the total. What was done before the run is told beside it.
    """
    lines = banner("SYNC SUMMARY")
    if document.plan is not None:
        lines += _figures(document)
    if document.error is not None:
        lines += failure(document.error)
    lines += unfinished(document)
    if document.target_untouched:
        lines.append(Text("Nothing was changed."))
    ended = "Completed in" if document.error is None else "Ended after"
    return [*lines, Text(RULE), Text(), Text(f"{ended} {document.seconds:.2f} seconds")]


def _figures(document: Document) -> Lines:
    plan, counts = document.plan, counts_of(document.changes)
    assert plan is not None
    lines = []
    for kind in Kind:
        created, deleted = counts[kind, Verb.CREATE], counts[kind, Verb.DELETE]
        updated = sum(counts[kind, verb] for verb in UPDATES)
        label = f"{kind.plural.capitalize()}:"
        lines.append(Text(f"{label:<9} +{created} ~{updated} -{deleted}"))
    assigned, unassigned = (sum(counts[kind, verb] for kind in Kind) for verb in EDGE_VERBS)
    blocked, may_stay = len(document.differences), known(document.differences, plan.rules)
    failed, skipped = len(document.ended(Status.FAILED)), len(document.ended(Status.SKIPPED))
    errors = failed + (document.error is not None)
    return [
        *lines,
        Text(f"Assigned: +{assigned} ~0 -{unassigned}"),
        Text(f"Blocked:  {blocked}" + (f" ({may_stay})" if may_stay else "")),
        *([Text(f"Skipped:  {skipped}")] if skipped else []),
        Text(f"Errors:   {errors}", "bold red" if errors else ""),
        Text(f"Total Changes: {len(document.changes)}", "bold"),
        *resumed(document)[1:],
        Text(f"Plan: {plan.digest}"),
    ]


def note(message: str) -> Lines:
    """Return something that a person should know and that stops nothing."""
    return [Text(f"⚠ {printable(message)}", "yellow")]


def countdown(seconds: int) -> Lines:
    """Return the last words before the first write."""
    return [
        Text(),
        Text("⚠️  WARNING: This will modify the target environment!", "bold yellow"),
        Text(f"Press Ctrl+C within {plural(seconds, 'second')} to cancel..."),
    ]


def failure(error: HeimdallSyncError) -> Lines:
    """Return what ended a run, and what to do about it: wrong settings one below another."""
    said = error.problems if isinstance(error, UsageError) else (error.message,)
    return [*(Text(f"✗ {printable(line)}", "bold red") for line in said), *remedy(error.hint)]


def step(number: int, total: int, title: str) -> Lines:
    """Return the heading of one of several runs."""
    return [Text(), Text(f"▶ Step {number} of {total}: {title}", "bold cyan")]


def demonstrated(changes: int, directory: Path) -> Lines:
    """Return what the demo has shown, and where to look at it again."""
    return [
        Text(),
        Text(
            f"✓ The demo is done: {plural(changes, 'change')} made one Heimdall equal to another, and "
            "reading both proved it.",
            "bold green",
        ),
        Text("Both Heimdalls ran on this machine and are stopped again. Each step left a folder of reports."),
        *reports(directory),
    ]


def exported(document: Document, file: Path) -> Lines:
    """Return what the file of an export holds, and what it is good for; none for any other run."""
    if document.exported is None:
        return []
    return [
        Text(f"Snapshot: {printable(str(file))}"),
        Text(f"It holds {contents_of(document.exported)}."),
        Text("Give it as --source-url to make a target equal to it."),
    ]


def reports(directory: Path) -> Lines:
    """Return where the reports of a run are."""
    return [Text(f"Reports: {printable(str(directory))}")]
