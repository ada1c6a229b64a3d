"""What a backup is called, which one is a plan's, and what is said where it is another state."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.model.plan import Plan
from sync.model.snapshot import Action, Snapshot
from sync.plan.planner import make_plan
from sync.plan.resume import Work
from sync.plan.side import Environment
from sync.report.files import ReportFolder
from sync.run.backup import HALF_WAY, REBUILT, keep_backup, record_stem
from sync.snapshots.folder import read_snapshot

BEFORE = Snapshot(actions=(Action(name="old", description="o"),))
HALF_DONE = Snapshot(actions=(Action(name="new", description="n"), Action(name="old", description="o")))
AFTER = Snapshot(actions=(Action(name="new", description="n"),))


def plan_for(url: str) -> Plan:
    source, target = Environment("https://source.example", AFTER), Environment(url, BEFORE)
    return make_plan(source, target, refuses=lambda _: None)


PLAN = plan_for("https://target.example")
DONE = tuple(operation for operation in PLAN.operations if operation.name == "new")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://heimdall.example", "heimdall.example"),
        ("http://127.0.0.1:8080/heimdall", "127.0.0.1_8080_heimdall"),
        ("https://[::1]:8443", "_1_8443"),
        ("https://heimdall.example/../..", "heimdall.example_.._.."),
        (f"https://{'a' * 60}.{'b' * 60}.example", f"{'a' * 60}.{'b' * 39}"),
    ],
)
def test_the_name_says_which_target_when_and_which_plan(url: str, place: str) -> None:
    plan = plan_for(url)
    stem = record_stem("backup", plan, datetime(2025, 1, 31, 23, 59, 58, tzinfo=UTC))
    assert stem == f"backup-{place}-20250131T235958Z-{plan.digest[7:19]}"
    assert Path(stem).name == stem


class TestGoingOn:
    """The second attempt of a plan, of which half is done."""

    work = Work(PLAN, BEFORE, DONE)

    def test_takes_the_backup_of_the_first(self, tmp_path: Path) -> None:
        folder = ReportFolder(tmp_path)
        first, remark = keep_backup(Work(PLAN, BEFORE), BEFORE, folder, elsewhere=None)
        assert (read_snapshot(first), remark) == (BEFORE, "")
        assert keep_backup(self.work, HALF_DONE, folder, tmp_path / "nowhere") == (first, "")

    def test_takes_it_where_it_is_however_that_is_spelt(self, tmp_path: Path) -> None:
        first, *_ = keep_backup(Work(PLAN, BEFORE), BEFORE, ReportFolder(tmp_path), elsewhere=None)
        (tmp_path / "sub").mkdir()
        folder = ReportFolder(tmp_path / "sub" / "..")
        assert keep_backup(self.work, HALF_DONE, folder, tmp_path)[0].samefile(first)

    def test_rebuilds_it_where_it_is_gone(self, tmp_path: Path) -> None:
        kept, remark = keep_backup(self.work, HALF_DONE, ReportFolder(tmp_path), tmp_path)
        assert (read_snapshot(kept), remark) == (BEFORE, REBUILT)

    def test_says_so_where_that_is_not_the_state_before_the_first(self, tmp_path: Path) -> None:
        more = HALF_DONE.model_copy(
            update={"actions": (*HALF_DONE.actions, Action(name="z", description="z"))}
        )
        kept, remark = keep_backup(self.work, more, ReportFolder(tmp_path), tmp_path)
        assert (read_snapshot(kept), remark) == (more, HALF_WAY)

    def test_takes_no_backup_of_another_plan(self, tmp_path: Path) -> None:
        folder = ReportFolder(tmp_path)
        keep_backup(Work(plan_for("https://elsewhere.example"), BEFORE), BEFORE, folder, elsewhere=None)
        assert keep_backup(self.work, HALF_DONE, folder, tmp_path)[1] == REBUILT
