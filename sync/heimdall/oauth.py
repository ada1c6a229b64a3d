"""OAuth 2: tokens from a token endpoint, by a client's credentials or by a refresh token."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus

from oauthlib.oauth2 import BackendApplicationClient, MissingTokenError, OAuth2Error
from pydantic import SecretStr

from sync.errors import RemoteError, TokenError, UnavailableError
from sync.heimdall.auth import (
    MAX_TOKEN_BYTES,
    Now,
    ReplacedToken,
    can_be_sent,
    expiry_of,
    redacted,
    utc_now,
)
from sync.heimdall.exchange import exchange
from sync.heimdall.retries import Patience
from sync.heimdall.session import new_session

_YEAR = 365 * 24 * 3600
_NOTHING = SecretStr("")
_CHECK_URL = "check that the URL is the token endpoint of a realm"
_REMEDIES = {
    "invalid_client": "check that the client's id and secret are those of this token URL's realm",
    "unauthorized_client": "allow this grant for the client in Keycloak",
    "invalid_grant": "the refresh token expired, was revoked or was used before: get a new one",
}


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
        retrying = self.patience.retrying(self.patience.give_up_after if again else 0)
        try:
            status, text = retrying(self._ask, refresh_token)
        except RemoteError as error:
            raise TokenError(f"no token: {error.message}", error.hint) from None
        answer, problem, hint = self._understand(text, refresh_token)
        token, renewed = answer.get("access_token", ""), answer.get("refresh_token")
        if not problem and (status != HTTPStatus.OK or not can_be_sent(token) or not _is_bearer(answer)):
            problem = "without a usable bearer token"
        if problem:
            raise TokenError(f"no token: POST {self.url} answered {status} {problem}", hint)
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
            hint = _REMEDIES.get(str(error.error), "correct the setting that the error names")
            return {}, harmless(said, self.client_secret, refresh_token), hint
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            # what the library makes of JSON that is no object, and of numbers that are none
            return {}, "with an answer that holds no token", _CHECK_URL

    def _ask(self, refresh_token: SecretStr) -> tuple[int, str]:
        """Return the answer's status and text. Raises `UnavailableError` where there is none now."""
        client = BackendApplicationClient(self.client_id)
        secret = self.client_secret.get_secret_value() or None
        # the client's secret stands in the body: servers disagree on how a Basic header escapes it
        if refresh_token.get_secret_value():
            body = client.prepare_refresh_body(
                refresh_token=refresh_token.get_secret_value(), client_id=self.client_id, client_secret=secret
            )
        else:
            body = client.prepare_request_body(include_client_id=True, client_secret=secret)
        with new_session() as session:
            status, _, text = exchange(
                session,
                "POST",
                self.url,
                auth=lambda request: request,  # without any, a .netrc's would be sent
                seconds=self.patience.timeout,
                most=MAX_TOKEN_BYTES,
                ca_file=self.ca_file,
                data=body,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(f"POST {self.url} answered {status}", "check its log, or run again later")
        return status, text.decode(errors="replace")


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
