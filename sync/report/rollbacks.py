"""What a rollback is about: the plan that it undoes, what does not come back, and what else it takes back."""

from collections.abc import Iterator

from sync.model.plan import Operation, Plan, Verb
from sync.model.snapshot import Kind
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, plural


def undoes(document: Document, wording: Wording) -> str:
    """Return which plan a rollback undoes, empty for a run that is none."""
    if document.rollback is None or document.plan is None:
        return ""
    plan = document.rollback.plan
    if plan is None:
        return (
            "The undone plan is unknown, so this restores all of the backup, and the usual guardrails hold."
        )
    made = plan.made
    when = f" of {made.at:%Y-%m-%d %H:%M} UTC" if made else ""
    run = f", in {wording.text(made.run)}" if made and made.run else ""
    return f"It undoes the plan{when}{run}: {wording.text(plan.digest)}."


def lost(document: Document, wording: Wording) -> list[Section]:
    """Return what no rollback brings back: who was in a group, and who held a role directly."""
    if document.rollback is None or document.plan is None:
        return []
    undone = document.rollback.plan
    created = [op for op in document.plan.operations if op.verb is Verb.CREATE]
    rows = [
        Row(
            what=f"group {wording.name(op.name)} is created again, without {people}",
            severity=Severity.WARNING,
            kind=op.kind,
        )
        for op in created
        if op.kind is Kind.GROUP and (people := _members(op, undone))
    ]
    roles = [wording.name(op.name) for op in created if op.kind is Kind.ROLE]
    if roles:
        some = ", ".join(roles[:3]) + (f" and {len(roles) - 3:,} more" if len(roles) > 3 else "")  # noqa: PLR2004
        is_created = "role {} is" if len(roles) == 1 else "roles {} are"
        said = f"{is_created.format(some)} created again; users who held one directly don't get it back"
        rows.append(Row(what=said))
    return section("Does not come back", rows)


def since(document: Document, wording: Wording) -> list[Section]:
    """Return what has changed in the target since the undone plan was applied, and is taken back too."""
    told = document.rollback.since if document.rollback else ()
    return section("Changed since that plan, and taken back too", _taken_back(told, wording))


def _taken_back(operations: tuple[Operation, ...], wording: Wording) -> Iterator[Row]:
    for operation in operations:
        before, after = wording.sides(operation)
        yield Row(
            what=wording.phrase(operation),
            before=before,
            after=after,
            tag="since",
            severity=Severity.WARNING,
            kind=operation.kind,
        )


def _members(operation: Operation, undone: Plan | None) -> str:
    """Return who is not in a group that is created again, empty where nobody was in it."""
    deleted = undone and any(
        (op.verb, op.kind, op.name) == (Verb.DELETE, Kind.GROUP, operation.name) for op in undone.operations
    )
    members = undone.members.get(operation.name) if undone and deleted else None
    if members is None:
        return "the people who were in it"
    return f"the {plural(members, 'member')} that it had" if members else ""
