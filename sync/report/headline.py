"""What is said first: what a run is about, what would happen or has happened, and what if it stops."""

from sync.model.outcome import Status
from sync.model.plan import Plan, Strategy
from sync.report import differences
from sync.report.document import Document
from sync.report.wording import Wording, plural

_GUARANTEES = {
    Strategy.LEAST_PRIVILEGE: "each group reaches only endpoints that it could reach before or will reach"
    " afterwards; some may be missing until the apply is finished",
    Strategy.ZERO_DOWNTIME: "each group keeps every endpoint that it could reach before and will reach"
    " afterwards; it may also keep, until the apply is finished, what it is about to lose",
}


def title(document: Document, wording: Wording) -> str:
    """Return what the run is about, and how far it came."""
    target = side(document.target_name, document.target_url, wording)
    source = side(document.source_name, document.source_url, wording)
    back = document.rollback is not None
    goal = f"roll back {target}" if back else f"make {target} equal to {source}"
    titles = (
        (not document.target_url, f"Snapshot of {source}"),
        (not document.source_url, f"Snapshot of {target}"),
        (
            document.three_ways is not None,
            f"Drift: {source} and {target}, compared with {wording.text(document.git)}",
        ),
        (document.drift is not None, f"Drift: {target}, compared with {source}"),
        (bool(document.deviations), f"Not applied: {goal}"),
        (document.unfinished, f"Not finished: {goal}"),
        (document.unequal, f"Not equal: {goal}"),
        (back and document.outcomes is not None, f"Rollback of {target}"),
        (back and document.plan is not None, f"Roll back {target}"),
        (document.outcomes is not None, f"Sync: {goal}"),
        (document.plan is not None, f"Plan: {goal}"),
        (document.error is None or document.unhealthy, f"Healthcheck of {source} and {target}"),
        (True, f"Not planned: {goal}"),
    )
    return next(said for applies, said in titles if applies)


def side(name: str, url: str, wording: Wording) -> str:
    """Return what an environment is called: its name, if it has one, and its URL."""
    return f"{wording.text(name)} ({wording.text(url)})" if name else wording.text(url)


def made(document: Document, wording: Wording) -> str:
    """Return who or what made a plan, where, when and with which version, and how old it was when applied."""
    plan = document.plan
    if plan is None or plan.made is None:
        return ""
    found = plan.made
    parts = [f"{found.at:%Y-%m-%d %H:%M} UTC"]
    parts += [f"by {wording.text(found.actor)}"] if found.actor else []
    parts += [f"from commit {wording.text(found.commit[:12])}"] if found.commit else []
    parts += [] if found.run else ["outside CI"]
    parts += [f"with heimdall-sync {wording.text(found.version)}"]
    said = ", ".join(parts)
    if document.outcomes is None or document.started is None:
        return f"{said}."
    minutes = int((document.started - found.at).total_seconds() // 60)
    age = plural(minutes, "minute") if minutes < 2 * 60 else plural(minutes // 60, "hour")
    return (
        f"{said}; {age} old when it was applied."
        if minutes > 0
        else f"{said}; applied less than a minute later."
    )


def lead(document: Document, wording: Wording) -> tuple[str, str]:
    """Return what would happen or has happened, in a few words, and the rest of the sentence."""
    plan = document.plan
    if plan is None or document.deviations:
        return "", ""
    if document.drift is not None:
        return _drifted(document, wording)
    return _planned(document, plan, wording) if document.outcomes is None else _applied(document, plan)


def _drifted(document: Document, wording: Wording) -> tuple[str, str]:
    sides = differences.drift(document, wording)
    if not sides:
        return "No drift:", differences.no_drift(document)
    count = plural(sum(len(side.rows) for side in sides), "difference")
    between = ", " if document.three_ways is None else "; "
    by_side = between.join(f"{len(side.rows):,} {side.title[0].lower()}{side.title[1:]}" for side in sides)
    told = f"{by_side}. " if document.drift or document.three_ways else ""
    return f"Drift: {count}.", f"{told}Nothing was changed."


def _planned(document: Document, plan: Plan, wording: Wording) -> tuple[str, str]:
    changes, blocked = len(document.changes), len(plan.blocked)
    if not changes and not blocked:
        compared = differences.reach(document, wording)
        return "There is nothing to change:", f"no difference was found. Compared: {compared}."
    stays = f"{plural(blocked, 'difference')} would stay"
    if not changes:
        would = f"No change is possible; {stays}."
    elif blocked:
        would = f"{plural(changes, 'change')} would be made; {stays}."
    else:
        would = f"{plural(changes, 'change')} would make the target equal to the source."
    return would, "Nothing has been changed so far. The source is only ever read."


def _applied(document: Document, plan: Plan) -> tuple[str, str]:
    done, before = len(document.changes), len(document.done_before)
    left = len(plan.operations) - before
    if not left:
        return f"There was nothing {'left ' if before else ''}to change.", ""
    if done == left:
        which = "remaining" if before else "planned"
        return (
            f"All {done:,} {which} changes were made." if done > 1 else f"The {which} change was made."
        ), ""
    failed = document.ended(Status.FAILED)
    unknown = sum(outcome.unsettled for outcome in failed)
    rest = {
        "failed": len(failed) - unknown,
        "unknown, since no answer came": unknown,
        "skipped": len(document.ended(Status.SKIPPED)),
        "not tried": len(document.not_tried),
    }
    said = ", ".join(f"{count:,} {how}" for how, count in rest.items() if count)
    return f"{done:,} of {plural(left, 'change')} made;", f"{said}."


def half_way(document: Document) -> tuple[str, str]:
    """Return what holds if an apply stops half way, or when one did, and what comes next."""
    plan = document.plan
    if plan is None or document.drift is not None or document.deviations:
        return "", ""
    guarantee = f"{_GUARANTEES[plan.strategy]} (strategy {plan.strategy})"
    if plan.strategy is Strategy.ZERO_DOWNTIME and plan.blocked:
        # Old and new roles together may be more than the target takes changes to.
        guarantee += ". This holds for the changes made; blocked differences stay"
    if plan.exposures:
        guarantee += ", except for requests that a third mapping wins for a moment"
    if document.outcomes is None and document.changes:
        again = f"To finish then, {document.how_to_finish}: the same plan and digest are still right"
        rest = f"What is done stays done. {again}, and only the rest is carried out."
        return "If it stops half way,", f"at any moment: {guarantee}. {rest}"
    if document.outcomes is not None and (document.not_tried or document.undone):
        return "It stopped half way:", f"{guarantee}."
    return "", ""
