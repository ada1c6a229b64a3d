"""What the files around the code say, held to what the code says."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sync.model.schema import plan_schema, snapshot_schema
from sync.sandbox.example import staging
from sync.snapshots.entries import SCHEMA, folder_schema
from tests.report.examples import PLAN

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = {
    "runtime": PROJECT["project"]["dependencies"],
    "sandbox": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["sandbox"],
    ],
    "dev": PROJECT["dependency-groups"]["dev"],
    "build": PROJECT["build-system"]["requires"],
    "workflows": PROJECT["dependency-groups"]["workflows"],
}


def pins_of(name: str) -> dict[str, str]:
    """Return what a file of requirements pins: versions by package."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}\b", text, re.MULTILINE))


def test_the_pages_have_the_tables_of_what_there_is(tmp_path: Path) -> None:
    copied = Path(shutil.copytree(ROOT / "docs", tmp_path / "docs"))
    subprocess.run([sys.executable, str(copied / "tables.py")], cwd=ROOT, check=True)
    for page in copied.glob("*.md"):
        assert page.read_text() == (ROOT / "docs" / page.name).read_text(), "write it with: make tables"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
class TestPage:
    def test_the_rows_of_a_table_have_as_many_cells(self, page: Path) -> None:
        for table in re.findall(r"(?:^\|.*\n)+", page.read_text(), re.MULTILINE):
            rows = re.sub(r"`[^`]*`", "", table).splitlines()
            assert len({row.count("|") for row in rows}) == 1, rows[0]

    def test_what_it_links_to_is_there(self, page: Path) -> None:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            name, _, heading = link.partition("#")
            linked = page.parent / name if name else page
            assert linked.exists(), link
            assert not heading or heading in headings(linked), link

    def test_what_it_says_to_make_can_be_made(self, page: Path) -> None:
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_the_messages_that_are_explained_are_those_of_the_tool() -> None:
    """Of each its longest part that stands in the code as it is: names and numbers are put in."""
    code = "\n".join(path.read_text() for path in (ROOT / "sync").rglob("*.py"))
    code = re.sub(r'"\s*\n\s*f?"', "", code)
    put_in = r"…|\d+|--[a-z-]+|\b[A-Z]+_[A-Z_]+\b|\bcommand\b|\bname\b|[():;]|\bthe target\b"
    for page in ("README.md", "docs/troubleshooting.md"):
        table = (ROOT / page).read_text().partition("Troubleshooting\n")[2].partition("\n## ")[0]
        for message in re.findall(r"^\| `([^`]+)`", table, re.MULTILINE):
            part = max(re.split(put_in, message), key=len).strip()
            assert part in code, f"{page}: {message}"


def headings(page: Path) -> set[str]:
    """Return what links to the headings of a page end in."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PINNED)
def test_everything_the_project_asks_for_is_pinned(name: str) -> None:
    pins = pins_of(name)
    for requirement in PINNED[name]:
        package, _, lowest = requirement.partition(">=")
        assert package in pins, "pin it with: make lock"
        assert version(pins[package]) >= version(lowest or "0")


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_no_package_is_pinned_twice() -> None:
    versions: dict[str, set[str]] = {}
    for name in PINNED:
        for package, pinned in pins_of(name).items():
            versions.setdefault(package, set()).add(pinned)
    assert {package for package, pinned in versions.items() if len(pinned) > 1} == set()


@pytest.mark.parametrize("name", PINNED)
def test_requirements_name_no_place(name: str) -> None:
    """Where packages come from is for whoever installs them to say."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    assert not re.search(r"\s/", text)


def test_the_schema_of_a_plan_is_the_published_one() -> None:
    published = (ROOT / "schemas" / "plan-2.json").read_text()
    assert published == plan_schema(), "make it anew with: make schema"


def test_the_schema_of_a_snapshot_s_folder_is_the_published_one() -> None:
    assert (ROOT / "schemas" / SCHEMA).read_text() == folder_schema(), "make it anew with: make schema"


def test_a_plan_is_valid_by_the_published_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "plan-2.json").read_text())
    plan = json.loads(PLAN.model_dump_json(by_alias=True))
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(plan))
    assert list(Draft202012Validator(schema).iter_errors(plan | {"waves": 1}))


def test_a_snapshot_is_valid_by_the_published_schema() -> None:
    published = (ROOT / "schemas" / "snapshot-1.json").read_text()
    assert published == snapshot_schema(), "make it anew with: make schema"
    schema = json.loads(published)
    snapshot = json.loads(staging().canonical_json())
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(snapshot))
    assert list(Draft202012Validator(schema).iter_errors(snapshot | {"rolls": []}))


def test_a_lock_that_is_not_complete_is_found_out_wherever_it_is_installed() -> None:
    """Pip chooses nothing that a lock lacks, so it says afterwards what is missing."""
    makefile = (ROOT / "Makefile").read_text()
    rules = re.findall(r"^\$\(VENV\)/installed.*\n((?:\t.+\n)+)", makefile, re.MULTILINE)
    assert len(rules) == 3
    for rule in rules:
        assert re.fullmatch(r"(\t\$\(PIP_INSTALL.+\n)+\t\$\(PIP_CHECK\)\n\t@touch \$@\n", rule), rule
