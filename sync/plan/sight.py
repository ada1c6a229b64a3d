"""Roles that a server does not show, since it shows only some by name: now, during a plan, and after it.

Creating roles pushes others out of sight, deleting brings them back. What the plan could read and the target
no longer shows half way is kept in the plan: so a resume knows it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from sync.model.plan import Blocked, Operation, Plan, Rules, Verb
from sync.model.scope import accepting, named
from sync.model.snapshot import READABLE_ROLES, SUPERADMIN, Kind, Role, Snapshot, fits_in_url
from sync.plan.diff import in_scope, unreadable
from sync.plan.recreation import of_recreation


def hidden(roles: Iterable[str]) -> frozenset[str]:
    """Return those roles of which a server that holds all of them shows no assignments."""
    return frozenset(sorted(roles)[READABLE_ROLES:]) - {SUPERADMIN}


def roles_after(target: Snapshot, operations: Iterable[Operation]) -> set[str]:
    """Return the names of the roles that the target holds once operations are done."""
    roles = {role.name for role in target.roles}
    for operation in operations:
        match operation.verb, operation.kind:
            case Verb.CREATE, Kind.ROLE:
                roles.add(operation.name)
            case Verb.DELETE, Kind.ROLE:
                roles.discard(operation.name)
    return roles


def may_be_hidden(
    target: Snapshot, operations: Iterable[Operation], ignore: Sequence[str]
) -> tuple[Role, ...]:
    """Return the readable roles that a plan's creations may push out of sight, as they are before it.

    In the worst case everything is created and nothing is deleted yet.
    """
    created = [each for each in operations if (each.verb, each.kind) == (Verb.CREATE, Kind.ROLE)]
    if not created or _shows_all(target):
        return ()
    pushed = hidden(roles_after(target, created))
    return tuple(role for role in in_scope(target, ignore).roles if role.readable and role.name in pushed)


def hidden_afterwards(
    source: Snapshot, target: Snapshot, operations: Sequence[Operation], ignore: Sequence[str]
) -> Iterator[Blocked]:
    """Yield the roles that the target shows now, and no longer after a plan; they can't be compared then."""
    if _shows_all(target):
        return
    roles = roles_after(target, operations)
    compared = roles & {role.name for role in source.roles} - unreadable(source, Kind.ROLE)
    for name in sorted(hidden(roles) & compared - unreadable(target, Kind.ROLE)):
        if named(ignore, Kind.ROLE, name):
            continue
        yield Blocked(
            kind=Kind.ROLE,
            name=name,
            operation=None,
            reason=f"after this plan the target holds {len(roles)} roles and no longer shows the assignments "
            f"of role {name!r}: it shows those of the first {READABLE_ROLES} roles by name only",
            remedy=f"reduce the target to {READABLE_ROLES} roles, or accept it: {accepting(Kind.ROLE, name)}",
        )


def as_foreseen(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """Return the target half way through a plan, with what the plan's creations have pushed out of sight.

    Roles are created once everything is taken from roles and recreations are over, or else (`zero-downtime`)
    before anything of a hidden role could be changed. So what a role holds that is hidden now is what it
    held before the plan, but for those operations of the plan.
    """
    recreating = of_recreation(plan.operations)
    known = {role.name: role for role in plan.may_be_hidden}

    def filled(role: Role) -> Role:
        if role.readable or role.name not in known:
            return role
        actions = {*(known[role.name].actions or ())}
        for each in plan.operations:
            if (each.kind, each.name) == (Kind.ROLE, role.name) and each.member is not None:
                if each.verb is Verb.UNASSIGN:
                    actions.discard(each.member)
                elif each in recreating:
                    actions.add(each.member)
        return role.model_copy(update={"actions": tuple(sorted(actions))})

    if all(role.readable or role.name not in known for role in snapshot.roles):
        return snapshot
    return snapshot.model_copy(update={"roles": tuple(map(filled, snapshot.roles))})


def runs_needed(
    source: Snapshot,
    target: Snapshot,
    operations: Collection[Operation],
    stuck: Collection[str],
    rules: Rules,
) -> int | None:
    """Return how many runs it takes until all roles are compared, this one included; None where none does.

    Each run deletes roles that the target alone holds and shows, which brings others into sight. `stuck` are
    those that can't be deleted.
    """
    now = {name for name in _unseen(target) if not named(rules.ignore, Kind.ROLE, name)}
    if not now:
        return 1
    fixed = (*rules.ignore, *rules.protect)
    kept = {role.name for role in source.roles} | ({*stuck} - _unseen(target)) | {SUPERADMIN}
    roles, runs = roles_after(target, operations), 2
    while out_of_sight := hidden(roles):
        gone = {name for name in roles - out_of_sight - kept if not named(fixed, Kind.ROLE, name)}
        if not gone:
            return None
        roles, runs = roles - gone, runs + 1
    return None if _unseen(source) else runs


def _unseen(side: Snapshot) -> frozenset[str]:
    """Return the roles that a side does not show since there are too many."""
    return frozenset(name for name in unreadable(side, Kind.ROLE) if fits_in_url(name))


def _shows_all(target: Snapshot) -> bool:
    """Tell whether a server is seen to have no limit."""
    return len(target.roles) > READABLE_ROLES and not _unseen(target)
