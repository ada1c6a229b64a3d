"""An action is resolved at the start of each job: the apply job may run another program than the plan job."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import sync
from sync.sandbox.example import staging
from tests.e2e.conftest import equal, writes
from tests.e2e.shell import Shell

STEP = {"GITHUB_ACTIONS": "true"}
APPLY = "heimdall-sync apply --plan approved.json"
IMAGES = [f"ghcr.io/owner/heimdall-sync@sha256:{digit * 64}" for digit in "ab"]


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Return where a later version is."""
    place = tmp_path / "later"
    shutil.copytree(Path(sync.__file__).parent, place / "sync", ignore=shutil.ignore_patterns("*.pyc"))
    init = place / "sync" / "__init__.py"
    init.write_text(init.read_text().replace(sync.__version__, "9.8.7"))
    return place


def planned(shell: Shell, **environ: str) -> Any:
    """Plan, keep the plan as it was approved, and return what it says about who made it."""
    ended = shell("heimdall-sync plan", **environ)
    assert ended.returncode == 0, ended.stdout
    shutil.copy(shell.report / "plan.json", shell.folder / "approved.json")
    return json.loads((shell.folder / "approved.json").read_text())["made"]


def warnings_of(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith("::warning ") and "the plan" in line]


def test_the_same_program_says_nothing(shell: Shell) -> None:
    made = planned(shell, HEIMDALL_SYNC_IMAGE=IMAGES[0], **STEP)
    assert made["version"] == sync.__version__
    assert made["code"].startswith("sha256:")
    assert made["image"] == IMAGES[0].partition("@")[2]
    ended = shell(APPLY, HEIMDALL_SYNC_IMAGE=IMAGES[0], **STEP)
    assert ended.returncode == 0, ended.stdout
    assert warnings_of(ended.stdout) == []


@pytest.mark.slow
def test_a_later_version_names_both_and_carries_out_what_it_plans_as_well(shell: Shell, later: Path) -> None:
    planned(shell, **STEP)
    ended = shell(APPLY, PYTHONPATH=str(later), **STEP)
    assert ended.returncode == 0, ended.stdout
    [warning] = warnings_of(ended.stdout)
    assert f"heimdall-sync {sync.__version__} (code " in warning
    assert "heimdall-sync 9.8.7 (code " in warning
    assert "is about to apply it" in warning
    assert "name the action by its commit" in (shell.report / "summary.md").read_text()
    assert equal(shell.target.snapshot(), staging())


@pytest.mark.slow
def test_another_image_of_the_same_version_is_named_by_its_digest(shell: Shell) -> None:
    planned(shell, HEIMDALL_SYNC_IMAGE=IMAGES[0], **STEP)
    ended = shell(APPLY, HEIMDALL_SYNC_IMAGE=IMAGES[1], **STEP)
    assert ended.returncode == 0, ended.stdout
    [warning] = warnings_of(ended.stdout)
    assert f"(image {'a' * 12}) made the plan" in warning
    assert f"(image {'b' * 12}) is about to apply it" in warning


def test_one_that_plans_otherwise_is_refused_and_both_are_named(shell: Shell, later: Path) -> None:
    """What was approved is what runs: a version that orders the changes in another way does not."""
    planned(shell, **STEP)
    order = later / "sync" / "plan" / "order.py"
    ordered, otherwise = "operations=tuple(part)", "operations=tuple(part)[::-1]"
    assert ordered in order.read_text()
    order.write_text(order.read_text().replace(ordered, otherwise))
    ended = shell(APPLY, PYTHONPATH=str(later), **STEP)
    assert ended.returncode == 3, ended.stdout
    assert (
        "the plan is no longer what was approved (neither side has changed, but the plan has)" in ended.stdout
    )
    [warning] = warnings_of(ended.stdout)
    assert "heimdall-sync 9.8.7" in warning
    assert writes(shell.target) == []
