"""One try of one request: what goes over the wire, and what came of it."""

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr
from requests.auth import AuthBase

from sync.errors import RateLimitError, Result, UnavailableError, UnreachableError
from sync.heimdall.answers import Answer
from sync.heimdall.auth import redacted
from sync.heimdall.exchange import exchange
from sync.heimdall.retries import moment_of
from sync.heimdall.session import new_session

_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_OVERLOADED = b"QueuePool limit"
"""What a server's 500 says that has no connection to its database left."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request, whatever tries it takes; `most` is how many bytes its answer may have."""

    method: str
    path: str
    params: Mapping[str, Any] | None
    body: Mapping[str, Any] | None
    most: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def kind(self) -> tuple[str, str, int]:
        """Return what it has in common with requests that take a server about as long."""
        room, *names = self.path.removeprefix("/api/v1/").split("/")
        return self.method, room, len(names)


class _Bearer(AuthBase):
    """Send the token. Standing in for `auth`, it also keeps a `.netrc` from replacing it."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


class Wire:
    """The connections to one environment, for as many threads as there may be requests at once.

    `sent` counts the tries. `reached` tells whether anything has ever answered.
    """

    def __init__(self, url: str, at_once: int, ca_file: Path | None) -> None:
        self.sent = 0
        self.reached = False
        self._url = url
        self._ca_file = ca_file
        self._lock = threading.Lock()
        # a session serves one request at a time: whoever holds one of them may send
        self._sessions: queue.LifoQueue[requests.Session] = queue.LifoQueue()
        self._opened = [new_session() for _ in range(at_once)]
        for session in self._opened:
            self._sessions.put(session)

    def close(self) -> None:
        """Close the connections that nobody is using."""
        for session in self._opened:
            session.close()

    def send(self, request: Request, token: SecretStr, seconds: float) -> Answer:
        """Send a request once, and return its answer, which may take so long.

        Raises `UnavailableError` where there is none that can be used, and `TooLargeError`.
        """
        url = f"{self._url}{request.path}"
        session = self._sessions.get()
        try:
            with self._lock:
                self.sent += 1
            status, headers, text = exchange(
                session,
                request.method,
                url,
                auth=_Bearer(token),
                seconds=seconds,
                most=request.most,
                ca_file=self._ca_file,
                params=request.params,
                json=request.body,
            )
        except UnavailableError as error:
            if self.reached and not isinstance(error, UnreachableError):
                # what has let an answer through is no wrong setting
                raise UnreachableError(error.message, error.hint, result=error.result) from None
            raise
        finally:
            self._sessions.put(session)
        self.reached = True
        return _usable(request, url, status, headers, text)


def _usable(request: Request, url: str, status: int, headers: Mapping[str, str], text: bytearray) -> Answer:
    """Return what came as an answer of the server. Raises `UnavailableError` where it is none."""
    overloaded = status == HTTPStatus.INTERNAL_SERVER_ERROR and _OVERLOADED in text
    if status in _GATEWAY or overloaded or status == HTTPStatus.TOO_MANY_REQUESTS:
        error = RateLimitError if status == HTTPStatus.TOO_MANY_REQUESTS else UnreachableError
        raise error(
            f"{request.method} {url} answered {status}",
            "the server or the gateway in front of it is busy or down; run again later",
            result=Result.UNKNOWN,
            said=redacted(text[:500].decode(errors="replace")),
            retry_after=headers.get("Retry-After"),
        )
    answer = Answer(status, text, moment_of(headers.get("Date")))
    no_content = status == HTTPStatus.NO_CONTENT
    if request.method != "GET" and answer.ok and not no_content and answer.content is None:
        raise UnavailableError(
            f"{request.method} {url} answered {status} with text that is not JSON",
            "a proxy may have answered in place of the server; check the URL and the proxy, then run again",
            result=Result.UNKNOWN,
        )
    return answer
