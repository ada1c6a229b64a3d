"""Both sides and the waves of a plan → who gains and who loses what, and what is missing in between.

Endpoints that ask for the same two actions, before and after, are reached by the same groups. So what is
looked at are pairs of actions, never each group with each endpoint. For each pair, those groups gain that
hold the second action afterwards and did not hold the first one before; the other way round they lose.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sync.model.endpoint import Endpoint
from sync.model.impact import (
    AccessChange,
    Cause,
    Dangling,
    Impact,
    Replaced,
    Requests,
    Requirement,
    Through,
)
from sync.model.plan import Operation, Verb, Wave
from sync.model.scope import named
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot
from sync.overlaps.overlap import Overlap
from sync.overlaps.winners import Winner
from sync.plan.closure import Bits, Edges, Register
from sync.plan.interruptions import WonRequests, interruptions_of

_ANY = "ANY"


@dataclass
class _Endpoints:
    """Requests that ask for the same two actions, and why the actions differ."""

    before: str | None
    after: str | None
    cause: Cause | None
    requests: list[Requests] = field(default_factory=list)


def impact_of(
    target: Snapshot,
    waves: Sequence[Wave],
    all_won: Collection[WonRequests],
    not_compared: Collection[str] = (),
    ignore: Collection[str] = (),
) -> Impact:
    """Return what a plan changes of who reaches what.

    `target` is the target as its server enforces it before the plan. What is blocked is in no wave, so it
    stays as it is. `all_won` are all requests, each with who wins it before and after. Of what
    `ignore` names only the access that changes is told.
    """
    operations = [operation for wave in waves for operation in wave.operations]
    created, deleted = (_groups(operations, verb) for verb in (Verb.CREATE, Verb.DELETE))
    register = Register([*(group.name for group in target.groups), *created])
    before = Edges.of(target, register)
    after = before.after(operations, *Verb)
    sides = _Sides(register, before, after)
    uncertain = {Endpoint.parse(name).method for name in not_compared}
    found = _endpoints(all_won)
    return Impact(
        superadmin=_in_scope(Kind.GROUP, register.names(after.superadmins), ignore),
        superadmin_granted=register.names(after.superadmins & ~before.superadmins),
        superadmin_lost=register.names(before.superadmins & ~after.superadmins),
        created=created,
        deleted=deleted,
        gains=sides.changes(found, gained=True),
        losses=sides.changes(found, gained=False),
        opened=tuple(sides.opened(found, uncertain)),
        closed=tuple(sides.requirements(each for each in found if each.before is None)),
        changed=tuple(sides.requirements(each for each in found if sides.is_another(each))),
        replaced=tuple(_replaced(each for each in found if sides.is_replaced(each))),
        moved=sum(
            requests.before != requests.after
            for each in found
            if each.before == each.after
            for requests in each.requests
        ),
        interruptions=interruptions_of(target, waves, all_won, before, after),
        dangling=_dangling(target, operations, found, after, ignore),
        unknown=_in_scope(Kind.GROUP, _unknown(target, operations), ignore),
    )


def _groups(operations: Iterable[Operation], verb: Verb) -> tuple[str, ...]:
    return tuple(op.name for op in operations if op.verb is verb and op.kind is Kind.GROUP)


def _endpoints(all_won: Iterable[WonRequests]) -> list[_Endpoints]:
    """Return all endpoints by the actions that they ask for; what the same two mappings win is one."""
    examples: dict[tuple[Winner, Winner], Overlap] = {}
    for each in all_won:
        won = each.before, each.after
        known = examples.get(won)
        if known is None or _plainness(each.overlap) < _plainness(known):
            examples[won] = each.overlap
    found: dict[tuple[str | None, str | None, Cause | None], _Endpoints] = {}
    for (before, after), overlap in examples.items():
        if before.mapping is None and after.mapping is None:
            continue
        key = before.action, after.action, _cause(before, after)
        requests = Requests(before=before.mapping, after=after.mapping, like=str(overlap))
        found.setdefault(key, _Endpoints(*key)).requests.append(requests)
    for endpoints in found.values():
        endpoints.requests.sort(key=lambda each: (each.mapping, each.like))
    return sorted(found.values(), key=lambda each: (each.before or "", each.after or "", each.cause or ""))


def _plainness(overlap: Overlap) -> tuple[int, str]:
    return len(overlap.mappings), str(overlap)


def _cause(before: Winner, after: Winner) -> Cause | None:
    if before.action == after.action:
        return None
    return Cause.MAPPING if before.mapping == after.mapping else Cause.OVERLAP


@dataclass(frozen=True)
class _Sides:
    """Who holds what before and after."""

    register: Register
    before: Edges
    after: Edges

    def is_another(self, each: _Endpoints) -> bool:
        """Tell whether another action is asked for, and not the same groups hold it."""
        return self._differs(each) and self._stay(each.before, self.before) != self._stay(
            each.after, self.after
        )

    def is_replaced(self, each: _Endpoints) -> bool:
        """Tell whether another action is asked for, and the same groups hold it."""
        return self._differs(each) and not self.is_another(each)

    @staticmethod
    def _differs(each: _Endpoints) -> bool:
        return each.before is not None and each.after is not None and each.before != each.after

    def _stay(self, action: str | None, edges: Edges) -> Bits:
        """Return the groups that hold an action, but for those that come, go, or change as superadmins."""
        told = self.before.superadmins ^ self.after.superadmins
        return edges.holders(action or "") & self.before.groups & self.after.groups & ~told

    def changes(self, found: Iterable[_Endpoints], *, gained: bool) -> tuple[AccessChange, ...]:
        """Return what groups gain or lose; what is the same for several groups or endpoints stands once."""
        holding, other = (self.after, self.before) if gained else (self.before, self.after)
        parts: defaultdict[_Part, dict[str, list[Requests]]] = defaultdict(dict)
        for each in found:
            if each.before is None or each.after is None:
                continue
            action, without = (each.after, each.before) if gained else (each.before, each.after)
            bits = holding.holders(action) & ~other.holders(without) & ~holding.superadmins
            for part in _parts(bits, action, each.cause, holding, other):
                parts[part].setdefault(action, []).extend(each.requests)
        changes = (
            AccessChange(
                groups=self.register.names(part.groups),
                roles=part.roles,
                causes=part.causes,
                through=tuple(Through(action=a, requests=tuple(r)) for a, r in sorted(through.items())),
            )
            for part, through in parts.items()
        )
        return tuple(sorted(changes, key=lambda each: (each.groups, each.roles, each.causes)))

    def opened(self, found: Iterable[_Endpoints], uncertain: Collection[str]) -> Iterator[Requirement]:
        """Yield what no mapping matches any more, what is uncertain apart."""
        for each in found:
            if each.after is None:
                for certain in (True, False):
                    requests = [r for r in each.requests if _may_match(r, uncertain) is not certain]
                    if requests:
                        yield self._requirement(each, requests, certain=certain)

    def requirements(self, found: Iterable[_Endpoints]) -> Iterator[Requirement]:
        """Yield the endpoints with who holds what they ask for, before and after."""
        return (self._requirement(each, each.requests) for each in found)

    def _requirement(
        self, each: _Endpoints, requests: Iterable[Requests], *, certain: bool = True
    ) -> Requirement:
        return Requirement(
            action_before=each.before,
            action_after=each.after,
            groups_before=self._named(each.before, self.before),
            groups_after=self._named(each.after, self.after),
            requests=tuple(requests),
            certain=certain,
        )

    def _named(self, action: str | None, edges: Edges) -> tuple[str, ...]:
        return () if action is None else self.register.names(edges.holders(action) & ~edges.superadmins)


@dataclass(frozen=True, slots=True)
class _Part:
    """Groups that hold an action by the same roles, and why they did not or will not hold it."""

    groups: Bits
    roles: tuple[str, ...]
    causes: tuple[Cause, ...]


def _parts(bits: Bits, action: str, cause: Cause | None, holding: Edges, other: Edges) -> Iterator[_Part]:
    """Split groups that hold an action on one side by how they do, and by what differs on the other side."""
    parts: list[tuple[Bits, tuple[str, ...], frozenset[Cause | None]]] = [(bits, (), frozenset())]
    for role in sorted(holding.action_roles.get(action, ())):
        there, elsewhere = (edges.role_groups.get(role, 0) for edges in (holding, other))
        if not there & bits:
            continue
        is_held = role in other.action_roles.get(action, ())
        # None stands for a way that is there on both sides: then only the mapping makes the difference
        ways = ((there & ~elsewhere, Cause.ASSIGNMENT), (there & elsewhere, None if is_held else Cause.ROLE))
        split = [(groups & ~there, roles, causes) for groups, roles, causes in parts]
        for some, way in ways:
            split += [(groups & some, (*roles, role), causes | {way}) for groups, roles, causes in parts]
        parts = [part for part in split if part[0]]
    for groups, roles, causes in parts:
        new = groups & ~other.groups
        if new:
            yield _Part(new, roles, (Cause.GROUP,))
        if groups & ~new:
            edges = set() if None in causes else {each for each in causes if each}
            yield _Part(groups & ~new, roles, tuple(sorted(edges | ({cause} if cause else set()))))


def _may_match(requests: Requests, methods: Collection[str]) -> bool:
    """Tell whether a mapping with one of the methods may match some requests, whatever its pattern."""
    method = Endpoint.parse(requests.mapping).method
    return bool(methods) and (method == _ANY or _ANY in methods or method in methods)


def _replaced(found: Iterable[_Endpoints]) -> Iterator[Replaced]:
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for each in found:
        counts[each.before or "", each.after or ""] += len(each.requests)
    for (before, after), count in sorted(counts.items()):
        yield Replaced(before=before, after=after, endpoints=count)


def _dangling(
    target: Snapshot,
    operations: Iterable[Operation],
    found: Iterable[_Endpoints],
    after: Edges,
    ignore: Collection[str],
) -> Dangling:
    """Return what nothing refers to; nothing where that can't be known, as some of it can't be read."""
    actions = _left(operations, Kind.ACTION, target)
    roles = _left(operations, Kind.ROLE, target) - {SUPERADMIN}
    are_roles_known = all(role.readable for role in target.roles)
    are_groups_known = all(group.readable for group in target.groups)
    unreached = {
        requests.after
        for each in found
        if each.after is not None and not after.holders(each.after) & ~after.superadmins
        for requests in each.requests
        if requests.after
    }
    unused = {
        Kind.ACTION: {a for a in actions if not after.action_roles.get(a)} if are_roles_known else set(),
        Kind.ROLE: {r for r in roles if not after.role_groups.get(r)} if are_groups_known else set(),
        Kind.MAPPING: unreached if are_roles_known and are_groups_known else set(),
    }
    return Dangling(**{kind.plural: _in_scope(kind, names, ignore) for kind, names in unused.items()})


def _in_scope(kind: Kind, names: Iterable[str], ignore: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if not named(ignore, kind, name)))


def _left(operations: Iterable[Operation], kind: Kind, target: Snapshot) -> set[str]:
    left = {entity.name for entity in target.of(kind)}
    for operation in operations:
        if operation.kind is kind and operation.verb is Verb.CREATE:
            left.add(operation.name)
        elif operation.kind is kind and operation.verb is Verb.DELETE:
            left.discard(operation.name)
    return left


def _unknown(target: Snapshot, operations: Iterable[Operation]) -> tuple[str, ...]:
    """Return the groups that can't be read, or that hold a role that can't, before or after."""
    unread = {role.name for role in target.roles if not role.readable}
    held = {
        group.name for group in target.groups if group.roles is None or not unread.isdisjoint(group.roles)
    }
    given = {op.name for op in operations if op.kind is Kind.GROUP and op.member in unread}
    return tuple(sorted(held | given))
