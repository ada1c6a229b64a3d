"""The tables of `summary.md`: figures, changes by kind, and the rows of sections."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sync.model.outcome import Status
from sync.model.plan import Attributes, Operation, Verb
from sync.model.snapshot import Kind
from sync.plan.recreation import of_recreation, recreated
from sync.report.document import Document
from sync.report.markup import MARKDOWN, code, folded, table
from sync.report.sections import Section
from sync.report.wording import EDGE_VERBS, VERBS, counts_of, in_order, lost_memberships

_FOLDED_ABOVE = 10
"""A table with more rows is folded, so that the page can be read in a minute."""

_EDGES_EXPLAINED = "<sub>assign, unassign: the actions that a role holds, the roles that a group holds</sub>"

_PAST = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.REORDER: "reordered",
    Verb.REFRESH: "refreshed",
    Verb.DELETE: "deleted",
    Verb.ASSIGN: "assigned",
    Verb.UNASSIGN: "unassigned",
}


def table_of(found: Section, columns: Mapping[str, str], *, fold: bool = False) -> list[str]:
    """Return the rows of a section as a table under its title, folded where that is asked for, or it is long.

    `columns` are the headings, each with the attribute of a row that stands below it.
    """
    rows = [[getattr(row, attribute) for attribute in columns.values()] for row in found.rows]
    length = _FOLDED_ABOVE + 1 if fold else len(rows)
    return _foldable(f"{found.title} ({len(rows):,})", table([*columns], rows), rows=length)


def figures(document: Document) -> dict[str, list[int | None]]:
    """Return how many of each kind are changed, unchanged and blocked: a column each, a figure a kind."""
    changes, again = counts_of(document.changes), len(recreated(document.changes))
    for verb in (Verb.CREATE, Verb.DELETE):
        changes[Kind.ROLE, verb] -= again
    rest = {
        "failed": counts_of(outcome.operation for outcome in document.ended(Status.FAILED)),
        "skipped": counts_of(outcome.operation for outcome in document.ended(Status.SKIPPED)),
        "not tried": counts_of(document.not_tried),
        "done before": counts_of(document.done_before),
    }
    rest = {how: counts for how, counts in rest.items() if counts}
    verbs = [
        verb for verb in VERBS if verb not in {Verb.REORDER, Verb.REFRESH} or changes[Kind.MAPPING, verb]
    ]
    return {
        **{verb.value: [changes[kind, verb] for kind in Kind] for verb in verbs},
        **({"recreate": [again if kind is Kind.ROLE else None for kind in Kind]} if again else {}),
        **{how: [sum(counts[kind, verb] for verb in VERBS) for kind in Kind] for how, counts in rest.items()},
        "unchanged": [document.unchanged(kind) for kind in Kind],
        "blocked": [sum(blocked.kind is kind for blocked in document.differences) for kind in Kind],
    }


def counts_table(document: Document) -> list[str]:
    """Return the figures, with a row of totals."""
    columns = figures(document)
    rows = [
        [kind.plural.capitalize(), *(_figure(column[row]) for column in columns.values())]
        for row, kind in enumerate(Kind)
    ]
    totals = [sum(filter(None, column)) for column in columns.values()]
    rows.append(["**Total**", *(f"**{total:,}**" if total else "" for total in totals)])
    lines = [*table(["", *columns], rows, numbers_from=1), "", _EDGES_EXPLAINED]
    return folded(f"<b>Changes by kind ({len(document.changes):,})</b>", lines)


def _figure(count: int | None) -> str:
    return f"{count:,}" if count else ""


def deletions(document: Document) -> list[str]:
    """Return what is deleted, with what it was and how many memberships go with it."""
    again = recreated(document.changes)
    rows = [
        (
            MARKDOWN.subject(operation),
            _description(operation),
            lost_memberships(document.plan, operation),
        )
        for kind in Kind
        for operation in document.changes
        if operation.verb is Verb.DELETE and operation.kind is kind and not _is_in(again, operation)
    ]
    if not rows:
        return []
    lines = table(["what", "description", "what goes with it"], rows)
    return folded(f"<b>Deleted ({len(rows):,})</b>", lines)


def _is_in(recreated_roles: Collection[str], operation: Operation) -> bool:
    return operation.kind is Kind.ROLE and operation.name in recreated_roles


def _description(operation: Operation) -> str:
    before = operation.before or Attributes()
    return code(before.description) if before.description else "*none*"


def kind_sections(document: Document) -> list[list[str]]:
    """Return one section a kind with its changes but for deletions, before and after."""
    again = {op.name: op for op in of_recreation(document.changes) if op.verb is Verb.DELETE}
    sections = []
    for kind in Kind:
        operations = in_order(
            operation
            for operation in document.changes
            if operation.kind is kind and operation.verb is not Verb.DELETE
        )
        if operations:
            sections.append(_kind_section(kind, operations, again if kind is Kind.ROLE else {}))
    return sections


def _kind_section(kind: Kind, operations: list[Operation], again: Mapping[str, Operation]) -> list[str]:
    """Return what changes of one kind; `again` are the deletions of roles that are recreated, by name."""
    counts = counts_of(operations)
    counts[kind, Verb.CREATE] -= len(again)
    said = [f"{counts[kind, verb]:,} {_PAST[verb]}" for verb in VERBS if counts[kind, verb]]
    parts = ", ".join([f"{len(again):,} recreated", *said] if again else said)
    entities = [operation for operation in operations if operation.verb not in EDGE_VERBS]
    edges = [operation for operation in operations if operation.verb in EDGE_VERBS]
    holders = list(dict.fromkeys(operation.name for operation in edges))
    lines: list[str] = []
    if entities:
        rows = [_entity_row(each, again.get(each.name)) for each in entities]
        lines += [*table(["change", "what", "before", "after"], rows), ""]
    if edges:
        rows = [_holder_row(holder, edges) for holder in holders]
        lines += [*table([kind.value, "gets", "loses"], rows), ""]
    title = f"{kind.plural.capitalize()}: {parts}"
    return folded(f"<b>{title}</b>", lines[:-1])


def _entity_row(operation: Operation, deleted: Operation | None) -> Sequence[str]:
    before, after = MARKDOWN.sides(operation)
    if deleted:
        return "recreate", code(operation.name), MARKDOWN.sides(deleted)[0], after
    return operation.verb, code(operation.name), "" if operation.verb is Verb.CREATE else before, after


def _holder_row(holder: str, edges: Iterable[Operation]) -> Sequence[str]:
    mine = [edge for edge in edges if edge.name == holder]
    gets = (code(edge.member or "") for edge in mine if edge.verb is Verb.ASSIGN)
    loses = (code(edge.member or "") for edge in mine if edge.verb is Verb.UNASSIGN)
    return code(holder), ", ".join(gets), ", ".join(loses)


def _foldable(title: str, lines: list[str], rows: int) -> list[str]:
    if rows > _FOLDED_ABOVE:
        return folded(f"<b>{title}</b>", lines)
    return [f"### {title}", "", *lines]
