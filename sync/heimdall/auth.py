"""Where a token comes from and when it ends.

What a token says of itself is read without a key: the server and the gateway before it are who checks it.
"""

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol

import jwt
from pydantic import SecretStr

from sync.errors import TokenError

MARGIN = timedelta(seconds=30)
"""How long before its end a token is replaced, unless a fifth of its life is less."""

MAX_TOKEN_BYTES = 2**20

_WRITES_TO_READS = 1.5
_JWT = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]+)*")
_CPF = re.compile(r"(?<!\d)(?:\d{11}|\d{3}\.\d{3}\.\d{3}-\d{2})(?!\d)")

Now = Callable[[], datetime]


class TokenSource(Protocol):
    """Where one environment's token comes from, for many threads.

    `setting` is the end of the name of the setting that people check when something is wrong. The methods
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


class ReplacedToken(ABC):
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


class TokenFile(ReplacedToken):
    """A token in a file, which another process may write anew (a federated token, say)."""

    setting: ClassVar[str] = "TOKEN_FILE"

    def __init__(self, path: Path, now: Now | None = None) -> None:
        super().__init__(now or utc_now)
        self._path = path

    def ends(self) -> datetime | None:
        """Return when the token ended that is still in the file; None before that."""
        end = expiry_of(self.token())
        return end if end is not None and end <= self._now() else None

    def _fetch(self, _: datetime) -> tuple[SecretStr, datetime | None]:
        try:
            with self._path.open("rb") as file:
                text = file.read(MAX_TOKEN_BYTES).decode(errors="replace").strip()
            problem = "" if can_be_sent(text) else "must hold the token alone, on one line, without 'Bearer'"
        except OSError as error:
            problem = f"can't be read: {error.strerror}"
        if not problem:
            token = SecretStr(text)
        elif self._token is None:
            raise TokenError(
                f"the token file {redacted(str(self._path))} {problem}",
                "check the file's content and permissions",
            )
        else:  # whoever writes it may be in the middle of that
            token = self._token
        return token, expiry_of(token)


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


def redacted(text: str) -> str:
    """Return what somebody else has said without the tokens and the CPFs that it quotes."""
    return _CPF.sub(lambda cpf: masked_cpf(re.sub(r"\D", "", cpf[0])), _JWT.sub("***", text))


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def can_be_sent(token: object) -> bool:
    """Tell whether a token can stand in a header; the HTTP library's error about another would repeat it."""
    return isinstance(token, str) and re.fullmatch(r"[!-~]+", token) is not None
