import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from sync.errors import AnswerError, Result, TokenError
from sync.heimdall.auth import StaticToken, TokenFile, TokenSource
from sync.heimdall.contract import known_contract
from sync.heimdall.health import check_health
from sync.heimdall.oauth import OAuthToken, TokenEndpoint
from sync.heimdall.retries import Patience
from sync.heimdall.transport import Transport
from sync.heimdall.writer import Writer
from sync.model.plan import Attributes, Operation, Verb
from sync.model.snapshot import Kind
from sync.sandbox.faults import Answer, Close
from sync.sandbox.process import Sandbox
from sync.sandbox.token_endpoint import TokenServer
from sync.sandbox.tokens import make_token
from tests.conftest import Connect, no_sleep

GROUPS = "/api/v1/groups/"
CLIENT_SECRET = "client-secret-47"
REFRESH_TOKEN = "refresh-token-11"
REJECTED = Answer(status=401, body='{"error": "Invalid token", "status_code": 401}')


class Clock:
    """The time as a test wants it."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Iterator[TokenServer]:
    """A confidential client's endpoint, whose tokens last two seconds."""
    with TokenServer(client_secret=CLIENT_SECRET) as running:
        yield running


Open = Callable[..., Transport]


@pytest.fixture
def opened() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_transport(url: str, tokens: TokenSource, *, read_only: bool = False) -> Transport:
            patience = Patience(timeout=10, tries=3, sleep=no_sleep)
            return stack.enter_context(Transport(url, tokens, read_only=read_only, patience=patience))

        yield open_transport


def endpoint_of(issuer: TokenServer | str, secret: str = CLIENT_SECRET, *, tries: int = 2) -> TokenEndpoint:
    url = issuer if isinstance(issuer, str) else issuer.url
    patience = Patience(timeout=10, tries=tries, sleep=no_sleep, give_up_after=0)
    return TokenEndpoint(url, "heimdall-sync", SecretStr(secret), patience)


def source_at(issuer: TokenServer, clock: Clock | None = None) -> OAuthToken:
    return OAuthToken(endpoint_of(issuer), now=clock)


def value_of(source: TokenSource) -> str:
    return source.token().get_secret_value()


def creation(name: str) -> Operation:
    return Operation(
        verb=Verb.CREATE, kind=Kind.GROUP, name=name, after=Attributes(description="a group to be made")
    )


# where a token comes from


def test_client_credentials_are_exchanged_for_a_token_once(issuer: TokenServer, clock: Clock) -> None:
    source = source_at(issuer, clock)
    assert issuer.requests == []
    assert [value_of(source), value_of(source)] == issuer.issued * 2
    assert [request.form for request in issuer.requests] == [
        {
            "grant_type": "client_credentials",
            "client_id": "heimdall-sync",
            "client_secret": CLIENT_SECRET,
        }
    ]
    assert source.ends() is None


def test_a_token_is_renewed_before_it_ends(issuer: TokenServer, clock: Clock) -> None:
    source = source_at(issuer, clock)
    first = value_of(source)
    clock.advance(1.5)
    assert value_of(source) == first
    clock.advance(0.2)  # a fifth of its two seconds is left, less a bit
    assert value_of(source) != first
    assert len(issuer.issued) == 2


def test_a_long_token_is_renewed_half_a_minute_before_it_ends(clock: Clock) -> None:
    with TokenServer(client_secret=CLIENT_SECRET, lifetime=3600) as issuer:
        source = source_at(issuer, clock)
        first = value_of(source)
        clock.advance(3569)
        assert value_of(source) == first
        clock.advance(2)
        assert value_of(source) != first


def test_without_expires_in_the_token_itself_says_when_it_ends(issuer: TokenServer, clock: Clock) -> None:
    token = make_token(expires_in=100)
    issuer.answer_next(Answer(body=f'{{"access_token": "{token}", "token_type": "bearer"}}'))
    source = source_at(issuer, clock)
    assert value_of(source) == token
    clock.advance(70)
    assert value_of(source) == token
    clock.advance(20)
    assert value_of(source) == issuer.issued[0]


@pytest.mark.parametrize("told", ["", ', "expires_in": 0', ', "expires_in": -5', ', "expires_in": null'])
def test_a_token_that_never_says_when_it_ends_lasts_until_a_401(
    issuer: TokenServer, clock: Clock, told: str
) -> None:
    issuer.answer_next(Answer(body=f'{{"access_token": "opaque", "token_type": "Bearer"{told}}}'))
    source = source_at(issuer, clock)
    assert value_of(source) == "opaque"
    clock.advance(10**6)
    assert value_of(source) == "opaque"
    assert source.renew(SecretStr("opaque"))
    assert value_of(source) == issuer.issued[0]


def test_a_new_token_that_ended_long_ago_is_the_clocks_fault(issuer: TokenServer, clock: Clock) -> None:
    token = make_token(expires_in=-1000)
    issuer.answer_next(Answer(body=f'{{"access_token": "{token}", "token_type": "Bearer"}}'))
    source = source_at(issuer, clock)
    assert [value_of(source) for _ in range(3)] == [token] * 3


def test_a_lifetime_of_ages_is_no_trouble(issuer: TokenServer, clock: Clock) -> None:
    issuer.answer_next(Answer(body='{"access_token": "opaque", "expires_in": 1' + "0" * 40 + "}"))
    assert value_of(source_at(issuer, clock)) == "opaque"


@pytest.mark.parametrize("secret", ["", CLIENT_SECRET])
def test_a_refresh_token_is_exchanged_by_either_kind_of_client(secret: str, clock: Clock) -> None:
    with TokenServer(client_secret=secret, refresh_token=REFRESH_TOKEN) as issuer:
        source = OAuthToken(endpoint_of(issuer, secret), SecretStr(REFRESH_TOKEN), clock)
        assert value_of(source) == issuer.issued[0]
        clock.advance(2)
        assert value_of(source) == issuer.issued[1]
        expected = {
            "grant_type": "refresh_token",
            "client_id": "heimdall-sync",
            "refresh_token": REFRESH_TOKEN,
        }
        if secret:
            expected["client_secret"] = secret
        assert [request.form for request in issuer.requests] == [expected] * 2


def test_a_rotating_refresh_token_is_followed(clock: Clock) -> None:
    with TokenServer(refresh_token=REFRESH_TOKEN, rotating=True) as issuer:
        source = OAuthToken(endpoint_of(issuer, ""), SecretStr(REFRESH_TOKEN), clock)
        for _ in range(3):
            value_of(source)
            clock.advance(2)
        sent = [request.form["refresh_token"] for request in issuer.requests]
    assert sent == [REFRESH_TOKEN, f"{REFRESH_TOKEN}-1", f"{REFRESH_TOKEN}-1-2"]


def test_a_token_file_is_read_again_before_its_token_ends(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "token"
    first, second = make_token(expires_in=600), make_token(expires_in=1200)
    file.write_text(f"{first}\n")
    source = TokenFile(file, clock)
    assert value_of(source) == first
    file.write_text(second)
    assert value_of(source) == first
    clock.advance(580)
    assert value_of(source) == second


def test_a_token_file_is_read_again_after_a_401(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    source = TokenFile(file)
    assert value_of(source) == "first"
    assert not source.renew(SecretStr("first"))
    file.write_text("second")
    assert source.renew(SecretStr("first"))
    assert value_of(source) == "second"


def test_a_token_file_that_is_just_being_written_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    source = TokenFile(file)
    value_of(source)
    file.write_text("")
    assert not source.renew(SecretStr("first"))
    file.unlink()
    assert not source.renew(SecretStr("first"))
    assert value_of(source) == "first"


def test_a_token_file_that_nobody_writes_anew_ends_with_its_token(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "token"
    file.write_text(make_token(expires_in=600))
    source = TokenFile(file, clock)
    assert source.ends() is None
    clock.advance(700)
    end = source.ends()
    assert end is not None
    assert end < clock()


@pytest.mark.parametrize("content", ["", " \n", "Bearer abc", "two\nlines", "caf\u00e9"])
def test_a_file_without_a_token_is_an_error_that_does_not_repeat_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(TokenError) as caught:
        TokenFile(file).token()
    assert caught.value.message == (
        f"the token file {file} must hold the token alone, on one line, without 'Bearer'"
    )


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TokenError, match=r"can't be read: No such file or directory$"):
        TokenFile(tmp_path / "token").token()


# what a token endpoint can say instead


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404, body="<html>", content_type="text/html"), "404 without a token"),
        (Answer(body="<html>" * 1000, content_type="text/html"), "200 without a token"),
        (Answer(body=""), "200 without a token"),
        (Answer(body="[]"), "200 with an answer that holds no token"),
        (Answer(body="null"), "200 with an answer that holds no token"),
        (Answer(body='"scope"'), "200 with an answer that holds no token"),
        (Answer(body="[" * 100_000), "200 with an answer that holds no token"),
        (
            Answer(body='{"access_token": "a", "expires_in": "soon"}'),
            "200 with an answer that holds no token",
        ),
        (Answer(body='{"access_token": "a", "expires_in": 1e999}'), "200 with an answer that holds no token"),
        (Answer(body='{"access_token": "a\\nb"}'), "200 without a usable bearer token"),
        (Answer(body='{"access_token": 5}'), "200 without a usable bearer token"),
        (Answer(body='{"access_token": "a", "token_type": "DPoP"}'), "200 without a usable bearer token"),
        (Answer(status=400, body='{"access_token": "a"}'), "400 without a usable bearer token"),
        (
            Answer(status=400, body='{"error": "invalid_scope", "error_description": "no\\n::error::"}'),
            "400 invalid_scope no ::error::",
        ),
        (Answer(status=400, body='{"error": {"no": "text"}}'), "400 {'no': 'text'}"),
    ],
)
def test_what_is_no_token_is_an_error_of_one_line(issuer: TokenServer, answer: Answer, said: str) -> None:
    issuer.answer_next(answer)
    with pytest.raises(TokenError) as caught:
        source_at(issuer).token()
    assert caught.value.message == f"no token: POST {issuer.url} answered {said}"
    assert len(issuer.requests) == 1


def test_a_wrong_client_is_told_what_to_look_at(issuer: TokenServer) -> None:
    with pytest.raises(TokenError, match="answered 401 invalid_client Invalid client credentials") as caught:
        OAuthToken(endpoint_of(issuer, "wrong")).token()
    assert caught.value.hint == "check that the client's id and secret are those of this token URL's realm"


def test_a_refresh_token_that_has_ended_is_told_so() -> None:
    with TokenServer() as issuer, pytest.raises(TokenError, match="400 invalid_grant") as caught:
        OAuthToken(endpoint_of(issuer, ""), SecretStr(REFRESH_TOKEN)).token()
    assert caught.value.hint == "the refresh token expired, was revoked or was used before: get a new one"


def test_a_redirect_is_not_followed(issuer: TokenServer) -> None:
    with TokenServer(client_secret=CLIENT_SECRET) as elsewhere:
        for status in (302, 307):
            issuer.answer_next(Answer(status=status, headers={"Location": elsewhere.url}))
            with pytest.raises(TokenError, match=f"answered {status} without a token"):
                source_at(issuer).token()
        assert elsewhere.requests == []


def test_an_answer_that_is_too_large_is_given_up(issuer: TokenServer) -> None:
    issuer.answer_next(Answer(body=" " * (2**20 + 1)))
    with pytest.raises(TokenError, match="answered with more than 1 MiB"):
        source_at(issuer).token()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_endpoint_that_is_busy_is_asked_again(issuer: TokenServer, status: int) -> None:
    issuer.answer_next(Answer(status=status))
    assert value_of(source_at(issuer)) == issuer.issued[0]
    assert len(issuer.requests) == 2


def test_an_endpoint_that_has_issued_one_before_is_waited_for(issuer: TokenServer, clock: Clock) -> None:
    """When a network pauses, a token is renewed as patiently as everything else is done."""
    patience = Patience(timeout=10, tries=2, sleep=no_sleep, give_up_after=60)
    endpoint = TokenEndpoint(issuer.url, "heimdall-sync", SecretStr(CLIENT_SECRET), patience)
    source = OAuthToken(endpoint, now=clock)
    first = value_of(source)
    clock.advance(2)
    issuer.answer_next(*[Answer(status=503)] * 9)
    assert value_of(source) != first
    assert len(issuer.requests) == 1 + 9 + 1


def test_what_could_not_be_had_is_asked_for_once(issuer: TokenServer) -> None:
    issuer.answer_next(Answer(status=500), Answer(status=500))
    source = source_at(issuer)
    for _ in range(3):
        with pytest.raises(TokenError, match=r"^no token: .* answered 500$"):
            source.token()
    assert len(issuer.requests) == 2


def test_a_host_that_is_not_known_is_named() -> None:
    with pytest.raises(TokenError, match="the host name is not known"):
        OAuthToken(endpoint_of("http://sso.invalid/token")).token()


def test_where_nobody_listens() -> None:
    with pytest.raises(TokenError, match="no connection"):
        OAuthToken(endpoint_of("http://127.0.0.1:1/token")).token()


@pytest.mark.parametrize("place", ["127.0.0.1:1", "x..invalid:1", "proxy.invalid:port"])
def test_a_proxy_that_does_not_connect(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:password@{place}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(TokenError, match=r"https://sso\.invalid/token: the proxy did not connect$"):
        OAuthToken(endpoint_of("https://sso.invalid/token")).token()


def test_a_netrc_does_not_speak_for_the_client(
    issuer: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    source_at(issuer).token()
    assert issuer.requests[0].authorization is None


# renewed in the middle


def test_a_request_that_got_401_is_sent_again_once_with_a_new_token(
    issuer: TokenServer, sandbox: Sandbox, opened: Open
) -> None:
    transport = opened(sandbox.url, source_at(issuer))
    sandbox.add_fault(REJECTED, methods=["POST"], path=GROUPS)
    answer = transport.send("POST", GROUPS, body={"name": "team", "description": "made once"})
    assert (answer.status, answer.after_loss) == (201, False)
    assert len(issuer.issued) == 2
    assert [(record.method, record.status) for record in sandbox.requests()] == [("POST", 401), ("POST", 201)]


class Together:
    """A source that lets nobody renew its token before all threads want to."""

    setting = "TOKEN_URL"

    def __init__(self, source: TokenSource, threads: int) -> None:
        self._source = source
        self._barrier = threading.Barrier(threads, timeout=10)

    def token(self) -> SecretStr:
        return self._source.token()

    def renew(self, rejected: SecretStr) -> bool:
        self._barrier.wait()
        return self._source.renew(rejected)

    def ends(self) -> datetime | None:
        return self._source.ends()


def test_eight_threads_that_got_401_share_one_renewal(
    issuer: TokenServer, sandbox: Sandbox, opened: Open
) -> None:
    transport = opened(sandbox.url, Together(source_at(issuer), 8))
    transport.get(GROUPS)
    sandbox.add_fault(REJECTED, methods=["POST"], path=GROUPS, times=8)
    writer = Writer(transport, known_contract(), {})
    outcomes = transport.each(lambda number: writer.execute(creation(f"team_{number}")), range(8))
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert len(sandbox.snapshot().groups) == 8
    assert len(issuer.issued) == 2


def test_eight_threads_that_begin_share_one_token(issuer: TokenServer) -> None:
    source = source_at(issuer)
    barrier = threading.Barrier(8, timeout=10)

    def take(_: int) -> str:
        barrier.wait()
        return value_of(source)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(take, range(8))) == set(issuer.issued)
    assert len(issuer.issued) == 1


def test_a_401_again_after_the_renewal_ends_the_run(
    issuer: TokenServer, sandbox: Sandbox, opened: Open
) -> None:
    transport = opened(sandbox.url, source_at(issuer))
    transport.get(GROUPS)
    sandbox.add_fault(REJECTED, path=GROUPS, times=None)
    with pytest.raises(TokenError) as caught:
        transport.get(GROUPS)
    assert caught.value.message == f"the target no longer accepts its token: {GROUPS} answered 401"
    assert caught.value.hint == "renew the token that HEIMDALL_TARGET_TOKEN_URL gives, then run again"
    assert len(issuer.issued) == 2


def test_a_renewal_that_fails_in_the_middle_ends_the_run(
    issuer: TokenServer, sandbox: Sandbox, opened: Open
) -> None:
    transport = opened(sandbox.url, source_at(issuer))
    transport.get(GROUPS)
    sandbox.add_fault(REJECTED, path=GROUPS, times=None)
    issuer.answer_next(Answer(status=500), Answer(status=500))
    writer = Writer(transport, known_contract(), {})
    for name in ("one", "two"):
        with pytest.raises(TokenError, match="answered 500") as caught:
            writer.execute(creation(name))
        assert caught.value.result is Result.NOT_DONE  # which is told as failed, not as never tried
    assert len(issuer.requests) == 3


# a token that ends


def test_a_static_token_that_ends_in_the_middle_says_when(sandbox: Sandbox, opened: Open) -> None:
    transport = opened(sandbox.url, StaticToken(SecretStr(make_token(expires_in=-1))))
    transport.get(GROUPS)
    sandbox.add_fault(REJECTED, path=GROUPS, times=None)
    writer = Writer(transport, known_contract(), {})
    with pytest.raises(TokenError, match=r"^the target's token expired at 20..-.* UTC$") as caught:
        writer.execute(creation("team"))
    assert caught.value.hint == "renew the token that HEIMDALL_TARGET_TOKEN gives, then run again"
    assert caught.value.result is Result.NOT_DONE


def test_any_401_to_a_token_that_was_accepted_ends_the_run(sandbox: Sandbox, opened: Open) -> None:
    transport = opened(sandbox.url, StaticToken(SecretStr(sandbox.token)), read_only=True)
    transport.get(GROUPS)
    sandbox.add_fault(REJECTED, path=GROUPS)
    with pytest.raises(TokenError, match="the source no longer accepts its token"):
        transport.get(GROUPS)


def test_what_is_open_to_everyone_accepts_no_token(sandbox: Sandbox, opened: Open) -> None:
    transport = opened(sandbox.url, StaticToken(SecretStr(sandbox.token)))
    for path in ("/api/v1/healthz", "/api/v1/readyz", "/openapi.json"):
        transport.get(path)
    sandbox.add_fault(REJECTED, path=GROUPS)
    with pytest.raises(AnswerError, match="answered 401 Invalid token"):
        transport.get(GROUPS)


def test_a_token_that_ends_after_a_lost_answer_leaves_the_write_open(sandbox: Sandbox, opened: Open) -> None:
    transport = opened(sandbox.url, StaticToken(SecretStr(sandbox.token)))
    transport.get(GROUPS)
    sandbox.add_fault(Close(done=True), methods=["POST"], path=GROUPS)
    sandbox.add_fault(REJECTED, methods=["POST"], path=GROUPS, nth=2)
    with pytest.raises(TokenError) as caught:
        transport.send("POST", GROUPS, body={"name": "team", "description": "made, as it is"})
    assert caught.value.result is Result.UNKNOWN


# the healthcheck


def check(sandbox: Sandbox, source: TokenSource, opened: Open, connect: Connect) -> list[tuple[str, str]]:
    found = check_health(
        connect(sandbox, read_only=True),
        opened(sandbox.url, source),
        now=datetime.now(UTC),
        must_write=True,
    )
    return [(finding.level.value, finding.message) for finding in found if finding.side == "target"]


def test_a_token_that_is_renewed_does_not_end_soon(
    issuer: TokenServer, sandbox: Sandbox, opened: Open, connect: Connect
) -> None:
    found = check(sandbox, source_at(issuer), opened, connect)
    assert [level for level, _ in found] == ["passed"] * 4


def test_where_no_token_can_be_had_the_healthcheck_fails(
    issuer: TokenServer, sandbox: Sandbox, opened: Open, connect: Connect
) -> None:
    source = OAuthToken(endpoint_of(issuer, "wrong"))
    message = f"no token: POST {issuer.url} answered 401 invalid_client Invalid client credentials"
    assert check(sandbox, source, opened, connect) == [("failed", message)]


def test_a_token_that_the_environment_does_not_know_is_not_accepted(
    issuer: TokenServer, sandbox: Sandbox, opened: Open, connect: Connect
) -> None:
    sandbox.add_fault(REJECTED, path="users/me", times=None)
    found = check(sandbox, source_at(issuer), opened, connect)
    assert len(issuer.issued) == 2
    assert found[-1] == (
        "failed",
        "the token is not accepted: GET /api/v1/users/me answers 401 Invalid token",
    )


# nothing leaks


def test_no_secret_is_in_anything_that_can_be_shown(
    sandbox: Sandbox, opened: Open, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    token = make_token()
    file = tmp_path / "token"
    file.write_text(token)
    echoes = f"{CLIENT_SECRET} {REFRESH_TOKEN} {token}"
    with TokenServer(client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN) as issuer:
        source = OAuthToken(endpoint_of(issuer), SecretStr(REFRESH_TOKEN))
        shown = [repr(source), repr(endpoint_of(issuer)), repr(TokenFile(file)), repr(vars(source))]
        shown.append(repr(StaticToken(SecretStr(token))))
        opened(sandbox.url, source).get(GROUPS)
        shown.append(repr(vars(source)))
        for answer in (
            Answer(status=500, body=echoes),
            Answer(status=400, body=echoes),
            Answer(body=f'{{"access_token": "{token} "}}'),
            Answer(status=400, body=f'{{"error": "invalid_grant", "error_description": "{echoes}"}}'),
            Answer(status=302, headers={"Location": f"http://127.0.0.1:1/{CLIENT_SECRET}"}),
        ):
            issuer.answer_next(answer)
            with pytest.raises(TokenError) as caught:
                OAuthToken(endpoint_of(issuer, tries=1), SecretStr(REFRESH_TOKEN)).token()
            shown += traceback.format_exception(caught.value)
            shown.append(repr(caught.value) + caught.value.message + caught.value.hint)
        secrets = [CLIENT_SECRET, REFRESH_TOKEN, token, *issuer.issued]
    left = "\n".join([*shown, caplog.text])
    assert [secret for secret in secrets if secret in left] == []
    assert token.partition(".")[2] not in left
