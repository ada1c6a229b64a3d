"""A sandbox as a process: starting, the log, stopping."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sync.errors import HeimdallSyncError
from sync.model.snapshot import SUPERADMIN, Action, Snapshot
from sync.sandbox import process
from sync.sandbox.log import token_digest
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox, launch
from sync.sandbox.tokens import make_token

from .world import ENVIRONMENT, PEOPLE, Api, bearer, superadmin

WITHOUT_EXTRA = "import sys; sys.modules['fastapi'] = sys.modules['uvicorn'] = None\n"


def test_what_it_holds_is_the_snapshot_and_superadmin(sandbox: Sandbox) -> None:
    snapshot = sandbox.snapshot()

    assert snapshot.actions == ENVIRONMENT.actions
    assert snapshot.mappings == ENVIRONMENT.mappings
    assert snapshot.groups == ENVIRONMENT.groups
    assert tuple(role for role in snapshot.roles if role.name != SUPERADMIN) == ENVIRONMENT.roles


def test_a_snapshot_of_it_starts_the_same_again(sandbox: Sandbox) -> None:
    first = sandbox.snapshot()

    sandbox.reset(first, people=PEOPLE)

    assert sandbox.snapshot() == first


def test_requests_are_written_down(sandbox: Sandbox) -> None:
    token = make_token()
    bearer(sandbox, token)("GET /api/v1/roles/?skip=50&limit=100")
    bearer(sandbox, token)("DELETE /api/v1/roles/reader/actions/docs%3Aread")
    Api(sandbox.url, None)("GET /api/v1/healthz")

    records = sandbox.requests()

    assert [(record.number, record.method, record.path, record.status) for record in records] == [
        (1, "GET", "/api/v1/roles/?skip=50&limit=100", 200),
        (2, "DELETE", "/api/v1/roles/reader/actions/docs:read", 204),
        (3, "GET", "/api/v1/healthz", 200),
    ]
    assert [record.authorized for record in records] == [True, True, False]
    assert [record.token for record in records] == [token_digest(token), token_digest(token), None]
    assert all(record.ended is not None and record.started < record.ended for record in records)
    assert token not in str(records)


def test_the_log_can_be_emptied(sandbox: Sandbox) -> None:
    superadmin(sandbox)("GET /api/v1/groups/")

    sandbox.clear_requests()

    assert sandbox.requests() == ()


def test_people_must_belong_to_something() -> None:
    with pytest.raises(HeimdallSyncError, match="ended with exit code 1 before it listened"):
        launch(Snapshot(), people=People(members={"nowhere": ()}))


def test_a_port_that_is_taken(server: Sandbox) -> None:
    with pytest.raises(HeimdallSyncError, match="before it listened"):
        launch(Snapshot(), port=int(server.url.rpartition(":")[2]))


def test_it_stops_and_may_be_stopped_again() -> None:
    with launch(Snapshot()) as sandbox:
        assert sandbox.running
        sandbox.stop()
        assert not sandbox.running


def test_it_can_be_killed() -> None:
    with launch(Snapshot()) as sandbox:
        sandbox.kill()
        assert not sandbox.running


def test_it_is_given_up_where_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.0)

    with pytest.raises(HeimdallSyncError, match="exit code -9"):
        launch(Snapshot())


def test_it_is_killed_where_it_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    with launch(Snapshot()) as sandbox:
        monkeypatch.setattr(process, "PATIENCE", 0.1)
        os.kill(sandbox.pid, signal.SIGSTOP)

    assert not sandbox.running


def test_it_ends_with_the_process_that_launched_it() -> None:
    script = (
        "from sync.model.snapshot import Snapshot\n"
        "from sync.sandbox.process import launch\n"
        "sandbox = launch(Snapshot())\n"
        "print('launched', flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,  # ends once both have ended: the sandbox writes there as well
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "launched\n"
        parent.kill()
        assert parent.communicate(timeout=10) == ("", "")


def test_it_runs_from_the_command_line(tmp_path: Path) -> None:
    state = tmp_path / "snapshot.json"
    state.write_text(Snapshot(actions=(Action(name="a"),)).canonical_json())
    with subprocess.Popen(
        [sys.executable, "-m", "sync.sandbox", f"--state={state}", "--first-id=5"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        actions = Api(url, f"Bearer {make_token()}").get("/api/v1/actions/")["actions"]
        server.send_signal(signal.SIGTERM)

    assert [(action["id"], action["name"]) for action in actions] == [(5, "a")]


def test_it_listens_where_it_is_told() -> None:
    command = [sys.executable, "-m", "sync.sandbox", "--host", "127.0.0.2", "--stop-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.2:")
        process.stdin.close()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find_spec", lambda _: None)

    with pytest.raises(HeimdallSyncError) as refused:
        launch(Snapshot())

    assert refused.value.hint == "pip install 'heimdall-sync[sandbox]'"


def _run_without_extra(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRA + script],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_tokens_and_process_need_no_extra() -> None:
    script = "from sync.sandbox import process, tokens; print(tokens.make_token().count('.'))"

    assert _run_without_extra(script).stdout == "2\n"


def test_the_command_says_what_to_install() -> None:
    done = _run_without_extra("import runpy; runpy.run_module('sync.sandbox', run_name='__main__')")

    assert done.returncode == 1
    assert done.stderr.endswith(
        "needs FastAPI, httptools and uvicorn: pip install 'heimdall-sync[sandbox]'\n"
    )
