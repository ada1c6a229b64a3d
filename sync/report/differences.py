"""What differs: what a plan takes away, what stays different, who wins a request, and what has drifted."""

from collections.abc import Sequence

from sync.model.plan import Attributes, Blocked, Exposure, Operation, Strategy, Verb, WinnerChange
from sync.model.scope import named
from sync.model.snapshot import Kind
from sync.overlaps.answers import Doubt, Remark
from sync.overlaps.lint import Fault, Flaw
from sync.plan.drift import Moved
from sync.plan.recreation import as_differences
from sync.report import three_ways
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, lost_memberships, plural

_IN_BETWEEN = {
    Strategy.LEAST_PRIVILEGE: "could get through",
    Strategy.ZERO_DOWNTIME: "could be kept out",
}

_SHOWN_BY = {Fault.UNREAL: " is text in it", Fault.UNDECIDING: " always wins", Fault.BLANK: " more like it"}

_RECEIPT_TELLS = (
    "With the receipt of the last apply (--receipt), or a snapshot in git (--against-git), the check tells "
    "which side has changed since."
)

_UNTOLD = "changed on an unknown side"


def lost(document: Document, wording: Wording) -> list[Section]:
    """Return what can't be undone."""
    taken = ((operation, lost_memberships(document.plan, operation)) for operation in document.changes)
    return section(
        "Can't be undone",
        (
            Row(
                what=f"deleting group {wording.name(operation.name)} also deletes {people}",
                severity=Severity.WARNING,
            )
            for operation, people in taken
            if people
        ),
        enumerates=True,
    )


def unprotected(document: Document, wording: Wording) -> list[Section]:
    """Return which endpoints lose their mapping; the pattern of another one may still match them."""
    deleted = [o.name for o in document.changes if (o.verb, o.kind) == (Verb.DELETE, Kind.MAPPING)]
    lose = "loses its mapping" if len(deleted) == 1 else "lose their mappings"
    return section(
        f"{plural(len(deleted), 'endpoint')} {lose}",
        (Row(what=wording.text(name), severity=Severity.WARNING) for name in deleted),
        "Heimdall does not check requests that no other mapping matches.",
        enumerates=True,
    )


def blocked(document: Document, wording: Wording) -> list[Section]:
    """Return what stays different and nobody has accepted."""
    title = "Stays different" if document.drift is None else "No change can remove"
    return _staying(title, "blocked", document, wording)


def accepted(document: Document, wording: Wording) -> list[Section]:
    """Return what stays different, as settings accept it."""
    return _staying("Stays different, as accepted in the settings", "accepted", document, wording)


def protected(document: Document, wording: Wording) -> list[Section]:
    """Return what stays different, as settings protect it."""
    return _staying("Stays different, as protected by the settings", "protected", document, wording)


def _staying(title: str, tag: str, document: Document, wording: Wording) -> list[Section]:
    if document.three_ways is not None:
        return section(title, three_ways.staying(tag, document, wording))
    stays = [difference for difference in document.differences if _known_as(difference, document) == tag]
    return section(title, (_stays(difference, tag, document, wording) for difference in stays))


def _known_as(difference: Blocked, document: Document) -> str:
    """Return how a difference is known: that another mapping wins is never protected, open or accepted."""
    if not difference.accepted:
        return "blocked"
    reordered = difference.operation and difference.operation.verb is Verb.REORDER
    is_protected = named(document.agreed.protect, difference.kind, difference.name)
    return "protected" if is_protected and not reordered else "accepted"


def _stays(difference: Blocked, tag: str, document: Document, wording: Wording) -> Row:
    before, after = wording.sides(difference.operation)
    is_open = not difference.accepted
    found = Severity.ERROR if document.verification else Severity.WARNING
    return Row(
        what=wording.difference(difference),
        why=wording.sentence(difference.reason),
        hint=wording.sentence(difference.remedy) if is_open else "",
        tag=tag,
        before=before,
        after=after,
        severity=found if is_open else Severity.NOTE,
        kind=difference.kind,
    )


def known(document: Document) -> str:
    """Count what may stay different: `1 accepted and 2 protected differences`, empty for none."""
    tags = [_known_as(difference, document) for difference in document.differences if difference.accepted]
    if document.three_ways is not None:
        tags = [three_ways.known_as(each, document) for each in document.three_ways if each.known]
    counts = {tag: tags.count(tag) for tag in ("accepted", "protected")}
    said = " and ".join(f"{count:,} {tag}" for tag, count in counts.items() if count)
    return f"{said} {'difference' if len(tags) == 1 else 'differences'}" if tags else ""


def reach(document: Document, wording: Wording) -> str:
    """Return what was compared, and what that leaves out."""
    names = document.not_compared
    cached = sum(remark.doubt is Doubt.CACHED for remark in document.remarks)
    but = [_some(names, wording)] if names else []
    but += [f"{plural(cached, 'answer')} that may come from a cache"] if cached else []
    said = "every action, role, mapping and group, and which mapping wins each overlap"
    return f"{said}, except {' and '.join(but)}" if but else said


def _some(names: Sequence[str], wording: Wording) -> str:
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"the overlaps of {wording.text(names[0])}{more}, whose pattern can't be compared"


def winners(document: Document, wording: Wording) -> list[Section]:
    """Return which requests another mapping wins once the plan is applied."""
    return section(
        "Another mapping wins",
        (
            Row(
                what=wording.text(request_of(change)),
                before=_winner(change.before, change.before_action, wording),
                after=_winner(change.after, change.after_action, wording),
                tag="winner",
            )
            for change in (document.plan.winner_changes if document.plan else ())
        ),
    )


def request_of(about: WinnerChange | Exposure) -> str:
    """Return a request as people write it: `GET /users/me`."""
    return f"{about.method} {about.path}"


def _winner(name: str | None, action: str | None, wording: Wording) -> str:
    if name is None:
        return "no mapping"
    return wording.text(name) + (f" (action {wording.name(action)})" if action else "")


def exposures(document: Document, wording: Wording) -> list[Section]:
    """Return which requests a third mapping wins for a moment while the plan is applied."""
    plan = document.plan
    if plan is None or document.outcomes is not None:
        return []
    rows = []
    for exposure in plan.exposures:
        request, mapping = wording.text(request_of(exposure)), wording.text(exposure.mapping)
        groups = ", ".join(map(wording.name, exposure.groups))
        noun = "group" if len(exposure.groups) == 1 else "groups"
        rows.append(
            Row(
                what=f"{mapping} wins {request} for a moment",
                why=f"{noun} {groups} {_IN_BETWEEN[plan.strategy]}",
                tag="exposed",
                severity=Severity.WARNING,
            )
        )
    return section("Transient exposure", rows)


def remarks(document: Document, wording: Wording) -> list[Section]:
    """Return what the servers answered otherwise than their lists of mappings show."""
    rows = (_remark(remark, wording) for remark in document.remarks)
    return section("The server's answers differ from its list of mappings", rows)


def _remark(remark: Remark, wording: Wording) -> Row:
    same = remark.answered.mapping == remark.shown.mapping
    answered, shown = (
        _winner(winner.mapping, winner.action if same else None, wording)
        for winner in (remark.answered, remark.shown)
    )
    return Row(
        what=f"{wording.text(remark.request)} in the {remark.side}",
        why=f"{answered} wins, but the list shows {shown}; {remark.doubt}",
        tag="warning",
    )


def flaws(document: Document, wording: Wording) -> list[Section]:
    """Return what is wrong with the mappings themselves, and what shows it."""
    return section("Faulty mappings", (_flaw(flaw, wording) for flaw in document.flaws))


def _flaw(flaw: Flaw, wording: Wording) -> Row:
    shown = wording.text(flaw.because) + _SHOWN_BY.get(flaw.fault, "") if flaw.because else ""
    why = f"{flaw.fault}: {shown}" if shown else flaw.fault.value
    return Row(what=f"mapping {wording.text(flaw.mapping)}", why=why, tag="warning")


def drift(document: Document, wording: Wording) -> list[Section]:
    """Return the differences that nobody has accepted, a section for each side that has moved.

    Without a receipt or git there is one section. None where there are no differences, or where nobody asked.
    """
    plan, moved = document.plan, document.drift
    if plan is None or moved is None:
        return []
    if document.three_ways is not None:
        return three_ways.changed(document, wording)
    found: list[Operation | Blocked] = [*as_differences(plan.operations), *plan.open_differences]
    found.sort(key=lambda difference: list(Kind).index(difference.kind))
    if not moved:
        hint = _RECEIPT_TELLS if any(map(_operation_of, found)) else ""
        return section("Different", (_drifted(each, document, wording) for each in found), hint)
    groups: dict[Moved | None, list[Row]] = {side: [] for side in (*Moved, None)}
    for each in found:
        operation = _operation_of(each)
        groups[moved.get(operation) if operation else None].append(_drifted(each, document, wording))
    return [
        one
        for side, rows in groups.items()
        for one in section((side.value if side else _UNTOLD).capitalize(), rows)
    ]


def _operation_of(difference: Operation | Blocked) -> Operation | None:
    return difference.operation if isinstance(difference, Blocked) else difference


def _drifted(difference: Operation | Blocked, document: Document, wording: Wording) -> Row:
    operation = _operation_of(difference)
    before, after = wording.sides(operation)
    deletes_group = operation and (operation.verb, operation.kind) == (Verb.DELETE, Kind.GROUP)
    members = document.plan.members.get(difference.name) if document.plan and deletes_group else None
    stays = f"{difference.reason}; {difference.remedy}" if isinstance(difference, Blocked) else ""
    return Row(
        what=wording.thing(difference.kind, difference.name, operation.member if operation else None),
        why=_how_it_is(operation, wording),
        hint=wording.sentence(stays),
        before=before + ("" if members is None else f", with {plural(members, 'member')}"),
        after=after,
        tag="drift",
        severity=Severity.ERROR,
        kind=difference.kind,
    )


_AS_IT_IS = {
    Verb.CREATE: "missing in the target",
    Verb.ASSIGN: "missing in the target",
    Verb.DELETE: "only in the target",
    Verb.UNASSIGN: "only in the target",
    Verb.REORDER: "has another place among the overlapping mappings",
    Verb.REFRESH: "uses the old name of its action in the target",
}


def _how_it_is(operation: Operation | None, wording: Wording) -> str:
    if operation is None:
        return "can't be compared"
    if operation.verb in _AS_IT_IS:
        return _AS_IT_IS[operation.verb]
    before, after = operation.before or Attributes(), operation.after or Attributes()
    if before.action == after.action:
        return "the description differs"
    actions = (wording.name(side.action or "") for side in (before, after))
    return "has action {} in the target, {} in the source".format(*actions)


def no_drift(document: Document) -> str:
    """Return what a drift check measured that found nothing: what was looked at, and what may differ."""
    may_stay = known(document)
    scope = "in scope " if document.agreed.ignore else ""
    but = f", except {may_stay}" if may_stay else ""
    sides = "both sides" if document.three_ways is None else "git and both sides"
    return f"{sides} were read, and nothing {scope}differs{but}."
