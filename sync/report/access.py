"""Who gains and loses access, in numbers."""

from sync.model.impact import count_of
from sync.model.plan import Plan

ACCESS_COUNTS = ("gains", "losses", "opened", "superadmin-granted", "memberships-lost", "destructive")
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
        "false" if lost == 0 else "true",
    )
    return dict(zip(ACCESS_COUNTS, values, strict=True))
