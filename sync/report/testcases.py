"""Test cases → XML as readers of JUnit's format take it: GitHub, GitLab, Jenkins and others."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from junit_xml import TestCase, TestSuite, to_xml_report_string

from sync.report.wording import printable


class Result(StrEnum):
    """How a case ends, each by the name of the element that says so."""

    PASSED = "system-out"
    SKIPPED = "skipped"
    FAILED = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: `message` is what readers show first, `lines` what they show below it.

    `kind` sorts failures. `seconds` is how long it took, 0 where nothing was measured.
    """

    name: str
    result: Result
    message: str = ""
    lines: tuple[str, ...] = ()
    kind: str = ""
    seconds: float = 0.0

    @classmethod
    def passed(cls, name: str, *lines: str, seconds: float = 0.0) -> "Case":
        """Return the case of something that is as its name says."""
        return cls(name=name, result=Result.PASSED, lines=lines, seconds=seconds)

    @classmethod
    def skipped(cls, name: str, message: str, what_to_do: str = "") -> "Case":
        """Return the case of something that neither holds nor fails the run."""
        advised = f"{message} → {what_to_do}" if what_to_do else message
        return cls(name=name, result=Result.SKIPPED, message=advised)

    @classmethod
    def failed(cls, name: str, kind: str, message: str, *lines: str, seconds: float = 0.0) -> "Case":
        """Return the case of something that fails the run."""
        return cls(name=name, result=Result.FAILED, message=message, lines=lines, kind=kind, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases under one name."""

    name: str
    cases: Sequence[Case]
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        """Tell whether one of the cases fails the run."""
        return any(case.result is Result.FAILED for case in self.cases)


def as_xml(suites: Iterable[Suite], started: datetime | None, seconds: float) -> str:
    """Return the suites that have cases as XML; the run began at `started` and took `seconds`."""
    written = to_xml_report_string([_suite(suite, started) for suite in suites if suite.cases])
    report = ET.fromstring(written)  # noqa: S314 - written a line above
    report.set("name", "heimdall-sync")
    for element in report.iter():
        if element.tag in {"testsuite", "testcase"}:
            # the library writes no time of 0 s, and some readers show `NaN` then
            element.set("time", f"{float(element.get('time', 0)):.3f}")
    report.set("time", f"{seconds:.3f}")
    ET.indent(report)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(report, encoding="unicode") + "\n"


def _suite(suite: Suite, started: datetime | None) -> TestSuite:
    taken: set[str] = set()
    cases = []
    for case in suite.cases:
        name = _free(printable(case.name), taken)
        taken.add(name)
        cases.append(_case(case, name, suite.name))
    timestamp = started.isoformat(timespec="seconds") if started else None
    return TestSuite(suite.name, cases, timestamp=timestamp, properties={**suite.properties})


def _case(case: Case, name: str, suite: str) -> TestCase:
    lines = [printable(line) for line in (case.message, *case.lines) if line]
    said, message = "\n".join(lines), lines[0] if lines else case.kind
    found = TestCase(name, f"heimdall-sync.{suite}", case.seconds, stdout=None)
    match case.result:
        case Result.PASSED:
            found.stdout = said
        case Result.SKIPPED:
            found.add_skipped_info(message, said)
        case Result.FAILED:
            found.add_failure_info(message, said, case.kind)
    return found


def _free(name: str, taken: set[str]) -> str:
    # Readers take cases of the same name for one case.
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
