"""Who gains and loses access, in numbers and in one word."""

from enum import StrEnum

from sync.model.impact import count_of
from sync.model.plan import Plan

ACCESS_COUNTS = (
    "gains",
    "losses",
    "opened",
    "superadmin-granted",
    "memberships-lost",
    "destructive",
    "severity",
)
"""What is counted of the access that a plan changes, by the names of a step's outputs."""


def access_counts(plan: Plan) -> dict[str, str]:
    """Return the counts as text, by name; empty where the members of a deleted group are not known."""
    impact, lost = plan.impact, plan.memberships_lost
    values = (
        str(count_of(impact.gains)),
        str(count_of(impact.losses)),
        str(sum(1 for _ in impact.newly_open)),
        str(len(impact.superadmin_granted)),
        "" if lost is None else str(lost),
        "true" if _is_destructive(plan) else "false",
        access_severity(plan),
    )
    return dict(zip(ACCESS_COUNTS, values, strict=True))


class AccessSeverity(StrEnum):
    """The most serious effect of a plan on access; `docs/outputs.md` says what each means."""

    DESTRUCTIVE = "destructive"
    OPENS = "opens"
    GRANTS = "grants"
    HARMLESS = "harmless"


def access_severity(plan: Plan) -> AccessSeverity:
    """Return the most serious effect of a plan on access; of an exposure groups gain for a moment."""
    impact = plan.impact
    found = {
        AccessSeverity.DESTRUCTIVE: _is_destructive(plan),
        AccessSeverity.OPENS: bool(impact.opened),
        AccessSeverity.GRANTS: bool(impact.gaining or plan.exposures),
        AccessSeverity.HARMLESS: True,
    }
    return next(severity for severity, applies in found.items() if applies)


def _is_destructive(plan: Plan) -> bool:
    """Tell whether a plan deletes a group that has members, or may have."""
    return plan.memberships_lost != 0
