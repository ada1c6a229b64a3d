"""A second opinion on what operations do and who reaches what, written without the code under test.

It is as strict as the server: whatever refers to something that is not there is an error.
"""

import re
from dataclasses import dataclass, field
from itertools import product

from sync.model.plan import Attributes, Operation, Verb
from sync.model.snapshot import SUPERADMIN, Action, Group, Kind, Mapping, Role, Snapshot


def does_match(name: str, request: str) -> bool:
    """Tell whether a mapping matches a request (`GET /users/me`)."""
    (method, _, pattern), (asked, _, path) = name.partition(" "), request.partition(" ")
    return method == asked and re.match(pattern, path) is not None


@dataclass
class World:
    actions: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    mappings: dict[str, Attributes] = field(default_factory=dict)
    order: list[str] = field(default_factory=list, compare=False)
    role_actions: set[tuple[str, str]] = field(default_factory=set)
    group_roles: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, snapshot: Snapshot) -> "World":
        return cls(
            actions={a.name: a.description for a in snapshot.actions},
            roles={r.name: r.description for r in snapshot.roles},
            groups={g.name: g.description for g in snapshot.groups},
            mappings={m.name: Attributes.of(m) for m in snapshot.mappings},
            order=[
                *sorted({m.name for m in snapshot.mappings} - {*snapshot.precedence}),
                *snapshot.precedence,
            ],
            role_actions={(r.name, a) for r in snapshot.roles for a in r.actions or ()},
            group_roles={(g.name, r) for g in snapshot.groups for r in g.roles or ()},
        )

    def copy(self) -> "World":
        return World(
            dict(self.actions),
            dict(self.roles),
            dict(self.groups),
            dict(self.mappings),
            list(self.order),
            set(self.role_actions),
            set(self.group_roles),
        )

    def snapshot(self, unreadable: frozenset[str] = frozenset()) -> Snapshot:
        return Snapshot(
            actions=tuple(Action(name=n, description=d) for n, d in self.actions.items()),
            roles=tuple(
                Role(
                    name=n,
                    description=d,
                    actions=None if n in unreadable else tuple(a for r, a in self.role_actions if r == n),
                )
                for n, d in self.roles.items()
            ),
            mappings=tuple(Mapping.named(n, a.action or "", a.description) for n, a in self.mappings.items()),
            groups=tuple(
                Group(name=n, description=d, roles=tuple(r for g, r in self.group_roles if g == n))
                for n, d in self.groups.items()
            ),
            precedence=tuple(self.order),
        )

    def nodes(self, kind: Kind) -> dict[str, str]:
        return {Kind.ACTION: self.actions, Kind.ROLE: self.roles, Kind.GROUP: self.groups}[kind]

    def do(self, op: Operation) -> None:
        match op.verb, op.kind:
            case Verb.ASSIGN, _:
                assert op.name in self.nodes(op.kind)
                assert op.member in self.nodes(op.member_kind)
                assert (op.kind, op.name) != (Kind.ROLE, SUPERADMIN)
                self.edges(op.kind).add((op.name, op.member))
            case Verb.UNASSIGN, _:
                assert op.member is not None
                self.edges(op.kind).discard((op.name, op.member))
            case ((Verb.CREATE | Verb.UPDATE | Verb.REORDER), Kind.MAPPING):
                assert op.after
                assert op.after.action in self.actions
                assert (op.name in self.mappings) is (op.verb is not Verb.CREATE)
                assert op.verb is not Verb.REORDER or self.mappings[op.name] == op.after
                self.write(op.name, op.after)
            case Verb.DELETE, Kind.MAPPING:
                self.forget(op.name)
            case Verb.CREATE, _:
                assert op.after
                assert op.name not in self.nodes(op.kind)
                self.nodes(op.kind)[op.name] = op.after.description
            case Verb.UPDATE, _:
                assert op.after
                assert op.name in self.nodes(op.kind)
                self.nodes(op.kind)[op.name] = op.after.description
            case Verb.DELETE, _:
                assert not self.referring(op.kind, op.name), f"the cascade would take something: {op}"
                del self.nodes(op.kind)[op.name]

    def write(self, name: str, attributes: Attributes) -> None:
        self.order = [*(other for other in self.order if other != name), name]
        self.mappings[name] = attributes

    def forget(self, name: str) -> None:
        self.order.remove(name)
        del self.mappings[name]

    def winner(self, request: str) -> str | None:
        """Return which mapping decides a request: the one written last of those that match."""
        return next((name for name in reversed(self.order) if does_match(name, request)), None)

    def edges(self, kind: Kind) -> set[tuple[str, str]]:
        return self.role_actions if kind is Kind.ROLE else self.group_roles

    def referring(self, kind: Kind, name: str) -> bool:
        edges = self.role_actions if kind is Kind.ACTION else self.group_roles
        return (
            any(name in edge for edge in edges)
            or (kind is Kind.ROLE and any(role == name for role, _ in self.role_actions))
            or (kind is Kind.ACTION and any(m.action == name for m in self.mappings.values()))
        )

    def reach(self, endpoints: set[str], *, unmapped_is_open: bool) -> set[tuple[str, str]]:
        """Return who reaches what each of the mappings alone decides."""
        return self._reach({e: e for e in endpoints if e in self.mappings}, endpoints, unmapped_is_open)

    def get_through(self, requests: set[str], *, unmapped_is_open: bool) -> set[tuple[str, str]]:
        """Return whose requests are let through, by whichever mapping decides each."""
        winners = {request: name for request in requests if (name := self.winner(request))}
        return self._reach(winners, requests, unmapped_is_open)

    def _reach(
        self,
        winners: dict[str, str],
        endpoints: set[str],
        unmapped_is_open: bool,
    ) -> set[tuple[str, str]]:
        reached = set()
        for group, endpoint in product(self.groups, endpoints):
            roles = {role for g, role in self.group_roles if g == group}
            mapping = self.mappings[winners[endpoint]] if endpoint in winners else None
            if mapping is None:
                allowed = unmapped_is_open
            else:
                allowed = SUPERADMIN in roles or any(
                    (role, mapping.action) in self.role_actions for role in roles
                )
            if allowed:
                reached.add((group, endpoint))
        return reached
