"""The folder of reports."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from sync.errors import HeimdallSyncError
from sync.model.snapshot import Snapshot
from sync.plan.approval import plan_from
from sync.report.comment import Comment
from sync.report.files import RECEIPT, REPORTS, ReportFolder
from sync.report.junit import JUnit
from sync.report.markdown import Markdown
from tests.report.examples import PLAN, PLANNED, SOURCE, STARTED, TARGET

WRITTEN = [
    "summary.md",
    "report.html",
    "junit.xml",
    "plan.json",
    "snapshot-source.json",
    "snapshot-target.json",
]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_everything_that_was_found_out_is_written(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path / "new" / "reports")
    folder.begin()
    files = folder.write_reports(PLANNED)
    assert [file.name for file in files] == WRITTEN
    assert sorted(folder.path.iterdir()) == sorted(files)
    assert (folder.path / "summary.md").read_text(encoding="utf-8") == Markdown(PLANNED).render()
    assert (folder.path / "junit.xml").read_text(encoding="utf-8") == JUnit(PLANNED).render()


def test_only_what_may_be_talked_about_has_a_comment(tmp_path: Path) -> None:
    folder = ReportFolder(tmp_path)
    proposal = replace(PLANNED, is_proposal=True)
    assert "comment.md" in {file.name for file in folder.write_reports(proposal)}
    assert (tmp_path / "comment.md").read_text(encoding="utf-8") == Comment(proposal).render()
    ReportFolder(tmp_path).begin()
    assert not (tmp_path / "comment.md").exists()


def test_models_are_written_so_that_people_and_models_can_read_them(tmp_path: Path) -> None:
    tmp_path /= "new"
    ReportFolder(tmp_path).write_reports(PLANNED)
    plan = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert plan.startswith('{\n  "schema": "heimdall-sync/plan/2",\n')
    assert plan.endswith("}\n")
    assert plan_from(plan.encode(), "plan.json") == PLAN
    for side, snapshot in (("source", SOURCE), ("target", TARGET)):
        text = (tmp_path / f"snapshot-{side}.json").read_text(encoding="utf-8")
        assert json.loads(text)["schema"] == "heimdall-sync/snapshot/1"
        assert Snapshot.model_validate_json(text) == snapshot


class TestOneRunAfterAnother:
    @pytest.fixture(autouse=True)
    def _the_run_before(self, tmp_path: Path) -> None:
        for name in (*REPORTS, "snapshot-target-2.json", "backup-a.json", "receipt-a.json", "notes.txt"):
            (tmp_path / name).write_text("of the run before")

    def left(self, folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir() if path.read_text() == "of the run before"}

    def test_replaces_all_of_its_reports_and_nothing_else(self, tmp_path: Path) -> None:
        folder = ReportFolder(tmp_path)
        folder.begin()
        assert names(tmp_path) == {"backup-a.json", "receipt-a.json", "notes.txt"}
        folder.write_reports(replace(STARTED, error=HeimdallSyncError("it broke")))
        assert names(tmp_path) == {
            "backup-a.json",
            "receipt-a.json",
            "notes.txt",
            "summary.md",
            "report.html",
            "junit.xml",
        }

    def test_does_so_too_where_it_ended_before_it_began(self, tmp_path: Path) -> None:
        ReportFolder(tmp_path).write_reports(STARTED)
        assert self.left(tmp_path) == {"backup-a.json", "receipt-a.json", "notes.txt"}
        assert names(tmp_path) == self.left(tmp_path) | {"summary.md", "report.html", "junit.xml"}

    def test_leaves_its_own_where_they_are(self, tmp_path: Path) -> None:
        folder = ReportFolder(tmp_path)
        folder.begin()
        folder.write(RECEIPT, PLAN)
        folder.write_reports(STARTED)
        assert (tmp_path / RECEIPT).read_text() != "of the run before"

    def test_leaves_what_it_reads_as_it_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        inputs = (Path("snapshot-target.json"), tmp_path / "sub" / ".." / "receipt.json", Path("gone.json"))
        (tmp_path / "sub").mkdir()
        folder = ReportFolder(tmp_path, inputs)
        folder.begin()
        files = folder.write_reports(PLANNED)
        (tmp_path / "sub").rmdir()
        assert self.left(tmp_path) >= {"snapshot-target.json", "receipt.json"}
        assert "snapshot-target-2.json" in {file.name for file in files}
        ReportFolder(tmp_path).begin()
        assert names(tmp_path) == {"backup-a.json", "receipt-a.json", "notes.txt"}

    def test_keeps_the_plan_that_it_carries_out(self, tmp_path: Path) -> None:
        ReportFolder(tmp_path).write_reports(PLANNED)
        before = (tmp_path / "plan.json").stat()
        folder = ReportFolder(tmp_path, [tmp_path / "plan.json"])
        folder.begin()
        folder.write_reports(PLANNED)
        assert (tmp_path / "plan.json").stat().st_ino == before.st_ino
        assert not (tmp_path / "plan-2.json").exists()

    def test_writes_another_plan_beside_the_one_that_it_was_given(self, tmp_path: Path) -> None:
        folder = ReportFolder(tmp_path, [tmp_path / "plan.json"])
        folder.write_reports(PLANNED)
        assert (tmp_path / "plan.json").read_text() == "of the run before"
        assert plan_from((tmp_path / "plan-2.json").read_bytes(), "plan") == PLAN

    def test_keeps_for_good_what_is_kept(self, tmp_path: Path) -> None:
        folder = ReportFolder(tmp_path)
        assert folder.keep("backup-a", SOURCE).name == "backup-a-2.json"
        assert folder.keep("backup-a", TARGET).name == "backup-a-3.json"
        assert folder.keep("backup-b", TARGET).name == "backup-b.json"
        assert (tmp_path / "backup-a.json").read_text() == "of the run before"
        assert Snapshot.model_validate_json((tmp_path / "backup-a-2.json").read_bytes()) == SOURCE


@pytest.mark.parametrize(
    ("shared", "of_files", "of_folders"), [(False, 0o600, 0o700), (True, 0o644, 0o755)], ids=["own", "shared"]
)
@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_who_may_read_does_not_depend_on_the_umask(
    tmp_path: Path, shared: bool, of_files: int, of_folders: int, umask: int
) -> None:
    before = os.umask(umask)
    try:
        folder = ReportFolder(tmp_path / "reports", shared=shared)
        folder.begin()
        folder.write_reports(PLANNED)
        folder.keep("backup", TARGET)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {of_files}
    assert folder.path.stat().st_mode & 0o777 == of_folders


def test_a_folder_that_can_not_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = ReportFolder(tmp_path / "file")
    for attempt in (folder.begin, lambda: folder.keep("backup", TARGET), lambda: folder.write(RECEIPT, PLAN)):
        with pytest.raises(HeimdallSyncError) as caught:
            attempt()
        assert caught.value.message.startswith(f"the reports can't be written to {tmp_path / 'file'}: ")
        assert caught.value.hint == "choose another folder with --output-dir, or make this one writable"


def test_what_can_not_be_replaced_is_told_before_anything_is_done(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(HeimdallSyncError, match="Is a directory"):
        ReportFolder(tmp_path).begin()
    with pytest.raises(HeimdallSyncError, match="Is a directory"):
        ReportFolder(tmp_path).write_reports(STARTED)
    assert names(tmp_path) == {"junit.xml", "report.html", "summary.md"}
