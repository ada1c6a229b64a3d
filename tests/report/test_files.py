"""The folder of reports."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from sync.errors import HeimdallSyncError
from sync.plan.approval import plan_from
from sync.plan.model import Snapshot
from sync.report import junit, markdown
from sync.report.files import write_reports
from tests.report.examples import PLAN, PLANNED, SOURCE, STARTED, TARGET


def test_everything_that_was_found_out_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "reports"
    files = write_reports(PLANNED, folder)
    assert [file.name for file in files] == [
        "summary.md",
        "junit.xml",
        "plan.json",
        "snapshot-source.json",
        "snapshot-target.json",
    ]
    assert sorted(folder.iterdir()) == sorted(files)
    assert (folder / "summary.md").read_text(encoding="utf-8") == markdown.render(PLANNED)
    assert (folder / "junit.xml").read_text(encoding="utf-8") == junit.render(PLANNED)


def test_models_are_written_so_that_people_and_models_can_read_them(tmp_path: Path) -> None:
    write_reports(PLANNED, tmp_path)
    plan = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert plan.startswith('{\n  "schema": "heimdall-sync/plan/1",\n')
    assert plan.endswith("}\n")
    assert plan_from(plan.encode(), "plan.json") == PLAN
    for side, snapshot in (("source", SOURCE), ("target", TARGET)):
        text = (tmp_path / f"snapshot-{side}.json").read_text(encoding="utf-8")
        assert json.loads(text)["schema"] == "heimdall-sync/snapshot/1"
        assert Snapshot.model_validate_json(text) == snapshot


def test_what_the_run_did_not_come_to_is_not_written_and_not_removed(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("approved")
    write_reports(replace(STARTED, error=HeimdallSyncError("it broke")), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "plan.json", "summary.md"]
    assert (tmp_path / "plan.json").read_text() == "approved"
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "any beside this summary is an earlier run's: `plan.json`, `snapshot-source.json`," in summary


def test_reports_are_replaced_and_readable_by_all(tmp_path: Path) -> None:
    write_reports(STARTED, tmp_path)
    umask = os.umask(0o077)
    try:
        write_reports(PLANNED, tmp_path)
    finally:
        os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == markdown.render(PLANNED)


def test_a_folder_that_can_not_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HeimdallSyncError) as caught:
        write_reports(STARTED, tmp_path / "file")
    assert caught.value.message == f"the reports can't be written to {tmp_path / 'file'}: File exists"
    assert caught.value.hint == "choose another folder with --output-dir, or make this one writable"


def test_a_file_that_can_not_be_replaced_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(HeimdallSyncError, match="Is a directory"):
        write_reports(STARTED, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "summary.md"]
