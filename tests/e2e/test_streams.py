"""A run whose output nobody takes is a run like any other: its exit code and its reports say how it ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sync.sandbox.example import production, staging
from sync.sandbox.process import launch
from tests.e2e.conftest import RunCommand
from tests.e2e.test_killed import equal


@pytest.mark.parametrize(
    "shell",
    ['"$@" >/dev/full', '"$@" >&-', '"$@" >&- 2>&-', 'set -o pipefail; "$@" | true'],
    ids=["full", "closed", "both closed", "gone"],
)
def test_the_run_goes_on(shell: str, tmp_path: Path) -> None:
    with launch(staging()) as source, launch(production(), first_id=1000) as target:
        environ = {
            "HEIMDALL_SOURCE_URL": source.url,
            "HEIMDALL_SOURCE_TOKEN": source.token,
            "HEIMDALL_TARGET_URL": target.url,
            "HEIMDALL_TARGET_TOKEN": target.token,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        ended = subprocess.run(
            ["bash", "-c", shell, "bash", sys.executable, "-m", "sync", "apply"],
            env=os.environ | environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert equal(target.snapshot(), staging())
    assert "Verified" in (tmp_path / "heimdall-sync-report" / "summary.md").read_text()


@pytest.mark.parametrize(("argv", "code"), [(["plan"], 1), (["plan", "--fail-on-unprotected"], 3)])
def test_reports_that_cannot_be_written_are_told_beside_what_else_went_wrong(
    run: RunCommand, tmp_path: Path, argv: list[str], code: int
) -> None:
    """A run that was refused stays one, whatever its reports come to."""
    (tmp_path / "file").write_text("")
    with launch(staging()) as source, launch(production(), first_id=1000) as target:
        ended = run(source, target, *argv, f"--output-dir={tmp_path / 'file'}")
    assert ended.code == code
    assert f"✗ the reports can't be written to {tmp_path / 'file'}" in ended.out + ended.err
