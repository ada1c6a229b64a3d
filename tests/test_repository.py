"""What the files around the code say, held to what the code says."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sync.model.schema import plan_schema
from tests.report.examples import PLAN

ROOT = Path(__file__).parents[1]
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


def test_the_readme_has_the_tables_of_options() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("<!-- options -->\n")[2].partition("<!-- /options -->")[0]
    printed = subprocess.run(
        [sys.executable, "docs/tables.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert table.strip() == printed.stdout.strip(), "print the new one with: python docs/tables.py"
    for rows in re.findall(r"(?:^\|.*\n)+", table, re.MULTILINE):
        assert len({row.count("|") for row in rows.splitlines()}) == 1


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
    published = (ROOT / "schemas" / "plan-1.json").read_text()
    assert published == plan_schema(), "make it anew with: make schema"


def test_a_plan_is_valid_by_the_published_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "plan-1.json").read_text())
    plan = json.loads(PLAN.model_dump_json(by_alias=True))
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(plan))
    assert list(Draft202012Validator(schema).iter_errors(plan | {"waves": 1}))


def check_of_a_commit(folder: Path, script: str, *, docker: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in a clone that stands alone, beside a `docker` that does this."""
    clone, programs = folder / "here" / "clone", folder / "programs"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    programs.mkdir()
    for name, does in {"docker": docker, "docker-registry": "exit 0", "shellcheck": "exit 0"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-euc", script], cwd=clone, env=environ, capture_output=True, text=True, check=False
    )


def test_the_check_of_a_commit_says_in_a_sentence_what_it_needs(tmp_path: Path) -> None:
    ended = check_of_a_commit(tmp_path, ".ci/run", docker="exit 1")
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "This needs a container engine: start Docker, or let DOCKER_HOST name an engine.\n",
    )


def test_the_check_of_a_commit_needs_nothing_else_where_docker_is_there(tmp_path: Path) -> None:
    script = "source .ci/engine; start_engine; require docker-registry shellcheck"
    ended = check_of_a_commit(tmp_path, script, docker="exit 0")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
