"""`junit.xml`: a run as test results, for what reads those: GitHub, GitLab, Jenkins and others.

The report is red where the command's exit code is: it has a failure if the run failed, was refused, is
unhealthy, found drift, or applied a plan and the two sides are not equal. (`plan --detailed-exitcode` ends
with 2 for an answer, not for a failure: its report stays green.)

- passed: what is as the name of its case says: a change that is made, or that a plan `would` make; what is
  the same on both sides; what was verified.
- skipped: what a person should know and what fails nothing: a warning, something accepted or protected, an
  override, what was not tried. A difference that no change can remove is skipped in a plan, which is not
  applied yet; where an apply ends with it, and nobody has accepted it, it fails.
- failed: everything else, each difference once: what failed itself is not told again as still different.
"""

from collections.abc import Iterable, Iterator

from sync.errors import RefusedError
from sync.heimdall.health import Finding, Level
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import Blocked, Operation, Plan, WinnerChange
from sync.model.snapshot import Kind
from sync.overlaps.answers import Doubt, Remark
from sync.plan.approval import Deviated
from sync.report.checks import (
    CHECK_PATTERN,
    Difference,
    allowed,
    drift_by_side,
    drifted,
    is_protected,
    is_refusal_told,
    known,
    names_nothing,
    operation_of,
    override,
    refused,
    rules_of,
    side_moved,
    thing,
    way_out,
)
from sync.report.decided import before_and_after, exposed, flawed, reach, remarked, request_of
from sync.report.document import Document
from sync.report.testcases import Case, Suite, as_xml
from sync.report.unfinished import found_besides, is_unfinished
from sync.report.wording import PLAIN, in_order, plural, states, why

_ENDED_EARLY = "the run ended before it came to this"
_NOT_AS_APPROVED = "the plan is no longer what was approved"
_REFUSED = "a guardrail refuses the plan"
_NOT_READ_AGAIN = "the two environments were not read again"
_IDENTICAL = "target is identical to source"


def render(document: Document) -> str:
    """Return the report as XML.

    A suite is there where it has something to say: `healthcheck`, `guardrails`, one for each kind of a plan,
    `decisions`, `warnings`, and `verification` after an apply, or where the run ended early and nothing
    else says so.
    """
    suites = [
        Suite("healthcheck", [_finding(finding) for finding in document.findings]),
        Suite("guardrails", [*_guardrails(document)]),
        *_kinds(document),
        Suite("decisions", [*_decisions(document), *_exposures(document), *map(_remark, document.remarks)]),
        Suite("warnings", [*_patterns(document), *_flaws(document)]),
        Suite("verification", [*_ended_early(document), *_verification(document)]),
    ]
    return as_xml(suites, document.started, document.seconds)


def _finding(finding: Finding) -> Case:
    name = f"{finding.side}: {finding.check}"
    match finding.level:
        case Level.PASSED:
            return Case.passed(name, finding.message)
        case Level.WARNING:
            return _warned(name, finding.message, finding.remedy)
    return Case.failed(name, "unhealthy", finding.message, finding.remedy)


def _guardrails(document: Document) -> Iterator[Case]:
    for objection in allowed(document.objections):
        yield Case.skipped(objection.guardrail, f"allowed, since {override(objection)}: {objection.message}")
    for objection in refused(document.objections):
        yield Case.failed(objection.guardrail, "refused", objection.message, way_out(objection))


def _kinds(document: Document) -> list[Suite]:
    """Return what a plan holds, kind by kind; the blocked differences of an apply are the verification's."""
    plan = document.plan
    if plan is None:
        return []
    cases = [*_drift(document)] if document.drift is not None else [*_changes(document, plan)]
    if document.verification is None or document.verification.error:
        skipped = [blocked for blocked in plan.blocked if blocked.accepted or document.drift is None]
        cases += [(blocked.kind, _stays(document, blocked)) for blocked in skipped]
    if document.outcomes is None and not document.deviations:
        cases += [(kind, _same(document, kind)) for kind in _equal_kinds(plan.operations, plan.blocked)]
    return [Suite(kind.plural, [case for its, case in cases if its is kind]) for kind in Kind]


def _equal_kinds(operations: Iterable[Operation], blocked: Iterable[Blocked]) -> list[Kind]:
    differing = {operation.kind for operation in operations} | {difference.kind for difference in blocked}
    return [kind for kind in Kind if kind not in differing]


def _same(document: Document, kind: Kind) -> Case:
    scope = " in scope" if rules_of(document).ignore else ""
    count = document.unchanged(kind) if document.outcomes is None else None
    said = "both were read again" if count is None else f"{plural(count, kind.value)} on either side"
    return Case.passed(f"{kind.plural}{scope} are the same in source and target", said)


def _drift(document: Document) -> Iterator[tuple[Kind, Case]]:
    for side, differences in drift_by_side(document):
        for difference in differences:
            yield difference.kind, _drifted(difference, side)


def _drifted(difference: Difference, side: str) -> Case:
    operation = operation_of(difference)
    lines = []
    if operation is not None:
        in_target, in_source = states(operation)
        lines = [f"in the target: {in_target}", f"in the source: {in_source}"]
    if isinstance(difference, Blocked):
        lines += [difference.reason, difference.remedy]
    message = drifted(difference, PLAIN) + (f" ({side})" if side else "")
    return Case.failed(thing(difference, PLAIN), "drift", message, *lines)


def _changes(document: Document, plan: Plan) -> Iterator[tuple[Kind, Case]]:
    for deviated in document.deviations:
        yield deviated.operation.kind, _deviation(deviated)
    deviating = {_subject(deviated.operation) for deviated in document.deviations}
    outcomes = {outcome.operation: outcome for outcome in document.outcomes or ()}
    for operation in in_order(plan.operations):
        if _subject(operation) not in deviating:
            yield operation.kind, _operation(document, operation, outcomes.get(operation))


def _deviation(deviated: Deviated) -> Case:
    message = f"{deviated.deviation}: {side_moved(deviated)}"
    return Case.failed(PLAIN.phrase(deviated.operation), "deviation", message)


def _subject(operation: Operation) -> tuple[str, ...]:
    return operation.verb, operation.kind, operation.name, operation.member or ""


def _operation(document: Document, operation: Operation, outcome: Outcome | None) -> Case:
    if outcome is None:
        return _not_of_this_run(document, operation)
    name = PLAIN.phrase(operation)
    before, after = states(operation)
    match outcome.status:
        case Status.FAILED:
            return Case.failed(name, "failed", why(outcome), outcome.remedy, seconds=outcome.seconds)
        case Status.SKIPPED:
            return Case.skipped(name, outcome.reason, outcome.remedy)
    answered = f"{outcome.reason}; reading again found it done" if outcome.reason else ""
    return Case.passed(name, f"before: {before}", f"after: {after}", answered, seconds=outcome.seconds)


def _not_of_this_run(document: Document, operation: Operation) -> Case:
    """Return the case of an operation that the run only planned, found done, or did not come to."""
    name = PLAIN.phrase(operation)
    if document.deviations:
        return Case.skipped(name, _NOT_AS_APPROVED)
    if operation in document.done_before:
        by_whom = ", by an earlier run of ours" if operation in document.ours else ""
        return Case.passed(name, f"done before this run{by_whom}")
    if document.outcomes is None and document.error is None:
        before, after = states(operation)
        return Case.passed(f"would {name}", f"before: {before}", f"after: {after}")
    refused_it = document.outcomes is None and isinstance(document.error, RefusedError)
    return Case.skipped(name, _REFUSED if refused_it else _ENDED_EARLY)


def _stays(document: Document, blocked: Blocked) -> Case:
    """Return a difference that no change can remove, where it fails nothing (yet)."""
    if blocked.accepted:
        known_as = "protected" if is_protected(blocked, rules_of(document)) else "accepted"
        return Case.skipped(PLAIN.difference(blocked), f"{known_as}: {blocked.reason}")
    return Case.skipped(PLAIN.difference(blocked), f"stays different: {blocked.reason}", blocked.remedy)


def _decisions(document: Document) -> Iterator[Case]:
    """Yield which requests another mapping decides; after an apply, where it was verified that it does."""
    decisions = document.plan.winner_changes if document.plan and document.drift is None else ()
    planned = document.outcomes is None and document.error is None
    identical = bool(document.verification and document.verification.identical)
    doubted = {remark.request for remark in document.remarks if remark.side == "target"}
    for decision in decisions:
        before, after = before_and_after(decision, PLAIN)
        if planned:
            yield Case.passed(f"{request_of(decision)} would be decided by {after}", f"before: {before}")
        elif not identical:
            yield Case.skipped(_decided(decision, after), "the target was not found identical to the source")
        elif request_of(decision) not in doubted:  # that has a case of its own
            yield Case.passed(_decided(decision, after), f"before: {before}", "verified after the apply")


def _decided(decision: WinnerChange, by: str) -> str:
    return f"{request_of(decision)} is decided by {by}"


def _exposures(document: Document) -> Iterator[Case]:
    plan = document.plan
    for exposure in plan.exposures if plan and document.drift is None else ():
        name = f"{request_of(exposure)} is decided by a third mapping for a moment"
        yield _warned(name, exposed(exposure, rules_of(document).strategy, PLAIN))


def _remark(remark: Remark) -> Case:
    how = "as" if remark.doubt is Doubt.CACHED else "otherwise than"
    name = f"{remark.side}: {remark.request} is decided {how} its list shows"
    return _warned(name, remarked(remark, PLAIN))


def _patterns(document: Document) -> Iterator[Case]:
    for unmatched in document.plan.unmatched if document.plan else ():
        said = names_nothing(unmatched, PLAIN)
        yield _warned(said, said, CHECK_PATTERN)


def _flaws(document: Document) -> Iterator[Case]:
    for flaw in document.flaws:
        yield _warned(f"mapping {flaw.mapping} {flaw.fault}", flawed(flaw, PLAIN))


def _warned(name: str, message: str, what_to_do: str = "") -> Case:
    return Case.skipped(name, f"warning: {message}", what_to_do)


def _ended_early(document: Document) -> Iterator[Case]:
    error = document.error
    if error and not (document.unhealthy or document.deviations or is_refusal_told(document)):
        how = f"to finish: {document.how_to_finish}" if is_unfinished(document) else ""
        yield Case.failed("the run comes to its end", type(error).__name__, error.message, error.hint, how)


def _verification(document: Document) -> Iterator[Case]:
    found = document.verification
    if document.outcomes is None:
        return
    if found is None:
        yield Case.skipped(_IDENTICAL, _NOT_READ_AGAIN)
    elif found.error:
        yield Case.failed(_IDENTICAL, "unreadable", found.error)
    else:
        yield from _found(document, found)


def _found(document: Document, found: Verification) -> Iterator[Case]:
    """Yield what was verified and what still differs, but for the changes whose own case says so."""
    untold = found_besides(document)
    how = f"to finish: {document.how_to_finish}"
    open_differences = [blocked for blocked in found.blocked if not blocked.accepted]
    if found.identical:
        aside = ", accepted differences aside" if found.blocked else ""
        stays = known(found.blocked, rules_of(document)) or "no difference"
        yield Case.passed(f"{_IDENTICAL}{aside}", f"{stays}; compared: {reach(document, PLAIN)}")
    elif not untold and not open_differences:
        left = f"{plural(len(found.remaining), 'change')} still needed, each with a case that says why"
        yield Case.failed(_IDENTICAL, "different", left, how)
    for kind in _equal_kinds(found.remaining, found.blocked):
        yield _same(document, kind)
    for operation in untold:
        name = f"still needed: {PLAIN.phrase(operation)}"
        yield Case.failed(name, "different", "the target still differs", how)
    for blocked in found.blocked:
        if blocked.accepted:
            yield _stays(document, blocked)
        else:
            yield Case.failed(PLAIN.difference(blocked), "blocked", blocked.reason, blocked.remedy)
