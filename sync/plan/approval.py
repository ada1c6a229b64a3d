"""The plan that was approved, as it was put down, and how what is needed now differs from it."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from sync.errors import RefusedError
from sync.model.plan import Operation, Plan
from sync.model.snapshot import Kind

MAKE_ANOTHER = "make a new plan and have it approved"


def plan_from(text: bytes, origin: str, *, expected_digest: str | None = None) -> Plan:
    """Return the plan that a `plan.json` holds; `origin` is what messages call the file.

    Raises `RefusedError` where it was cut, edited, is of another version, or is not the expected one.
    """
    try:
        fields = json.loads(text)
        digest = fields.pop("digest")
        plan = Plan.model_validate_json(json.dumps(fields))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise RefusedError(f"{origin} is not a plan of this version: {_first(error)}", MAKE_ANOTHER) from None
    if plan.digest != digest:
        raise RefusedError(f"{origin} was edited: its digest does not match its content", MAKE_ANOTHER)
    if expected_digest and expected_digest != digest:
        raise RefusedError(
            f"{origin} is not the plan that was shown for approval: {digest}, not {expected_digest}",
            "give the plan that has this digest, or " + MAKE_ANOTHER,
        )
    return plan


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        details = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, details['loc']))}: {details['msg']}"
    if isinstance(error, KeyError):
        return "it has no digest"
    broken = isinstance(error, (ValueError, RecursionError))
    return "it is incomplete, or not JSON" if broken else "it is not an object"


class Deviation(StrEnum):
    """How what is needed now differs from what was approved."""

    NO_LONGER_NEEDED = "no longer needed"
    NEW = "new since the approval"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Deviated:
    """An operation that is not what was approved; `moved` says which side has changed since."""

    deviation: Deviation
    operation: Operation
    moved: str


def deviations(approved: Plan, fresh: Plan) -> list[Deviated]:
    """Return how a plan made now differs from the approved one, by the side that has moved.

    Where both have, it can't be told which of them an operation is owed to.
    """
    before, now = _by_subject(approved), _by_subject(fresh)
    moved = moved_side(approved, fresh)
    found = []
    for subject in sorted({*before, *now}, key=str):
        old, new = before.get(subject), now.get(subject)
        if old is None and new is not None:
            found.append(Deviated(Deviation.NEW, new, moved))
        elif old is not None and new is None:
            found.append(Deviated(Deviation.NO_LONGER_NEEDED, old, moved))
        elif old is not None and new is not None and old != new:
            found.append(Deviated(Deviation.CHANGED, new, moved))
    return [*found, *_won_otherwise(approved, fresh, moved, {deviated.operation for deviated in found})]


def _won_otherwise(
    approved: Plan, fresh: Plan, moved: str, listed: Collection[Operation]
) -> Iterator[Deviated]:
    """Yield what is to be written as was approved, but to take requests from other mappings than then."""
    sides = [{(each.method, each.path): each for each in plan.winner_changes} for plan in (approved, fresh)]
    changed = set()
    for request in {*sides[0], *sides[1]}:
        then, now = (side.get(request) for side in sides)
        # what is not among a plan's winner changes is won before as it is after
        after = now.after if now else then.after if then else None
        if (then.before if then else after) != (now.before if now else after):
            changed.add(after)
    for operation in fresh.operations:
        if operation.kind is Kind.MAPPING and operation.name in changed and operation not in listed:
            yield Deviated(Deviation.CHANGED, operation, moved)


def moved_side(approved: Plan, fresh: Plan) -> str:
    """Return which side has changed since a plan was approved: `neither` where only what is possible has."""
    match approved.source == fresh.source, approved.target == fresh.target:
        case False, False:
            return "source or target"
        case False, True:
            return "source"
        case True, False:
            return "target"
    return "neither"


def _by_subject(plan: Plan) -> dict[tuple[str, ...], Operation]:
    """Return every difference that a plan knows, by what it is about."""
    blocked = [blocked.operation for blocked in plan.blocked if blocked.operation]
    return {
        (operation.verb, operation.kind, operation.name, operation.member or ""): operation
        for operation in (*plan.operations, *blocked)
    }
