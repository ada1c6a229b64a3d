"""How many runs it takes until every role is compared, why, and what is not known before."""

from sync.model.snapshot import READABLE_ROLES, fits_in_url
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, plural

_NAMED = 5


def more_runs(document: Document, wording: Wording) -> list[Section]:
    """Return why one run is not enough; none where it is, and for a drift check."""
    plan = document.plan
    if plan is None or plan.runs == 1 or document.drift is not None:
        return []
    roles = [name for name in plan.target.unreadable_roles if fits_in_url(name)]
    named = ", ".join(map(wording.name, roles[:_NAMED]))
    more = f" and {len(roles) - _NAMED:,} more" if len(roles) > _NAMED else ""
    why = f"the server shows the assignments of the first {READABLE_ROLES} roles by name only"
    rows = [
        Row(
            what=f"the target hides what {plural(len(roles), 'role')} hold{'s' * (len(roles) == 1)}",
            why=f"{why}; it hides {named}{more}",
            severity=Severity.WARNING,
        )
    ]
    if plan.runs is None:
        reduce = f"reduce the target to {READABLE_ROLES} roles, or accept the differences that are listed"
        rows.append(
            Row(what="no further run can compare these roles", hint=reduce, severity=Severity.WARNING)
        )
        return section("Some roles can't be compared", rows)
    rows += [
        Row(what="what the groups of these roles gain and lose is not known yet", severity=Severity.WARNING),
        Row(
            what="this plan deletes roles, which lets the target show others",
            hint="after its apply, make a new plan and apply that as well",
            severity=Severity.WARNING,
        ),
    ]
    return section(f"{plan.runs} runs are needed", rows)
