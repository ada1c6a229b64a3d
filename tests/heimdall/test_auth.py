from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from pydantic import SecretStr

from sync.errors import UsageError
from sync.heimdall.auth import StaticToken, TokenFile, ends_before, expiry_of, masked_cpf
from sync.heimdall.credentials import Credentials
from sync.heimdall.oauth import OAuthToken, harmless
from sync.heimdall.token_source import source_of
from sync.sandbox.tokens import make_token

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECRET = SecretStr("s3cret")


def with_end(end: object) -> SecretStr:
    return SecretStr(jwt.encode({"exp": end}, "a key that is long enough for the library's taste"))


def test_a_token_says_when_it_ends() -> None:
    assert expiry_of(with_end(1893456000)) == NOW


@pytest.mark.parametrize("end", [10**30, -(10**30), 10**17])
def test_a_token_that_ends_at_no_moment_does_not_say(end: int) -> None:
    assert expiry_of(with_end(end)) is None


def test_what_is_no_jwt_or_has_no_end_does_not_say() -> None:
    for token in ("", "opaque", "not.a.jwt", make_token(expires_in=None)):
        assert expiry_of(SecretStr(token)) is None


@pytest.mark.parametrize(
    ("requests_left", "seconds_a_request", "ends"),
    [
        (100, 0.1, False),  # 15 s of writes, 60 s of token
        (399, 0.1, False),
        (401, 0.1, True),
        (0, 0.1, False),
    ],
)
def test_whether_a_token_ends_before_the_run_does(
    requests_left: int, seconds_a_request: float, ends: bool
) -> None:
    end = NOW + timedelta(seconds=60)
    assert ends_before(end, NOW, requests_left, seconds_a_request) is ends


def test_a_token_with_no_known_end_never_ends_before_the_run() -> None:
    assert not ends_before(None, NOW, 10**6, 1)


def test_a_token_that_has_ended_ends_before_any_run() -> None:
    assert ends_before(NOW - timedelta(seconds=1), NOW, 0, 0.1)


def test_a_cpf_is_masked() -> None:
    assert masked_cpf("47562396507") == "475******07"
    assert masked_cpf("4756") == "***"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("invalid_grant Token is not active", "invalid_grant Token is not active"),
        ("two\nlines\r::error::and \x1b[31mcolour", "two lines ::error::and [31mcolour"),
        ("no client s3cret here", "no client *** here"),
        ("a+b%2Bc a%2Bb%252Bc", "*** ***"),
        ("unsupported_grant_type", "unsupported_grant_type"),
        ("a part: eyJhbGciOiJSUzI1NiIsInR5cCI", "a part: ***"),
        ("word " * 100, "word " * 39 + "word…"),
    ],
)
def test_what_a_server_says_is_made_harmless(text: str, line: str) -> None:
    assert harmless(text, SECRET, SecretStr("a+b%2Bc"), SecretStr("")) == line


@pytest.mark.parametrize(
    ("credentials", "problems"),
    [
        (
            Credentials(),
            ["token: missing: the token of a superadmin, or a token file, or a token URL with a client"],
        ),
        (
            Credentials(token=SECRET, token_file=Path("token")),
            ["token_file: conflicts with token: give only one of the two"],
        ),
        (
            Credentials(token_url="https://sso/token"),
            [
                "client_id: missing: token_url needs it",
                "client_secret: missing: token_url needs it or a refresh_token",
            ],
        ),
        (Credentials(token=SECRET, client_id="sync"), ["token_url: missing: client_id needs it"]),
        (Credentials(refresh_token=SECRET), ["token_url: missing: refresh_token needs it"]),
        (
            Credentials(token_url="http://sso/token", client_id="sync", client_secret=SECRET),
            ["token_url: should be https: a secret is sent there"],
        ),
    ],
)
def test_settings_that_lead_to_no_token_are_told(credentials: Credentials, problems: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        source_of(credentials)
    assert list(caught.value.problems) == problems
    assert "s3cret" not in repr(caught.value) + repr(credentials)


@pytest.mark.parametrize(
    ("url", "allow_http"),
    [
        ("https://sso/token", False),
        ("http://localhost:8080/token", False),
        ("http://127.0.0.1/token", False),
        ("http://[::1]/token", False),
        ("http://sso/token", True),
    ],
)
def test_a_token_url_is_https_or_loopback_unless_http_is_allowed(url: str, allow_http: bool) -> None:
    credentials = Credentials(token_url=url, client_id="sync", client_secret=SECRET)
    assert list(credentials.problems(allow_http=allow_http)) == []


def test_each_way_to_a_token_has_its_source() -> None:
    url = "https://sso/token"
    assert isinstance(source_of(Credentials(token=SECRET)), StaticToken)
    assert isinstance(source_of(Credentials(token_file=Path("token"))), TokenFile)
    for credentials in (
        Credentials(token_url=url, client_id="sync", client_secret=SECRET),
        Credentials(token_url=url, client_id="sync", refresh_token=SECRET),
        Credentials(token_url=url, client_id="sync", client_secret=SECRET, refresh_token=SECRET),
    ):
        assert isinstance(source_of(credentials), OAuthToken)
