"""The API of one environment, for many threads: retries, tokens, typed errors.

Tried again is what was not answered (no connection, no answer in time, a closed connection), what a busy or
broken gateway says (429, 502, 503, 504), and what a server says that has no connection to its database left.
Everything else is an answer, 500 too. What is answered with 401 is sent again once if the token can be
renewed; a 401 to a token that was accepted before ends the run.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import SecretStr, TypeAdapter

from sync.errors import (
    AnswerError,
    RemoteError,
    Result,
    TokenError,
    UnavailableError,
    UnreachableError,
    WriteError,
)
from sync.heimdall.answers import ANYTHING, ONE, Answer, Bounds, parsed
from sync.heimdall.auth import TokenSource, as_source, utc_now
from sync.heimdall.availability import ASK_SECONDS, Availability
from sync.heimdall.retries import Patience
from sync.heimdall.wire import Request, Wire
from sync.interruption import Threads

_OPEN = frozenset({"/api/v1/healthz", "/api/v1/readyz", "/openapi.json"})
"""What is answered without a token: it says nothing about one."""

_QUESTIONS = (
    Request("GET", "/api/v1/healthz", None, None, ONE.size),
    Request("GET", "/api/v1/roles/", {"skip": 0, "limit": 1}, None, ONE.size),
)
"""What tells whether a server answers: first what needs no database, then what does."""

T = TypeVar("T")
R = TypeVar("R")


class Transport:
    """One environment's API, for many threads. A source's takes nothing but GET.

    Use it as a context manager: it owns `concurrency` threads and their connections. `queued` counts what
    they have not begun.
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
        self.tokens = as_source(tokens)
        self.queued = 0
        self._lock = threading.Lock()
        self._accepted = False
        self._read_only = read_only
        self._patience = patience or Patience()
        self._wire = Wire(url, concurrency + 1, ca_file)  # one for the questions, when all others hang
        self._pool = Threads(concurrency, thread_name_prefix="heimdall")
        side = "source" if read_only else "target"
        self.availability = Availability(side, concurrency, self._patience, self._ask)

    @property
    def sent(self) -> int:
        """Return how many requests were sent, each try counted."""
        return self._wire.sent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.availability.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._wire.close()

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Call a function with each item, as many at once as the concurrency allows.

        The first error ends what has not begun and is raised.
        """
        every = list(items)
        self._count(len(every))

        def begin(item: T) -> R:
            self._count(-1)
            return function(item)

        futures = [self._pool.submit(begin, item) for item in every]
        try:
            return [future.result() for future in futures]
        except BaseException:
            self._count(-sum(future.cancel() for future in futures))
            raise

    def _count(self, more: int) -> None:
        with self._lock:
            self.queued += more

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        shape: TypeAdapter[T] = ANYTHING,
        bounds: Bounds = ONE,
    ) -> T:
        """Return what a GET answers, in its shape.

        Raises `AnswerError` for any answer but 200 with JSON of that shape.
        """
        answer = self.send("GET", path, params=params, bounds=bounds)
        what = f"GET {self.url}{path}"
        if answer.status != HTTPStatus.OK:
            raise AnswerError(
                f"{what} answered {answer.message}",
                "check the server's log, then run again",
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

        Raises `UnavailableError` where no try was answered, `GivenUpError` where the environment is not asked
        any more, `TokenError` where there is no token (any more), `TooLargeError` where the answer is. The
        error's `result` is that of all tries together.
        """
        if self._read_only and method != "GET":
            raise WriteError(f"{method} {path} was not sent: the source is only ever read")
        request = Request(method, path, params, body, bounds.size)
        result: Result | None = None
        for attempt in self._patience.retrying():
            with attempt:
                try:
                    answer = self._with_token(request, self._through_the_gate)
                except RemoteError as error:
                    unknown = Result.UNKNOWN in {result, error.result}
                    result = error.result = Result.UNKNOWN if unknown else result or error.result
                    if isinstance(error, UnavailableError) and unknown:
                        error.count(attempt.retry_state.attempt_number)
                    raise
                return replace(answer, after_loss=result is Result.UNKNOWN)
        raise AssertionError("tenacity ends with an answer or an error")

    def _through_the_gate(self, request: Request, token: SecretStr) -> Answer:
        with self.availability.passage(request):
            return self._wire.send(request, token, self._patience.timeout)

    def ask_once(self, path: str) -> Answer:
        """Return the answer to a single `GET`, which is sent also where the environment was given up.

        Raises `UnavailableError` where there is none.
        """
        seconds = min(self._patience.timeout, ASK_SECONDS)
        return self._past_the_gate(Request("GET", path, None, None, ONE.size), seconds)

    def _past_the_gate(self, request: Request, seconds: float) -> Answer:
        return self._with_token(request, lambda request, token: self._wire.send(request, token, seconds))

    def _ask(self, seconds: float) -> None:
        """Ask whether the environment answers. Raises `UnavailableError` where it does not."""
        for question in _QUESTIONS:
            answer = self._past_the_gate(question, seconds)
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise UnreachableError(f"{question} answered {answer.message}", result=Result.NOT_DONE)

    def _with_token(self, request: Request, send: Callable[[Request, SecretStr], Answer]) -> Answer:
        """Send a request, and again with a new token if it got 401: then nothing was carried out."""
        token = self.tokens.token()
        answer = send(request, token)
        if answer.status == HTTPStatus.UNAUTHORIZED and self.tokens.renew(token):
            answer = send(request, self.tokens.token())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._end_if_accepted_before(request.path)
        elif request.path not in _OPEN:
            self._accepted = True
        return answer

    def _end_if_accepted_before(self, path: str) -> None:
        """Raise `TokenError`, unless the token may never have been one for this server."""
        side = "source" if self._read_only else "target"
        end = self.tokens.ends()
        ended = end is not None and end <= utc_now()
        if ended or self._accepted:
            raise TokenError(
                f"the {side}'s token expired at {end:%Y-%m-%d %H:%M:%S} UTC"
                if ended
                else f"the {side} no longer accepts its token: {path} answered 401",
                f"renew the token that HEIMDALL_{side.upper()}_{self.tokens.setting} gives, then run again",
            )
