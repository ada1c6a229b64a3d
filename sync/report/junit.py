"""`junit.xml`: a run as test results, for what reads those: GitHub, GitLab, Jenkins and others.

What is planned or done passes; what failed, is refused, has drifted or stays different fails; what is
accepted, protected, skipped or was never tried is skipped.
"""

from collections.abc import Iterable

from junit_xml import TestCase, TestSuite, to_xml_report_string

from sync.heimdall.health import Finding, Level
from sync.plan.approval import Deviated
from sync.plan.changes import Blocked, Operation, Plan, Rules
from sync.plan.model import Kind
from sync.plan.outcome import Outcome, Status, Verification
from sync.report.checks import (
    Difference,
    allowed,
    drift_by_side,
    drifted,
    is_protected,
    is_refusal_told,
    known,
    operation_of,
    override,
    refused,
    rules_of,
    side_moved,
    thing,
    way_out,
)
from sync.report.decided import before_and_after, exposed, flawed, remarked, request_of
from sync.report.document import Document
from sync.report.wording import PLAIN, RUN_AGAIN, in_order, printable, states, why

_ENDED_EARLY = "the run ended before it came to this"
_NOT_AS_APPROVED = "the plan is no longer what was approved"


def render(document: Document) -> str:
    """Return the report as XML.

    A suite is there once the run came to it: `healthcheck`, `guardrails` where one objects, one for each
    kind of a plan, `decisions` and `warnings` where there are any (they pass), and `verification`
    after an apply, or where the run ended early and nothing else says so.
    """
    suites = [
        *_healthcheck(document),
        *_guardrails(document),
        *_kinds(document),
        *_decisions(document),
        *_verification(document),
    ]
    report: str = to_xml_report_string(suites)
    return report


def _healthcheck(document: Document) -> list[TestSuite]:
    cases = [_finding(finding) for finding in document.findings]
    return [_suite("healthcheck", cases)] if cases else []


def _finding(finding: Finding) -> TestCase:
    name = f"{printable(finding.side)}: {printable(finding.check)}"
    if finding.level is Level.FAILED:
        return _failed(name, "unhealthy", finding.message, finding.remedy)
    warning = "warning: " if finding.level is Level.WARNING else ""
    return _passed(name, f"{warning}{printable(finding.message)}", printable(finding.remedy))


def _guardrails(document: Document) -> list[TestSuite]:
    said: dict[str, list[str]] = {}
    for objection in allowed(document.objections):
        line = f"allowed, since {override(objection)}: {objection.message}"
        said.setdefault(printable(objection.guardrail), []).append(printable(line))
    cases = [_passed(guardrail, *lines) for guardrail, lines in said.items()]
    cases += [
        _failed(printable(objection.guardrail), "refused", objection.message, way_out(objection))
        for objection in refused(document.objections)
    ]
    return [_suite("guardrails", cases)] if cases else []


def _kinds(document: Document) -> list[TestSuite]:
    plan = document.plan
    if plan is None:
        return []
    is_drift = document.drift is not None
    cases = _drift(document) if is_drift else [*_deviations(document), *_operations(document, plan)]
    blocked = [blocked for blocked in plan.blocked if blocked.accepted or not is_drift]
    cases += [(difference.kind, _blocked(difference, plan.rules)) for difference in blocked]
    return [_suite(kind.plural, (case for its, case in cases if its is kind)) for kind in Kind]


def _drift(document: Document) -> list[tuple[Kind, TestCase]]:
    return [
        (difference.kind, _drifted(difference, side))
        for side, differences in drift_by_side(document)
        for difference in differences
    ]


def _drifted(difference: Difference, side: str) -> TestCase:
    operation = operation_of(difference)
    lines = []
    if operation is not None:
        in_target, in_source = states(operation)
        lines = [f"in the target: {in_target}", f"in the source: {in_source}"]
    if isinstance(difference, Blocked):
        lines += [difference.reason, difference.remedy]
    message = drifted(difference, PLAIN) + (f" ({side})" if side else "")
    return _failed(thing(difference, PLAIN), "drift", message, *lines)


def _deviations(document: Document) -> list[tuple[Kind, TestCase]]:
    return [(deviated.operation.kind, _deviation(deviated)) for deviated in document.deviations]


def _deviation(deviated: Deviated) -> TestCase:
    message = f"{deviated.deviation}: {side_moved(deviated)}"
    return _failed(PLAIN.phrase(deviated.operation), "deviation", message)


def _operations(document: Document, plan: Plan) -> list[tuple[Kind, TestCase]]:
    outcomes = {outcome.operation: outcome for outcome in document.outcomes or ()}
    left_alone = _left_alone(document, plan)
    deviating = {_subject(deviated.operation) for deviated in document.deviations}
    return [
        (operation.kind, left_alone.get(operation) or _operation(operation, outcomes.get(operation)))
        for operation in in_order(plan.operations)
        if _subject(operation) not in deviating
    ]


def _left_alone(document: Document, plan: Plan) -> dict[Operation, TestCase]:
    """Return the cases of the operations that the run neither did nor would do."""
    if document.deviations:
        return {op: _skipped(PLAIN.phrase(op), _NOT_AS_APPROVED) for op in plan.operations}
    by_whom = {True: ", by an earlier run of ours", False: ""}
    return {
        **{op: _skipped(PLAIN.phrase(op), _ENDED_EARLY) for op in document.not_tried},
        **{
            op: _passed(PLAIN.phrase(op), f"done before this run{by_whom[op in document.ours]}")
            for op in document.done_before
        },
    }


def _subject(operation: Operation) -> tuple[str, ...]:
    return operation.verb, operation.kind, operation.name, operation.member or ""


def _operation(operation: Operation, outcome: Outcome | None) -> TestCase:
    name = PLAIN.phrase(operation)
    if outcome is not None and outcome.status is Status.FAILED:
        return _failed(name, "failed", why(outcome), outcome.remedy)
    if outcome is not None and outcome.status is Status.SKIPPED:
        return _skipped(name, outcome.reason)
    before, after = states(operation)
    return _passed(name, f"before: {before}", f"after: {after}")


def _blocked(blocked: Blocked, rules: Rules) -> TestCase:
    if blocked.accepted:
        known_as = "protected" if is_protected(blocked, rules) else "accepted"
        return _skipped(PLAIN.difference(blocked), f"{known_as}: {blocked.reason}")
    return _failed(PLAIN.difference(blocked), "blocked", blocked.reason, blocked.remedy)


def _decisions(document: Document) -> list[TestSuite]:
    plan = document.plan
    decided, exposures = (plan.decisions, plan.exposures) if plan else ((), ())
    cases = []
    for decision in decided:
        before, after = before_and_after(decision, PLAIN)
        name = f"{printable(request_of(decision))} is decided by another mapping"
        cases.append(_passed(name, f"before: {before}", f"after: {after}"))
    for exposure in exposures:
        name = f"{printable(request_of(exposure))} is decided by a third mapping for a moment"
        cases.append(_passed(name, exposed(exposure, rules_of(document).strategy, PLAIN)))
    for remark in document.remarks:
        name = f"{printable(remark.side)}: {printable(remark.request)} is decided as its list shows"
        cases.append(_passed(name, f"warning: {remarked(remark, PLAIN)}"))
    warnings = [
        _passed(f"mapping {printable(flaw.mapping)} {flaw.fault}", f"warning: {flawed(flaw, PLAIN)}")
        for flaw in document.flaws
    ]
    suites = {"decisions": cases, "warnings": warnings}
    return [_suite(name, its) for name, its in suites.items() if its]


def _verification(document: Document) -> list[TestSuite]:
    cases = _ended_early(document)
    if document.outcomes is not None:
        cases += _verified(document.verification, rules_of(document))
    return [_suite("verification", cases)] if cases else []


def _ended_early(document: Document) -> list[TestCase]:
    error = document.error
    if error is None or document.unhealthy or document.deviations or is_refusal_told(document):
        return []
    return [_failed("the run comes to its end", type(error).__name__, error.message, error.hint)]


def _verified(verification: Verification | None, rules: Rules) -> list[TestCase]:
    name = "target is identical to source"
    if verification is None:
        return [_skipped(name, "the two environments were not read again")]
    if verification.error:
        return [_failed(name, "unreadable", verification.error)]
    if verification.identical:
        return [_passed(name, known(verification.blocked, rules) or "no difference")]
    return [
        *(
            _failed(
                f"still needed: {PLAIN.phrase(operation)}", "different", "the target still differs", RUN_AGAIN
            )
            for operation in verification.remaining
        ),
        *(_blocked(blocked, rules) for blocked in verification.blocked if not blocked.accepted),
    ]


def _passed(name: str, *lines: str) -> TestCase:
    return TestCase(name, stdout="\n".join(line for line in lines if line))


def _failed(name: str, kind: str, reason: str, *lines: str) -> TestCase:
    case = TestCase(name)
    message = printable(reason) or kind
    case.add_failure_info(message, "\n".join(filter(None, (message, *map(printable, lines)))), kind)
    return case


def _skipped(name: str, reason: str) -> TestCase:
    case = TestCase(name)
    case.add_skipped_info(printable(reason))
    return case


def _suite(name: str, cases: Iterable[TestCase]) -> TestSuite:
    taken: set[str] = set()
    suite = TestSuite(name, list(cases))
    for case in suite.test_cases:
        case.classname = f"heimdall-sync.{name}"
        case.name = _free(case.name, taken)
        taken.add(case.name)
    return suite


def _free(name: str, taken: set[str]) -> str:
    # Readers take cases of the same name for one case.
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
