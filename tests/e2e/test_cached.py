"""What comes out of a workflow's cache and does not fit is left out: else it would end every attempt."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.sandbox.example import production, staging
from sync.sandbox.faults import Answer
from tests.e2e.conftest import HARMLESS, equal, writes
from tests.e2e.shell import Shell, proposed
from tests.servers import lent

STEP = {"GITHUB_ACTIONS": "true"}
WRITES = ["POST", "PUT", "DELETE"]


@pytest.fixture
def shell(shell: Shell) -> Shell:
    """Give a shell in whose folder a run has left its reports."""
    shell.report.mkdir()
    return shell


def of_another_version(_: Shell, path: Path) -> None:
    path.write_text('{"schema":"heimdall-sync/checkpoint/0"}\n')


def with_a_plan_of_another_version(shell: Shell, path: Path) -> None:
    of_another_plan(shell, path)
    path.write_bytes(path.read_bytes().replace(b"heimdall-sync/plan/2", b"heimdall-sync/plan/1"))


def torn(shell: Shell, path: Path) -> None:
    of_another_plan(shell, path)
    path.write_bytes(path.read_bytes()[:300])


def with_a_damaged_line(shell: Shell, path: Path) -> None:
    of_another_plan(shell, path)
    with path.open("ab") as file:
        file.write(b'{"number":-1,"status":"done"}\n')


def empty(_: Shell, path: Path) -> None:
    path.touch()


def binary(_: Shell, path: Path) -> None:
    path.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe\n" * 9)


def nested(_: Shell, path: Path) -> None:
    path.write_bytes(b"[" * 100_000 + b"\n")


def of_another_plan(shell: Shell, path: Path) -> None:
    """Leave the checkpoint of an apply that did not finish, and everything else as it was before."""
    shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=1, times=None)
    ended = shell.command(f"heimdall-sync apply --strategy zero-downtime --checkpoint-file {path}")
    assert ended.returncode == 1, ended.stdout
    shell.target.clear_faults()
    shell.target.clear_requests()


def of_another_target(shell: Shell, path: Path) -> None:
    of_another_plan(shell, path)
    path.write_bytes(path.read_bytes().replace(shell.target.url.encode(), b"https://elsewhere.example"))


LEFT = (
    of_another_version,
    with_a_plan_of_another_version,
    torn,
    with_a_damaged_line,
    empty,
    binary,
    nested,
    of_another_plan,
    of_another_target,
)


@pytest.mark.sampled
@pytest.mark.parametrize("leave", LEFT)
class TestACheckpoint:
    @pytest.fixture
    def checkpoint(self, shell: Shell, leave: Callable[[Shell, Path], None]) -> Path:
        path = shell.report / "sync_checkpoint.json"
        leave(shell, shell.folder / "left.json")
        assert shell.command("heimdall-sync plan").returncode == 0
        shutil.copy(shell.report / "plan.json", shell.folder / "approved.json")
        shutil.copy(shell.folder / "left.json", path)
        return path

    def test_is_left_out_in_a_workflow(self, shell: Shell, checkpoint: Path) -> None:
        ended = shell.command("heimdall-sync apply --plan approved.json --resume", **STEP)
        assert ended.returncode == 0, ended.stdout
        assert equal(shell.target.snapshot(), staging())
        warnings = [line for line in ended.stdout.splitlines() if line.startswith("::warning ")]
        assert "this run goes on without it" in warnings[0]
        assert str(checkpoint.relative_to(shell.folder)) in warnings[0]
        assert "this run goes on without it" in (shell.report / "summary.md").read_text()
        assert not checkpoint.exists()

    def test_is_refused_on_a_command_line(self, shell: Shell, checkpoint: Path) -> None:
        path = checkpoint.relative_to(shell.folder)
        held = checkpoint.read_bytes()
        ended = shell.command(f"heimdall-sync apply --plan approved.json --resume --checkpoint-file {path}")
        assert ended.returncode == 3, ended.stdout
        assert "--checkpoint-file" in ended.stdout
        assert writes(shell.target) == []
        assert checkpoint.read_bytes() == held


class TestACheckpointOfAnApplyThatNobodyApproved:
    """A step that plans and applies in one go, and finds what an earlier one has left half done."""

    STEP_THAT_RESUMES = "heimdall-sync apply --resume"

    @pytest.fixture(autouse=True)
    def _half_done(self, shell: Shell) -> None:
        shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=9, times=None)
        assert shell.command(self.STEP_THAT_RESUMES, **STEP).returncode == 1
        shell.target.clear_faults()
        shell.target.clear_requests()
        assert (shell.report / "sync_checkpoint.json").exists()

    def warned_of(self, shell: Shell, why: str, line: str = STEP_THAT_RESUMES) -> None:
        ended = shell.command(line, **STEP)
        assert ended.returncode == 0, ended.stdout
        warnings = [said for said in ended.stdout.splitlines() if said.startswith("::warning ")]
        assert why in warnings[0]
        assert "this run goes on without it" in warnings[0]
        assert "this run goes on without it" in (shell.report / "summary.md").read_text()
        assert not (shell.report / "sync_checkpoint.json").exists()

    def test_is_taken_where_it_fits(self, shell: Shell) -> None:
        ended = shell.command(self.STEP_THAT_RESUMES, **STEP)
        assert ended.returncode == 0, ended.stdout
        assert "goes on without it" not in ended.stdout
        assert equal(shell.target.snapshot(), staging())

    def test_is_left_out_where_an_environment_has_changed_since(self, shell: Shell) -> None:
        source = staging()
        changed = source.model_copy(update={"groups": source.groups[1:]})
        shell.source.reset(changed)
        self.warned_of(shell, "sync_checkpoint.json no longer fits (source or target has changed since)")
        assert equal(shell.target.snapshot(), changed)

    def test_is_left_out_where_the_settings_are_others(self, shell: Shell) -> None:
        line = f"{self.STEP_THAT_RESUMES} --strategy zero-downtime"
        self.warned_of(shell, "was made with other settings", line)
        assert equal(shell.target.snapshot(), staging())

    def test_is_left_out_where_the_source_is_another(self, shell: Shell) -> None:
        with lent(staging()) as other:
            line = f"{self.STEP_THAT_RESUMES} --source-url {other.url}"
            self.warned_of(shell, f"is for another source: {shell.source.url}", line)
        assert equal(shell.target.snapshot(), staging())

    def test_is_refused_on_a_command_line_where_an_environment_has_changed_since(self, shell: Shell) -> None:
        """Somebody waits there, and has said that the rest of that plan is wanted."""
        shell.source.reset(staging().model_copy(update={"groups": staging().groups[1:]}))
        ended = shell.command(
            f"{self.STEP_THAT_RESUMES} --checkpoint-file heimdall-sync-report/sync_checkpoint.json"
        )
        assert ended.returncode == 3, ended.stdout
        assert "the plan is no longer what was approved" in ended.stdout
        assert writes(shell.target) == []


def kept(shell: Shell, path: Path) -> None:
    """Leave the receipt of an apply, and the target as it was before."""
    assert shell.command("heimdall-sync apply").returncode == 0
    assert path.exists()
    shell.target.reset(production())


def edited(shell: Shell, path: Path, old: str, new: str) -> None:
    kept(shell, path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


RECEIPTS: dict[str, Callable[[Shell, Path], object]] = {
    "of no version": lambda _, path: path.write_text("{}"),
    "no JSON": lambda _, path: path.write_text("not JSON"),
    "empty": empty,
    "binary": binary,
    "nested": nested,
    "of another version": lambda shell, path: edited(
        shell, path, "heimdall-sync/receipt/1", "heimdall-sync/receipt/0"
    ),
    "with a snapshot of another version": lambda shell, path: edited(
        shell, path, "heimdall-sync/snapshot/1", "heimdall-sync/snapshot/0"
    ),
    "torn": lambda shell, path: edited(shell, path, "}", ""),
    "of another target": lambda shell, path: edited(
        shell, path, shell.target.url, "https://elsewhere.example"
    ),
}


@pytest.mark.sampled
@pytest.mark.parametrize("receipt", RECEIPTS)
class TestAReceipt:
    @pytest.fixture(autouse=True)
    def _receipt(self, shell: Shell, receipt: str) -> None:
        RECEIPTS[receipt](shell, shell.report / "receipt.json")

    def test_is_left_out_in_a_workflow(self, shell: Shell) -> None:
        ended = shell.command("heimdall-sync drift --receipt heimdall-sync-report/receipt.json", **STEP)
        assert ended.returncode == 2, ended.stdout
        assert "heimdall-sync-report/receipt.json is " in ended.stdout
        assert "this run goes on without it" in (shell.report / "summary.md").read_text()

    def test_is_wrong_usage_on_a_command_line(self, shell: Shell) -> None:
        shell.target.clear_requests()
        ended = shell.command("heimdall-sync drift --receipt heimdall-sync-report/receipt.json")
        assert ended.returncode == 64, ended.stdout
        assert shell.target.requests() == ()


def test_in_a_workflow_the_way_back_is_another_one_with_the_same_approval(shell: Shell) -> None:
    applied = shell.command("heimdall-sync apply", **STEP, GITHUB_RUN_ID="7")
    assert applied.returncode == 0, applied.stdout
    told = "To go back, start the workflow rollback with run 7"
    assert told in applied.stdout
    assert told in (shell.report / "summary.md").read_text()
    assert "heimdall-sync rollback" not in applied.stdout


def test_in_another_ci_the_way_back_is_for_whoever_downloads_the_reports(
    shell: Shell, tmp_path: Path
) -> None:
    """They have no variables of the job, and are in no folder of it."""
    environ = {"CI": "true"}
    applied = shell.command("heimdall-sync apply", **environ)
    assert applied.returncode == 0, applied.stdout
    assert "To apply exactly this" not in shell.command("heimdall-sync plan", **environ).stdout
    words = "To go back, in the folder of the downloaded reports:"
    unpacked = tmp_path / "unpacked"
    shutil.copytree(shell.report, unpacked)
    elsewhere = Shell(unpacked, shell.source, shell.target)
    nothing = {"HEIMDALL_SOURCE_URL": "", "HEIMDALL_TARGET_URL": "", "HEIMDALL_SOURCE_TOKEN": ""}
    restored = elsewhere.command(proposed(applied.stdout, words), **nothing)
    assert restored.returncode == 0, restored.stdout
    assert equal(shell.target.snapshot(), production())


def test_in_a_workflow_every_user_of_the_runner_can_read_what_is_left(shell: Shell) -> None:
    shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=9, times=None)
    assert shell("umask 077; heimdall-sync apply", **STEP).returncode == 1
    shell.target.clear_faults()
    assert (shell.report / "sync_checkpoint.json").is_file()
    assert {path.stat().st_mode & 0o777 for path in shell.report.iterdir()} == {0o644}


def test_elsewhere_only_their_owner_can(shell: Shell) -> None:
    shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=9, times=None)
    assert shell("umask 000; heimdall-sync apply --output-dir new").returncode == 1
    shell.target.clear_faults()
    left = [shell.folder / "sync_checkpoint.json", *(shell.folder / "new").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in left} == {0o600}
    assert (shell.folder / "new").stat().st_mode & 0o777 == 0o700
