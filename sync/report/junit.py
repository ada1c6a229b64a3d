"""`junit.xml`: a run as test results, for what reads those: GitHub, GitLab, Jenkins and others.

What is planned or done passes; what failed or stays different fails; what is accepted, skipped or was
never tried is skipped.
"""

from collections.abc import Iterable

from junit_xml import TestCase, TestSuite, to_xml_report_string

from sync.apply.outcome import Outcome, Status, Verification
from sync.heimdall.health import Finding, Level
from sync.plan.model import Blocked, Kind, Operation, Plan
from sync.report.document import Document
from sync.report.wording import PLAIN, RUN_AGAIN, in_order, plural, printable, states, why

_ENDED_EARLY = "the run ended before it came to this"


def render(document: Document) -> str:
    """Return the report as XML.

    A suite is there once the run came to it: `healthcheck`, one for each kind of a plan, and
    `verification` after an apply, or where the run ended early and nothing else says so.
    """
    suites = [
        *_healthcheck(document),
        *_kinds(document),
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


def _kinds(document: Document) -> list[TestSuite]:
    if document.plan is None:
        return []
    outcomes = {outcome.operation: outcome for outcome in document.outcomes or ()}
    not_tried = set(document.not_tried)
    return [_kind(document.plan, kind, outcomes, not_tried) for kind in Kind]


def _kind(plan: Plan, kind: Kind, outcomes: dict[Operation, Outcome], not_tried: set[Operation]) -> TestSuite:
    operations = in_order(operation for operation in plan.operations if operation.kind is kind)
    cases = [_operation(operation, outcomes.get(operation), not_tried) for operation in operations]
    cases += [_blocked(blocked) for blocked in plan.blocked if blocked.kind is kind]
    return _suite(kind.plural, cases)


def _operation(operation: Operation, outcome: Outcome | None, not_tried: set[Operation]) -> TestCase:
    name = PLAIN.phrase(operation)
    if operation in not_tried:
        return _skipped(name, _ENDED_EARLY)
    if outcome is not None and outcome.status is Status.FAILED:
        return _failed(name, "failed", why(outcome), outcome.remedy)
    if outcome is not None and outcome.status is Status.SKIPPED:
        return _skipped(name, outcome.reason)
    before, after = states(operation)
    return _passed(name, f"before: {before}", f"after: {after}")


def _blocked(blocked: Blocked) -> TestCase:
    if blocked.accepted:
        return _skipped(PLAIN.difference(blocked), f"accepted: {blocked.reason}")
    return _failed(PLAIN.difference(blocked), "blocked", blocked.reason, blocked.remedy)


def _verification(document: Document) -> list[TestSuite]:
    cases = _ended_early(document)
    if document.outcomes is not None:
        cases += _verified(document.verification)
    return [_suite("verification", cases)] if cases else []


def _ended_early(document: Document) -> list[TestCase]:
    error = document.error
    if error is None or document.unhealthy:
        return []
    return [_failed("the run comes to its end", type(error).__name__, error.message, error.hint)]


def _verified(verification: Verification | None) -> list[TestCase]:
    name = "target is identical to source"
    if verification is None:
        return [_skipped(name, "the two environments were not read again")]
    if verification.error:
        return [_failed(name, "unreadable", verification.error, "")]
    if verification.identical:
        accepted = len(verification.blocked)
        return [_passed(name, f"{plural(accepted, 'accepted difference')}" if accepted else "no difference")]
    return [
        *(
            _failed(
                f"still needed: {PLAIN.phrase(operation)}", "different", "the target still differs", RUN_AGAIN
            )
            for operation in verification.remaining
        ),
        *(_blocked(blocked) for blocked in verification.blocked if not blocked.accepted),
    ]


def _passed(name: str, *lines: str) -> TestCase:
    return TestCase(name, stdout="\n".join(line for line in lines if line))


def _failed(name: str, kind: str, reason: str, remedy: str) -> TestCase:
    case = TestCase(name)
    message = printable(reason) or kind
    case.add_failure_info(message, "\n".join(filter(None, (message, printable(remedy)))), kind)
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
