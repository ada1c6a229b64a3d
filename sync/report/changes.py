"""One section of the console a kind: what was found, what changes, what stays different and why."""

from rich.text import Text

from sync.model.plan import Operation, Plan, Verb
from sync.model.snapshot import Kind, Snapshot
from sync.report import differences
from sync.report.document import Document
from sync.report.lines import Lines, banner, tagged, titled
from sync.report.wording import EDGE_VERBS, PLAIN, in_order, lost_memberships, plural

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


def changes_of_each_kind(document: Document) -> Lines:
    """Return the sections of a plan, none where there is no plan."""
    plan = document.plan
    return [line for kind in Kind for line in _changes_of(kind, plan, document)] if plan else []


def _changes_of(kind: Kind, plan: Plan, document: Document) -> Lines:
    operations = in_order(operation for operation in plan.operations if operation.kind is kind)
    entities = [operation for operation in operations if operation.verb not in EDGE_VERBS]
    edges = [operation for operation in operations if operation.verb in EDGE_VERBS]
    stays = [
        line
        for stay in (differences.blocked, differences.accepted, differences.protected)
        for section in stay(document, PLAIN)
        for row in section.rows
        if row.kind is kind
        for line in tagged(row)
    ]
    lines = [
        *banner(f"SYNCING {kind.plural.upper()}"),
        *_found(document.source, kind, "source"),
        *_found(document.target, kind, "target"),
        *(line for operation in entities for line in _entity(plan, operation)),
    ]
    if kind is Kind.MAPPING:
        lines += [
            Text(f"  ⚠ {section.title}. {section.hint}", "bold yellow")
            for section in differences.unprotected(document, PLAIN)
        ]
    if edges:
        lines += [
            Text(),
            Text(f"Syncing {_EDGES[kind]} assignments..."),
            *(Text(f"  {PLAIN.describe(edge)}", _VERB_STYLES[edge.verb]) for edge in edges),
        ]
    if not operations and not stays:
        lines.append(Text("  Nothing to change", "dim"))
    lines += stays
    return [*lines, *_of_mappings(document)] if kind is Kind.MAPPING else lines


def _of_mappings(document: Document) -> Lines:
    """Return whose requests another mapping wins, and what is wrong with the mappings themselves."""
    return [
        *titled(differences.winners(document, PLAIN)),
        *titled(differences.exposures(document, PLAIN)),
        *titled(differences.flaws(document, PLAIN)),
    ]


def _found(snapshot: Snapshot | None, kind: Kind, side: str) -> Lines:
    return [Text(f"  Found {plural(len(snapshot.of(kind)), kind.value)} in {side}")] if snapshot else []


def _entity(plan: Plan, operation: Operation) -> Lines:
    lost = lost_memberships(plan, operation)
    return [
        Text(f"  {PLAIN.describe(operation)}", _VERB_STYLES[operation.verb]),
        *([Text(f"      ⚠ also deletes {lost}, which can't be undone", "bold yellow")] if lost else []),
    ]
