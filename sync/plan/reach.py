"""Who can reach what: the part of an environment's state that decides it, and what one operation does to it.

A group reaches an endpoint if one of its roles holds the action that the endpoint's mapping asks for. A
group with `superadmin` reaches every endpoint. An endpoint without a mapping is open to everyone or to no
one, depending on the deployment; whoever asks says which of the two to assume.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from sync.errors import Result
from sync.model.plan import Operation, Verb
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot

Index = defaultdict[str, set[str]]


class Access:
    """Roles, edges and mappings as they are at one moment, mutable, by name.

    After an operation of which nobody knows whether it was done, a mapping may ask for one of two
    actions: `mappings` holds what is possible.
    """

    def __init__(self, snapshot: Snapshot, unreadable_as_in: Snapshot) -> None:
        """Take the state from a snapshot.

        What an unreadable role holds can't be known and is not going to be changed, so it is the same
        before and after; it is taken to be what the other snapshot says, or nothing.

        What an unreadable group holds can't be known either, and stays as it is. It counts as many groups:
        one that holds nothing, and one for every role and every two roles that it may hold. What a group
        gains comes from one role, and what it had before and has after from two at most, so what no such
        group gains or loses, the real one doesn't. See `real_name`.
        """
        elsewhere = {role.name: role.actions or () for role in unreadable_as_in.roles}
        self.actions = {action.name for action in snapshot.actions}
        self.groups = {group.name for group in snapshot.groups}
        self.role_actions = {
            role.name: set(elsewhere.get(role.name, ()) if role.actions is None else role.actions)
            for role in snapshot.roles
        }
        self.role_groups: Index = defaultdict(set)
        self.action_roles: Index = defaultdict(set)
        self.group_roles: Index = defaultdict(set)
        self.mappings: Index = defaultdict(set)
        self.endpoints: Index = defaultdict(set)
        for role, actions in self.role_actions.items():
            for action in actions:
                self.action_roles[action].add(role)
        for group in snapshot.groups:
            roles = {group.name: group.roles}
            if group.roles is None:
                roles = _supposed(group.name, self.role_actions.keys() - {SUPERADMIN})
                self.groups.update(roles)
            for name, held in roles.items():
                for role in held or ():
                    self._set_group_role(name, role, held=True)
        for mapping in snapshot.mappings:
            self.set_mapping(mapping.name, {mapping.action})

    def set_edge(self, operation: Operation, *, held: bool) -> None:
        """Put the edge of an assign or unassign there, or take it away."""
        holder, member = operation.name, operation.member or ""
        if operation.kind is Kind.GROUP:
            self._set_group_role(holder, member, held=held)
        elif held:
            self.role_actions.setdefault(holder, set()).add(member)
            self.action_roles[member].add(holder)
        else:
            self.role_actions.get(holder, set()).discard(member)
            self.action_roles[member].discard(holder)

    def _set_group_role(self, group: str, role: str, *, held: bool) -> None:
        if held:
            self.group_roles[group].add(role)
            self.role_groups[role].add(group)
        else:
            self.group_roles[group].discard(role)
            self.role_groups[role].discard(group)

    def holds(self, operation: Operation) -> bool:
        """Tell whether the edge of an assign or unassign is there."""
        held = self.group_roles if operation.kind is Kind.GROUP else self.role_actions
        return operation.member in held.get(operation.name, ())

    def set_mapping(self, endpoint: str, possible: set[str]) -> None:
        """Let an endpoint ask for one of the actions; for none of them if there are none."""
        for action in self.mappings.pop(endpoint, set()):
            self.endpoints[action].discard(endpoint)
        if possible:
            self.mappings[endpoint] = possible
            for action in possible:
                self.endpoints[action].add(endpoint)

    def set_node(self, operation: Operation, *, exists: bool) -> None:
        """Let the action, role or group of a create or delete be there or not."""
        match operation.kind, exists:
            case Kind.ACTION, True:
                self.actions.add(operation.name)
            case Kind.ACTION, False:
                self.actions.discard(operation.name)
            case Kind.ROLE, True:
                self.role_actions.setdefault(operation.name, set())
            case Kind.ROLE, False:
                self.role_actions.pop(operation.name, None)
            case Kind.GROUP, True:
                self.groups.add(operation.name)
            case Kind.GROUP, False:
                self.groups.discard(operation.name)

    def do(self, operation: Operation) -> None:
        """Apply an operation that is known to be done."""
        match operation.verb, operation.kind:
            case ((Verb.ASSIGN | Verb.UNASSIGN), _):
                self.set_edge(operation, held=operation.verb is Verb.ASSIGN)
            case _, Kind.MAPPING:
                self.set_mapping(operation.name, possible_actions(operation, Result.DONE))
            case ((Verb.CREATE | Verb.DELETE), _):
                self.set_node(operation, exists=operation.verb is Verb.CREATE)

    def groups_with_action(self, action: str, *, but_for_role: str | None = None) -> set[str]:
        """Return the groups that hold an action by any role (but one), or everything by `superadmin`."""
        roles = self.action_roles[action] | {SUPERADMIN}
        holders = [self.role_groups[role] for role in roles if role != but_for_role]
        return set().union(*holders) & self.groups

    def actions_of(self, role: str) -> Iterable[str]:
        """Return what a role allows; `superadmin` allows whatever a mapping asks for."""
        return list(self.endpoints) if role == SUPERADMIN else self.role_actions.get(role, ())

    def reachers(self, endpoint: str, *, unmapped_is_open: bool) -> set[str]:
        """Return the groups that reach an endpoint, whichever of the possible actions it asks for."""
        possible = self.mappings.get(endpoint)
        if not possible:
            return set(self.groups) if unmapped_is_open else set()
        return set.intersection(*(self.groups_with_action(action) for action in possible))

    def gains(self, operation: Operation) -> Iterator[tuple[str, set[str]]]:
        """Yield each action, with groups, that assigning something allows those groups."""
        match operation.verb, operation.kind:
            case Verb.ASSIGN, Kind.ROLE:
                yield operation.member or "", self.role_groups[operation.name] & self.groups
            case Verb.ASSIGN, Kind.GROUP:
                for action in self.actions_of(operation.member or ""):
                    yield action, {operation.name}

    def losses(self, operation: Operation) -> Iterator[tuple[str, set[str]]]:
        """Yield each action, with groups, that unassigning something takes from those groups."""
        match operation.verb, operation.kind:
            case Verb.UNASSIGN, Kind.ROLE:
                action = operation.member or ""
                left = self.groups_with_action(action, but_for_role=operation.name)
                yield action, self.role_groups[operation.name] - left
            case Verb.UNASSIGN, Kind.GROUP:
                for action in self.actions_of(operation.member or ""):
                    if operation.name not in self.groups_with_action(action, but_for_role=operation.member):
                        yield action, {operation.name}


def _supposed(group: str, roles: Iterable[str]) -> dict[str, tuple[str, ...] | None]:
    """Return what an unreadable group may hold, each under a name of its own: no name holds a NUL."""
    found = [held for count in (1, 2) for held in combinations(sorted(roles), count)]
    return {"\0".join((group, *held)): held for held in found}


def real_name(group: str) -> str:
    """Return the name of a group, also of an unreadable one that is supposed to hold something."""
    return group.partition("\0")[0]


def possible_actions(operation: Operation, result: Result) -> set[str]:
    """Return the actions that a mapping may ask for after an operation on it that ended like this."""
    possible = {
        Result.DONE: (operation.after,),
        Result.NOT_DONE: (operation.before,),
        Result.UNKNOWN: (operation.before, operation.after),
    }[result]
    return {each.action for each in possible if each and each.action is not None}
