"""What a plan is held against, in the words and groups that every format shares.

That is the guardrails, the approval, an earlier run of the same plan, and the last apply.
"""

import shlex
from collections.abc import Iterable, Mapping
from itertools import groupby

from sync.errors import RefusedError
from sync.model.plan import Attributes, Blocked, Operation, Rules, Unmatched, Verb
from sync.model.scope import named
from sync.model.snapshot import Kind
from sync.plan.approval import Deviated
from sync.plan.drift import Moved
from sync.plan.guardrails import Objection
from sync.report.document import Document
from sync.report.wording import Wording, plural

REFUSES_WHEN_GIVEN = frozenset({"--fail-on-unprotected", "--fail-on-transient-exposure"})
"""The settings of guardrails that refuse instead of allowing."""

RAISED = "--max-delete-percent"
"""The one setting of a guardrail that is a figure."""

_SIDES = {
    "source": "the source has changed since the approval",
    "target": "the target has changed since the approval",
    "source or target": "both sides have changed since the approval",
    "neither": "neither side has changed since the approval, but what makes them equal has",
}

UNTOLD = "which side has moved can't be told"
"""The group of drift that no receipt sorts."""


_SAYS_NOTHING = {
    "protect": "so it protects nothing",
    "ignore": "so it leaves nothing out",
    "accept": "so it accepts nothing",
}

CHECK_PATTERN = "write the name as the reports show it, or leave the pattern out"
"""What to do about a pattern that names nothing."""


def names_nothing(unmatched: Unmatched, wording: Wording) -> str:
    """Return that a pattern names nothing: `--protect role:x names nothing on either side, so it …`."""
    flag = wording.text(f"--{unmatched.setting} {shlex.quote(unmatched.pattern)}")
    return f"{flag} names nothing on either side, {_SAYS_NOTHING[unmatched.setting]}"


def refused(objections: Iterable[Objection]) -> list[Objection]:
    """Return the objections that nobody has allowed."""
    return [objection for objection in objections if not objection.allowed]


def allowed(objections: Iterable[Objection]) -> list[Objection]:
    """Return the objections that a setting overrides."""
    return [objection for objection in objections if objection.allowed]


def way_out(objection: Objection) -> str:
    """Return what to do where a guardrail refuses what is meant, empty where no setting allows it."""
    match objection.setting:
        case "":
            return ""
        case setting if setting in REFUSES_WHEN_GIVEN:
            return f"if that is meant, leave out {setting}, which refuses it"
        case setting if setting == RAISED:
            return f"if that is meant, raise {setting}"
        case setting:
            return f"if that is meant, allow it: {setting}"


def override(objection: Objection) -> str:
    """Return why a guardrail lets something pass that it objects to."""
    return f"{objection.setting} is {'raised' if objection.setting == RAISED else 'given'}"


def is_refusal_told(document: Document) -> bool:
    """Tell whether what ended the run is one of the refusals."""
    messages = {objection.message for objection in refused(document.objections)}
    return isinstance(document.error, RefusedError) and document.error.message in messages


def deviations_by_side(deviations: Iterable[Deviated]) -> list[tuple[str, list[Deviated]]]:
    """Return deviations in groups, each with what is said of the side that has moved."""

    def place(deviated: Deviated) -> int:
        return list(_SIDES).index(deviated.moved)

    return [
        (_SIDES[moved], list(group))
        for moved, group in groupby(sorted(deviations, key=place), key=lambda deviated: deviated.moved)
    ]


def side_moved(deviated: Deviated) -> str:
    """Return which side has changed since the approval, as a part of a sentence."""
    return _SIDES[deviated.moved]


def resumed(document: Document) -> str:
    """Return how much of the plan was done before this run, and by whom; empty where nothing was."""
    if document.plan is None or not document.done_before:
        return ""
    done, ours = len(document.done_before), len(document.ours)
    were = "was" if done == 1 else "were"
    said = f"{done:,} of {plural(len(document.plan.operations), 'change')} {were} done before"
    if not ours:
        return f"{said}; no checkpoint tells by whom."
    return f"{said}, {'all' if ours == done else f'{ours:,}'} of them by an earlier run of ours."


def rules_of(document: Document) -> Rules:
    """Return what the run went by: the plan's rules, and before there was one what was asked for."""
    return document.plan.rules if document.plan else document.rules


def is_protected(blocked: Blocked, rules: Rules) -> bool:
    """Tell whether a difference stays because its entity is protected.

    That others decide what a mapping should decide does not: it is open, or accepted.
    """
    if blocked.operation and blocked.operation.verb is Verb.REORDER:
        return False
    return named(rules.protect, blocked.kind, blocked.name)


def known(differences: Iterable[Blocked], rules: Rules) -> str:
    """Count what may stay different: `1 accepted and 2 protected differences`, empty for none."""
    kinds = [is_protected(blocked, rules) for blocked in differences if blocked.accepted]
    counts = {"accepted": kinds.count(False), "protected": kinds.count(True)}
    said = " and ".join(f"{count:,} {how}" for how, count in counts.items() if count)
    return f"{said} {'difference' if len(kinds) == 1 else 'differences'}" if kinds else ""


Difference = Operation | Blocked
"""What a drift check finds: what it would take, or what no operation removes."""


def drift_by_side(document: Document) -> list[tuple[str, list[Difference]]]:
    """Return the differences that nobody has accepted, in groups by the side that has moved.

    Without a receipt there is one group, whose name is empty.
    """
    plan, moved = document.plan, document.drift
    assert plan is not None
    found: list[Difference] = [*plan.operations, *plan.open_differences]
    found.sort(key=lambda difference: list(Kind).index(difference.kind))
    if not moved:
        return [("", found)] if found else []
    sides = {side: [d for d in found if _moved(d, moved) is side] for side in (*Moved, None)}
    return [(side.value if side else UNTOLD, group) for side, group in sides.items() if group]


def _moved(difference: Difference, moved: Mapping[Operation, Moved]) -> Moved | None:
    operation = operation_of(difference)
    return moved.get(operation) if operation else None


def operation_of(difference: Difference) -> Operation | None:
    """Return what it would take to remove a difference, None where the two sides can't be compared."""
    return difference.operation if isinstance(difference, Blocked) else difference


def lacks_receipt(document: Document) -> bool:
    """Tell whether a receipt would say more of the differences that a drift check found."""
    differences = [difference for _, group in drift_by_side(document) for difference in group]
    return not document.drift and any(map(operation_of, differences))


_AS_IT_IS = {
    Verb.REORDER: "stands elsewhere in the order of those that match the same paths",
    Verb.REFRESH: "asks for the old name of its action in the target",
}


def drifted(difference: Difference, wording: Wording) -> str:
    """Return a difference as what is: `role 'x' is only in the target`."""
    operation, subject = operation_of(difference), thing(difference, wording)
    if operation is None:
        return f"{subject} can't be compared"
    match operation.verb:
        case Verb.CREATE | Verb.ASSIGN:
            return f"{subject} is missing in the target"
        case Verb.DELETE | Verb.UNASSIGN:
            return f"{subject} is only in the target"
        case Verb.REORDER | Verb.REFRESH:
            return f"{subject} {_AS_IT_IS[operation.verb]}"
    before, after = operation.before or Attributes(), operation.after or Attributes()
    if before.action != after.action:
        actions = (wording.name(side.action or "") for side in (before, after))
        return "{} asks for action {} in the target, for {} in the source".format(subject, *actions)
    return f"{subject} has another description than in the source"


def thing(difference: Difference, wording: Wording) -> str:
    """Return what differs, whichever way: `action 'x' of role 'y'`, `mapping GET /p$`."""
    name = wording.text if difference.kind is Kind.MAPPING else wording.name
    holder = f"{difference.kind} {name(difference.name)}"
    operation = operation_of(difference)
    if operation is None or operation.member is None:
        return holder
    return f"{operation.member_kind} {wording.name(operation.member)} of {holder}"


def no_drift(document: Document) -> str:
    """Return what a drift check measured that found nothing: what was looked at, and what may differ."""
    assert document.plan is not None
    rules = document.plan.rules
    but = known(document.differences, rules)
    return (
        f"both sides were read, and nothing {'in scope ' if rules.ignore else ''}differs"
        f"{f', but for {but}' if but else ''}."
    )


RECEIPT_TELLS = "With the receipt of the last apply (--receipt) the check tells which side has moved since."
"""What to do where a drift check can't say which side has moved."""
