"""Compare two snapshots: every difference as the operation that would remove it."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sync.model.plan import Attributes, Operation, Verb
from sync.model.scope import named
from sync.model.snapshot import SUPERADMIN, Entity, Group, Kind, Role, Snapshot
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import ranking_of, winners_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DiffResult(Generic[T]):
    """What it takes to get from what is there to what is wanted. `change` pairs the two."""

    add: tuple[T, ...]
    delete: tuple[T, ...]
    change: tuple[tuple[T, T], ...]
    identical: tuple[T, ...]


def diff(
    current: Iterable[T],
    desired: Iterable[T],
    *,
    key: Callable[[T], str],
    equal: Callable[[T, T], bool],
) -> DiffResult[T]:
    """Compare two collections by key, in the order in which they come."""
    there: Mapping[str, T] = {key(item): item for item in current}
    wanted: Mapping[str, T] = {key(item): item for item in desired}
    pairs = [(there[name], item) for name, item in wanted.items() if name in there]
    return DiffResult(
        add=tuple(item for name, item in wanted.items() if name not in there),
        delete=tuple(item for name, item in there.items() if name not in wanted),
        change=tuple(pair for pair in pairs if not equal(*pair)),
        identical=tuple(item for before, item in pairs if equal(before, item)),
    )


def differences(source: Snapshot, target: Snapshot, ignore: Sequence[str] = ()) -> Iterator[Operation]:
    """Yield an operation for everything in which the target differs from the source.

    What a pattern of `ignore` names is compared on neither side, nor is an edge to it. Nor are the edges of
    a role or group that either side can't read. Whether `superadmin` exists is not compared: it does,
    everywhere.
    """
    for change in _differences(source, target):
        member = change.member is not None and named(ignore, change.member_kind, change.member)
        if not member and not named(ignore, change.kind, change.name):
            yield change


def in_scope(snapshot: Snapshot, ignore: Sequence[str]) -> Snapshot:
    """Return a snapshot without what is ignored, and without the edges to it and the order of it."""
    if not ignore:
        return snapshot

    def kept(kind: Kind, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if not named(ignore, kind, name))

    def without_ignored(entity: Entity) -> Entity:
        match entity:
            case Role(actions=tuple() as actions):
                return entity.model_copy(update={"actions": kept(Kind.ACTION, actions)})
            case Group(roles=tuple() as roles):
                return entity.model_copy(update={"roles": kept(Kind.ROLE, roles)})
        return entity

    kinds = {
        kind.plural: tuple(
            without_ignored(entity) for entity in snapshot.of(kind) if not named(ignore, kind, entity.name)
        )
        for kind in Kind
    }
    left = frozenset(entity.name for entity in kinds[Kind.MAPPING.plural])
    ranking = ranking_of(winners_of(snapshot.ranking, overlaps_of(left), left), left)
    # not validated: a mapping may ask for an action that is ignored
    return snapshot.model_copy(update=kinds).ranked(ranking)


def _differences(source: Snapshot, target: Snapshot) -> Iterator[Operation]:
    for kind in Kind:
        yield from _entity_differences(kind, source, target)
    for kind in (Kind.ROLE, Kind.GROUP):
        unread = unreadable(source, kind) | unreadable(target, kind)
        yield from _edge_differences(kind, _held(target, kind, unread), _held(source, kind, unread))


def _entity_differences(kind: Kind, source: Snapshot, target: Snapshot) -> Iterator[Operation]:
    result = diff(
        target.of(kind),
        source.of(kind),
        key=lambda entity: entity.name,
        equal=lambda before, after: Attributes.of(before) == Attributes.of(after),
    )
    for entity in result.add:
        if not _is_superadmin(entity):
            yield Operation(verb=Verb.CREATE, kind=kind, name=entity.name, after=Attributes.of(entity))
    for before, after in result.change:
        yield Operation(
            verb=Verb.UPDATE,
            kind=kind,
            name=after.name,
            before=Attributes.of(before),
            after=Attributes.of(after),
        )
    for entity in result.delete:
        if not _is_superadmin(entity):
            yield Operation(verb=Verb.DELETE, kind=kind, name=entity.name, before=Attributes.of(entity))


def _edge_differences(
    kind: Kind, current: Mapping[str, Iterable[str]], desired: Mapping[str, Iterable[str]]
) -> Iterator[Operation]:
    for holder in sorted({*current, *desired}):
        held, wanted = set(current.get(holder, ())), set(desired.get(holder, ()))
        for member in sorted(wanted - held):
            yield Operation(verb=Verb.ASSIGN, kind=kind, name=holder, member=member)
        for member in sorted(held - wanted):
            yield Operation(verb=Verb.UNASSIGN, kind=kind, name=holder, member=member)


def _held(snapshot: Snapshot, kind: Kind, unread: Container[str]) -> dict[str, tuple[str, ...]]:
    """Return what the roles or groups of a snapshot hold, but for the unread ones."""
    holders = snapshot.of(kind)
    return {holder.name: held_by(holder) or () for holder in holders if holder.name not in unread}


def _is_superadmin(entity: Entity) -> bool:
    return isinstance(entity, Role) and entity.name == SUPERADMIN


def held_by(entity: Entity) -> tuple[str, ...] | None:
    """Return what a role or group holds, None where the server did not show it; nothing for other kinds."""
    match entity:
        case Role(actions=held) | Group(roles=held):
            return held
    return ()


def unreadable(snapshot: Snapshot, kind: Kind) -> frozenset[str]:
    """Return the names of the roles or groups of which the server did not show what they hold."""
    return frozenset(holder.name for holder in snapshot.of(kind) if held_by(holder) is None)
