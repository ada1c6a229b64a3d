"""What is not alike in git, the source and the target: where it has changed, and what each of them holds."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sync.model.plan import Attributes, Verb
from sync.model.scope import accepting, named
from sync.plan.three_ways import Changed, ThreeWay
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import EDGE_VERBS, Wording

HIDDEN = "can't be compared"

_GIT, _SOURCE, _TARGET = "git", "the source", "the target"


def changed(document: Document, wording: Wording) -> list[Section]:
    """Return what nobody has accepted, a section for each way to have changed."""
    rows: dict[Changed | None, list[Row]] = {way: [] for way in (*Changed, None)}
    for each in document.three_ways or ():
        if not each.known:
            rows[each.changed].append(_row(each, wording, "drift", Severity.ERROR))
    return [
        one
        for way, found in rows.items()
        for one in section((way.value if way else HIDDEN).capitalize(), found)
    ]


def known_as(each: ThreeWay, document: Document) -> str:
    """Return how a difference is known: `protected`, `accepted`, or not at all."""
    if not each.known:
        return ""
    return "protected" if named(document.agreed.protect, each.kind, each.name) else "accepted"


def staying(tag: str, document: Document, wording: Wording) -> list[Row]:
    """Return what is known as protected or as accepted."""
    return [
        _row(each, wording, tag, Severity.NOTE)
        for each in document.three_ways or ()
        if known_as(each, document) == tag
    ]


def _row(each: ThreeWay, wording: Wording, tag: str, severity: Severity) -> Row:
    held = _held(each, wording)
    hint = f"accept it: {accepting(each.kind, each.name)}" if each.hidden_in and not each.known else ""
    return Row(
        what=wording.thing(each.kind, each.name, each.member),
        why=_why(each, held),
        hint=wording.sentence(hint),
        base=held[_GIT],
        after=held[_SOURCE],
        before=held[_TARGET],
        tag=tag,
        severity=severity,
        kind=each.kind,
    )


def _why(each: ThreeWay, held: Mapping[str, str]) -> str:
    if each.hidden_in:
        show = "do not show" if " and " in each.hidden_in else "does not show"
        return f"{HIDDEN}: {each.hidden_in} {show} its assignments"
    operations = [op for op in (each.in_source, each.in_target) if op]
    if all(op.verb is Verb.REORDER for op in operations):
        return "has another place among the overlapping mappings" if operations else "wins other requests"
    if all(op.verb is Verb.UPDATE and _action(op.before) == _action(op.after) for op in operations):
        return "the description differs"
    by_state: defaultdict[str, list[str]] = defaultdict(list)
    for side, state in held.items():
        by_state[state].append(side)
    return ", ".join(f"{state} in {_listed(sides)}" for state, sides in by_state.items())


def _action(attributes: Attributes | None) -> str | None:
    return attributes.action if attributes else None


def _listed(sides: Collection[str]) -> str:
    *first, last = sides
    return f"{', '.join(first)} and {last}" if first else last


def _held(each: ThreeWay, wording: Wording) -> dict[str, str]:
    """Return what git, source and target hold, as far as they differ."""
    operations = {_SOURCE: each.in_source, _TARGET: each.in_target}
    any_operation = each.in_source or each.in_target
    if any_operation is None:
        return dict.fromkeys((_GIT, _SOURCE, _TARGET), HIDDEN if each.hidden_in else "other winners")
    if any_operation.verb in EDGE_VERBS or all(
        op is None or op.verb in {Verb.REORDER, Verb.REFRESH} for op in operations.values()
    ):
        there, wanted = wording.sides(any_operation)
        return {_GIT: wanted} | {side: there if op else wanted for side, op in operations.items()}
    attributes = {_GIT: any_operation.after}
    attributes |= {side: (op or any_operation).after for side, op in operations.items()}
    attributes |= {side: op.before for side, op in operations.items() if op}
    return wording.states(attributes)
