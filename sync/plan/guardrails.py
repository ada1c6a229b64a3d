"""Rules that can refuse a plan before anything is written: `BY_URL` and `BY_PLAN` hold one entry for each.

They are evaluated for a dry run too: who approves must see that an apply would refuse. To add a guardrail,
add its entry, its setting to `Rules` and `Settings`, and its line to the README. What the setting does is in
its name: `allow_` lets something pass that is refused without it, `fail_on_` refuses something that passes
without it, and `max_` is a limit.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sync.model.plan import Operation, Plan, Rules, Verb
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot
from sync.plan.recreation import needs_a_gap, of_recreation
from sync.plan.sensitive import is_sensitive
from sync.urls import identity, is_plain_http

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Objection:
    """What a guardrail has against a plan.

    `setting` is the option that allows it (`--allow-http`); `allowed` tells that it is given.
    """

    guardrail: str
    message: str
    setting: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a guardrail objects to; `amount` is what a setting that is a limit is held against."""

    message: str
    amount: float = 0


@dataclass(frozen=True, slots=True)
class Guardrail(Generic[T]):
    """One rule: its name, the field of `Rules` that is its setting, and what it finds in what it looks at."""

    name: str
    setting: str
    find: Callable[[T], Iterator[Found]]

    def objections(self, looked_at: T, rules: Rules) -> Iterator[Objection]:
        """Yield what it has against something under these rules."""
        given = getattr(rules, self.setting)
        if self.setting.startswith("fail_on_") and not given:
            return
        for found in self.find(looked_at):
            if self.setting.startswith("max_"):
                allowed = found.amount <= given
            else:
                allowed = self.setting.startswith("allow_") and given
            yield Objection(self.name, found.message, f"--{self.setting.replace('_', '-')}", allowed)


@dataclass(frozen=True, slots=True)
class Urls:
    """Where a plan is from and for; empty where a snapshot stands for an environment."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, both sides as it found them, and the groups that the operator is a member of."""

    plan: Plan
    source: Snapshot
    target: Snapshot
    own_groups: frozenset[str] = frozenset()


def objections_to_urls(source_url: str, target_url: str, rules: Rules) -> Iterator[Objection]:
    """Yield what can be said before any request is sent."""
    for guardrail in BY_URL:
        yield from guardrail.objections(Urls(source_url, target_url), rules)


def objections_to_plan(
    plan: Plan, source: Snapshot, target: Snapshot, own_groups: Iterable[str] = ()
) -> Iterator[Objection]:
    """Yield what can be said of a plan. `own_groups` are the groups that the operator is a member of."""
    for guardrail in BY_PLAN:
        yield from guardrail.objections(Planned(plan, source, target, frozenset(own_groups)), plan.rules)


def takes_superadmin(plan: Plan) -> bool:
    """Tell whether a plan takes `superadmin` from a group: then it matters who runs it."""
    return any(_of_superadmin(plan, Verb.UNASSIGN))


def _of_superadmin(plan: Plan, verb: Verb) -> Iterator[str]:
    """Yield the groups that a plan gives the role that has every permission, or takes it from."""
    return (op.name for op in plan.operations if (op.verb, op.member) == (verb, SUPERADMIN))


def _plain_http(urls: Urls) -> Iterator[Found]:
    for side, url in (("source", urls.source), ("target", urls.target)):
        if is_plain_http(url):
            yield Found(f"the {side}'s token would cross the network unencrypted to {url}")


def _same_environment(urls: Urls) -> Iterator[Found]:
    if urls.source and urls.target and identity(urls.source) == identity(urls.target):
        yield Found(f"source and target are the same environment: {urls.source} and {urls.target}")


def _empty_source(planned: Planned) -> Iterator[Found]:
    for kind in Kind:
        there, wanted = (
            {e.name for e in side.of(kind)} - {SUPERADMIN} for side in (planned.target, planned.source)
        )
        if there and not wanted:
            yield Found(f"the source has no {kind.plural}, the target has {len(there)}")


def _many_deletions(planned: Planned) -> Iterator[Found]:
    rules, removals = planned.plan.rules, (Verb.DELETE, Verb.UNASSIGN)
    # what is recreated comes back
    kept = of_recreation(planned.plan.operations)
    gone = Counter(
        _counted_as(op) for op in planned.plan.operations if op.verb in removals and op not in kept
    )
    # what is above the usual limit is said even where a setting allows it
    limit = min(Rules.model_fields["max_delete_percent"].default, rules.max_delete_percent)
    for what, total in _sizes(planned.target).items():
        percent = gone[what] * 100 / total if total else 0
        if total >= rules.delete_guard_minimum and percent > limit:
            yield Found(f"{gone[what]} of {total} {what} would be removed, more than {limit} %", percent)


def _recreation(planned: Planned) -> Iterator[Found]:
    """Yield the roles that are to be recreated under a strategy that forbids it."""
    for blocked in planned.plan.blocked:
        if not blocked.accepted and blocked.reason == needs_a_gap(blocked.name).reason:
            yield Found(blocked.reason)


def _superadmin_grant(planned: Planned) -> Iterator[Found]:
    for group in _of_superadmin(planned.plan, Verb.ASSIGN):
        yield Found(f"group {group!r} would get every permission through role {SUPERADMIN!r}")


def _self_lockout(planned: Planned) -> Iterator[Found]:
    for group in _of_superadmin(planned.plan, Verb.UNASSIGN):
        if group in planned.own_groups:
            yield Found(f"group {group!r}, which the token's user is in, would lose role {SUPERADMIN!r}")


def _unprotected_endpoints(planned: Planned) -> Iterator[Found]:
    operations = planned.plan.operations
    deleted = [op.name for op in operations if (op.verb, op.kind) == (Verb.DELETE, Kind.MAPPING)]
    if deleted:
        yield Found(f"endpoints would lose their mapping: {len(deleted)} in all, {deleted[0]} among them")


def _transient_exposure(planned: Planned) -> Iterator[Found]:
    exposures = planned.plan.exposures
    if exposures:
        first = exposures[0]
        yield Found(
            f"a third mapping would win requests for a moment: {len(exposures)} in all, "
            f"{first.method} {first.path} by {first.mapping} among them"
        )


def _new_access(planned: Planned) -> Iterator[Found]:
    impact = planned.plan.impact
    if impact.gaining:
        yield Found(f"groups would gain access: {len(impact.gaining)}, {min(impact.gaining)!r} among them")
    opened = [requests.name for requests in impact.newly_open]
    if opened:
        yield Found(f"endpoints would be open to everyone: {len(opened)}, {opened[0]} among them")


def _sensitive_endpoints(planned: Planned) -> Iterator[Found]:
    """Yield each sensitive endpoint once, with those who could reach it from then on."""
    impact, patterns = planned.plan.impact, planned.plan.rules.sensitive
    if not patterns:
        return
    opened = {requests.name for requests in impact.newly_open if is_sensitive(requests, patterns)}
    gaining: defaultdict[str, set[str]] = defaultdict(set)
    for let_in, requests in impact.newly_allowed:
        if let_in and is_sensitive(requests, patterns):
            gaining[requests.name].update(let_in)
    for name in sorted(opened):
        yield Found(f"sensitive endpoint {name} would be open to everyone")
    for name, groups in sorted(gaining.items()):
        others = f" and {len(groups) - 1} more" if len(groups) > 1 else ""
        yield Found(f"group {min(groups)!r}{others} would gain sensitive endpoint {name}")
    for group in impact.superadmin_granted:
        yield Found(f"group {group!r} would gain every sensitive endpoint, by role {SUPERADMIN!r}")


def _counted_as(operation: Operation) -> str:
    if operation.verb is Verb.DELETE:
        return operation.kind.plural
    return f"{operation.member_kind.plural} of {operation.kind.plural}"


def _sizes(snapshot: Snapshot) -> Mapping[str, int]:
    """Return how many there are of each kind; what roles and groups hold counts as kinds of its own."""
    return {
        **{kind.plural: len(snapshot.of(kind)) for kind in Kind},
        "actions of roles": sum(len(role.actions or ()) for role in snapshot.roles),
        "roles of groups": sum(len(group.roles or ()) for group in snapshot.groups),
    }


BY_URL = (
    Guardrail("plain HTTP", "allow_http", _plain_http),
    Guardrail("same environment", "allow_same_environment", _same_environment),
)
"""The guardrails that look at the two URLs, in the order in which they are asked."""

BY_PLAN = (
    Guardrail("empty source", "allow_empty_source", _empty_source),
    Guardrail("many deletions", "max_delete_percent", _many_deletions),
    Guardrail("recreated role", "recreate", _recreation),
    Guardrail("superadmin grant", "allow_superadmin_grant", _superadmin_grant),
    Guardrail("self-lockout", "allow_self_lockout", _self_lockout),
    Guardrail("unprotected endpoints", "fail_on_unprotected", _unprotected_endpoints),
    Guardrail("transient exposure", "fail_on_transient_exposure", _transient_exposure),
    Guardrail("new access", "fail_on_new_access", _new_access),
    Guardrail("sensitive endpoint", "allow_sensitive", _sensitive_endpoints),
)
"""The guardrails that look at a plan, in the order in which they are asked."""
