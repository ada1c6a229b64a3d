"""Which groups hold which actions at one moment, as sets of bits: one bit a group.

    >>> edges = Edges.of(snapshot, bits_of(["ops", "team"]))
    >>> edges.holders("users:read")  # `team` holds it
    0b10

Sets of groups are computed with as whole numbers, so that 5,000 actions and 500 groups take no time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sync.model.plan import Operation, Verb
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot

Bits = int
"""A set of groups."""


class Register:
    """The groups of a plan, each with its bit."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(set(names))
        self._bits = {name: 1 << place for place, name in enumerate(self._names)}
        self._known: dict[Bits, tuple[str, ...]] = {}

    def bits(self, names: Iterable[str]) -> Bits:
        """Return groups as bits; one that a resumed plan has deleted by now has none."""
        found = 0
        for name in names:
            found |= self._bits.get(name, 0)
        return found

    def names(self, bits: Bits) -> tuple[str, ...]:
        """Return the groups of bits by name; the same bits give the same tuple, once in memory."""
        if bits not in self._known:
            places = bin(bits)[:1:-1]
            self._known[bits] = tuple(
                name for name, bit in zip(self._names, places, strict=False) if bit == "1"
            )
        return self._known[bits]


@dataclass(frozen=True)
class Edges:
    """The roles of groups and the actions of roles at one moment. What can't be read counts as not held."""

    register: Register
    groups: Bits
    role_groups: Mapping[str, Bits]
    action_roles: Mapping[str, frozenset[str]]
    _holders: dict[str, Bits] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, snapshot: Snapshot, register: Register) -> "Edges":
        """Return the edges of a snapshot."""
        role_groups: dict[str, Bits] = {}
        action_roles: dict[str, set[str]] = {}
        for group in snapshot.groups:
            bit = register.bits([group.name])
            for role in group.roles or ():
                role_groups[role] = role_groups.get(role, 0) | bit
        for role_ in snapshot.roles:
            for action in role_.actions or ():
                action_roles.setdefault(action, set()).add(role_.name)
        return cls(
            register,
            register.bits(group.name for group in snapshot.groups),
            role_groups,
            {action: frozenset(roles) for action, roles in action_roles.items()},
        )

    def after(self, operations: Iterable[Operation], *verbs: Verb) -> "Edges":
        """Return the edges once the operations are done that have one of the verbs."""
        done = [each for each in operations if each.verb in verbs and _is_about_edges(each)]
        if not done:
            return self
        groups, role_groups, action_roles = self.groups, {**self.role_groups}, {**self.action_roles}
        for operation in done:
            name, member = operation.name, operation.member or ""
            if operation.kind is Kind.ROLE:
                roles = action_roles.get(member, frozenset())
                holder = {name}
                action_roles[member] = roles | holder if operation.verb is Verb.ASSIGN else roles - holder
                continue
            bit = self.register.bits([name])
            match operation.verb:
                case Verb.ASSIGN:
                    role_groups[member] = role_groups.get(member, 0) | bit
                case Verb.UNASSIGN:
                    role_groups[member] = role_groups.get(member, 0) & ~bit
                case Verb.CREATE:
                    groups |= bit
                case Verb.DELETE:
                    groups &= ~bit
        return replace(self, groups=groups, role_groups=role_groups, action_roles=action_roles, _holders={})

    @property
    def superadmins(self) -> Bits:
        """Return the groups that hold every action."""
        return self.role_groups.get(SUPERADMIN, 0) & self.groups

    def holders(self, action: str) -> Bits:
        """Return the groups that hold an action, those with `superadmin` among them."""
        found = self._holders.get(action)
        if found is None:
            found = self.role_groups.get(SUPERADMIN, 0)
            for role in self.action_roles.get(action, ()):
                found |= self.role_groups.get(role, 0)
            self._holders[action] = found = found & self.groups
        return found


def _is_about_edges(operation: Operation) -> bool:
    is_edge = operation.verb in {Verb.ASSIGN, Verb.UNASSIGN}
    return is_edge or (operation.kind is Kind.GROUP and operation.verb in {Verb.CREATE, Verb.DELETE})
