"""Whether what an operation refers to is there, and nothing refers to what it deletes."""

from collections.abc import Iterable

from sync.errors import Result
from sync.model.plan import Operation, Verb
from sync.model.snapshot import READABLE_ROLES, Kind, Snapshot
from sync.plan.diff import unreadable
from sync.plan.reach import Access, possible_actions
from sync.plan.recreation import recreated, role_of


class Prerequisites:
    """Say of operations what stands against them in the state that is there.

    `now` is that state, which whoever made this keeps up to date; `before` is the one in which all began.
    """

    def __init__(self, target: Snapshot, changes: Iterable[Operation], before: Access, now: Access) -> None:
        """Start in the state in which the target was read; `changes` are all the differences."""
        self._before = before
        self._now = now
        self._unreadable = {kind: unreadable(target, kind) for kind in (Kind.ROLE, Kind.GROUP)}
        self._roles_read = frozenset(role.name for role in target.roles)
        self._to_recreate = {*recreated(changes)}
        self._unsettled: list[Operation] = []
        self._causes: dict[tuple[Kind, str], str] = {}

    def settle(self, operation: Operation, result: Result, reason: str) -> None:
        """Take in what became of an operation, and why."""
        if result is Result.UNKNOWN:
            self._unsettled.append(operation)
        if result is Result.DONE and (operation.verb, operation.kind) == (Verb.CREATE, Kind.ROLE):
            self._to_recreate.discard(operation.name)
        elif result is not Result.DONE and operation.verb in {Verb.CREATE, Verb.DELETE}:
            self._causes.setdefault((operation.kind, operation.name), reason)

    def missing(self, operation: Operation) -> str:
        """Say what an operation refers to that is not there."""
        match operation.verb, operation.kind:
            case ((Verb.CREATE | Verb.UPDATE | Verb.REORDER | Verb.REFRESH), Kind.MAPPING):
                action = operation.after.action if operation.after else None
                return self._absent(Kind.ACTION, action or "")
            case Verb.CREATE, Kind.ROLE:
                return self._still_there(operation.name)
            case Verb.ASSIGN, Kind.ROLE:
                return (
                    self._absent(Kind.ROLE, operation.name)
                    or self._absent(Kind.ACTION, operation.member or "")
                    or self._out_of_sight(operation.name)
                    or self._not_recreated(operation)
                )
            case Verb.ASSIGN, Kind.GROUP:
                return (
                    self._absent(Kind.GROUP, operation.name)
                    or self._absent(Kind.ROLE, operation.member or "")
                    or self._not_recreated(operation)
                )
            case Verb.UNASSIGN, Kind.ROLE:
                return self._out_of_sight(operation.name)
        return ""

    def _absent(self, kind: Kind, name: str) -> str:
        there = {
            Kind.ACTION: self._now.actions,
            Kind.ROLE: self._now.role_actions,
            Kind.GROUP: self._now.groups,
        }[kind]
        if name in there:
            return ""
        return f"{kind} {name!r} is not in the target" + self._because(kind, name)

    def _because(self, kind: Kind, name: str) -> str:
        cause = self._causes.get((kind, name))
        return f" ({cause})" if cause else ""

    def _still_there(self, role: str) -> str:
        """Say that a role that is to be recreated was not deleted."""
        if role not in self._to_recreate or role not in self._now.role_actions:
            return ""
        return f"role {role!r} was not deleted" + self._because(Kind.ROLE, role)

    def _not_recreated(self, operation: Operation) -> str:
        """Say that a role was not recreated: then it only gets back what was taken from it for that."""
        role = role_of(operation) or ""
        if role not in self._to_recreate:
            return ""
        for other in self._unsettled:
            if (other.verb, other.kind, other.name) == (Verb.DELETE, Kind.ROLE, role):
                return f"the result of {other.verb} {other.kind} {other.name!r} is still open"
        if self._before.holds(operation):
            return ""
        return f"role {role!r} was not recreated" + self._because(Kind.ROLE, role)

    def _out_of_sight(self, role: str) -> str:
        roles = self._now.role_actions
        if self._roles_read.issuperset(roles) or len(roles) <= READABLE_ROLES:
            return ""
        if sorted(roles).index(role) < READABLE_ROLES:
            return ""
        return (
            f"the target would hold {len(roles)} roles then, and takes no change to what role {role!r} holds "
            f"beyond the first {READABLE_ROLES} by name"
        )

    def in_the_way(self, operation: Operation) -> str:
        """Say what still refers to what an operation deletes: the server's cascade would take it along."""
        if operation.verb is not Verb.DELETE or operation.kind is Kind.MAPPING:
            return ""
        name = operation.name
        for other in self._unsettled:
            if name in {other.name, other.member} or name in possible_actions(other, Result.UNKNOWN):
                return f"the result of {other.verb} {other.kind} {other.name!r} is still open"
        return self._still_referring(operation.kind, name)

    def _still_referring(self, kind: Kind, name: str) -> str:
        now = self._now
        unread = {Kind.ACTION: Kind.ROLE, Kind.ROLE: Kind.GROUP}.get(kind)
        if unread and self._unreadable[unread]:
            return f"{unread} {min(self._unreadable[unread])!r} may hold it, and can't be read"
        match kind:
            case Kind.ACTION:
                holders = {
                    Kind.MAPPING: now.endpoints.get(name, set()),
                    Kind.ROLE: now.action_roles.get(name, set()),
                }
            case Kind.ROLE:
                holders = {Kind.GROUP: now.role_groups.get(name, set())}
                if now.role_actions.get(name):
                    return f"it still holds action {min(now.role_actions[name])!r}"
            case _:
                holders = {}
                if now.group_roles.get(name):
                    return f"it still holds role {min(now.group_roles[name])!r}"
        return next(
            (f"{holder} {min(names)!r} still refers to it" for holder, names in holders.items() if names), ""
        )
