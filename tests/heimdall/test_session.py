"""The timeout of a request bounds the whole request, however little comes at a time."""

import gc
import socket
import ssl
import struct
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from sync.errors import Result, TokenError, UnavailableError
from sync.heimdall.oauth import TokenEndpoint
from sync.heimdall.retries import Patience
from sync.heimdall.transport import Transport
from tests.conftest import no_sleep
from tests.e2e.certificates import make_certificate
from tests.heimdall.slow_server import dripping
from tests.tls import wrapped

GROUPS = "/api/v1/groups/"
OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "head": (OK + b"X-Slow: ", b"x", b"\r\nContent-Length: 2\r\n\r\n[]"),
    "headers": (OK, b"X-Slow: x\r\n", b"Content-Length: 2\r\n\r\n[]"),
    "body": (OK + b"\r\n[", b" ", b"]"),
    "body of a length": (OK + b"Content-Length: 402\r\n\r\n[", b" ", b"]"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", b"2\r\n[]\r\n0\r\n\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", OK + b"Content-Length: 2\r\n\r\n[]"),
}
"""What comes at once, what comes again and again, and what would make it an answer."""
HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
"""The beginning of a long message of a TLS handshake."""
WITHIN = 0.4


def transport_to(url: str, ca_file: Path | None = None) -> Transport:
    patience = Patience(timeout=WITHIN, tries=1, sleep=no_sleep)
    return Transport(url, SecretStr("t"), read_only=True, patience=patience, ca_file=ca_file)


@pytest.mark.parametrize("part", SLOW)
def test_what_comes_byte_by_byte_is_cut_at_the_deadline(part: str) -> None:
    with dripping(*SLOW[part]) as port, transport_to(f"http://127.0.0.1:{port}") as transport:
        with pytest.raises(UnavailableError, match=r"no answer within 0\.4 s") as caught:
            transport.get(GROUPS)
        assert caught.value.result is Result.UNKNOWN


@pytest.mark.parametrize("part", ["head", "body"])
def test_over_tls_as_well(part: str, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with (
        dripping(*SLOW[part], tls=context) as port,
        transport_to(f"https://127.0.0.1:{port}", certificate) as transport,
        pytest.raises(UnavailableError, match=r"no answer within 0\.4 s"),
    ):
        transport.get(GROUPS)


def test_the_servers_here_leave_no_socket_of_a_client_that_is_gone(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make_certificate(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing is a reset
        connection, _ = listener.accept()
        client.close()
        with connection, pytest.raises(ConnectionResetError):
            wrapped(context, connection)
    gc.collect()  # would tell of it


def test_a_handshake_byte_by_byte_is_cut_as_well() -> None:
    with (
        dripping(HELLO, b"\x00", b"") as port,
        transport_to(f"https://127.0.0.1:{port}") as transport,
        pytest.raises(UnavailableError, match=r"no answer within 0\.4 s"),
    ):
        transport.get(GROUPS)


def test_a_proxy_that_answers_byte_by_byte_is_cut_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with dripping(b"HTTP/1.1 200 ", b"x", b"\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with (
            transport_to("https://heimdall.invalid") as transport,
            pytest.raises(UnavailableError, match=r"no answer within 0\.4 s|the proxy did not connect"),
        ):
            transport.get(GROUPS)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_token_endpoint_is_bounded_in_the_same_way(part: str) -> None:
    with dripping(*SLOW[part]) as port:
        url = f"http://127.0.0.1:{port}/token"
        endpoint = TokenEndpoint(url, "heimdall-sync", SecretStr("s"), Patience(WITHIN, tries=1))
        with pytest.raises(TokenError, match=r"no answer within 0\.4 s"):
            endpoint.issue(SecretStr(""))


def test_an_answer_that_is_slow_and_in_time_is_one() -> None:
    """Else the others would show nothing: what they cut does come to its end."""
    patience = Patience(timeout=60, tries=1, sleep=no_sleep)
    with (
        dripping(*SLOW["body"], drops=10) as port,
        Transport(f"http://127.0.0.1:{port}", SecretStr("t"), read_only=True, patience=patience) as transport,
    ):
        assert transport.get(GROUPS) == []


def test_the_connection_of_a_request_that_took_too_long_is_reset() -> None:
    """What the kernel has not sent by then must not arrive later, beside the next try."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with transport_to(f"http://127.0.0.1:{port}") as transport:
            with pytest.raises(UnavailableError, match=r"no answer within 0\.4 s"):
                transport.get(GROUPS)
            connection, _ = listener.accept()
            with connection, pytest.raises(ConnectionResetError):
                list(iter(partial(connection.recv, 2**16), b""))
