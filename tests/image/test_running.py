"""The image at work: locked down, between two environments, interrupted, and where something is wrong."""

import json
import os
from pathlib import Path

import pytest

from sync.sandbox.example import staging
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import HARMLESS, equal, writes
from tests.image.conftest import Moment
from tests.image.containers import (
    ACTION,
    LOCKED,
    ON_THE_HOST,
    USER,
    Container,
    environments,
    mount,
    run,
)

pytestmark = pytest.mark.container
REPORTS = {
    "summary.md",
    "report.html",
    "junit.xml",
    "plan.json",
    "snapshot-source.json",
    "snapshot-target.json",
    "receipt.json",
}


def test_the_demo_needs_nothing(folder: Path) -> None:
    """No network but loopback, no capability, no file system but the mount, no home, no user of its own."""
    options = [*LOCKED, "--network=none", "--env=HOME=/nowhere", "--user=4242:4242", mount(folder)]
    ended = run("demo", options=options)
    assert ended.code == 0, ended.out
    assert "identical" in ended.out
    steps = {step.name for step in (folder / "heimdall-sync-report").iterdir()}
    assert steps == {"1-check", "2-plan", "3-apply", "4-plan"}
    assert {path.stat().st_uid for path in folder.rglob("*")} == {4242}


def test_the_demo_without_a_mount() -> None:
    ended = run("demo", options=["--network=none"])
    assert ended.code == 0, ended.out


def test_planned_approved_and_applied(pair: tuple[Sandbox, Sandbox], folder: Path) -> None:
    source, target = pair
    options = [*LOCKED, *ON_THE_HOST, mount(folder)]
    variables = environments(source, target)
    planned = run("plan", options=options, variables=variables)
    assert planned.code == 0, planned.out
    assert writes(target) == []
    report = folder / "heimdall-sync-report"
    digest = json.loads((report / "plan.json").read_text())["digest"]
    plan = "--plan=heimdall-sync-report/plan.json"
    applied = run("apply", plan, f"--expect-digest={digest}", options=options, variables=variables)
    assert applied.code == 0, applied.out
    assert equal(target.snapshot(), staging())
    kept = {path.name for path in report.iterdir()} - REPORTS
    assert {name.partition("-")[0] for name in kept} == {"backup", "plan", "receipt"}
    for path in report.iterdir():
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (USER, 0o600)
    assert not (folder / "sync_checkpoint.json").exists()


def test_stopped_in_the_middle_and_resumed_by_another(
    pair: tuple[Sandbox, Sandbox], folder: Path, moment: Moment
) -> None:
    source, target = pair
    # the ninth change is made, and its answer never comes
    target.add_fault(moment.effect(done=True), methods=["POST", "PUT", "DELETE"], path=HARMLESS, nth=9)
    options = [*LOCKED, *ON_THE_HOST, mount(folder)]
    variables = environments(source, target)
    with Container("apply", "--concurrency=1", options=options, variables=variables) as container:
        container.start()
        moment.wait()
        stopped = container.stop()
    assert stopped.code == 143, stopped.out
    assert "what is done stays done" in stopped.out
    assert "Traceback" not in stopped.out
    _, plan, *outcomes = (folder / "sync_checkpoint.json").read_text().splitlines()
    assert sum('"done"' in outcome for outcome in outcomes) == 8
    resumed = run("apply", "--resume", options=options, variables=variables)
    assert resumed.code == 0, resumed.out
    assert "identical" in resumed.out
    assert equal(target.snapshot(), staging())
    assert len(writes(target)) == sum(len(wave["operations"]) for wave in json.loads(plan)["waves"])
    assert not (folder / "sync_checkpoint.json").exists()


def test_tokens_from_mounted_files_are_seen_by_nobody(
    pair: tuple[Sandbox, Sandbox], folder: Path, tmp_path: Path, moment: Moment
) -> None:
    source, target = pair
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "heimdall_source_token").write_text(f"{source.token}\n")
    (secrets / "heimdall_target_token").write_text(f"{target.token}\n")
    # by then the target has accepted the token
    target.add_fault(moment.effect(), path="mappings/list")
    options = [*LOCKED, *ON_THE_HOST, mount(folder), mount(secrets, "/run/secrets", writable=False)]
    variables = environments(source, target, tokens=False)
    with Container("plan", options=options, variables=variables) as container:
        container.start()
        moment.wait()
        inspected = container.inspect()
        stopped = container.stop()
    assert stopped.code == 143, stopped.out
    assert source.url in inspected
    for token in (source.token, target.token):
        assert token not in inspected
        assert token not in stopped.out


def test_without_a_command_it_plans(pair: tuple[Sandbox, Sandbox], folder: Path) -> None:
    options = [*LOCKED, *ON_THE_HOST, mount(folder)]
    ended = run(options=options, variables=environments(*pair))
    assert ended.code == 0, ended.out
    assert (folder / "heimdall-sync-report" / "plan.json").is_file()
    assert writes(pair[1]) == []


def test_wrong_usage() -> None:
    ended = run("plan", "--no-such-flag", options=[*LOCKED, "--network=none"])
    assert ended.code == 64, ended.out
    assert "heimdall-sync --help" in ended.out


def test_a_mount_that_cannot_be_written(pair: tuple[Sandbox, Sandbox], folder: Path) -> None:
    source, target = pair
    options = [*LOCKED, *ON_THE_HOST, mount(folder, writable=False)]
    ended = run("apply", options=options, variables=environments(source, target))
    assert ended.code == 1, ended.out
    assert "can't be written to heimdall-sync-report: Read-only file system" in ended.out
    assert "--output-dir" in ended.out
    assert "Traceback" not in ended.out
    assert writes(target) == []


def test_a_folder_of_another_user(pair: tuple[Sandbox, Sandbox], folder: Path) -> None:
    source, target = pair
    folder.chmod(0o755)
    options = [*LOCKED, *ON_THE_HOST, "--user=4242", mount(folder)]
    ended = run("plan", options=options, variables=environments(source, target))
    assert ended.code == 1, ended.out
    assert "can't be written to heimdall-sync-report: Permission denied" in ended.out
    assert "Traceback" not in ended.out


def test_as_a_runner_runs_it(pair: tuple[Sandbox, Sandbox], tmp_path: Path) -> None:
    """Inputs in the environment, the workspace and the file for outputs another user's."""
    source, target = pair
    workspace, commands = tmp_path / "workspace", tmp_path / "file_commands"
    files = [commands / "output", commands / "summary"]
    for folder in (workspace, commands):
        folder.mkdir(mode=0o755)
    for file in files:
        file.touch(mode=0o644)
    if os.geteuid() == 0:
        for path in (workspace, commands, *files):
            os.chown(path, 4242, 4242)
    variables = {
        "INPUT_COMMAND": "plan",
        "INPUT_SOURCE-URL": source.url,
        "INPUT_SOURCE-TOKEN": source.token,
        "INPUT_TARGET-URL": target.url,
        "INPUT_TARGET-TOKEN": target.token,
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": "/github/file_commands/output",
        "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
        "GITHUB_WORKSPACE": "/github/workspace",
        "HOME": "/github/home",
    }
    options = [
        *ON_THE_HOST,
        "--workdir=/github/workspace",
        mount(workspace, "/github/workspace"),
        mount(commands, "/github/file_commands"),
    ]
    ended = run("plan", options=options, image=ACTION, variables=variables)
    assert ended.code == 0, ended.out
    plan = json.loads((workspace / "heimdall-sync-report" / "plan.json").read_text())
    assert plan["digest"] in files[0].read_text()
    assert "sha256:" in files[1].read_text()
    assert {path.stat().st_mode & 0o777 for path in workspace.rglob("*.*")} == {0o644}
