import resource
from pathlib import Path

import pytest

from sync.apply.checkpoint import Checkpoint, EarlierRun, read_checkpoint
from sync.errors import HeimdallSyncError, RefusedError
from sync.model.outcome import Outcome, Status
from sync.model.plan import Plan
from sync.model.snapshot import Action, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment

TARGET = "https://target.example"
WANTED = Snapshot(
    actions=(Action(name="read", description="r"), Action(name="write", description="w")),
    roles=(Role(name="editor", description="e", actions=("read", "write")),),
)


def plan_of(source: Snapshot) -> Plan:
    return make_plan(
        Environment("https://source.example", source), Environment(TARGET, Snapshot()), refuses=lambda _: None
    )


PLAN = plan_of(WANTED)
FIRST, SECOND, *REST = PLAN.operations


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "sync_checkpoint.json"


def noted(path: Path) -> Checkpoint:
    checkpoint = Checkpoint(path, PLAN)
    checkpoint.note(Outcome(FIRST, Status.DONE))
    checkpoint.note(Outcome(SECOND, Status.FAILED, "the target answered 500"))
    checkpoint.sync()
    return checkpoint


def test_what_was_done_is_remembered_as_it_comes(path: Path) -> None:
    checkpoint = noted(path)
    assert read_checkpoint(path, TARGET) == EarlierRun(plan=PLAN, done=frozenset({FIRST}))
    checkpoint.close()


def test_a_run_that_goes_on_keeps_what_was_ours(path: Path) -> None:
    checkpoint = Checkpoint(path, PLAN, [SECOND])
    checkpoint.note(Outcome(REST[0], Status.DONE))
    checkpoint.close()
    assert read_checkpoint(path, TARGET) == EarlierRun(plan=PLAN, done=frozenset({SECOND, REST[0]}))


def test_where_there_is_none_nothing_is_remembered(path: Path) -> None:
    assert read_checkpoint(path, TARGET) is None


def test_a_torn_last_line_is_as_if_it_had_not_been_written(path: Path) -> None:
    noted(path).close()
    whole = path.read_bytes()
    for cut in range(1, 40):
        path.write_bytes(whole[:-cut])
        memory = read_checkpoint(path, TARGET)
        assert memory
        assert memory.done == {FIRST}


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", b"{}\n", b"not json at all\n", b'{"schema": "heimdall-sync/checkpoint/2"}\n', b"\x00\xff"],
)
def test_an_empty_or_foreign_file_is_refused(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(RefusedError) as caught:
        read_checkpoint(path, TARGET)
    assert caught.value.message == f"{path} is damaged, or another version of heimdall-sync wrote it"
    assert "--checkpoint-file" in caught.value.hint


def test_one_whose_plan_was_edited_is_refused(path: Path) -> None:
    noted(path).close()
    path.write_bytes(path.read_bytes().replace(b'"editor"', b'"admin_"', 1))
    with pytest.raises(RefusedError, match="is damaged"):
        read_checkpoint(path, TARGET)


def test_one_for_another_target_is_refused(path: Path) -> None:
    noted(path).close()
    with pytest.raises(RefusedError, match=r"is for another target: https://target\.example"):
        read_checkpoint(path, "https://elsewhere.example")


def test_a_file_that_takes_nothing_more_is_named(path: Path) -> None:
    checkpoint = Checkpoint(path, PLAN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        with pytest.raises(HeimdallSyncError, match="can no longer be written: File too large") as caught:
            checkpoint.note(Outcome(REST[0], Status.DONE))
    finally:
        checkpoint.close()
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "free disk space" in caught.value.hint


def test_where_it_names_a_folder_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (Path(), tmp_path):
        with pytest.raises(HeimdallSyncError, match="can't be written"):
            Checkpoint(folder, PLAN)


def test_where_it_cannot_be_written_nothing_is_begun(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HeimdallSyncError, match="can't be written"):
        Checkpoint(tmp_path / "file" / "sync_checkpoint.json", PLAN)
