"""TLS in front of a sandbox, with a certificate that no authority has signed."""

import http.client
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sync.sandbox.process import Sandbox
from tests.tls import wrapped

_REQUEST = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=sandbox "
    "-addext subjectAltName=IP:127.0.0.1 -addext keyUsage=critical,digitalSignature,keyCertSign"
)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for 127.0.0.1, its own authority, and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*_REQUEST.split(), *files], check=True, capture_output=True)
    return certificate, key


@contextmanager
def tls_before(sandbox: Sandbox, certificate: Path, key: Path) -> Iterator[str]:
    """Pass on what is asked over TLS at the URL that is yielded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _Server(context, partial(_Handler, sandbox)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Server(ThreadingHTTPServer):
    def __init__(self, context: ssl.SSLContext, handler: Any) -> None:
        self._context = context
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        return wrapped(self._context, connection), address

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that don't trust the certificate."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, sandbox: Sandbox, *connection: Any) -> None:
        self._sandbox = sandbox
        super().__init__(*connection)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        inside = http.client.HTTPConnection(urlsplit(self._sandbox.url).netloc)
        inside.request(self.command, self.path, body, dict(self.headers))
        answer = inside.getresponse()
        content = answer.read()
        inside.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"] or "text/plain")
        if answer.status != http.HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names that the base class looks for

    def log_message(self, *_: object) -> None:
        """Say nothing: the sandbox has the log."""
