"""Which access may be missing for a moment while a plan is applied, and for which role that is recreated."""

from collections.abc import Iterable, Iterator

from sync.model.impact import Interruption
from sync.model.plan import Operation, Plan
from sync.plan.recreation import of_recreation, recreated
from sync.report.naming import Naming, names_of
from sync.report.sections import Row, Section, Severity, section


def recreated_roles(plan: Plan, naming: Naming) -> list[Section]:
    """Return which roles are recreated and, group by group, what may be refused meanwhile."""
    roles = sorted(recreated(plan.operations))
    recreating = of_recreation(plan.operations)
    meanwhile = [each for each in plan.impact.interruptions if not _is_apart(each, plan, recreating)]
    groups = sorted({group for each in meanwhile for group in each.groups})
    rows = [
        *(
            Row(
                what=f"role {naming.wording.name(role)} is deleted and created again",
                why="the API can't change its description",
                severity=Severity.WARNING,
            )
            for role in roles
        ),
        *(
            _row(each, [group], naming, Severity.WARNING)
            for group in groups
            for each in meanwhile
            if group in each.groups
        ),
    ]
    if roles and not groups:
        rows.append(Row(what="no group loses access meanwhile", severity=Severity.WARNING))
    if roles:
        refused = (
            "if a user holds such a role directly, the server does not delete it: its groups get it back, "
            "and its description stays"
        )
        rows.append(Row(what=refused, severity=Severity.WARNING))
    return section("Recreated roles", rows)


def missing_for_a_moment(plan: Plan | None, naming: Naming) -> Iterator[Row]:
    """Yield which access may be missing while waves run in which no role is recreated."""
    recreating = of_recreation(plan.operations if plan else ())
    for each in naming.impact.interruptions:
        if plan is None or _is_apart(each, plan, recreating):
            yield _row(each, each.groups, naming, Severity.NOTE)


def _is_apart(interruption: Interruption, plan: Plan, recreating: frozenset[Operation]) -> bool:
    """Tell whether no wave that recreates a role is among those of an interruption."""
    waves = plan.waves[interruption.first - 1 : interruption.last]
    return not recreating or all(recreating.isdisjoint(wave.operations) for wave in waves)


def _row(each: Interruption, groups: Iterable[str], naming: Naming, severity: Severity) -> Row:
    names = naming.some(names_of(each.requests), naming.endpoint, noun="endpoint")
    waves = f"wave {each.first}" if each.first == each.last else f"waves {each.first} to {each.last}"
    said = f"{naming.groups([*groups])} may be refused {names} while {waves} of the apply run"
    return Row(what=said, severity=severity)
