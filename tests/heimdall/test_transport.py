import re
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from sync.errors import (
    AnswerError,
    GivenUpError,
    RemoteError,
    Result,
    TooLargeError,
    UnavailableError,
    WriteError,
)
from sync.heimdall.answers import LIST, segment
from sync.heimdall.retries import Patience
from sync.heimdall.transport import Transport
from sync.model.snapshot import Snapshot
from sync.sandbox.faults import Answer, Close, Hang, Truncate
from sync.sandbox.process import Sandbox, launch
from sync.sandbox.tokens import make_token
from tests.conftest import Connect
from tests.servers import lent

GROUPS = "/api/v1/groups/"


def test_a_source_takes_nothing_but_get(sandbox: Sandbox, connect: Connect) -> None:
    transport = connect(sandbox, read_only=True)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(WriteError, match="the source is only ever read"):
            transport.send(method, GROUPS)
    assert sandbox.requests() == ()


def test_a_netrc_does_not_replace_the_token(
    sandbox: Sandbox, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert connect(sandbox).get(GROUPS) == []


def test_after_the_end_nothing_is_sent_and_nobody_waits(sandbox: Sandbox, connect: Connect) -> None:
    """A thread that still reads this side when the other's error ends the run would keep the process."""
    with connect(sandbox, concurrency=1) as transport:
        assert transport.get(GROUPS) == []
    ended: list[str] = []

    def go_on() -> None:
        with pytest.raises(GivenUpError) as caught:
            transport.get(GROUPS)
        ended.append(caught.value.message)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert ended == [f"GET {GROUPS} was not sent: the run has ended"]
    assert len(sandbox.requests()) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_a_busy_gateway_says_is_tried_again(sandbox: Sandbox, connect: Connect, status: int) -> None:
    sandbox.add_fault(Answer(status=status), path=GROUPS, times=2)
    assert connect(sandbox, tries=3).get(GROUPS) == []
    assert [record.path for record in sandbox.requests()].count(GROUPS) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 307])
def test_everything_else_is_an_answer_and_for_a_read_an_error(
    sandbox: Sandbox, connect: Connect, status: int
) -> None:
    sandbox.add_fault(Answer(status=status, body='{"error": "so it is"}'), path=GROUPS)
    transport = connect(sandbox)
    with pytest.raises(AnswerError, match=rf"^GET {sandbox.url}{GROUPS} answered {status} so it is$"):
        transport.get(GROUPS)
    assert transport.sent == 1


def test_a_page_of_html_is_an_error(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Answer(body="<html>", content_type="text/html"), path=GROUPS)
    with pytest.raises(AnswerError, match="answered 200 with text that is not JSON"):
        connect(sandbox).get(GROUPS)


@pytest.mark.parametrize("effect", [Close(), Truncate()])
def test_a_lost_answer_is_tried_again(sandbox: Sandbox, connect: Connect, effect: Close | Truncate) -> None:
    sandbox.add_fault(effect, path=GROUPS)
    assert connect(sandbox).get(GROUPS) == []


def test_an_answer_after_a_lost_one_says_so(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Close(done=True), methods=["POST"], path=GROUPS)
    transport = connect(sandbox)
    answer = transport.send("POST", GROUPS, body={"name": "team", "description": "one"})
    assert (answer.status, answer.after_loss) == (409, True)
    again = transport.send("POST", GROUPS, body={"name": "team", "description": "one"})
    assert (again.status, again.after_loss) == (409, False)


def test_no_answer_in_time_may_have_been_carried_out(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Hang(seconds=1), path=GROUPS)
    with pytest.raises(UnavailableError, match=r"no answer within 0\.1 s") as caught:
        connect(sandbox, tries=1, timeout=0.1).get(GROUPS)
    assert caught.value.result is Result.UNKNOWN


def test_where_nobody_listens_nothing_was_carried_out(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(GivenUpError, match="no connection") as caught:
            connect(url, tries=2).get(GROUPS)
    assert caught.value.result is Result.NOT_DONE


def test_who_does_not_listen_yet_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told: list[str] = []
    with ExitStack() as stack:

        def start(what: str) -> None:
            if not told:
                stack.enter_context(launch(Snapshot(), port=port))
            told.append(what)

        patience = Patience(tries=2, give_up_after=60, tell=start)
        url, token = f"http://127.0.0.1:{port}", SecretStr(make_token())
        with Transport(url, token, read_only=True, patience=patience) as transport:
            assert transport.get(GROUPS) == []
            assert transport.availability.waiting == ""
    assert told[0] == f"The source does not answer: waiting up to 60 s (GET {url}{GROUPS}: no connection)"
    assert [re.sub(r"\d+ s", "n s", what) for what in told[1:]] == [
        "The source answers again, after n s: going on"
    ]


def test_after_a_run_has_ended_nobody_is_told_that_it_waited(sandbox: Sandbox) -> None:
    sandbox.add_fault(Close(), path=GROUPS)
    sandbox.add_fault(Hang(seconds=3600), path="healthz")
    told: list[str] = []
    patience = Patience(tries=1, tell=told.append)
    token = SecretStr(sandbox.token)
    with Transport(sandbox.url, token, read_only=True, patience=patience) as transport:
        with pytest.raises(UnavailableError):
            transport.get(GROUPS)
        [waiting] = [thread for thread in threading.enumerate() if "_wait_for_it" in thread.name]
        while not any(record.path.endswith("healthz") for record in sandbox.requests()):
            pass
    sandbox.reset(Snapshot())  # cuts the question off
    waiting.join(10)
    assert not waiting.is_alive()
    assert told == []


def test_a_host_that_is_not_known_is_named(connect: Connect) -> None:
    with pytest.raises(UnavailableError, match="the host name is not known"):
        connect("http://heimdall.invalid", tries=1).get(GROUPS)


def test_retry_after_slows_every_thread(sandbox: Sandbox) -> None:
    sandbox.add_fault(Answer(status=429, headers={"Retry-After": "20"}), path=GROUPS)
    waits: list[float] = []
    patience = Patience(tries=2, sleep=waits.append)
    with Transport(sandbox.url, SecretStr(sandbox.token), read_only=True, patience=patience) as transport:
        transport.get(GROUPS)
        waits.clear()
        transport.get("/api/v1/mappings/list")
    assert len(waits) == 1
    assert 15 < waits[0] <= 21.1  # a second after the one that was refused


def test_what_a_rate_limit_refuses_is_no_try(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Answer(status=429), path=GROUPS, times=6)
    assert connect(sandbox, tries=1, give_up_after=60).get(GROUPS) == []


def test_a_request_that_is_always_refused_fails_while_others_are_answered(
    sandbox: Sandbox, connect: Connect
) -> None:
    sandbox.add_fault(Answer(status=429), path=GROUPS, times=None)
    transport, ended = connect(sandbox, give_up_after=0.5), threading.Event()

    def ask_for_others() -> None:
        while not ended.is_set():
            transport.get("/api/v1/mappings/list")

    thread = threading.Thread(target=ask_for_others)
    thread.start()
    with pytest.raises(UnavailableError, match=r"answered 429, \d+ times$"):
        transport.get(GROUPS)
    ended.set()
    thread.join()


def test_a_redirect_is_not_followed(sandbox: Sandbox, connect: Connect) -> None:
    with lent(Snapshot()) as elsewhere:
        sandbox.add_fault(Answer(status=302, headers={"Location": f"{elsewhere.url}{GROUPS}"}), path=GROUPS)
        with pytest.raises(AnswerError, match="answered 302"):
            connect(sandbox).get(GROUPS)
        assert elsewhere.requests() == ()


def test_an_answer_that_is_too_large_is_given_up(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Answer(body="[" + " " * 2**20 + "]"), path=GROUPS, times=None)
    with pytest.raises(TooLargeError, match="answered with more than 1 MiB"):
        connect(sandbox).get(GROUPS)
    assert connect(sandbox).get(GROUPS, bounds=LIST) == []


def test_no_more_requests_at_once_than_the_concurrency(connect: Connect) -> None:
    with lent(Snapshot(), delay=0.02) as slow:
        transport = connect(slow, concurrency=2)
        transport.each(lambda _: transport.get(GROUPS), range(8))
        records = slow.requests()
    starts_and_ends = sorted([(r.started, 1) for r in records] + [(r.ended, -1) for r in records])
    at_once, most = 0, 0
    for _, step in starts_and_ends:
        at_once += step
        most = max(most, at_once)
    assert most == 2


def test_a_name_is_one_segment_of_a_path() -> None:
    assert segment("b c%?") == "b%20c%25%3F"
    for name in (".", "..", "", "a/b"):
        with pytest.raises(RemoteError, match="can't be part of a URL"):
            segment(name)


def test_each_keeps_the_order(connect: Connect) -> None:
    assert connect("http://127.0.0.1:1").each(str.upper, "abc") == ["A", "B", "C"]
