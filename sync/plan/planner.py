"""Two snapshots and what the target accepts → the plan: operations in waves, and what stays different."""

from collections.abc import Iterable, Iterator, Mapping

from sync.model.plan import Blocked, Operation, Plan, Rules, Strategy, Verb
from sync.model.refusal import Refusal, no_address
from sync.model.scope import accepting, named, unmatched
from sync.model.snapshot import READABLE_ROLES, SUPERADMIN, Kind, Snapshot, fits_in_url
from sync.plan.diff import differences, unreadable
from sync.plan.drafting import PROTECTED, Drafting, Refused, Refuses
from sync.plan.impact import impact_of
from sync.plan.interruptions import WonRequests
from sync.plan.planned_winners import PlannedWinners
from sync.plan.recreation import Recreation, needs_a_gap, recreations
from sync.plan.side import Environment
from sync.plan.sight import hidden_afterwards, may_be_hidden, roles_after, runs_needed
from sync.plan.undecided import undecided

Entry = tuple[Kind, str]
"""Something that a side holds: its kind and its name."""


def make_plan(
    source: Environment,
    target: Environment,
    *,
    refuses: Refuses,
    rules: Rules = Rules(),  # noqa: B008 - immutable
) -> Plan:
    """Plan what makes the target equal to the source. Members are not counted."""
    winners = PlannedWinners(source, target, rules.ignore)
    differing = tuple(differences(source.snapshot, target.snapshot, rules.ignore))
    changes = (*differing, *winners.refreshes(differing))
    unread = _unread(source.snapshot, target.snapshot)

    def refusal_of(change: Operation) -> Refusal | None:
        return _untouchable(change, unread) or _protected(change, rules) or refuses(change)

    refused: Refused = {}
    for change in changes:
        refusal = refusal_of(change)
        if refusal:
            refused[change] = refusal
    recreating = _recreating(source.snapshot, target.snapshot, refused, rules, refusal_of)
    for recreation in recreating:
        del refused[recreation.update]
    updates = {recreation.update for recreation in recreating}
    changes = tuple(change for change in changes if change not in updates)
    drafting = Drafting(rules, source.enforced, target.enforced, changes, winners, refuses, recreating)
    draft = drafting.draft(refused)
    operations = draft.operations
    runs = runs_needed(source.snapshot, target.snapshot, operations, _stuck(draft.refused), rules)
    later = _shown_later(unread, source.snapshot, len(roles_after(target.snapshot, operations)), runs)
    unread = {key: later.get(why, why) for key, why in unread.items() if not named(rules.ignore, *key)}
    return Plan(
        source=source.side(rules),
        target=target.side(rules),
        rules=rules,
        waves=tuple(draft.waves),
        blocked=_marked(
            [
                *_incomparable(unread, source.snapshot, target.snapshot),
                *hidden_afterwards(source.snapshot, target.snapshot, operations, rules.ignore),
                *(_blocked(change, later.get(why, why)) for change, why in draft.refused.items()),
                *undecided(source, target, winners, operations, draft.refused),
            ],
            rules,
        ),
        not_compared=tuple(sorted(winners.overlaps.not_compared)),
        winner_changes=tuple(winners.changed(operations)),
        exposures=draft.exposures,
        may_be_hidden=may_be_hidden(target.snapshot, operations, rules.ignore),
        runs=runs,
        impact=impact_of(
            target.enforced,
            draft.waves,
            [WonRequests(*each) for each in winners.before_and_after(operations)],
            winners.overlaps.not_compared,
            rules.ignore,
        ),
        unmatched=unmatched(rules, source.snapshot, target.snapshot),
    )


def _stuck(refused: Refused) -> set[str]:
    """Return the roles that can't be deleted."""
    return {op.name for op in refused if (op.verb, op.kind) == (Verb.DELETE, Kind.ROLE)}


def _recreating(
    source: Snapshot, target: Snapshot, refused: Refused, rules: Rules, refuses: Refuses
) -> tuple[Recreation, ...]:
    """Return the recreations that can be tried; of the others the reason why not is noted in `refused`."""
    possible = []
    wanted = {op: why for op, why in refused.items() if why is not PROTECTED}
    for recreation in recreations(source, target, wanted, rules):
        refusals = {op: why for op in recreation.operations if (why := refuses(op))}
        why_not = recreation.impossible(refusals)
        if rules.strategy is Strategy.ZERO_DOWNTIME:
            why_not = needs_a_gap(recreation.update.name)
        if why_not:
            refused[recreation.update] = why_not
        else:
            possible.append(recreation)
    return tuple(possible)


def _untouchable(change: Operation, unread: Mapping[Entry, Refusal]) -> Refusal | None:
    """Say what no target lets a sync do: change `superadmin`, or judge what can't be read."""
    if change.kind is Kind.ROLE and change.name == SUPERADMIN:
        return Refusal(
            f"Heimdall's API can't change role {SUPERADMIN!r}",
            f"accept it: {accepting(Kind.ROLE, SUPERADMIN)}",
        )
    if change.verb is Verb.UPDATE:
        return None
    refusal = unread.get((change.kind, change.name))
    return refusal if change.member is None else refusal or unread.get((change.member_kind, change.member))


def _unread(source: Snapshot, target: Snapshot) -> dict[Entry, Refusal]:
    """Return the roles and groups of which one of the sides does not show what they hold."""
    return {
        (kind, name): _unreadable(kind, name, side)
        for side, snapshot in (("target", target), ("source", source))
        for kind in (Kind.ROLE, Kind.GROUP)
        for name in sorted(unreadable(snapshot, kind))
    }


def _unreadable(kind: Kind, name: str, side: str) -> Refusal:
    if not fits_in_url(name):
        return no_address(kind, name)
    return Refusal(
        f"the {side} does not show the assignments of {kind} {name!r}: it shows those of the first "
        f"{READABLE_ROLES} roles by name only",
        f"reduce the {side} to {READABLE_ROLES} roles, then run the sync again",
    )


def _shown_later(
    unread: Mapping[Entry, Refusal], source: Snapshot, left: int, runs: int | None
) -> dict[Refusal, Refusal]:
    """Return what the target hides now and shows after a plan, or in one of several runs: apply it first.

    The plan leaves so many roles in the target.
    """
    if left > READABLE_ROLES and (runs or 1) == 1:
        return {}
    shows = f"all of its {left} roles" if left <= READABLE_ROLES else "more of its roles"
    remedy = f"apply this plan, then run the sync again: the target then shows {shows}"
    return {
        refusal: Refusal(refusal.reason, remedy)
        for (kind, name), refusal in unread.items()
        if fits_in_url(name) and name not in unreadable(source, kind)
    }


def _incomparable(unread: Mapping[Entry, Refusal], source: Snapshot, target: Snapshot) -> Iterator[Blocked]:
    """Yield the roles and groups that are on both sides and can't be compared."""
    in_source, in_target = (
        {(kind, entity.name) for kind in Kind for entity in side.of(kind)} for side in (source, target)
    )
    for kind, name in sorted(in_source & in_target & {*unread}):
        why = unread[kind, name]
        yield Blocked(kind=kind, name=name, operation=None, reason=why.reason, remedy=why.remedy)


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
        for difference in sorted(blocked, key=_sort_key)
    )


def is_known(blocked: Blocked, rules: Rules) -> bool:
    """Tell whether a difference is protected or accepted: by its entity, or for an edge by what is held.

    That others win what a mapping should win is known only where it is accepted.
    """
    operation = blocked.operation
    if operation and operation.verb is Verb.REORDER:
        return named(rules.accept, blocked.kind, blocked.name)
    member = operation.member if operation else None
    if operation and member is not None and named(rules.accept, operation.member_kind, member):
        return True
    return named((*rules.protect, *rules.accept), blocked.kind, blocked.name)


def _sort_key(blocked: Blocked) -> tuple[int, str, str, str]:
    operation = blocked.operation
    verb, member = (operation.verb, operation.member or "") if operation else ("", "")
    return list(Kind).index(blocked.kind), blocked.name, verb, member
