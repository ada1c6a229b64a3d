"""Stand-ins are as strict as what they stand in for: else a mistake in a workflow would not show."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows.act import STAND_INS


class StandIns:
    """The scripts behind the stand-ins, in a folder as in a job's workspace."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self._store = folder / "store"
        self._outputs = folder / "outputs"
        (self.workspace / "report").mkdir(parents=True)

    def __call__(self, script: str, *argv: str, run_id: int = 1, **environ: str) -> tuple[int, str]:
        """Return the exit code and what was put out."""
        self._outputs.write_text("")
        ended = subprocess.run(
            [sys.executable, STAND_INS / script, *argv],
            cwd=self.workspace,
            env={
                **os.environ,
                "STAND_INS_STORE": str(self._store),
                "GITHUB_OUTPUT": str(self._outputs),
                "GITHUB_RUN_ID": str(run_id),
                **environ,
            },
            capture_output=True,
            check=False,
        )
        return ended.returncode, self._outputs.read_text()

    def upload(self, name: str, otherwise: str = "error", path: str = "report/") -> tuple[int, str]:
        return self("upload-artifact/upload.py", ARTIFACT=name, UPLOADED=path, IF_NO_FILES_FOUND=otherwise)

    def download(self, number: str, run_id: int = 1, **environ: str) -> int:
        return self(
            "download-artifact/download.py",
            ARTIFACT_IDS=number,
            DOWNLOADED="fetched",
            run_id=run_id,
            **{"ASKED_BY": "", "ASKED_RUN": "", "MERGE_MULTIPLE": "true", **environ},
        )[0]


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    return StandIns(tmp_path)


def test_an_artifact_is_found_by_its_id_in_its_run_and_without_hidden_files(stand_ins: StandIns) -> None:
    (stand_ins.workspace / "report" / "plan.json").write_text("{}")
    (stand_ins.workspace / "report" / ".hidden").write_text("")
    assert stand_ins.upload("plan-1") == (0, "artifact-id=1\n")
    assert stand_ins.download("1", run_id=2) == 1
    assert stand_ins.download("") == 1
    assert stand_ins.download("1") == 0
    assert [file.name for file in (stand_ins.workspace / "fetched").iterdir()] == ["plan.json"]


def test_a_token_finds_an_artifact_of_a_named_run_also_where_a_job_s_own_list_is_broken(
    stand_ins: StandIns,
) -> None:
    (stand_ins.workspace / "report" / "plan.json").write_text("{}")
    stand_ins.upload("plan-1")
    assert stand_ins.download("1", STAND_INS_LISTING="broken") == 1
    assert stand_ins.download("1", STAND_INS_LISTING="broken", ASKED_RUN="1") == 1
    assert stand_ins.download("1", STAND_INS_LISTING="broken", ASKED_RUN="2", ASKED_BY="token") == 1
    assert stand_ins.download("1", STAND_INS_LISTING="broken", ASKED_RUN="1", ASKED_BY="token") == 0


def test_artifacts_are_found_by_a_pattern_and_begin_where_patterns_of_files_do(stand_ins: StandIns) -> None:
    report = stand_ins.workspace / "report"
    for name in ("backup-1.json", "plan-1.json", "summary.md"):
        (report / name).write_text("{}")
    for name in ("backup-prod-1", "backup-prod-2", "backup-prod-eu-1", "plan-prod-1"):
        stand_ins.upload(name, path="report/backup-*.json\nreport/plan-*.json\nreport/receipt-*.json")

    def download(pattern: str) -> int:
        asked = {"PATTERN": pattern, "ASKED_RUN": "1", "ASKED_BY": "token", "MERGE_MULTIPLE": "false"}
        return stand_ins("download-artifact/download.py", DOWNLOADED="fetched", run_id=2, **asked)[0]

    assert download("backup-prod-+([0-9])") == 0
    fetched = stand_ins.workspace / "fetched"
    assert {path.name for path in fetched.iterdir()} == {"backup-prod-1", "backup-prod-2"}
    assert {path.name for path in (fetched / "backup-prod-1").iterdir()} == {"backup-1.json", "plan-1.json"}
    assert download("nothing-*") == 0, "as the action: it only looks"


def test_the_name_of_an_artifact_is_taken_for_good(stand_ins: StandIns) -> None:
    (stand_ins.workspace / "report" / "plan.json").write_text("{}")
    assert stand_ins.upload("plan-1")[0] == 0
    assert stand_ins.upload("plan-1")[0] == 1
    assert stand_ins.upload("plan/2")[0] == 1


@pytest.mark.parametrize(("otherwise", "code"), [("error", 1), ("warn", 0), ("ignore", 0), ("", 1)])
def test_an_artifact_of_nothing(stand_ins: StandIns, otherwise: str, code: int) -> None:
    assert stand_ins.upload("plan-1", otherwise) == (code, "")


def test_a_cache_entry_never_changes_and_is_found_by_the_beginning_of_its_key(stand_ins: StandIns) -> None:
    kept = stand_ins.workspace / "kept"
    for key, text in (("a/1", "old"), ("a/2", "new"), ("a/2", "changed"), ("b/1", "other")):
        kept.write_text(text)
        assert stand_ins("cache/cache.py", "save", "kept", key)[0] == 0
    assert stand_ins("cache/cache.py", "save", "nowhere", "c/1")[0] == 0

    def restored(key: str, *beginnings: str, path: str = "kept") -> str:
        return stand_ins("cache/cache.py", "restore", path, key, "\n".join(beginnings))[1]

    assert restored("a/3", "a/") == "cache-hit=false\ncache-matched-key=a/2\n"
    assert kept.read_text() == "new"
    assert restored("a/1", "a/") == "cache-hit=true\ncache-matched-key=a/1\n"
    assert restored("a/3") == restored("c/1", "c/") == "cache-hit=\ncache-matched-key=\n"
    assert restored("a/3", "a/", path="elsewhere") == "cache-hit=\ncache-matched-key=\n"


def test_a_cache_entry_holds_what_its_patterns_match(stand_ins: StandIns) -> None:
    patterns = "report/one.json\nreport/two-*.json\n"
    names = {"one.json", "two-a.json", "two-b.json"}
    for name in (*names, "three.json"):
        (stand_ins.workspace / "report" / name).write_text(name)
    stand_ins("cache/cache.py", "save", patterns, "a/1")
    for file in (stand_ins.workspace / "report").iterdir():
        file.unlink()
    stand_ins("cache/cache.py", "restore", patterns, "a/2", "a/")
    assert {file.name for file in (stand_ins.workspace / "report").iterdir()} == names
