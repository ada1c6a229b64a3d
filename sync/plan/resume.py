"""Going on with an approved plan that is partly done, with no other memory than the plan and the target."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sync.model.plan import Attributes, Operation, Plan, Verb, Wave
from sync.model.ranking import Ranking
from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import ranking_of, winners_of
from sync.plan.diff import held_by, in_scope, unreadable
from sync.plan.planned_winners import AS_IT_IS, WRITES, PlannedWinners
from sync.plan.recreation import of_recreation, role_of
from sync.plan.side import Environment
from sync.plan.sight import as_foreseen


@dataclass(frozen=True, slots=True)
class Work:
    """What an apply has to do: a plan, the target before any of it, and what of it is done already."""

    plan: Plan
    before: Snapshot
    done: tuple[Operation, ...] = ()
    ours: frozenset[Operation] = frozenset()

    @property
    def left(self) -> tuple[Wave, ...]:
        """Return the waves without what is done already, empty ones left out."""
        done = set(self.done)
        waves = (
            wave.model_copy(update={"operations": tuple(op for op in wave.operations if op not in done)})
            for wave in self.plan.waves
        )
        return tuple(wave for wave in waves if wave.operations)


def work_left(
    plan: Plan, fresh: Plan, source: Environment, target: Environment, ours: frozenset[Operation]
) -> Work | None:
    """Return what is left of an approved plan, None where it can't be gone on with.

    That takes the source and the rules as they were approved (`fresh` is a plan made now), and the target
    as it was with some of the approved operations done. `ours` are those that we know to have done.
    """
    if plan.source != fresh.source or plan.rules != fresh.rules:
        return None
    done = done_since(plan, source, target)
    return None if done is None else Work(plan, before(plan, target.enforced, done), done, ours & {*done})


def done_since(plan: Plan, source: Environment, target: Environment) -> tuple[Operation, ...] | None:
    """Return the approved operations that are done already, by the target as it is now.

    None where the target is not the approved before-state with some of the approved operations done: then
    something else has been changed in it, be it the order of its mappings. What the plan could not read
    is not looked at.
    """
    world = _Contents(in_scope(as_foreseen(target.snapshot, plan), plan.rules.ignore), plan)
    done = {operation for operation in plan.operations if world.shows(operation)}
    world.undo(_latest_first(plan, done))
    if world.snapshot().digest != plan.target.digest:
        return None
    winners = PlannedWinners(source, target, plan.rules.ignore)
    left = _written_as_they_are(plan, winners, target, done)
    if left is None or not _is_explained(plan, winners, done):
        return None
    done |= {op for op in plan.operations if op.verb in AS_IT_IS and op not in left}
    return tuple(operation for operation in plan.operations if operation in done)


def _written_as_they_are(
    plan: Plan, winners: PlannedWinners, target: Environment, done: Collection[Operation]
) -> set[Operation] | None:
    """Return which mappings are still to be written as they are, None where others are than was approved."""
    differences = [blocked.operation for blocked in plan.blocked if blocked.operation]
    unable = {op.name for op in differences if op.kind is Kind.MAPPING and op.verb in WRITES}
    refreshes = {op for op in plan.operations if op.verb is Verb.REFRESH and op.name in target.stale}
    changes = [op for op in plan.operations if op not in done and op.verb not in AS_IT_IS]
    reorders = set(winners.reordering([*changes, *refreshes], unable).reorders)
    return reorders | refreshes if reorders <= {*plan.operations} else None


def _is_explained(plan: Plan, winners: PlannedWinners, done: Collection[Operation]) -> bool:
    """Tell whether each overlap is won by what won it before, or by what was approved to be written.

    Of what has been written in between nothing else may win, not even what will be overtaken again.
    """
    ours = {op.name for op in done if op.kind is Kind.MAPPING}
    ours |= {op.name for op in plan.operations if op.verb in AS_IT_IS}
    order = Ranking(plan.target.precedence, plan.target.rows)
    known = {*order.written, *order.rows}
    return all(
        now in ours
        or now not in known
        or now == overlap.winner(order, there & known)
        # a row that was written stands behind the others
        or (there <= overlap.fallback and now == overlap.winner(order, (there & known) - ours))
        for overlap, there, now in winners.present()
    )


def before(plan: Plan, target: Snapshot, done: Iterable[Operation]) -> Snapshot:
    """Return what the target held before the operations that are done, ignored things included.

    Its order is the one that decided then and, below that, the one in which its mappings stand now.
    """
    world = _Contents(as_foreseen(target, plan), plan)
    world.undo(_latest_first(plan, done))
    found = world.snapshot()
    present = frozenset(mapping.name for mapping in found.mappings)
    winners = winners_of(Ranking(plan.target.precedence, plan.target.rows), overlaps_of(present), present)
    return found.ranked(ranking_of(winners, present, target.ranking))


def _latest_first(plan: Plan, done: Iterable[Operation]) -> list[Operation]:
    """Return operations as they have to be undone: what a recreation takes it gives back later."""
    done = {*done}
    return [operation for operation in reversed(plan.operations) if operation in done]


def after(plan: Plan, target: Snapshot, done: Iterable[Operation]) -> Snapshot:
    """Return what a target holds once some of a plan's operations are done, with the order from before."""
    done = {*done}
    world = _Contents(target, plan)
    world.undo(undoing(operation for operation in plan.operations if operation in done))
    return world.snapshot()


_REVERSED = {
    Verb.CREATE: Verb.DELETE,
    Verb.DELETE: Verb.CREATE,
    Verb.ASSIGN: Verb.UNASSIGN,
    Verb.UNASSIGN: Verb.ASSIGN,
}


def undoing(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return what takes operations back, each in the place of the one that it undoes."""
    return tuple(
        op.model_copy(
            update={"verb": _REVERSED.get(op.verb, op.verb), "before": op.after, "after": op.before}
        )
        for op in operations
    )


class _Contents:
    """A snapshot's contents, by name, that a plan's operations can be undone in.

    In which order its mappings were written before can't be seen in it: the plan says so.
    """

    def __init__(self, snapshot: Snapshot, plan: Plan) -> None:
        self._ranking = Ranking(plan.target.precedence, plan.target.rows)
        self._entities = {
            kind: {entity.name: Attributes.of(entity) for entity in snapshot.of(kind)} for kind in Kind
        }
        self._unread = {
            Kind.ROLE: unreadable(snapshot, Kind.ROLE).union(plan.target.unreadable_roles),
            Kind.GROUP: unreadable(snapshot, Kind.GROUP).union(plan.target.unreadable_groups),
        }
        self._held = {
            (kind, holder.name): set(held_by(holder) or ())
            for kind in self._unread
            for holder in snapshot.of(kind)
        }
        recreating = of_recreation(plan.operations)
        self._taken = {op for op in recreating if op.verb is Verb.UNASSIGN}
        self._new_roles = {op.name: op.after for op in recreating if op.verb is Verb.CREATE}

    def shows(self, operation: Operation) -> bool:
        """Tell whether what an operation does is done.

        Of a role that is recreated the description tells whether it is the old one or the new one. What was
        given back to the old one, which the server did not delete, counts as never taken.
        """
        held = operation.member in self._held.get((operation.kind, operation.name), ())
        role = role_of(operation)
        there = self._entities[Kind.ROLE].get(role or "")
        is_new = there is not None and there == self._new_roles.get(role or "")
        match operation.verb:
            case Verb.ASSIGN:
                return held and (is_new or role not in self._new_roles)
            case Verb.UNASSIGN:
                return not held or (is_new and operation in self._taken)
            case Verb.DELETE if is_new:
                return True
            case Verb.REORDER | Verb.REFRESH:
                return False  # who decides tells that
        return self._entities[operation.kind].get(operation.name) == operation.after

    def undo(self, operations: Iterable[Operation]) -> None:
        """Put the contents back to what they were before the operations."""
        for operation in operations:
            there, key = self._entities[operation.kind], (operation.kind, operation.name)
            match operation.verb:
                case Verb.ASSIGN:
                    self._held.setdefault(key, set()).discard(operation.member or "")
                case Verb.UNASSIGN:
                    self._held.setdefault(key, set()).add(operation.member or "")
                case _ if operation.before is None:
                    there.pop(operation.name, None)
                case _:
                    there[operation.name] = operation.before

    def snapshot(self) -> Snapshot:
        """Return the contents as a snapshot, not validated: what is ignored may be missing in it."""
        return Snapshot.model_construct(
            actions=tuple(
                Action(name=name, description=a.description) for name, a in self._sorted(Kind.ACTION)
            ),
            roles=tuple(
                Role(
                    name=name,
                    description=attributes.description,
                    actions=self._members(Kind.ROLE, name),
                )
                for name, attributes in self._sorted(Kind.ROLE)
            ),
            mappings=tuple(
                Mapping.named(name, a.action or "", a.description) for name, a in self._sorted(Kind.MAPPING)
            ),
            groups=tuple(
                Group(name=name, description=a.description, roles=self._members(Kind.GROUP, name))
                for name, a in self._sorted(Kind.GROUP)
            ),
            precedence=self._ranking.written,
            rows=self._ranking.rows,
        )

    def _sorted(self, kind: Kind) -> list[tuple[str, Attributes]]:
        return sorted(self._entities[kind].items())

    def _members(self, kind: Kind, name: str) -> tuple[str, ...] | None:
        return None if name in self._unread[kind] else tuple(sorted(self._held.get((kind, name), ())))
