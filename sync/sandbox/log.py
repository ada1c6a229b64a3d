"""The requests that a sandbox got, without what is secret in them."""

import hashlib
import time
from dataclasses import dataclass, field

from sync.model.snapshot import Value


class RequestRecord(Value):
    """One request, in the order of arrival.

    `path` is decoded and has the query after it. `status` is None while there is no answer, and where the
    connection was closed without one. `token` is the beginning of the token's SHA-256, None without an
    Authorization header. `started` and `ended` are seconds of the machine's monotonic clock: `ended` is
    None while the request is under way.
    """

    number: int
    method: str
    path: str
    status: int | None
    token: str | None
    started: float
    ended: float | None

    @property
    def authorized(self) -> bool:
        """Tell whether the request had an Authorization header."""
        return self.token is not None


@dataclass(slots=True)
class Entry:
    """A request under way: `status` and `ended` are filled in as its answer leaves."""

    number: int
    method: str
    path: str
    token: str | None
    started: float = field(default_factory=time.monotonic)
    status: int | None = None
    ended: float | None = None


class RequestLog:
    """Number requests and remember them."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def open(self, method: str, path: str, authorization: str | None) -> Entry:
        """Write down that a request has arrived."""
        digest = None if authorization is None else token_digest(authorization.partition(" ")[2])
        entry = Entry(len(self._entries) + 1, method, path, digest)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything; the next request is number 1."""
        self._entries.clear()

    def records(self) -> list[RequestRecord]:
        """Return what has arrived so far."""
        return [
            RequestRecord(
                number=entry.number,
                method=entry.method,
                path=entry.path,
                status=entry.status,
                token=entry.token,
                started=entry.started,
                ended=entry.ended,
            )
            for entry in self._entries
        ]


def token_digest(token: str) -> str:
    """Return the beginning of a token's SHA-256, which is how the log tells tokens apart."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]
