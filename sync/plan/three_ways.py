"""Git, source and target compared: what has changed where since git was the truth of both.

A difference is what a plan from git to either environment would have to remove. The union of both is told,
so that a change is seen as well that both environments share and git alone lacks. Whether the two hold the
same is what the plan from source to target says.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync.model.plan import Blocked, Operation, Plan, Rules, Verb
from sync.model.scope import named
from sync.model.snapshot import Kind, Snapshot
from sync.plan.diff import unreadable
from sync.plan.drafting import Refuses
from sync.plan.planner import make_plan
from sync.plan.recreation import as_differences
from sync.plan.side import Environment

Subject = tuple[Kind, str, str | None]
"""What differs: a kind and a name, and what it holds where an assignment differs."""


class Changed(StrEnum):
    """Where something is not as git has it."""

    SOURCE = "changed in the source"
    TARGET = "changed in the target"
    ALIKE = "changed in both alike, git lacks it"
    DIFFERENTLY = "changed in each differently"


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """Something that git, source and target don't have alike.

    `in_source` and `in_target` are the operations that would make either as git has it, None where it is.
    Both are None for a mapping of which only what it wins differs, and no operation alone changes that.
    `changed` is None where it can't be told: `hidden_in` names who does not show what a role or group holds.
    `known` marks what settings accept or protect.
    """

    kind: Kind
    name: str
    member: str | None
    changed: Changed | None
    in_source: Operation | None = None
    in_target: Operation | None = None
    hidden_in: str = ""
    known: bool = False


def three_ways(
    git: Snapshot, source: Environment, target: Environment, between: Plan, refuses: Refuses
) -> tuple[ThreeWay, ...]:
    """Return everything that is not alike in all three, by kind and name.

    `between` is the plan from source to target; its rules hold for git as well. `refuses` says what an
    environment does not accept: only such a difference can be accepted, as in a plan.
    """
    truth, rules = Environment("git", git), between.rules
    to_source, to_target = (make_plan(truth, side, refuses=refuses, rules=rules) for side in (source, target))
    found = [
        *_changed(_differing(to_source), _differing(to_target), _differing(between)),
        *_hidden({"git": git, "the source": source.snapshot, "the target": target.snapshot}, rules),
    ]
    return tuple(sorted(found, key=lambda each: (list(Kind).index(each.kind), each.name, each.member or "")))


def _differing(plan: Plan) -> dict[Subject, list[Operation | Blocked]]:
    """Return what differs of a plan's two sides, but for what can't be compared."""
    differing: defaultdict[Subject, list[Operation | Blocked]] = defaultdict(list)
    for operation in as_differences(plan.operations):
        differing[operation.kind, operation.name, operation.member].append(operation)
    for blocked in plan.blocked:
        if blocked.operation:
            differing[blocked.kind, blocked.name, blocked.operation.member].append(blocked)
        elif blocked.kind is Kind.MAPPING:
            differing[blocked.kind, blocked.name, None].append(blocked)
    return dict(differing)


def _changed(
    in_source: Mapping[Subject, list[Operation | Blocked]],
    in_target: Mapping[Subject, list[Operation | Blocked]],
    between: Mapping[Subject, list[Operation | Blocked]],
) -> Iterator[ThreeWay]:
    for subject in dict.fromkeys((*in_source, *in_target)):
        if subject not in in_target:
            changed = Changed.SOURCE
        elif subject not in in_source:
            changed = Changed.TARGET
        else:
            changed = Changed.DIFFERENTLY if subject in between else Changed.ALIKE
        sides = in_source.get(subject, []), in_target.get(subject, [])
        every = (each for side in sides for each in side)
        kind, name, member = subject
        yield ThreeWay(
            kind,
            name,
            member,
            changed,
            _operation(sides[0]),
            _operation(sides[1]),
            known=all(isinstance(each, Blocked) and each.accepted for each in every),
        )


def _operation(differences: Iterable[Operation | Blocked]) -> Operation | None:
    """Return the operation that says most of what differs: what a mapping is comes before how it stands."""
    found = (each.operation if isinstance(each, Blocked) else each for each in differences)
    return min(filter(None, found), key=lambda each: list(Verb).index(each.verb), default=None)


def _hidden(sides: Mapping[str, Snapshot], rules: Rules) -> Iterator[ThreeWay]:
    """Yield the roles and groups of git and an environment, where one does not show what they hold."""
    git, *environments = sides.values()
    for kind in (Kind.ROLE, Kind.GROUP):
        by_side = {side: unreadable(snapshot, kind) for side, snapshot in sides.items()}
        elsewhere = {entity.name for side in environments for entity in side.of(kind)}
        for name in elsewhere.intersection(entity.name for entity in git.of(kind)):
            hidden_in = [side for side, names in by_side.items() if name in names]
            if hidden_in and not named(rules.ignore, kind, name):
                known = named((*rules.protect, *rules.accept), kind, name)
                yield ThreeWay(kind, name, None, None, hidden_in=" and ".join(hidden_in), known=known)
