"""A server that says what it has to say byte by byte, for as long as somebody listens."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.tls import wrapped

EVERY_SECONDS = 0.05
DROPS = 400
"""Then the answer is complete: who has not given up by then never would have."""


@contextmanager
def dripping(
    at_once: bytes, drop: bytes, end: bytes, *, drops: int = DROPS, tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Answer each connection with what comes at once, then with drop after drop; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                speaking = wrapped(tls, connection) if tls else connection
                with speaking:
                    speaking.recv(2**16)  # else closing would be a reset
                    speaking.sendall(at_once)
                    for _ in range(drops):
                        if ended.wait(EVERY_SECONDS):
                            return
                        speaking.sendall(drop)
                    speaking.sendall(end)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
