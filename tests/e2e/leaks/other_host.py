"""A host that is none of the two environments, and what it was sent."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class OtherHost:
    """A host that writes down everything that it is sent, and answers 502. Use it as a context manager."""

    def __init__(self) -> None:
        self.received = b""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, host: OtherHost, *connection: Any) -> None:
        self._host = host
        super().__init__(*connection)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._host.received += f"{self.requestline}\n{self.headers}".encode() + body
        self.send_error(502)

    do_POST = do_PUT = do_DELETE = do_CONNECT = do_GET  # noqa: N815 - names that the base class looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""
