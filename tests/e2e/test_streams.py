"""A run whose output nobody takes is a run like any other: its exit code and its reports say how it ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sync.sandbox.example import production, staging
from tests.e2e.conftest import RunCommand, equal
from tests.e2e.shell import Shell
from tests.servers import lent


@pytest.mark.sampled
@pytest.mark.parametrize(
    "shell",
    ['"$@" >/dev/full', '"$@" >&-', '"$@" >&- 2>&-', 'set -o pipefail; "$@" | true'],
    ids=["full", "closed", "both closed", "gone"],
)
def test_the_run_goes_on(shell: str, tmp_path: Path) -> None:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
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


def test_a_folder_that_cannot_be_written_ends_the_run_before_it_begins(
    run: RunCommand, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        ended = run(source, target, "plan", f"--output-dir={tmp_path / 'file'}")
        assert source.requests() == target.requests() == ()
    assert ended.code == 1
    assert (ended.out + ended.err).count(f"✗ the reports can't be written to {tmp_path / 'file'}") == 1


def test_reports_that_cannot_be_written_are_told_beside_what_else_went_wrong(tmp_path: Path) -> None:
    """A run that was refused stays one, whatever its reports come to."""
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        ended = Shell(tmp_path, source, target)("ulimit -f 1 && heimdall-sync plan --fail-on-unprotected")
    assert ended.returncode == 3
    assert "✗ the reports can't be written to heimdall-sync-report: File too large" in ended.stdout
