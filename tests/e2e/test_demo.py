"""The demo, from its first line to the one that says where the reports are."""

import json
from pathlib import Path

import pytest

from sync import cli
from tests.conftest import Impatient


def test_it_ends_equal_and_leaves_what_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = tmp_path / "sync_checkpoint.json"
    checkpoint.write_text("that of a run which was interrupted\n")
    assert cli.main(["demo"], Impatient()) == 0
    out = capsys.readouterr().out
    folder = tmp_path / "heimdall-sync-report"
    assert "✓ Verified: the target is identical to the source" in out
    assert out.splitlines()[-3:] == [
        "✓ The demo is done: 29 changes made one Heimdall equal to another, and reading both proved it.",
        "Both Heimdalls ran on this machine and are stopped again. Each step left a folder of reports.",
        f"Reports: {folder}",
    ]
    last = out.partition("▶ Step 3 of 4")[2].partition("VERIFICATION")[2]
    assert "⚠" not in last
    assert "cache" not in last
    plans = {step: json.loads((folder / step / "plan.json").read_text()) for step in ("2-plan", "4-plan")}
    assert plans["2-plan"]["waves"]
    assert plans["4-plan"]["waves"] == []
    assert checkpoint.read_text() == "that of a run which was interrupted\n"
