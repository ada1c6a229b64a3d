"""What a run writes is tried before the first change: a full disk is never found out afterwards."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sync.apply.checkpoint import Checkpoint, read_checkpoint
from sync.errors import HeimdallSyncError
from sync.model.outcome import Outcome, Status
from sync.model.snapshot import Snapshot
from sync.report.files import RECEIPT, ReportFolder
from sync.sandbox.example import staging
from sync.sandbox.faults import Answer
from tests.e2e.conftest import HARMLESS, equal, writes
from tests.e2e.shell import Shell
from tests.report.examples import PLAN, PLANNED, SOURCE, TARGET_URL

WRITES = ["POST", "PUT", "DELETE"]


class Disk:
    """A small file system of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"file systems can't be mounted here: {mounted.stderr.strip()}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def fill(self) -> None:
        with (self.path / "filling").open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        assert os.statvfs(self.path).f_bavail == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    yield disk
    subprocess.run(["umount", str(disk.path)], capture_output=True, check=False)


def nothing_is_found_out_afterwards(shell: Shell, ended: subprocess.CompletedProcess[str], why: str) -> bool:
    """Tell whether the apply went through; it was complete, or else it has not changed anything."""
    if ended.returncode == 0:
        assert equal(shell.target.snapshot(), staging())
        return True
    assert ended.returncode == 1, ended.stdout
    assert ended.stdout.count(f"can't be written to disk: {why}") == 1, ended.stdout
    assert "Nothing was changed" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert writes(shell.target) == []
    return False


@pytest.mark.sampled
@pytest.mark.parametrize("kilobytes", [8, 64, 128, 256, 448, 768, 4096])
def test_a_disk_of_any_size(shell: Shell, disk: Disk, kilobytes: int) -> None:
    disk.mount(f"size={kilobytes}k")
    ended = shell.command("heimdall-sync apply --output-dir disk")
    through = nothing_is_found_out_afterwards(shell, ended, "No space left on device")
    assert through is (kilobytes > 448)
    if through:
        assert {"summary.md", "junit.xml", "plan.json", RECEIPT} < {file.name for file in disk.path.iterdir()}


@pytest.mark.sampled
@pytest.mark.parametrize("kilobytes", [480, 512, 544, 576, 608, 672])
def test_what_goes_wrong_fits_as_well(shell: Shell, disk: Disk, kilobytes: int) -> None:
    """Every change fails, and each has much to say about it."""
    disk.mount(f"size={kilobytes}k")
    body = json.dumps({"error": "x" * 2000})
    shell.target.add_fault(Answer(status=400, body=body), methods=WRITES, path=HARMLESS, times=None)
    ended = shell.command("heimdall-sync apply --output-dir disk")
    shell.target.clear_faults()
    assert ended.returncode == 1
    if "can't be written" in ended.stdout:
        assert writes(shell.target) == []
    else:
        assert "[FAILED]" in ended.stdout
        assert {"summary.md", "junit.xml", "plan.json", RECEIPT} < {file.name for file in disk.path.iterdir()}


@pytest.mark.sampled
@pytest.mark.parametrize("kilobytes", [4, 16, 64, 4096])
def test_a_limit_of_the_size_of_files(shell: Shell, tmp_path: Path, kilobytes: int) -> None:
    (tmp_path / "disk").mkdir()
    # what measures coverage writes a file of its own when the process ends
    unmeasured = "env -u COVERAGE_PROCESS_CONFIG -u COVERAGE_PROCESS_START"
    ended = shell(f"ulimit -f {kilobytes} && {unmeasured} heimdall-sync apply --output-dir disk")
    assert nothing_is_found_out_afterwards(shell, ended, "File too large") is (kilobytes > 64)


def test_a_folder_that_is_only_to_be_read(shell: Shell, disk: Disk) -> None:
    disk.mount("size=1m")
    disk.remount("ro")
    ended = shell.command("heimdall-sync apply --output-dir disk")
    assert not nothing_is_found_out_afterwards(shell, ended, "Read-only file system")


def test_a_checkpoint_that_can_not_be_written(shell: Shell, disk: Disk) -> None:
    disk.mount("size=12k")
    ended = shell.command("heimdall-sync apply --checkpoint-file disk/sync_checkpoint.json")
    assert ended.returncode == 1
    assert (
        "the checkpoint disk/sync_checkpoint.json can't be written: No space left on device" in ended.stdout
    )
    assert "nothing was changed" in ended.stdout
    assert writes(shell.target) == []


@pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_file_of_the_step_that_can_not_be_written(shell: Shell, variable: str) -> None:
    shell.target.clear_requests()
    ended = shell.command("heimdall-sync apply", GITHUB_ACTIONS="true", **{variable: str(shell.folder)})
    assert ended.returncode == 1
    assert f"{variable} can't be written" in ended.stdout
    assert shell.target.requests() == ()


def test_room_that_is_held_is_there_when_others_have_filled_the_disk(disk: Disk) -> None:
    disk.mount("size=2m")
    folder = ReportFolder(disk.path)
    folder.begin()
    folder.prepare(PLANNED, changes=len(PLAN.operations))
    checkpoint = Checkpoint(disk.path / "sync_checkpoint.json", PLAN)
    disk.fill()
    for operation in PLAN.operations:
        checkpoint.note(Outcome(operation, Status.FAILED, "the target answered 500 " + "x" * 300))
    checkpoint.sync()
    checkpoint.close()
    assert read_checkpoint(disk.path / "sync_checkpoint.json", TARGET_URL)
    disk.fill()
    kept = folder.keep("receipt-1", SOURCE)
    folder.write_reports(PLANNED)
    assert Snapshot.model_validate_json(kept.read_bytes()) == SOURCE


def test_what_is_held_has_no_name_to_be_left_behind(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    folder.prepare(PLANNED, changes=1)
    final = {"plan.json", "snapshot-source.json", "snapshot-target.json"}
    assert {path.name for path in tmp_path.iterdir()} == final
    folder.write_reports(PLANNED)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HeimdallSyncError, match="Permission denied"):
        ReportFolder(tmp_path).begin()
