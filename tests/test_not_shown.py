"""That what only the platform can show is about files, jobs and steps that are there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "not-shown.md").read_text()
FOLDERS = (ROOT / ".github" / "workflows", ROOT / "examples")
FILES = {path.name: path for folder in FOLDERS for path in folder.iterdir()}
JOBS: list[dict[str, Any]] = [
    job for path in FILES.values() for job in (yaml.safe_load(path.read_text()).get("jobs") or {}).values()
]


def test_every_workflow_that_it_names_is_there() -> None:
    named = set(re.findall(r"`([\w-]+\.yml)`", PAGE))
    assert named <= FILES.keys()
    assert {"promote.yml", "ci.yml", "release.yml", "smoke.yml", "image-scan.yml"} <= named


@pytest.mark.parametrize(
    ("kind", "there"),
    [
        ("job", [job.get("name", "") for job in JOBS]),
        ("step", [step.get("name", "") for job in JOBS for step in job.get("steps", ())]),
    ],
)
def test_every_job_and_step_that_it_names_is_there(kind: str, there: list[str]) -> None:
    named = re.findall(rf"\b{kind} \*([^*]+)\*", PAGE)
    assert named
    for name in named:
        assert any(is_called(name, written) for written in there), name


def is_called(name: str, written: str) -> bool:
    """Tell whether a file writes this name; a run puts in what stands in `${{ }}`, the page `…`."""
    put_in = ".*".join(map(re.escape, re.split(r"\$\{\{.*?\}\}", written)))
    return bool(re.fullmatch(put_in, name)) or written.startswith(name.removesuffix("…"))


def test_every_claim_has_a_step_that_a_person_can_take() -> None:
    rows = re.findall(r"^\| (?!---|claim)(.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 20
    for row in rows:
        assert all(cell.strip() for cell in row.split(" | ")), row
