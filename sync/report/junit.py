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

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sync.errors import RefusedError
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import Blocked, Operation, Plan
from sync.model.snapshot import Kind
from sync.report import checks, differences, results, rollbacks
from sync.report.access import access_counts
from sync.report.document import Document
from sync.report.runs import more_runs
from sync.report.sections import Row, Section, Severity
from sync.report.testcases import Case, Suite, as_xml
from sync.report.wording import PLAIN, Wording, in_order, plural, why

_IDENTICAL = "target is identical to source"


@dataclass(frozen=True, slots=True)
class JUnit:
    """Show a document as test results."""

    document: Document

    def render(self) -> str:
        """Return the report as XML.

        A suite is there where it has something to say: `healthcheck`, `guardrails`, one for each kind of a
        plan, `winners`, `warnings`, and `verification` after an apply, or where the run ended early and
        nothing else says so.
        """
        suites = [
            Suite("healthcheck", [*self._cases(checks.health, named_by_title=True)]),
            Suite("guardrails", [*self._cases(checks.overrides), *self._cases(checks.refusals)]),
            *self._kinds(),
            Suite("winners", [*self._winners()]),
            Suite("warnings", [*self._warnings(), *self._runs()]),
            Suite("verification", [*self._ended_early(), *self._verification()]),
        ]
        return as_xml(suites, self.document.started, self.document.seconds)

    def _rows(self, sections: Callable[[Document, Wording], list[Section]]) -> list[Row]:
        return [row for section in sections(self.document, PLAIN) for row in section.rows]

    def _cases(
        self, sections: Callable[[Document, Wording], list[Section]], *, named_by_title: bool = False
    ) -> Iterator[Case]:
        for section in sections(self.document, PLAIN):
            for row in section.rows:
                yield _case(row, f"{section.title}: {row.what}" if named_by_title else row.what)

    def _kinds(self) -> list[Suite]:
        """Return what a plan holds, kind by kind; what an apply left different is its verification's."""
        document, plan = self.document, self.document.plan
        if plan is None:
            return []
        is_drift = document.drift is not None
        cases = [*(self._drift() if is_drift else self._changes(plan))]
        if document.verification is None or document.verification.error:
            stays = [] if is_drift else self._rows(differences.blocked)
            stays += [*self._rows(differences.accepted), *self._rows(differences.protected)]
            cases += [(row.kind, _case(row)) for row in stays]
        if document.outcomes is None and not document.deviations:
            cases += [(kind, self._same(kind)) for kind in _equal_kinds(plan.operations, plan.blocked)]
        counts = access_counts(plan)
        return [Suite(kind.plural, [case for its, case in cases if its is kind], counts) for kind in Kind]

    def _same(self, kind: Kind) -> Case:
        scope = " in scope" if self.document.agreed.ignore else ""
        count = self.document.unchanged(kind) if self.document.outcomes is None else None
        said = "both were read again" if count is None else f"{plural(count, kind.value)} on either side"
        return Case.passed(f"{kind.plural}{scope} are the same in source and target", said)

    def _drift(self) -> Iterator[tuple[Kind | None, Case]]:
        for side in differences.drift(self.document, PLAIN):
            for row in side.rows:
                in_git = [f"in git: {row.base}"] if row.base else []
                lines = [*in_git, f"in the target: {row.before}", f"in the source: {row.after}", row.hint]
                is_told = self.document.drift or self.document.three_ways
                message = f"{row.said} ({side.title.lower()})" if is_told else row.said
                yield row.kind, Case.failed(row.what, row.tag, message, *lines)

    def _changes(self, plan: Plan) -> Iterator[tuple[Kind | None, Case]]:
        for row in self._rows(checks.deviations):
            yield row.kind, _case(row)
        deviating = {_subject(deviated.operation) for deviated in self.document.deviations}
        outcomes = {outcome.operation: outcome for outcome in self.document.outcomes or ()}
        for operation in in_order(plan.operations):
            if _subject(operation) not in deviating:
                outcome = outcomes.get(operation)
                yield operation.kind, _tried(outcome) if outcome else self._not_tried(operation)

    def _not_tried(self, operation: Operation) -> Case:
        """Return the case of an operation that the run only planned, found done, or did not come to."""
        document, name = self.document, PLAIN.phrase(operation)
        if document.deviations:
            return Case.skipped(name, "the plan is no longer what was approved")
        if operation in document.done_before:
            by_whom = ", by an earlier run of this plan" if operation in document.ours else ""
            return Case.passed(name, f"done before this run{by_whom}")
        if document.outcomes is None and document.error is None:
            before, after = PLAIN.sides(operation)
            return Case.passed(f"would {name}", f"before: {before}", f"after: {after}")
        refused = document.outcomes is None and isinstance(document.error, RefusedError)
        reason = "a guardrail refuses the plan" if refused else results.NOT_REACHED
        return Case.skipped(name, reason)

    def _winners(self) -> Iterator[Case]:
        """Yield which requests another mapping wins; after an apply, where it was verified that it does."""
        document = self.document
        if document.drift is None:
            planned = document.outcomes is None and document.error is None
            identical = bool(document.verification and document.verification.identical)
            doubted = {remark.request for remark in document.remarks if remark.side == "target"}
            for row in self._rows(differences.winners):
                wins = f"{row.what}: {row.after} wins"
                if planned:
                    yield Case.passed(f"{row.what}: {row.after} would win", f"before: {row.before}")
                elif not identical:
                    yield Case.skipped(wins, "the target is not verified as identical to the source")
                elif row.what not in doubted:  # that has a case of its own
                    yield Case.passed(wins, f"before: {row.before}", "verified after the apply")
            yield from self._cases(differences.exposures)
        yield from self._cases(differences.remarks)

    def _warnings(self) -> Iterator[Case]:
        for sections in (checks.patterns, rollbacks.lost, rollbacks.since, differences.flaws):
            yield from self._cases(sections)

    def _runs(self) -> Iterator[Case]:
        """Yield why one run is not enough, in one case."""
        for section in more_runs(self.document, PLAIN):
            yield Case.skipped(section.title, "; ".join(row.advised for row in section.rows))

    def _ended_early(self) -> Iterator[Case]:
        document = self.document
        how = f"to finish: {document.how_to_finish}" if document.unfinished else ""
        if not document.unhealthy and not document.deviations:
            for row in self._rows(results.ended):
                yield Case.failed("the run finishes", row.tag, row.why, row.hint, how)

    def _verification(self) -> Iterator[Case]:
        """Yield what was verified and what still differs, but for the changes whose own case says so."""
        found = self.document.verification
        differs = []
        if found and not found.error:
            differs = [*self._cases(results.found_besides), *self._cases(differences.blocked)]
        for row in self._rows(results.verification):
            aside = (
                ", accepted differences aside"
                if row.severity is Severity.GOOD and found and found.blocked
                else ""
            )
            if not differs:
                yield _case(row, f"{_IDENTICAL}{aside}")
        if found and not found.error:
            yield from self._read_again(found)
        yield from differs

    def _read_again(self, found: Verification) -> Iterator[Case]:
        for kind in _equal_kinds(found.remaining, found.blocked):
            yield self._same(kind)
        yield from self._cases(differences.accepted)
        yield from self._cases(differences.protected)


def _equal_kinds(operations: Iterable[Operation], blocked: Iterable[Blocked]) -> list[Kind]:
    differing = {operation.kind for operation in operations} | {difference.kind for difference in blocked}
    return [kind for kind in Kind if kind not in differing]


def _subject(operation: Operation) -> tuple[str, ...]:
    return operation.verb, operation.kind, operation.name, operation.member or ""


def _case(row: Row, name: str = "") -> Case:
    """Return a row as a case: what is good passes, errors fail, and what lies between is skipped."""
    name = name or row.what
    match row.severity:
        case Severity.GOOD:
            return Case.passed(name, row.why)
        case Severity.ERROR:
            return Case.failed(name, row.tag, row.why, row.hint)
    return Case.skipped(name, ": ".join(filter(None, (row.tag, row.why or row.what))), row.hint)


def _tried(outcome: Outcome) -> Case:
    name = PLAIN.phrase(outcome.operation)
    match outcome.status:
        case Status.FAILED:
            return Case.failed(name, "failed", why(outcome), outcome.remedy, seconds=outcome.seconds)
        case Status.SKIPPED:
            return Case.skipped(name, outcome.reason, outcome.remedy)
    before, after = PLAIN.sides(outcome.operation)
    answered = f"{outcome.reason}; the verification found the change made" if outcome.reason else ""
    return Case.passed(name, f"before: {before}", f"after: {after}", answered, seconds=outcome.seconds)
