"""Roles that are recreated: deleted and created again, since no request changes a role's description.

Assignments that are the same on both sides, of actions to the role and of the role to groups, are taken away
before the deletion and given back after the creation. One that differs is an operation like any other: it is
taken away before the deletion, or given to the new role alone. So where a server does not delete the role,
the old one gets back what was taken for that and nothing else: a resume finds the state from before it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync.model.plan import Operation, Rules, Strategy, Verb
from sync.model.refusal import Refusal
from sync.model.scope import named
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot

_EDGES = {Verb.ASSIGN, Verb.UNASSIGN}


@dataclass(frozen=True, slots=True)
class Recreation:
    """The update of a description that no request makes, and the operations that stand for it, in order."""

    update: Operation
    operations: tuple[Operation, ...]

    def impossible(self, refusals: Mapping[Operation, Refusal]) -> Refusal | None:
        """Return why the role can't be recreated where one of its operations is refused, else None."""
        for operation in self.operations:
            refusal = refusals.get(operation)
            if refusal:
                reason = f"role {self.update.name!r} can't be recreated"
                return Refusal(f"{reason}: {_what(operation)}: {refusal.reason}", refusal.remedy)
        return None


def recreations(
    source: Snapshot, target: Snapshot, refused: Collection[Operation], rules: Rules
) -> Iterator[Recreation]:
    """Yield a recreation for each refused update of a role that a setting names."""
    for update in refused:
        is_role = (update.verb, update.kind) == (Verb.UPDATE, Kind.ROLE) and update.name != SUPERADMIN
        if is_role and named(rules.recreate, Kind.ROLE, update.name):
            yield Recreation(update, tuple(_operations(update, source, target, rules.ignore)))


def _operations(
    update: Operation, source: Snapshot, target: Snapshot, ignore: Collection[str]
) -> Iterator[Operation]:
    role = update.name
    edges = sorted(_edges(source, role, ignore) & _edges(target, role, ignore))
    for kind, holder, member in edges:
        yield Operation(verb=Verb.UNASSIGN, kind=kind, name=holder, member=member)
    yield Operation(verb=Verb.DELETE, kind=Kind.ROLE, name=role, before=update.before)
    yield Operation(verb=Verb.CREATE, kind=Kind.ROLE, name=role, after=update.after)
    for kind, holder, member in edges:
        yield Operation(verb=Verb.ASSIGN, kind=kind, name=holder, member=member)


def _edges(snapshot: Snapshot, role: str, ignore: Collection[str]) -> set[tuple[Kind, str, str]]:
    """Return what a role holds and who holds it, each with the kind and name of the holder."""
    actions = {action for each in snapshot.roles if each.name == role for action in each.actions or ()}
    groups = {group.name for group in snapshot.groups if role in (group.roles or ())}
    return {
        *((Kind.ROLE, role, action) for action in actions if not named(ignore, Kind.ACTION, action)),
        *((Kind.GROUP, group, role) for group in groups if not named(ignore, Kind.GROUP, group)),
    }


def recreated(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the roles that operations delete and create again, by name."""
    verbs: defaultdict[str, set[Verb]] = defaultdict(set)
    for each in operations:
        if each.kind is Kind.ROLE and each.member is None:
            verbs[each.name].add(each.verb)
    return frozenset(name for name, found in verbs.items() if found >= {Verb.DELETE, Verb.CREATE})


def of_recreation(operations: Collection[Operation]) -> frozenset[Operation]:
    """Return those operations that recreate roles."""
    roles = recreated(operations)
    if not roles:
        return frozenset()
    mine = [each for each in operations if role_of(each) in roles]
    edges: defaultdict[tuple[str, ...], set[Verb]] = defaultdict(set)
    for each in mine:
        edges[each.kind, each.name, each.member or ""].add(each.verb)
    return frozenset(
        each for each in mine if each.member is None or edges[each.kind, each.name, each.member] == _EDGES
    )


def as_differences(operations: Collection[Operation]) -> list[Operation]:
    """Return operations as what differs: where a role is recreated, that is its description alone."""
    recreating = of_recreation(operations)
    before = {op.name: op.before for op in recreating if op.verb is Verb.DELETE}
    return [
        op if op not in recreating else op.model_copy(update={"verb": Verb.UPDATE, "before": before[op.name]})
        for op in operations
        if op not in recreating or op.verb is Verb.CREATE
    ]


def role_of(operation: Operation) -> str | None:
    """Return the role that an operation is about: itself, what it holds, or that a group holds it."""
    return operation.name if operation.kind is Kind.ROLE else operation.member


def _what(operation: Operation) -> str:
    if operation.member is None:
        return f"{operation.verb} it"
    preposition = "to" if operation.verb is Verb.ASSIGN else "from"
    member = f"{operation.member_kind} {operation.member!r}"
    return f"{operation.verb} {member} {preposition} {operation.kind} {operation.name!r}"


def needs_a_gap(role: str) -> Refusal:
    """Say that a strategy allows no moment without the role."""
    return Refusal(
        f"role {role!r} can't be recreated under {Strategy.ZERO_DOWNTIME}: its groups would lose its actions "
        "for a moment",
        f"use --strategy {Strategy.LEAST_PRIVILEGE}, or leave out --recreate for this role",
    )
