"""Two snapshots and what the target accepts → the plan: operations in waves, and what stays different."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sync.plan.changes import Blocked, Operation, Plan, Rules, Verb
from sync.plan.decisions import Decisions
from sync.plan.diff import differences, named, unreadable_roles
from sync.plan.drafting import PROTECTED, Drafting, Refusal, Refuses
from sync.plan.environment import Environment
from sync.plan.judge import READABLE_ROLES
from sync.plan.model import SUPERADMIN, Kind, Snapshot


def make_plan(
    source: Environment,
    target: Environment,
    *,
    refuses: Refuses,
    rules: Rules = Rules(),  # noqa: B008 - immutable
    members: Mapping[str, int] | None = None,
) -> Plan:
    """Plan what makes the target equal to the source.

    `members` counts the members of the groups that are to be deleted, by name.
    """
    changes = tuple(differences(source.snapshot, target.snapshot, rules.ignore))
    unread = _unread_roles(source.snapshot, target.snapshot)
    refused: dict[Operation, Refusal] = {}
    for change in changes:
        refusal = _untouchable(change, unread) or _protected(change, rules) or refuses(change)
        if refusal:
            refused[change] = refusal
    decisions = Decisions(source, target, rules.ignore)
    draft = Drafting(rules, source.ordered, target.ordered, changes, decisions, refuses).draft(refused)
    operations = draft.operations
    deleted = {operation.name for operation in operations if _step(operation) == (Verb.DELETE, Kind.GROUP)}
    unread = {name: refusal for name, refusal in unread.items() if not named(rules.ignore, Kind.ROLE, name)}
    incomparable = _incomparable(unread, source.snapshot, target.snapshot, operations)
    return Plan(
        source=source.side(rules),
        target=target.side(rules),
        rules=rules,
        waves=tuple(draft.waves),
        blocked=_marked(
            [*incomparable, *(_blocked(change, refusal) for change, refusal in draft.refused.items())],
            rules,
        ),
        decisions=tuple(decisions.changed(operations)),
        exposures=draft.exposures,
        members={name: count for name, count in sorted((members or {}).items()) if name in deleted},
    )


def _untouchable(change: Operation, unread: Mapping[str, Refusal]) -> Refusal | None:
    """Say what no target lets a sync do: change `superadmin`, or judge a role that can't be read."""
    if change.kind is Kind.ROLE and change.name == SUPERADMIN:
        return Refusal(f"no request changes role {SUPERADMIN!r}", f"accept it: --accept role:{SUPERADMIN}")
    role = change.name if change.kind is Kind.ROLE else change.member if change.kind is Kind.GROUP else None
    return None if role is None or change.verb is Verb.UPDATE else unread.get(role)


def _unread_roles(source: Snapshot, target: Snapshot) -> dict[str, Refusal]:
    """Return the roles of which one of the sides does not show what they hold."""
    return {
        role: Refusal(
            f"what role {role!r} holds can't be read in the {side}, which shows it for the first "
            f"{READABLE_ROLES} roles by name only",
            f"once the {side} has at most {READABLE_ROLES} roles, run the sync again",
        )
        for side, snapshot in (("target", target), ("source", source))
        for role in sorted(unreadable_roles(snapshot))
    }


def _incomparable(
    unread: Mapping[str, Refusal], source: Snapshot, target: Snapshot, operations: Sequence[Operation]
) -> Iterator[Blocked]:
    """Yield the roles that are on both sides and can't be compared."""
    names = {role.name for role in target.roles}
    steps = Counter(_step(operation) for operation in operations)
    left = len(names) + steps[Verb.CREATE, Kind.ROLE] - steps[Verb.DELETE, Kind.ROLE]
    for role in sorted(names & {role.name for role in source.roles} & set(unread)):
        refusal = unread[role]
        again = left <= READABLE_ROLES and role not in unreadable_roles(source)
        yield Blocked(
            kind=Kind.ROLE,
            name=role,
            operation=None,
            reason=refusal.reason,
            remedy=f"run the sync again after this plan: it leaves {left} roles in the target"
            if again
            else refusal.remedy,
        )


def _step(operation: Operation) -> tuple[Verb, Kind]:
    return operation.verb, operation.kind


def _blocked(change: Operation, refusal: Refusal) -> Blocked:
    return Blocked(
        kind=change.kind, name=change.name, operation=change, reason=refusal.reason, remedy=refusal.remedy
    )


def _protected(change: Operation, rules: Rules) -> Refusal | None:
    if named(rules.protect, change.kind, change.name):
        return PROTECTED
    return None


def _marked(blocked: Iterable[Blocked], rules: Rules) -> tuple[Blocked, ...]:
    """Return the differences in order, those marked that a setting says are known."""
    return tuple(
        difference.model_copy(update={"accepted": is_known(difference, rules)})
        for difference in sorted(blocked, key=_place)
    )


def is_known(blocked: Blocked, rules: Rules) -> bool:
    """Tell whether a difference is protected or accepted: by its entity, or for an edge by what is held.

    That others decide what a mapping should decide is known only where it is accepted.
    """
    operation = blocked.operation
    if operation and operation.verb is Verb.PROMOTE:
        return named(rules.accept, blocked.kind, blocked.name)
    if operation and operation.member and named(rules.accept, operation.member_kind, operation.member):
        return True
    return named((*rules.protect, *rules.accept), blocked.kind, blocked.name)


def _place(blocked: Blocked) -> tuple[int, str, str, str]:
    operation = blocked.operation
    verb, member = (operation.verb, operation.member or "") if operation else ("", "")
    return list(Kind).index(blocked.kind), blocked.name, verb, member
