"""The tables of `summary.md`: figures, differences, changes by kind, and what became of them."""

from collections.abc import Iterable, Sequence

from sync.model.outcome import Outcome, Status
from sync.model.plan import Attributes, Operation, Verb
from sync.model.snapshot import Kind
from sync.report.checks import is_protected, thing
from sync.report.decided import before_and_after, flawed, remarked, request_of
from sync.report.document import Document
from sync.report.markup import code, folded, prose, table
from sync.report.unfinished import found_besides
from sync.report.wording import (
    AS_IT_IS,
    EDGE_VERBS,
    VERBS,
    Wording,
    counts_of,
    in_order,
    lost_memberships,
    why,
)

MARKDOWN = Wording(name=code, text=code)

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


def counts_table(document: Document) -> list[str]:
    """Return how many of each kind are changed, unchanged and blocked, with a row of totals."""
    changes = counts_of(document.changes)
    rest = {
        "failed": counts_of(outcome.operation for outcome in document.ended(Status.FAILED)),
        "skipped": counts_of(outcome.operation for outcome in document.ended(Status.SKIPPED)),
        "not tried": counts_of(document.not_tried),
        "done before": counts_of(document.done_before),
    }
    rest = {how: counts for how, counts in rest.items() if counts}
    verbs = [verb for verb in VERBS if verb not in AS_IT_IS or changes[Kind.MAPPING, verb]]
    columns: dict[str, list[int | None]] = {
        **{verb.value: [changes[kind, verb] for kind in Kind] for verb in verbs},
        **{how: [sum(counts[kind, verb] for verb in VERBS) for kind in Kind] for how, counts in rest.items()},
        "unchanged": [document.unchanged(kind) for kind in Kind],
        "blocked": [sum(blocked.kind is kind for blocked in document.differences) for kind in Kind],
    }
    rows = [
        [kind.plural.capitalize(), *(_figure(column[row]) for column in columns.values())]
        for row, kind in enumerate(Kind)
    ]
    totals = [sum(filter(None, column)) for column in columns.values()]
    rows.append(["**Total**", *(f"**{total:,}**" if total else "" for total in totals)])
    return [*table(["", *columns], rows, numbers_from=1), "", _EDGES_EXPLAINED]


def _figure(count: int | None) -> str:
    return f"{count:,}" if count else ""


def difference_sections(document: Document) -> list[list[str]]:
    """Return what stays different and why: what nobody has accepted, what is accepted, what is protected."""
    assert document.plan is not None
    rules = document.plan.rules
    may_stay = [blocked for blocked in document.differences if blocked.accepted]
    open_rows = [
        (MARKDOWN.difference(blocked), prose(blocked.reason), prose(blocked.remedy))
        for blocked in document.differences
        if not blocked.accepted
    ]
    accepted_rows = [
        (MARKDOWN.difference(blocked), prose(blocked.reason))
        for blocked in may_stay
        if not is_protected(blocked, rules)
    ]
    protected_rows = [
        (thing(blocked, MARKDOWN), *both_sides(blocked.operation))
        for blocked in may_stay
        if is_protected(blocked, rules)
    ]
    by_side = ["what", "in the target", "in the source"]
    title = "Stays different" if document.drift is None else "Of these, no sync can remove"
    return [
        section(title, ["what", "why", "what you can do"], open_rows),
        section("Stays different, as accepted in the settings", ["what", "why"], accepted_rows),
        section("Stays different, as protected by the settings", by_side, protected_rows),
    ]


def both_sides(operation: Operation | None) -> tuple[str, str]:
    """Return what the target and the source hold where it takes an operation to make them equal."""
    if operation is None:
        return "can't be compared", "can't be compared"
    match operation.verb:
        case Verb.ASSIGN:
            return "not assigned", "assigned"
        case Verb.UNASSIGN:
            return "assigned", "not assigned"
        case Verb.REORDER | Verb.REFRESH:
            return AS_IT_IS[operation.verb]
    before, after = operation.before, operation.after
    if before is None or after is None:
        return _there(before), _there(after)
    return _attributes(before, after), _attributes(after, before)


def _there(attributes: Attributes | None) -> str:
    if attributes is None:
        return "missing"
    return _attributes(attributes, Attributes()) or "exists, without a description"


def outcome_sections(document: Document) -> list[list[str]]:
    """Return what of an apply is not done and why, and what is needed besides, each folded.

    What caused it stands open above.
    """
    found = {
        "Failed": [_outcome(outcome) for outcome in document.ended(Status.FAILED)],
        "Skipped": [_outcome(outcome) for outcome in document.ended(Status.SKIPPED)],
        "Not tried": [_phrase(operation) for operation in document.not_tried],
        "Found different afterwards, besides the above": [_phrase(op) for op in found_besides(document)],
    }
    return [
        folded(f"<b>{title} ({len(rows):,})</b>", table(["what", "why"][: len(rows[0])], rows))
        for title, rows in found.items()
        if rows
    ]


def _outcome(outcome: Outcome) -> Sequence[str]:
    return MARKDOWN.phrase(outcome.operation), prose(why(outcome))


def _phrase(operation: Operation) -> Sequence[str]:
    return (MARKDOWN.phrase(operation),)


def decisions_section(document: Document) -> list[str]:
    """Return which requests another mapping decides once the plan is applied, none where that failed."""
    planned = document.outcomes is None or bool(document.verification and document.verification.identical)
    decisions = document.plan.winner_changes if document.plan and planned else ()
    rows = [(code(request_of(decision)), *before_and_after(decision, MARKDOWN)) for decision in decisions]
    return section("Decided by another mapping", ["request", "before", "after"], rows)


def remark_sections(document: Document) -> list[list[str]]:
    """Return what the servers answered otherwise than their lists show, and what is wrong with mappings."""
    said = [f"- {remarked(remark, MARKDOWN)}" for remark in document.remarks]
    wrong = [f"- {flawed(flaw, MARKDOWN)}" for flaw in document.flaws]
    titles = {
        f"Answered otherwise than the lists of mappings show ({len(said):,})": said,
        f"What is wrong with the mappings themselves ({len(wrong):,})": wrong,
    }
    return [folded(f"<b>{title}</b>", lines) for title, lines in titles.items() if lines]


def deletions_section(document: Document) -> list[str]:
    """Return what is deleted, with what it was and how many memberships go with it."""
    assert document.plan is not None
    deleted = [operation for kind in Kind for operation in document.changes if _deletes(operation, kind)]
    rows = [
        (
            MARKDOWN.subject(operation),
            _description(operation.before),
            lost_memberships(document.plan, operation),
        )
        for operation in deleted
    ]
    return section("Deleted", ["what", "description", "what goes with it"], rows)


def _deletes(operation: Operation, kind: Kind) -> bool:
    return operation.verb is Verb.DELETE and operation.kind is kind


def kind_sections(document: Document) -> list[list[str]]:
    """Return one section a kind with its changes but for deletions, before and after."""
    sections = []
    for kind in Kind:
        operations = in_order(
            operation
            for operation in document.changes
            if operation.kind is kind and operation.verb is not Verb.DELETE
        )
        if operations:
            sections.append(_kind_section(kind, operations))
    return sections


def _kind_section(kind: Kind, operations: list[Operation]) -> list[str]:
    counts = counts_of(operations)
    parts = ", ".join(f"{counts[kind, verb]:,} {_PAST[verb]}" for verb in VERBS if counts[kind, verb])
    entities = [operation for operation in operations if operation.verb not in EDGE_VERBS]
    edges = [operation for operation in operations if operation.verb in EDGE_VERBS]
    holders = list(dict.fromkeys(operation.name for operation in edges))
    lines: list[str] = []
    if entities:
        lines += [*table(["change", "what", "before", "after"], map(_entity_row, entities)), ""]
    if edges:
        rows = [_holder_row(holder, edges) for holder in holders]
        lines += [*table([kind.value, "gets", "loses"], rows), ""]
    title = f"{kind.plural.capitalize()}: {parts}"
    return _foldable(title, lines[:-1], rows=len(entities) + len(holders))


def _entity_row(operation: Operation) -> Sequence[str]:
    what = code(operation.name)
    if operation.verb is Verb.CREATE:
        return operation.verb, what, "", _attributes(operation.after, Attributes())
    if operation.verb in AS_IT_IS:
        return operation.verb, what, *AS_IT_IS[operation.verb]
    before, after = operation.before or Attributes(), operation.after or Attributes()
    return operation.verb, what, _attributes(before, after), _attributes(after, before)


def _attributes(attributes: Attributes | None, other: Attributes) -> str:
    attributes = attributes or Attributes()
    parts = []
    if attributes.action and attributes.action != other.action:
        parts.append(f"action {code(attributes.action)}")
    if attributes.description != other.description:
        label = "description " if attributes.action else ""
        parts.append(f"{label}{_description(attributes)}")
    return ", ".join(parts)


def _description(attributes: Attributes | None) -> str:
    return code(attributes.description) if attributes and attributes.description else "*none*"


def _holder_row(holder: str, edges: Iterable[Operation]) -> Sequence[str]:
    mine = [edge for edge in edges if edge.name == holder]
    gets = (code(edge.member or "") for edge in mine if edge.verb is Verb.ASSIGN)
    loses = (code(edge.member or "") for edge in mine if edge.verb is Verb.UNASSIGN)
    return code(holder), ", ".join(gets), ", ".join(loses)


def section(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table under its title, folded where it is long; none where it has no rows."""
    rows = list(rows)
    if not rows:
        return []
    return _foldable(f"{title} ({len(rows):,})", table(header, rows), rows=len(rows))


def _foldable(title: str, lines: list[str], rows: int) -> list[str]:
    if rows > _FOLDED_ABOVE:
        return folded(f"<b>{title}</b>", lines)
    return [f"### {title}", "", *lines]
