"""One request and its answer, for both clients: Heimdall's and the token endpoint's.

It is bounded in time and in size, TLS is verified, a redirect is not followed, no `.netrc` speaks for it, and
what the HTTP library raises becomes one line without the request, which may hold secrets.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import LocationParseError, NameResolutionError, NewConnectionError, ReadTimeoutError

from sync.errors import Result, TooLargeError, UnavailableError, UnreachableError
from sync.heimdall.session import content_of, within

_Row = tuple[tuple[type[Exception], ...], type[UnavailableError], str, str, Result]

_TIMEOUT = "no answer within {seconds:g} s", "run again, or allow more with --timeout"
_FAILURES: tuple[_Row, ...] = (
    (
        (requests.exceptions.SSLError,),
        UnavailableError,
        "TLS failed",
        "check the server's certificate; give a private authority's certificate with --ca-file",
        Result.NOT_DONE,
    ),
    (
        # `LocationParseError` is about the proxy's host: that of the URL was looked at before
        (requests.exceptions.ProxyError, requests.exceptions.InvalidURL, LocationParseError),
        UnavailableError,
        "the proxy did not connect",
        "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        Result.NOT_DONE,
    ),
    ((requests.ConnectTimeout,), UnreachableError, *_TIMEOUT, Result.NOT_DONE),
    # of a body, requests calls a timeout an error of the connection
    ((requests.Timeout, ReadTimeoutError), UnreachableError, *_TIMEOUT, Result.UNKNOWN),
    (
        (NameResolutionError,),
        UnavailableError,
        "the host name is not known",
        "check the URL",
        Result.NOT_DONE,
    ),
    (
        (NewConnectionError,),
        UnreachableError,
        "no connection",
        "check the URL, and that the server is up",
        Result.NOT_DONE,
    ),
    (
        (Exception,),
        UnreachableError,
        "the connection was closed before the answer was complete",
        "run again",
        Result.UNKNOWN,
    ),
)
"""What the HTTP library raises: our error, what happened, what to do, and whether a write was done.

The first row counts that names the error or what has caused it. Where the error is no `UnreachableError`,
a setting is likely to be wrong.
"""


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    auth: Callable[[requests.PreparedRequest], requests.PreparedRequest],
    seconds: float,
    most: int,
    ca_file: Path | None,
    **content: Any,
) -> tuple[int, Mapping[str, str], bytearray]:
    """Send a request once; return the status, headers and body of its answer.

    All of it may take so many `seconds`, and the body may have `most` bytes. `content` is what requests takes
    as the request's. Raises `UnavailableError` where there is no answer, and `TooLargeError`.
    """
    try:
        with session.request(
            method,
            url,
            auth=auth,
            timeout=within(seconds),
            verify=str(ca_file) if ca_file else True,
            allow_redirects=False,
            stream=True,
            **content,
        ) as response:
            text = content_of(response, most)
    except (requests.RequestException, LocationParseError) as error:
        raise _unavailable(f"{method} {url}", error, seconds) from None
    if text is None:
        raise TooLargeError(
            f"{method} {url} answered with more than {most // 2**20} MiB",
            "check that the URL is right",
            result=Result.UNKNOWN,
        )
    return response.status_code, response.headers, text


def _unavailable(what: str, error: Exception, seconds: float) -> UnavailableError:
    cause = error.args[0] if error.args else None
    chain = (error, cause, getattr(cause, "reason", None))
    for types, kind, problem, hint, result in _FAILURES:
        if any(isinstance(link, types) for link in chain):
            return kind(f"{what}: {problem.format(seconds=seconds)}", hint, result=result)
    raise AssertionError("the last row is every exception")
