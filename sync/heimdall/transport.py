"""HTTP to one environment: as many sessions as requests at once, retries, pacing, typed errors.

Tried again is what was not answered (no connection, no answer in time, a closed connection) and what a busy
or broken gateway says (429, 502, 503, 504). Everything else is an answer, 500 too. What is answered with 401
is sent again once if the token can be renewed; a 401 to a token that was accepted before ends the run.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self, TypeVar

import requests
import tenacity
from pydantic import SecretStr, TypeAdapter
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError, NameResolutionError, NewConnectionError

from sync.errors import ReadError
from sync.heimdall.answers import ANYTHING, ONE, Answer, AnswerError, Bounds, UnavailableError, parsed
from sync.heimdall.auth import TokenEndedError, TokenError, TokenSource, as_source
from sync.heimdall.pace import Pace, moment_of
from sync.heimdall.session import TooLargeError, content_of, is_timeout, new_session, within
from sync.interruption import Threads

_WAIT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})

_OPEN = frozenset({"/api/v1/healthz", "/api/v1/readyz", "/openapi.json"})
"""What is answered without a token: it says nothing about one."""

T = TypeVar("T")
R = TypeVar("R")


class _Bearer(AuthBase):
    """Send the token. Standing in for `auth`, it also keeps a `.netrc` from replacing it."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request may take in seconds, how often it is tried, and how to wait between tries.

    Once `stopping` is set, nothing is tried again.
    """

    timeout: float = 30.0
    tries: int = 5
    sleep: Callable[[float], None] = time.sleep
    stopping: threading.Event = field(default_factory=threading.Event)


class Transport:
    """One environment's API, for many threads. A source's takes nothing but GET.

    Use it as a context manager: it owns `concurrency` threads and their connections.
    """

    def __init__(
        self,
        url: str,
        tokens: TokenSource | SecretStr,
        *,
        read_only: bool,
        concurrency: int = 8,
        patience: Patience | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self.url = url
        self.concurrency = concurrency
        self.sent = 0
        self.tokens = as_source(tokens)
        self._accepted = False
        self._closed = threading.Event()
        self._read_only = read_only
        self._patience = patience or Patience()
        self._verify: str | bool = str(ca_file) if ca_file else True
        self._pool = Threads(concurrency, thread_name_prefix="heimdall")
        self._lock = threading.Lock()
        self._pace = Pace(self._patience.sleep)
        # a session serves one request at a time: whoever holds one of them may send
        self._sessions: queue.LifoQueue[requests.Session] = queue.LifoQueue()
        self._opened = [new_session() for _ in range(concurrency)]
        for session in self._opened:
            self._sessions.put(session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for session in self._opened:
            session.close()

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Call a function with each item, as many at once as the concurrency allows.

        The first error ends what has not begun and is raised.
        """
        futures = [self._pool.submit(function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        shape: TypeAdapter[T] = ANYTHING,
        bounds: Bounds = ONE,
    ) -> T:
        """Return what a GET answers, in its shape.

        Raises `AnswerError` for any answer but 200 with JSON, and `ReadError` for JSON of another shape.
        """
        answer = self.send("GET", path, params=params, bounds=bounds)
        what = f"GET {self.url}{path}"
        if answer.status != HTTPStatus.OK:
            raise AnswerError(
                f"{what} answered {answer.message}",
                "nothing was concluded from it; see to the server, then run again",
                status=answer.status,
            )
        return parsed(what, answer.text, shape, bounds)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        bounds: Bounds = ONE,
    ) -> Answer:
        """Send a request until it is answered; return the answer, whatever its status.

        Raises `UnavailableError` where no try was answered, `TokenError` where there is no token (any more),
        `ReadError` where the answer is too large.
        """
        if self._read_only and method != "GET":
            raise ReadError(f"{method} {path} was not sent: the source is only ever read")
        once = partial(self._once, method, path, params, body, bounds.size)
        lost = False
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._patience.tries)
            | tenacity.stop_when_event_set(self._patience.stopping),
            wait=tenacity.wait_exponential(multiplier=0.5, max=10) + tenacity.wait_random(0, 0.5),
            retry=tenacity.retry_if_exception_type(UnavailableError),
            sleep=self._patience.sleep,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                try:
                    return replace(self._with_token(path, once), after_loss=lost)
                except (UnavailableError, TokenError) as error:
                    lost = error.maybe_done = lost or error.maybe_done
                    raise
        raise AssertionError("tenacity ends with an answer or an error")

    def _with_token(self, path: str, send: Callable[[SecretStr], Answer]) -> Answer:
        """Send a request, and again with a new token if it got 401: then nothing was carried out."""
        token = self.tokens.token()
        answer = send(token)
        if answer.status == HTTPStatus.UNAUTHORIZED and self.tokens.renew(token):
            answer = send(self.tokens.token())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._end_if_accepted_before(path)
        elif path not in _OPEN:
            self._accepted = True
        return answer

    def _end_if_accepted_before(self, path: str) -> None:
        """Raise `TokenEndedError`, unless the token may never have been one for this server."""
        side = "source" if self._read_only else "target"
        end = self.tokens.ends()
        hint = f"see to HEIMDALL_{side.upper()}_{self.tokens.setting}, then run again with --resume"
        if end is not None and end <= datetime.now(UTC):
            raise TokenEndedError(f"the {side}'s token ended at {end:%Y-%m-%d %H:%M:%S} UTC", hint)
        if self._accepted:
            raise TokenEndedError(f"the {side}'s token is not accepted any more: {path} answered 401", hint)

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        most: int,
        token: SecretStr,
    ) -> Answer:
        self._pace.keep()
        if self._closed.is_set():
            raise ReadError(f"{method} {path} was not sent: the run has ended")
        session = self._sessions.get()
        try:
            with self._lock:
                self.sent += 1
            with session.request(
                method,
                f"{self.url}{path}",
                params=params,
                json=body,
                auth=_Bearer(token),
                timeout=within(self._patience.timeout),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                text = content_of(response, most)
        except TooLargeError:
            raise ReadError(
                f"{method} {self.url}{path} answered with more than {most // 2**20} MiB",
                "that is no answer of a Heimdall; check the URL",
            ) from None
        except requests.RequestException as error:
            raise self._unavailable(f"{method} {self.url}{path}", error) from None
        except LocationParseError:  # the host of a proxy; that of the URL was looked at before
            invalid = requests.exceptions.InvalidURL()
            raise self._unavailable(f"{method} {self.url}{path}", invalid) from None
        finally:
            self._sessions.put(session)
        status, at = response.status_code, moment_of(response.headers.get("Date"))
        if status in _WAIT:
            self._pace.hold(response.headers.get("Retry-After"))
        if status in _WAIT or status in _GATEWAY:
            raise UnavailableError(
                f"{method} {self.url}{path} answered {status}, {self._patience.tries} times",
                "the server or the gateway before it is busy or down; run again later",
                maybe_done=status in _GATEWAY,
                said=text[:500].decode(errors="replace"),
            )
        answer = Answer(status, text, at)
        if method != "GET" and answer.ok and status != HTTPStatus.NO_CONTENT and answer.content is None:
            raise UnavailableError(
                f"{method} {self.url}{path} answered {status} with something that is not JSON",
                "a proxy may have answered in place of the server; see to it, then run again",
                maybe_done=True,
            )
        return answer

    def _unavailable(self, request: str, error: requests.RequestException) -> UnavailableError:
        """Turn a failure of requests into one line without the token, proxies' passwords or object names."""
        cause = getattr(error.args[0] if error.args else None, "reason", None)
        connect = isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError)
        match error:
            case requests.exceptions.SSLError():
                what, hint = "TLS failed", "is the certificate's authority known? see --ca-file"
            case requests.exceptions.ProxyError() | requests.exceptions.InvalidURL():
                what, hint = "the proxy did not connect", "see HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            case _ if is_timeout(error):
                what, hint = f"no answer within {self._patience.timeout:g} s", "see --timeout"
            case _ if isinstance(cause, NameResolutionError):
                what, hint = "the host name is not known", "check the URL"
            case _ if connect:
                what, hint = "no connection", "is the URL right, and the server up?"
            case _:
                what, hint = "the connection was closed before the answer was complete", "run again"
        connected = not (
            connect
            or isinstance(
                error,
                requests.exceptions.SSLError
                | requests.exceptions.ProxyError
                | requests.exceptions.InvalidURL,
            )
        )
        return UnavailableError(f"{request}: {what}", hint, maybe_done=connected, connected=connected)
