"""How many runs it takes until every role is compared, why, and what is not known before."""

from sync.model.snapshot import READABLE_ROLES, fits_in_url
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, plural

_NAMED = 5


def more_runs(document: Document, wording: Wording) -> list[Section]:
    """Return why one run is not enough; none where it is, and for a drift check."""
    plan, found = document.plan, document.verification
    if plan is None or plan.runs == 1 or document.drift is not None or (found and found.identical):
        return []
    is_over = document.carried_out
    roles = [name for name in plan.target.unreadable_roles if fits_in_url(name)]
    named = ", ".join(map(wording.name, roles[:_NAMED]))
    more = f" and {len(roles) - _NAMED:,} more" if len(roles) > _NAMED else ""
    hidden = f"the server shows the assignments of the first {READABLE_ROLES} roles by name only"
    hides = "hid" if is_over else "hides"
    rows = [
        _warning(
            f"the target {hides} the assignments of {plural(len(roles), 'role')}",
            why=f"{hidden}; it {hides} {named}{more}",
        )
    ]
    if plan.runs is None:
        reduce = f"reduce the target to {READABLE_ROLES} roles, or accept the differences that are listed"
        return section(
            "Some roles can't be compared",
            [*rows, _warning("no further run can compare these roles", reduce)],
        )
    rows.append(_warning("what the groups of these roles gain and lose is not known yet"))
    if is_over:
        deleted = "this apply has deleted roles, so the target shows others now"
        rows.append(_warning(deleted, "make a new plan, and apply that as well"))
        left = plan.runs - 1
        return section("Another run is needed" if left == 1 else f"{left} more runs are needed", rows)
    deletes = "this plan deletes roles, which lets the target show others"
    rows.append(_warning(deletes, "after its apply, make a new plan, and apply that as well"))
    return section(f"{plan.runs} runs are needed", rows)


def _warning(what: str, hint: str = "", why: str = "") -> Row:
    return Row(what=what, why=why, hint=hint, severity=Severity.WARNING)
