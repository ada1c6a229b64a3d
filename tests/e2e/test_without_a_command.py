"""Where nobody looks on, nothing is written unless the command says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sync.sandbox.example import production, staging
from tests.e2e.conftest import equal, writes
from tests.e2e.shell import Pair


def run(pair: Pair, folder: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the process with both environments in its variables, as a job that gives them to every step."""
    source, target = pair
    given = {
        "HEIMDALL_SOURCE_URL": source.url,
        "HEIMDALL_SOURCE_TOKEN": source.token,
        "HEIMDALL_TARGET_URL": target.url,
        "HEIMDALL_TARGET_TOKEN": target.token,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.run(
        [sys.executable, "-m", "sync", *argv],
        cwd=folder,
        env=os.environ | given | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.sampled
@pytest.mark.parametrize("argv", [[], [""], ["plan"]], ids=str)
def test_an_action_plans_where_the_runner_does_not_say_that_it_is_one(
    pair: Pair, tmp_path: Path, argv: list[str]
) -> None:
    """Some runners on Kubernetes set no `GITHUB_ACTIONS` for a container: it has its inputs all the same."""
    ended = run(pair, tmp_path, *argv, INPUT_COMMAND="plan")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Mode: DRY RUN" in ended.stdout
    assert f"::add-mask::{pair[1].token}" in ended.stdout
    assert writes(pair[1]) == []
    assert equal(pair[1].snapshot(), production())


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("argv", "environ"),
    [
        ([], {"INPUT_COMMAND": ""}),
        ([""], {"INPUT_COMMAND": ""}),
        (["apply"], {"INPUT_COMMAND": "plan"}),
        (["plan"], {"INPUT_COMMAND": "apply"}),
        ([], {"CI": "true"}),
        ([], {"GITLAB_CI": "true"}),
        ([], {"JENKINS_URL": "https://jenkins.example"}),
    ],
    ids=str,
)
def test_wrong_usage_sends_nothing(
    pair: Pair, tmp_path: Path, argv: list[str], environ: dict[str, str]
) -> None:
    pair[1].clear_requests()
    ended = run(pair, tmp_path, *argv, **environ)
    assert ended.returncode == 64, ended.stdout + ended.stderr
    assert "command (HEIMDALL_COMMAND)" in ended.stderr
    assert pair[1].requests() == ()
    assert [*tmp_path.iterdir()] == []


def test_a_desktop_is_no_workflow_and_shows_no_token(pair: Pair, tmp_path: Path) -> None:
    """Where people type Chinese or Japanese, desktops set `INPUT_METHOD`: nobody masks a terminal."""
    ended = run(pair, tmp_path, "plan", INPUT_METHOD="fcitx")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "::" not in ended.stdout
    assert pair[1].token not in ended.stdout + ended.stderr


def test_on_a_persons_machine_it_applies_as_it_always_did(pair: Pair, tmp_path: Path) -> None:
    ended = run(pair, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert equal(pair[1].snapshot(), staging())
