"""OAuth 2: tokens from a token endpoint, by a client's credentials or by a refresh token."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus

import requests
import tenacity
from oauthlib.oauth2 import BackendApplicationClient, MissingTokenError, OAuth2Error
from pydantic import SecretStr
from urllib3.exceptions import LocationParseError

from sync.heimdall.auth import (
    MAX_TOKEN_BYTES,
    Now,
    ReplacedToken,
    TokenError,
    can_be_sent,
    expiry_of,
    redacted,
    utc_now,
)
from sync.heimdall.pace import Patience
from sync.heimdall.session import TooLargeError, content_of, is_timeout, new_session, within

_YEAR = 365 * 24 * 3600
_NOTHING = SecretStr("")
_CHECK_URL = "is it the URL of a realm's token endpoint?"
_REMEDIES = {
    "invalid_client": "are the client's id and secret those of this token URL's realm?",
    "unauthorized_client": "allow this grant for the client in Keycloak",
    "invalid_grant": "the refresh token has ended, was revoked or was used before: get a new one",
}


class _BusyError(TokenError):
    """The token endpoint may well answer another time."""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where OAuth 2 tokens are issued (RFC 6749, 3.2), and how to ask; a public client has no secret."""

    url: str
    client_id: str
    client_secret: SecretStr = _NOTHING
    patience: Patience = field(default_factory=Patience)
    ca_file: Path | None = None

    def issue(
        self, refresh_token: SecretStr, *, again: bool = False
    ) -> tuple[SecretStr, SecretStr, timedelta | None]:
        """Return a token, the refresh token for the next one, and how long the token lasts, if that is told.

        The grant is the refresh token's (RFC 6749, 6), without one the client's own credentials (4.4). An
        endpoint that has issued one before, `again`, is waited for like an environment. Raises `TokenError`,
        which holds no secret and no more of the answer than a harmless line.
        """
        wait_for_it = tenacity.stop_after_delay(self.patience.give_up_after if again else 0)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.patience.tries) & wait_for_it
            | tenacity.stop_when_event_set(self.patience.stopping),
            wait=tenacity.wait_exponential(multiplier=0.5, max=10) + tenacity.wait_random(0, 0.5),
            retry=tenacity.retry_if_exception_type(_BusyError),
            sleep=self.patience.sleep,
            reraise=True,
        )
        status, text = retrying(self._ask, refresh_token)
        answer, problem, hint = self._understand(text, refresh_token)
        token, renewed = answer.get("access_token", ""), answer.get("refresh_token")
        if not problem and (status != HTTPStatus.OK or not can_be_sent(token) or not _is_bearer(answer)):
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
            with (
                new_session() as session,
                session.post(
                    self.url,
                    data=body,
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                    auth=lambda request: request,  # without any, a .netrc's would be sent
                    timeout=within(self.patience.timeout),
                    verify=str(self.ca_file) if self.ca_file else True,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                text = content_of(response, MAX_TOKEN_BYTES).decode(errors="replace")
        except TooLargeError:
            raise TokenError(f"no token: {self.url} answered with more than 1 MiB", "check the URL") from None
        except requests.RequestException as error:
            raise self._unanswered(error) from None
        except LocationParseError:  # the host of a proxy
            raise self._unanswered(requests.exceptions.ProxyError()) from None
        status = response.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _BusyError(f"no token: {self.url} answered {status}", "run again when it is well")
        return status, text

    def _unanswered(self, error: requests.RequestException) -> TokenError:
        """Turn a failure of requests, which may hold the request, into one line without it."""
        match error:
            case requests.exceptions.SSLError():
                return TokenError(f"no token: {self.url}: TLS failed", "see --ca-file")
            case requests.exceptions.ProxyError() | requests.exceptions.InvalidURL():
                what, hint = "the proxy did not connect", "see HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            case _ if is_timeout(error):
                what, hint = f"no answer within {self.patience.timeout:g} s", "see --timeout"
            case requests.ConnectionError():
                what, hint = "no connection", "is the URL right, and the server up?"
            case _:
                what, hint = "the answer was not complete", "run again"
        return _BusyError(f"no token: {self.url}: {what}", hint)


class OAuthToken(ReplacedToken):
    """A token from a token endpoint, by a refresh token if there is one, else by the client's credentials.

    A refresh token that the endpoint replaces is kept in memory alone. What could not be had once is not
    asked for again: all threads get the same error.
    """

    setting: ClassVar[str] = "TOKEN_URL"

    def __init__(
        self, endpoint: TokenEndpoint, refresh_token: SecretStr = _NOTHING, now: Now | None = None
    ) -> None:
        super().__init__(now or utc_now)
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
            token, self._refresh_token, life = self._endpoint.issue(
                self._refresh_token, again=self._token is not None
            )
        except TokenError as error:
            self._failure = error
            raise
        end = now + life if life else expiry_of(token)
        # a new token that has ended means that a clock is wrong: only a 401 will tell
        return token, end if end is None or end > now else None


def harmless(text: str, *secrets: SecretStr) -> str:
    """Return a server's text as one short line, without secrets or anything that may be a part of one."""
    line = "".join(character if character.isprintable() else " " for character in text)
    for secret in filter(None, (secret.get_secret_value() for secret in secrets)):
        for spelling in {secret, quote(secret, safe=""), quote_plus(secret)}:
            line = line.replace(spelling, "***")
    line = " ".join(re.sub(r"[\w.~+/=%-]{24,}", "***", redacted(line)).split())
    return line if len(line) <= 200 else f"{line[:199]}…"  # noqa: PLR2004 - a line in a log


def _is_bearer(answer: dict[str, Any]) -> bool:
    # a token of a type that one does not know must not be used (RFC 6749, 7.1)
    return str(answer.get("token_type", "bearer")).lower() == "bearer"
