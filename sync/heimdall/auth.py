"""Where a token comes from and when it ends.

What a token says of itself is read without a key: the server and the gateway before it are who checks it.
"""

import ipaddress
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import quote, quote_plus, urlsplit

import jwt
import requests
import tenacity
from oauthlib.oauth2 import BackendApplicationClient, MissingTokenError, OAuth2Error
from pydantic import SecretStr

from sync import __version__
from sync.errors import ReadError, UsageError

MARGIN = timedelta(seconds=30)
"""How long before its end a token is replaced, unless a fifth of its life is less."""

MAX_TOKEN_BYTES = 2**20
_YEAR = 365 * 24 * 3600
_WRITES_TO_READS = 1.5
_NOTHING = SecretStr("")
_CHECK_URL = "is it the URL of a realm's token endpoint?"
_REMEDIES = {
    "invalid_client": "are the client's id and secret those of this token URL's realm?",
    "unauthorized_client": "allow this grant for the client in Keycloak",
    "invalid_grant": "the refresh token has ended, was revoked or was used before: get a new one",
}

Now = Callable[[], datetime]


class TokenError(ReadError):
    """There is no token that the environment accepts: nothing can be sent any more.

    `maybe_done` tells whether an earlier try of the same request may have been carried out.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.maybe_done = False


class TokenEndedError(TokenError):
    """A token that was accepted before is accepted no more, and no other can be had."""


class _BusyError(TokenError):
    """The token endpoint may well answer another time."""


class TokenSource(Protocol):
    """Where one environment's token comes from, for many threads.

    `setting` is the end of the setting's name that people see to when something is wrong with it. The methods
    raise `TokenError` where there is no token.
    """

    setting: ClassVar[str]

    def token(self) -> SecretStr:
        """Return a token to send, a new one where the last one ends soon."""

    def renew(self, rejected: SecretStr) -> bool:
        """Tell whether `token` returns another one now than this one, which was answered with 401."""

    def ends(self) -> datetime | None:
        """Return when the last token there is ends; None where that is unknown or another one follows."""


@dataclass(frozen=True, slots=True)
class StaticToken:
    """One token, for as long as it lasts."""

    setting: ClassVar[str] = "TOKEN"
    secret: SecretStr

    def token(self) -> SecretStr:
        """Return the token."""
        return self.secret

    def renew(self, rejected: SecretStr) -> bool:
        """Return False, unless it was another one that was rejected."""
        return self.secret != rejected

    def ends(self) -> datetime | None:
        """Return when the token ends, None where it does not say."""
        return expiry_of(self.secret)


def as_source(token: TokenSource | SecretStr) -> TokenSource:
    """Return a source as it is, and a token as its own source."""
    return StaticToken(token) if isinstance(token, SecretStr) else token


class _ReplacedToken(ABC):
    """A token that is replaced before it ends. One thread replaces it, and all others wait for that."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._token: SecretStr | None = None
        self._due: datetime | None = None

    def token(self) -> SecretStr:
        """Return a token that does not end soon, as far as one can be had. Raises `TokenError`."""
        with self._lock:
            if self._token is None or (self._due is not None and self._now() >= self._due):
                return self._replace()
            return self._token

    def renew(self, rejected: SecretStr) -> bool:
        """Replace the token, unless another thread has done so since it was sent. Raises `TokenError`."""
        with self._lock:
            return (self._replace() if self._token == rejected else self._token) != rejected

    def _replace(self) -> SecretStr:
        now = self._now()
        self._token, end = self._fetch(now)
        self._due = end and end - min(MARGIN, max(end - now, timedelta()) / 5)
        return self._token

    @abstractmethod
    def _fetch(self, now: datetime) -> tuple[SecretStr, datetime | None]:
        """Return a token and when it ends, None where that is unknown. Raises `TokenError`."""


class TokenFile(_ReplacedToken):
    """A token in a file, which another process may write anew (a federated token, say)."""

    setting: ClassVar[str] = "TOKEN_FILE"

    def __init__(self, path: Path, now: Now | None = None) -> None:
        super().__init__(now or _utc_now)
        self._path = path

    def ends(self) -> datetime | None:
        """Return when the token ended that is still in the file; None before that."""
        end = expiry_of(self.token())
        return end if end is not None and end <= self._now() else None

    def _fetch(self, _: datetime) -> tuple[SecretStr, datetime | None]:
        try:
            with self._path.open("rb") as file:
                text = file.read(MAX_TOKEN_BYTES).decode(errors="replace").strip()
            problem = "" if _can_be_sent(text) else "does not hold a token on one line, without 'Bearer'"
        except OSError as error:
            problem = f"can't be read: {error.strerror}"
        if not problem:
            token = SecretStr(text)
        elif self._token is None:
            raise TokenError(f"the token file {self._path} {problem}", "see to the file and its permissions")
        else:  # whoever writes it may be in the middle of that
            token = self._token
        return token, expiry_of(token)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where OAuth 2 tokens are issued (RFC 6749, 3.2), and how to ask; a public client has no secret."""

    url: str
    client_id: str
    client_secret: SecretStr = _NOTHING
    timeout: float = 30.0
    tries: int = 5
    sleep: Callable[[float], None] = time.sleep
    ca_file: Path | None = None

    def issue(self, refresh_token: SecretStr) -> tuple[SecretStr, SecretStr, timedelta | None]:
        """Return a token, the refresh token for the next one, and how long the token lasts, if that is told.

        The grant is the refresh token's (RFC 6749, 6), without one the client's own credentials (4.4). Raises
        `TokenError`, which holds no secret and no more of the answer than a harmless line.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.tries),
            wait=tenacity.wait_exponential(multiplier=0.5, max=10) + tenacity.wait_random(0, 0.5),
            retry=tenacity.retry_if_exception_type(_BusyError),
            sleep=self.sleep,
            reraise=True,
        )
        status, text = retrying(self._ask, refresh_token)
        answer, problem, hint = self._understand(text, refresh_token)
        token, renewed = answer.get("access_token", ""), answer.get("refresh_token")
        if not problem and (status != HTTPStatus.OK or not _can_be_sent(token) or not _is_bearer(answer)):
            problem = "without a usable bearer token"
        if problem:
            raise TokenError(f"no token: {self.url} answered {status} {problem}", hint)
        following = SecretStr(renewed) if isinstance(renewed, str) and renewed else refresh_token
        seconds = answer.get("expires_in") or 0
        life = timedelta(seconds=min(seconds, _YEAR)) if seconds > 0 else None
        return SecretStr(token), following, life

    def _understand(self, text: str, refresh_token: SecretStr) -> tuple[dict[str, Any], str, str]:
        """Return an answer's members, or what is wrong with it and what to do about that."""
        try:
            return BackendApplicationClient(self.client_id).parse_request_body_response(text), "", _CHECK_URL
        except MissingTokenError:
            return {}, "without a token", _CHECK_URL
        except OAuth2Error as error:
            said = " ".join(str(part) for part in (error.error, error.description) if part)
            hint = _REMEDIES.get(str(error.error), "see to what it says")
            return {}, harmless(said, self.client_secret, refresh_token), hint
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            # what the library makes of JSON that is no object, and of numbers that are none
            return {}, "with something that is no token", _CHECK_URL

    def _ask(self, refresh_token: SecretStr) -> tuple[int, str]:
        """Return the answer's status and text."""
        client = BackendApplicationClient(self.client_id)
        secret = self.client_secret.get_secret_value() or None
        # the client's secret stands in the body: servers disagree on how a Basic header escapes it
        if refresh_token.get_secret_value():
            body = client.prepare_refresh_body(
                refresh_token=refresh_token.get_secret_value(), client_id=self.client_id, client_secret=secret
            )
        else:
            body = client.prepare_request_body(include_client_id=True, client_secret=secret)
        try:
            with requests.post(
                self.url,
                data=body,
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                    "User-Agent": f"heimdall-sync/{__version__}",
                },
                auth=lambda request: request,  # without any, a .netrc's would be sent
                timeout=self.timeout,
                verify=str(self.ca_file) if self.ca_file else True,
                allow_redirects=False,
                stream=True,
            ) as response:
                text = self._text_of(response)
        except requests.RequestException as error:
            raise self._unanswered(error) from None
        status = response.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _BusyError(f"no token: {self.url} answered {status}", "run again when it is well")
        return status, text

    def _text_of(self, response: requests.Response) -> str:
        deadline = time.monotonic() + self.timeout
        text = bytearray()
        for chunk in response.iter_content(64 * 2**10):
            text += chunk
            if len(text) > MAX_TOKEN_BYTES:
                raise TokenError(f"no token: {self.url} answered with more than 1 MiB", "check the URL")
            if time.monotonic() > deadline:
                raise requests.ReadTimeout
        return text.decode(errors="replace")

    def _unanswered(self, error: requests.RequestException) -> TokenError:
        """Turn a failure of requests, which may hold the request, into one line without it."""
        match error:
            case requests.exceptions.SSLError():
                return TokenError(f"no token: {self.url}: TLS failed", "see --ca-file")
            case requests.exceptions.ProxyError():
                what, hint = "the proxy did not connect", "see HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            case requests.Timeout():
                what, hint = f"no answer within {self.timeout:g} s", "see --timeout"
            case requests.ConnectionError():
                what, hint = "no connection", "is the URL right, and the server up?"
            case _:
                what, hint = "the answer was not complete", "run again"
        return _BusyError(f"no token: {self.url}: {what}", hint)


class OAuthToken(_ReplacedToken):
    """A token from a token endpoint, by a refresh token if there is one, else by the client's credentials.

    A refresh token that the endpoint replaces is kept in memory alone. What could not be had once is not
    asked for again: all threads get the same error.
    """

    setting: ClassVar[str] = "TOKEN_URL"

    def __init__(
        self, endpoint: TokenEndpoint, refresh_token: SecretStr = _NOTHING, now: Now | None = None
    ) -> None:
        super().__init__(now or _utc_now)
        self._endpoint = endpoint
        self._refresh_token = refresh_token
        self._failure: TokenError | None = None

    def ends(self) -> datetime | None:
        """Return None: another token follows."""
        return None

    def _fetch(self, now: datetime) -> tuple[SecretStr, datetime | None]:
        if self._failure:
            raise TokenError(self._failure.message, self._failure.hint)
        try:
            token, self._refresh_token, life = self._endpoint.issue(self._refresh_token)
        except TokenError as error:
            self._failure = error
            raise
        end = now + life if life else expiry_of(token)
        # a new token that has ended means that a clock is wrong: only a 401 will tell
        return token, end if end is None or end > now else None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What settings say about one environment's token. What is not given is empty."""

    token: SecretStr = _NOTHING
    token_file: Path | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr = _NOTHING
    refresh_token: SecretStr = _NOTHING

    def problems(self, *, allow_http: bool = False) -> Iterator[tuple[str, str]]:
        """Yield what is wrong, each with the field's name and without any value."""
        given = [name for name in self.__slots__ if _is_given(getattr(self, name))]
        ways = [name for name in given if name in {"token", "token_file", "token_url"}]
        client = [name for name in given if name not in ways]
        if len(ways) > 1:
            yield ways[1], f"contradicts {ways[0]}: there is one way to a token"
        if self.token_url:
            if not allow_http and _is_plain_http(self.token_url):
                yield "token_url", "should be https: a secret is sent there"
            if not self.client_id:
                yield "client_id", "missing: token_url needs it"
            if not {"client_secret", "refresh_token"} & set(client):
                yield "client_secret", "missing: token_url needs it, or a refresh_token"
        elif client:
            yield "token_url", f"missing: {client[0]} needs it"
        elif not ways:
            yield "token", "missing: or else token_file, or token_url with a client"


def source_of(
    credentials: Credentials,
    *,
    allow_http: bool = False,
    timeout: float = 30.0,
    tries: int = 5,
    sleep: Callable[[float], None] = time.sleep,
    ca_file: Path | None = None,
) -> TokenSource:
    """Return where a token comes from, without asking for one. Raises `UsageError` for problems."""
    problems = [f"{name}: {problem}" for name, problem in credentials.problems(allow_http=allow_http)]
    if problems:
        raise UsageError(*problems)
    if credentials.token_file:
        return TokenFile(credentials.token_file)
    if not credentials.token_url:
        return StaticToken(credentials.token)
    endpoint = TokenEndpoint(
        credentials.token_url,
        credentials.client_id,
        credentials.client_secret,
        timeout,
        tries,
        sleep,
        ca_file,
    )
    return OAuthToken(endpoint, credentials.refresh_token)


def expiry_of(token: SecretStr) -> datetime | None:
    """Return when a token ends, None where it does not say or is no JWT."""
    try:
        claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def ends_before(end: datetime | None, now: datetime, requests_left: int, seconds_a_request: float) -> bool:
    """Tell whether a token is likely to end before so many more writes are done.

    `seconds_a_request` is the time that a reading took, divided by the number of its requests, with as many
    at once as there will be writes: a server answers one at a time, so the number at once says little by
    itself. `end` is that of `TokenSource.ends`.
    """
    seconds = requests_left * seconds_a_request * _WRITES_TO_READS
    return end is not None and (end - now).total_seconds() < seconds


def masked_cpf(cpf: str) -> str:
    """Show of a CPF what tells people apart without naming them: `475******07`."""
    return f"{cpf[:3]}******{cpf[-2:]}" if len(cpf) == 11 else "***"  # noqa: PLR2004 - digits of a CPF


def harmless(text: str, *secrets: SecretStr) -> str:
    """Return a server's text as one short line, without secrets or anything that may be a part of one."""
    line = "".join(character if character.isprintable() else " " for character in text)
    for secret in filter(None, (secret.get_secret_value() for secret in secrets)):
        for spelling in {secret, quote(secret, safe=""), quote_plus(secret)}:
            line = line.replace(spelling, "***")
    line = " ".join(re.sub(r"[\w.~+/=%-]{24,}", "***", line).split())
    return line if len(line) <= 200 else f"{line[:199]}…"  # noqa: PLR2004 - a line in a log


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _is_given(value: SecretStr | Path | str | None) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _is_bearer(answer: dict[str, Any]) -> bool:
    # a token of a type that one does not know must not be used (RFC 6749, 7.1)
    return str(answer.get("token_type", "bearer")).lower() == "bearer"


def _can_be_sent(token: object) -> bool:
    # the HTTP library's error about what can't stand in a header would repeat it
    return isinstance(token, str) and re.fullmatch(r"[!-~]+", token) is not None


def _is_plain_http(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return parts.scheme == "http" and not loopback
