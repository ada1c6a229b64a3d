"""Test cases → XML as readers of JUnit's format take it: GitHub, GitLab, Jenkins and others."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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

    @property
    def has_failed(self) -> bool:
        """Tell whether one of the cases fails the run."""
        return any(case.result is Result.FAILED for case in self.cases)


def as_xml(suites: Iterable[Suite], started: datetime | None, seconds: float) -> str:
    """Return the suites that have cases as XML; the run began at `started` and took `seconds`.

    Every case and suite has a time, without which some readers show `NaN`.
    """
    elements = [_suite_element(suite, started) for suite in suites if suite.cases]
    counts = {
        name: str(sum(int(element.get(name, "0")) for element in elements))
        for name in ("tests", "failures", "errors")
    }
    report = ET.Element("testsuites", {"name": "heimdall-sync", **counts, "time": _time(seconds)})
    report.extend(elements)
    ET.indent(report)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(report, encoding="unicode") + "\n"


def _suite_element(suite: Suite, started: datetime | None) -> ET.Element:
    results = [case.result for case in suite.cases]
    element = ET.Element(
        "testsuite",
        {
            "name": suite.name,
            "tests": str(len(results)),
            "failures": str(results.count(Result.FAILED)),
            "errors": "0",
            "skipped": str(results.count(Result.SKIPPED)),
            "time": _time(sum(case.seconds for case in suite.cases)),
            **({"timestamp": started.isoformat(timespec="seconds")} if started else {}),
        },
    )
    taken: set[str] = set()
    for case in suite.cases:
        name = _free(printable(case.name), taken)
        taken.add(name)
        element.append(_case_element(case, name, suite.name))
    return element


def _case_element(case: Case, name: str, suite: str) -> ET.Element:
    attributes = {"name": name, "classname": f"heimdall-sync.{suite}", "time": _time(case.seconds)}
    element = ET.Element("testcase", attributes)
    lines = [printable(line) for line in (case.message, *case.lines) if line]
    if case.result is Result.PASSED:
        said = ET.SubElement(element, case.result)
    else:
        message = lines[0] if lines else case.kind
        said = ET.SubElement(element, case.result, {"type": case.kind or case.result, "message": message})
    said.text = "\n".join(lines)
    return element


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _free(name: str, taken: set[str]) -> str:
    # Readers take cases of the same name for one case.
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
