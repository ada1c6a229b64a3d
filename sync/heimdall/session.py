"""HTTP sessions whose requests are bounded as a whole: connecting, sending, head and body together.

The timeout of `requests` bounds each operation on a socket by itself, so a server that sends a byte a second
keeps a request for ever. Here each operation may take what is left until one deadline.
"""

import contextlib
import http.client
import io
import socket
import struct
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.connection import create_connection

from sync import __version__

_CHUNK_BYTES = 64 * 2**10
_NO_LINGER = struct.pack("ii", 1, 0)
"""What makes closing a socket a reset (socket(7), SO_LINGER): what is not sent by then is never sent."""


def new_session() -> requests.Session:
    """Return a session for one request at a time; give each request `within` as its timeout."""
    session = _Session()
    session.headers["User-Agent"] = f"heimdall-sync/{__version__}"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


def within(seconds: float) -> Any:
    """Return the timeout of a request that may take so long as a whole."""
    return Timeout(total=seconds)  # requests passes it on as it is; its stubs know only numbers


def content_of(response: requests.Response, most: int) -> bytearray | None:
    """Read a body, unpacked, as it comes; return None where it has more than `most` bytes."""
    text = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        text += chunk
        if len(text) > most:
            return None
    return text  # as it is: a copy would cost as much again


class _Session(requests.Session):
    """Looks for proxies and certificates in the environment once, not for each request.

    To look through all variables takes a third of a request's time. The URL is one server's each time.
    """

    _settings: Any = None  # a type of the stubs alone

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        if self._settings is None:
            self._settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return {**self._settings}


class _Deadline:
    """A moment. A request that has passed it is over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises `TimeoutError` where there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _Incoming(io.RawIOBase):
    """What comes out of a socket until a deadline, however little comes at a time."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            self._sock.settimeout(self._deadline.left())
            return self._raw.readinto(buffer)
        except TimeoutError:
            # else the kernel would go on sending the request when the network is back, beside the next try
            with contextlib.suppress(OSError, AttributeError):  # closed by now, or TLS within a proxy's TLS
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """What `http.client` takes for a socket that it reads an answer from."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._incoming = _Incoming(sock, deadline)

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self._incoming)


class _UntilDeadline(HTTPConnection):
    """A connection that takes urllib3's timeout for what is left of the whole request."""

    _deadline: _Deadline

    def connect(self) -> None:
        self._deadline = _Deadline(self._seconds)
        super().connect()

    def getresponse(self) -> Any:  # urllib3's own type is none that it exports
        self._deadline = _Deadline(self._seconds)
        return super().getresponse()

    # `http.client` keeps a class here; it wants a response to a socket, and of the socket what it reads
    def response_class(  # type: ignore[override]
        self, sock: socket.socket, *args: Any, **kwargs: Any
    ) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Source(sock, self._deadline), *args, **kwargs)  # type: ignore[arg-type]

    @property
    def _seconds(self) -> float:
        assert isinstance(self.timeout, int | float), "every request has a timeout"
        return self.timeout

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; each may take its share of what is left."""
        try:
            found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError:
            raise LocationParseError(self.host) from None
        addresses = list(dict.fromkeys(address[0] for *_, address in found))
        problem: OSError = OSError("the name has no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                connected = create_connection(
                    (str(address), self.port),
                    self._deadline.left() / left,
                    self.source_address,
                    self.socket_options,
                )
                connected.settimeout(self._deadline.left())  # for the handshake of TLS, and for sending
            except OSError as error:
                problem = error
            else:
                return connected
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "timed out") from problem
        raise NewConnectionError(self, str(problem)) from problem


class _HTTPConnection(_UntilDeadline):
    """Without TLS."""


class _HTTPSConnection(_UntilDeadline, HTTPSConnection):
    """With TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    """What a session sends its requests by, straight or through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
