"""The lines that a run proposes, run as they stand; and what a run leaves of the files that are there."""

import json
import re
import sys
from pathlib import Path

import pytest

from sync.model.snapshot import SUPERADMIN, Action, Group, Role, Snapshot
from sync.sandbox.example import production, staging
from sync.sandbox.faults import Answer
from tests.e2e.conftest import HARMLESS, equal
from tests.e2e.shell import TO_APPLY, TO_GO_BACK, Pair, Shell, proposed

WRITES = ["POST", "PUT", "DELETE"]


def test_planned_applied_and_taken_back_by_the_lines_that_are_printed(shell: Shell) -> None:
    planned = shell("heimdall-sync plan")
    assert planned.returncode == 0, planned.stdout
    plan = (shell.report / "plan.json").read_bytes()
    applied = shell(proposed(planned.stdout, TO_APPLY))
    assert applied.returncode == 0, applied.stdout
    assert equal(shell.target.snapshot(), staging())
    assert (shell.report / "plan.json").read_bytes() == plan
    [backup] = shell.backups
    held = backup.read_bytes()
    line = proposed(applied.stdout, TO_GO_BACK)
    restored = shell(line)
    assert restored.returncode == 0, restored.stdout
    assert equal(shell.target.snapshot(), production())
    assert backup.read_bytes() == held
    assert len(shell.backups) == 2
    again = shell(line)
    assert again.returncode == 0, again.stdout
    assert equal(shell.target.snapshot(), production())
    forward = shell(proposed(restored.stdout, TO_GO_BACK))
    assert forward.returncode == 0, forward.stdout
    assert equal(shell.target.snapshot(), staging())


def test_the_summary_proposes_the_same(shell: Shell) -> None:
    planned = shell("heimdall-sync plan")
    assert f"`{proposed(planned.stdout, TO_APPLY)}`" in (shell.report / "summary.md").read_text()
    applied = shell("heimdall-sync apply")
    summary = (shell.report / "summary.md").read_text()
    assert f"`{proposed(applied.stdout, TO_GO_BACK)}`" in summary
    assert f"**Rollback:** `heimdall-sync-report/{shell.backups[0].name}` holds" in summary


@pytest.mark.slow
def test_flags_are_repeated_and_secrets_are_not(shell: Shell) -> None:
    """Whoever gave no variables has none for the next line either."""
    given = (
        f"--source-url {shell.source.url} --target-url {shell.target.url} --output-dir 'the reports' "
        f"--checkpoint-file progress.json --concurrency 2 --strategy zero-downtime --ignore 'group:data_*'"
        f" --target-token {shell.target.token}"
    )
    nothing = {"HEIMDALL_SOURCE_URL": "", "HEIMDALL_TARGET_URL": ""}
    planned = shell(f"heimdall-sync plan {given}", **nothing)
    line = proposed(planned.stdout, TO_APPLY)
    assert "--plan 'the reports/plan.json'" in line
    assert "--target-token" not in line
    applied = shell(line, **nothing)
    assert applied.returncode == 0, applied.stdout
    assert "data_team" not in {group.name for group in shell.target.snapshot().groups}
    back = proposed(applied.stdout, TO_GO_BACK)
    assert "--backup 'the reports/backup-" in back
    restored = shell(back, **nothing)
    assert restored.returncode == 0, restored.stdout
    assert equal(shell.target.snapshot(), production())


def test_the_program_is_named_as_it_was_started(shell: Shell) -> None:
    """`make install` leaves it where no path leads to."""
    (shell.folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    planned = shell(".venv/bin/heimdall-sync plan", PATH="/usr/bin:/bin")
    [line] = re.findall(rf"^{TO_APPLY} (.*)$", planned.stdout, re.MULTILINE)
    applied = shell(line, PATH="/usr/bin:/bin")
    assert applied.returncode == 0, applied.stdout


@pytest.mark.slow
def test_what_was_empty_is_emptied_again(servers: Pair, tmp_path: Path) -> None:
    """The guardrails are asked beforehand what the way back needs."""
    everything = Role(name=SUPERADMIN, description="s")
    before = Snapshot(roles=(everything,), groups=(Group(name="team", description="t", roles=(SUPERADMIN,)),))
    servers[0].reset(
        Snapshot(
            actions=tuple(Action(name=f"a{number}", description="a") for number in range(12)),
            roles=(Role(name="viewer", description="v", actions=("a1",)), everything),
            groups=(Group(name="team", description="t"),),
        )
    )
    servers[1].reset(before)
    shell = Shell(tmp_path, *servers)
    applied = shell("heimdall-sync apply")
    assert applied.returncode == 0, applied.stdout
    restored = shell(proposed(applied.stdout, TO_GO_BACK))
    assert restored.returncode == 0, restored.stdout
    assert restored.stdout.count("undoing the plan explains it") == 4
    assert equal(servers[1].snapshot(), before)


@pytest.mark.slow
def test_a_snapshot_of_a_report_is_restored_where_it_is(shell: Shell) -> None:
    assert shell("heimdall-sync plan").returncode == 0
    assert shell("heimdall-sync apply").returncode == 0
    snapshot = shell.report / "snapshot-target.json"
    held = snapshot.read_bytes()
    source = "--source-url heimdall-sync-report/snapshot-target.json --max-delete-percent 100"
    planned = shell(f"heimdall-sync plan {source}", HEIMDALL_SOURCE_NAME="staging")
    assert planned.returncode == 0, planned.stdout
    title = (shell.report / "summary.md").read_text().partition("\n")[0]
    assert title.endswith("equal to `snapshot snapshot-target.json`"), "a file has no name but its own"
    assert snapshot.read_bytes() == held
    now = Snapshot.model_validate_json((shell.report / "snapshot-target-2.json").read_bytes())
    assert equal(now, staging())
    applied = shell(proposed(planned.stdout, TO_APPLY))
    assert applied.returncode == 0, applied.stdout
    assert equal(shell.target.snapshot(), production())
    assert snapshot.read_bytes() == held
    again = shell(f"heimdall-sync apply {source}")
    assert again.returncode == 0, again.stdout
    assert equal(shell.target.snapshot(), production())


def test_reports_of_two_runs_never_mix(shell: Shell) -> None:
    assert shell.command("heimdall-sync apply").returncode == 0
    kept = {path.name for path in shell.report.iterdir() if re.match("(backup|plan|receipt)-", path.name)}
    assert len(kept) == 3
    assert shell.command("heimdall-sync export").returncode == 0
    assert {path.name for path in shell.report.iterdir()} == kept | {
        "summary.md",
        "report.html",
        "junit.xml",
        "snapshot-source.json",
    }
    shell.target.add_fault(Answer(status=503), path="healthz", times=None)
    failed = shell.command("heimdall-sync plan --retries 1")
    shell.target.clear_faults()
    assert failed.returncode == 4, failed.stdout
    assert {path.name for path in shell.report.iterdir()} == kept | {
        "comment.md",
        "summary.md",
        "report.html",
        "junit.xml",
    }
    assert shell.command("heimdall-sync plan --no-such-flag").returncode == 64
    assert "Healthcheck" in (shell.report / "summary.md").read_text()


def test_a_receipt_is_there_for_drift_whatever_ran_since(shell: Shell) -> None:
    assert shell.command("heimdall-sync apply").returncode == 0
    assert shell.command("heimdall-sync drift --receipt heimdall-sync-report/receipt.json").returncode == 0
    assert shell.command("heimdall-sync drift --receipt heimdall-sync-report/receipt.json").returncode == 0
    assert shell.command("heimdall-sync plan").returncode == 0
    drifted = shell("heimdall-sync drift --receipt heimdall-sync-report/receipt-*.json")
    assert drifted.returncode == 0, drifted.stdout


def test_a_receipt_that_is_no_common_base_says_so(shell: Shell) -> None:
    assert shell.command("heimdall-sync export --export-path other.json").returncode == 0
    shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=9, times=None)
    assert shell.command("heimdall-sync apply").returncode == 1
    shell.target.clear_faults()
    check = "heimdall-sync drift --receipt heimdall-sync-report/receipt.json"
    left = shell.command(check)
    assert "the apply of the receipt did not make both sides equal: what still differed then" in left.stdout
    assert "another source" not in left.stdout
    other = shell.command(f"{check} --source-url other.json", HEIMDALL_SOURCE_TOKEN="")
    said = f"the receipt is of an apply from another source, {shell.source.url}: what the two sources do"
    assert said in other.stdout
    assert "from another source" in (shell.report / "summary.md").read_text()


@pytest.mark.slow
class TestAttempts:
    """An apply that fails half way, and the attempts that go on with it."""

    @pytest.fixture
    def digest(self, shell: Shell) -> str:
        assert shell.command("heimdall-sync plan").returncode == 0
        shell("cp heimdall-sync-report/plan.json approved.json")
        shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=9, times=None)
        failed = shell.command("heimdall-sync apply --plan approved.json")
        shell.target.clear_faults()
        assert failed.returncode == 1, failed.stdout
        assert not equal(shell.target.snapshot(), production())
        return str(json.loads((shell.folder / "approved.json").read_text())["digest"])

    def test_all_publish_what_was_there_before_the_first(self, shell: Shell, digest: str) -> None:
        [first] = shell.backups
        held = first.read_bytes()
        assert re.fullmatch(rf"backup-127\.0\.0\.1_\d+-\d{{8}}T\d{{6}}Z-{digest[7:19]}\.json", first.name)
        shell.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=5, times=None)
        assert shell.command("heimdall-sync apply --plan approved.json --resume").returncode == 1
        shell.target.clear_faults()
        last = shell.command("heimdall-sync apply --plan approved.json --resume")
        assert last.returncode == 0, last.stdout
        assert shell.backups == [first]
        assert first.read_bytes() == held
        assert equal(Snapshot.model_validate_json(held), production())
        assert shell(proposed(last.stdout, TO_GO_BACK)).returncode == 0
        assert equal(shell.target.snapshot(), production())

    @pytest.mark.usefixtures("digest")
    def test_find_it_beside_the_checkpoint(self, shell: Shell) -> None:
        """As where a cache brings both back, and the folder of the reports is a new one."""
        [first] = shell.backups
        shell("mkdir kept && mv sync_checkpoint.json heimdall-sync-report/backup-*.json kept/")
        resumed = shell.command(
            "heimdall-sync apply --plan approved.json --resume",
            HEIMDALL_CHECKPOINT_FILE="kept/sync_checkpoint.json",
        )
        assert resumed.returncode == 0, resumed.stdout
        assert [backup.name for backup in shell.backups] == [first.name]
        assert "rebuilt" not in resumed.stdout

    def test_rebuild_it_where_it_is_lost(self, shell: Shell, digest: str) -> None:
        shell("rm -r heimdall-sync-report sync_checkpoint.json")
        resumed = shell.command("heimdall-sync apply --plan approved.json --resume")
        assert resumed.returncode == 0, resumed.stdout
        [backup] = shell.backups
        assert digest[7:19] in backup.name
        for told in (resumed.stdout, (shell.report / "summary.md").read_text()):
            assert "is missing, so this one is rebuilt from the plan" in told
        assert shell(proposed(resumed.stdout, TO_GO_BACK)).returncode == 0
        assert equal(shell.target.snapshot(), production())

    @pytest.mark.usefixtures("digest")
    def test_do_not_take_a_file_that_holds_something_else(self, shell: Shell) -> None:
        [first] = shell.backups
        state = Snapshot.model_validate_json(first.read_bytes())
        first.write_text(state.model_copy(update={"groups": ()}).canonical_json())
        resumed = shell.command("heimdall-sync apply --plan approved.json --resume")
        assert resumed.returncode == 0, resumed.stdout
        assert len(shell.backups) == 2
        assert "rebuilt from the plan" in resumed.stdout


@pytest.mark.parametrize(
    "file", ["heimdall-sync-report/plan.json", "heimdall-sync-report/summary.md", "mine.txt"]
)
def test_a_checkpoint_takes_no_other_file_s_place(shell: Shell, file: str) -> None:
    (shell.folder / "mine.txt").write_text("mine")
    assert shell.command("heimdall-sync plan").returncode == 0
    held = (shell.folder / file).read_bytes()
    shell.target.clear_requests()
    refused = shell.command(
        f"heimdall-sync apply --plan heimdall-sync-report/plan.json --checkpoint-file {file}"
    )
    assert refused.returncode == 64, refused.stdout
    assert "--checkpoint-file (HEIMDALL_CHECKPOINT_FILE): " in refused.stdout
    assert (shell.folder / file).read_bytes() == held
    assert shell.target.requests() == ()
