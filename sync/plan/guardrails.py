"""Rules that can refuse a plan before anything is written, each with the setting that allows it.

They are evaluated for a dry run too: who approves must see that an apply would refuse.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync.model.plan import Operation, Plan, Rules, Verb
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot
from sync.urls import identity, is_plain_http


@dataclass(frozen=True, slots=True)
class Objection:
    """What a guardrail has against a plan.

    `setting` is the option that allows it (`--allow-http`); `allowed` tells that it is given.
    """

    guardrail: str
    message: str
    setting: str
    allowed: bool


def objections_to_urls(source_url: str, target_url: str, rules: Rules) -> Iterator[Objection]:
    """Yield what can be said before any request: plain HTTP, and both URLs naming the same environment."""
    for side, url in (("source", source_url), ("target", target_url)):
        if is_plain_http(url):
            yield Objection(
                "plain HTTP",
                f"the {side}'s token would cross the network unencrypted to {url}",
                "--allow-http",
                rules.allow_http,
            )
    if identity(source_url) == identity(target_url):
        yield Objection(
            "same environment",
            f"source and target are the same environment: {source_url} and {target_url}",
            "--allow-same-environment",
            rules.allow_same_environment,
        )


def objections_to_plan(
    plan: Plan, source: Snapshot, target: Snapshot, own_groups: Iterable[str] = ()
) -> Iterator[Objection]:
    """Yield what can be said of a plan. `own_groups` are the groups that the operator is a member of."""
    rules, operations = plan.rules, plan.operations
    yield from _empty_source(source, target, rules)
    yield from _many_deletions(operations, target, rules)
    for operation in operations:
        if (operation.verb, operation.member) == (Verb.ASSIGN, SUPERADMIN):
            yield Objection(
                "superadmin grant",
                f"group {operation.name!r} would get every permission, by role {SUPERADMIN!r}",
                "--allow-superadmin-grant",
                rules.allow_superadmin_grant,
            )
    own = set(own_groups)
    for operation in operations:
        if (operation.verb, operation.member) == (Verb.UNASSIGN, SUPERADMIN) and operation.name in own:
            yield Objection(
                "self-lockout",
                f"group {operation.name!r}, which the token's user is in, would lose role {SUPERADMIN!r}",
                "--allow-self-lockout",
                rules.allow_self_lockout,
            )
    deleted = [op.name for op in operations if (op.verb, op.kind) == (Verb.DELETE, Kind.MAPPING)]
    if deleted and rules.fail_on_unprotected:
        yield Objection(
            "unprotected endpoints",
            f"endpoints would lose their mapping: {len(deleted)}, {deleted[0]} among them",
            "--fail-on-unprotected",
            allowed=False,
        )
    if plan.exposures and rules.fail_on_transient_exposure:
        first = plan.exposures[0]
        yield Objection(
            "transient exposure",
            f"requests would be won by a third mapping for a moment: {len(plan.exposures)}, "
            f"{first.method} {first.path} by {first.mapping} among them",
            "--fail-on-transient-exposure",
            allowed=False,
        )


def takes_superadmin(plan: Plan) -> bool:
    """Tell whether a plan takes `superadmin` from a group: then it matters who runs it."""
    return any((op.verb, op.member) == (Verb.UNASSIGN, SUPERADMIN) for op in plan.operations)


def _empty_source(source: Snapshot, target: Snapshot, rules: Rules) -> Iterator[Objection]:
    for kind in Kind:
        there, wanted = ({e.name for e in side.of(kind)} - {SUPERADMIN} for side in (target, source))
        if there and not wanted:
            yield Objection(
                "empty source",
                f"the source has no {kind.plural}, the target has {len(there)}",
                "--allow-empty-source",
                rules.allow_empty_source,
            )


def _many_deletions(operations: Iterable[Operation], target: Snapshot, rules: Rules) -> Iterator[Objection]:
    removals = (Verb.DELETE, Verb.UNASSIGN)
    gone = Counter(_counted_as(operation) for operation in operations if operation.verb in removals)
    # what is above the usual bound is said even where a setting allows it
    bound = min(Rules.model_fields["max_delete_percent"].default, rules.max_delete_percent)
    for what, total in _sizes(target).items():
        percent = gone[what] * 100 / total if total else 0
        if total >= rules.delete_guard_minimum and percent > bound:
            yield Objection(
                "many deletions",
                f"{gone[what]} of {total} {what} would go, more than {bound} %",
                "--max-delete-percent",
                allowed=percent <= rules.max_delete_percent,
            )


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
