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
from urllib3.exceptions import LocationParseError, NameResolutionError, NewConnectionError

from sync.errors import ReadError
from sync.heimdall.answers import Answer, Loss, UnavailableError
from sync.heimdall.pace import moment_of
from sync.heimdall.session import TooLargeError, content_of, is_timeout, new_session, within

_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_OVERLOADED = b"QueuePool limit"
"""What a server's 500 says that has no connection to its database left."""

_OF_SETTINGS = (
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
)


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
        self._verify: str | bool = str(ca_file) if ca_file else True
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

        Raises `UnavailableError` where there is none that can be used, and `ReadError` where it is too large.
        """
        what = f"{request.method} {self._url}{request.path}"
        session = self._sessions.get()
        try:
            with self._lock:
                self.sent += 1
            with session.request(
                request.method,
                f"{self._url}{request.path}",
                params=request.params,
                json=request.body,
                auth=_Bearer(token),
                timeout=within(seconds),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                text = content_of(response, request.most)
        except TooLargeError:
            raise ReadError(
                f"{what} answered with more than {request.most // 2**20} MiB",
                "that is no answer of a Heimdall; check the URL",
            ) from None
        except requests.RequestException as error:
            raise self._unavailable(what, error, seconds) from None
        except LocationParseError:  # the host of a proxy; that of the URL was looked at before
            raise self._unavailable(what, requests.exceptions.InvalidURL(), seconds) from None
        finally:
            self._sessions.put(session)
        self.reached = True
        return _usable(what, request, response, text)

    def _unavailable(self, what: str, error: requests.RequestException, seconds: float) -> UnavailableError:
        """Turn a failure of requests into one line without the token, proxies' passwords or object names."""
        cause = getattr(error.args[0] if error.args else None, "reason", None)
        unknown = isinstance(cause, NameResolutionError)
        connect = isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError)
        match error:
            case requests.exceptions.SSLError():
                problem, hint = "TLS failed", "is the certificate's authority known? see --ca-file"
            case requests.exceptions.ProxyError() | requests.exceptions.InvalidURL():
                problem, hint = "the proxy did not connect", "see HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            case _ if is_timeout(error):
                problem, hint = f"no answer within {seconds:g} s", "see --timeout"
            case _ if unknown:
                problem, hint = "the host name is not known", "check the URL"
            case _ if connect:
                problem, hint = "no connection", "is the URL right, and the server up?"
            case _:
                problem, hint = "the connection was closed before the answer was complete", "run again"
        of_settings = unknown or isinstance(error, _OF_SETTINGS)
        return UnavailableError(
            f"{what}: {problem}",
            hint,
            # what keeps everything from arriving is a setting, unless something has arrived before
            loss=Loss.UNUSABLE if of_settings and not self.reached else Loss.SILENT,
            maybe_done=not connect and not of_settings,
        )


def _usable(what: str, request: Request, response: requests.Response, text: bytes | bytearray) -> Answer:
    """Return what came as an answer of the server. Raises `UnavailableError` where it is none."""
    status = response.status_code
    overloaded = status == HTTPStatus.INTERNAL_SERVER_ERROR and _OVERLOADED in text
    if status in _GATEWAY or overloaded or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise UnavailableError(
            f"{what} answered {status}",
            "the server or the gateway before it is busy or down; run again later",
            loss=Loss.BUSY if status == HTTPStatus.TOO_MANY_REQUESTS else Loss.SILENT,
            maybe_done=True,
            said=text[:500].decode(errors="replace"),
            retry_after=response.headers.get("Retry-After"),
        )
    answer = Answer(status, text, moment_of(response.headers.get("Date")))
    no_content = status == HTTPStatus.NO_CONTENT
    if request.method != "GET" and answer.ok and not no_content and answer.content is None:
        raise UnavailableError(
            f"{what} answered {status} with something that is not JSON",
            "a proxy may have answered in place of the server; run again when it does not",
            loss=Loss.UNUSABLE,
            maybe_done=True,
        )
    return answer
