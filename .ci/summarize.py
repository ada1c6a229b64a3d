"""Print what a report in JUnit's format says, as Markdown for the summary of a job."""

import sys
import xml.etree.ElementTree as ET


def main() -> None:
    """Print how many tests did what, and the names of those that failed."""
    suites = list(ET.parse(sys.argv[1]).getroot().iter("testsuite"))  # noqa: S314 - our own tests wrote it
    counts = {
        name: sum(int(suite.get(name, "0")) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    }
    print("| tests | failures | errors | skipped | seconds |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    seconds = sum(float(suite.get("time", "0")) for suite in suites)
    print("|", " | ".join([*map(str, counts.values()), f"{seconds:.0f}"]), "|", end="\n\n")
    for suite in suites:
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                print(f"- `{case.get('classname')}::{case.get('name')}`")


if __name__ == "__main__":
    main()
