"""A network between a command and a server: TCP over real sockets, which can pause and go on."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CHUNK = 2**16


class Relay:
    """Pass on what is sent in both directions, in order; hold it while the network pauses.

    What was held arrives when the network goes on, also where the sender has given up by then: of that the
    server hears nothing, as where the network loses it.
    """

    def __init__(self, url: str) -> None:
        self._upstream = (str(urlsplit(url).hostname), urlsplit(url).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._changed = threading.Condition(threading.RLock())
        self._paused = False
        self._delayed: list[Callable[[], None]] = []
        self._pause_at: list[re.Pattern[bytes]] = []
        self._go_on_at: list[re.Pattern[bytes]] = []
        self._open: list[socket.socket] = [self._listener]
        self.held: list[str] = []
        """The first lines of the requests that were held, in the order in which they came."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def pause_at(self, request: str, nth: int = 1) -> None:
        """Pause when the n-th request of the form arrives here, which is held."""
        self._pause_at = [re.compile(request.encode())] * nth

    def go_on_at(self, request: str, nth: int = 1) -> None:
        """Go on when, in a pause, the n-th request of the form arrives here."""
        self._go_on_at = [re.compile(request.encode())] * nth

    def go_on(self) -> None:
        """Deliver what was held, in the order in which it came, and then everything at once."""
        with self._changed:
            self._paused = False
            for deliver in self._delayed:
                deliver()
            self._delayed = []
            self._changed.notify_all()

    def wait_until_held(self, request: str, count: int = 1) -> None:
        """Wait until so many requests of the form are held."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: sum(bool(re.match(request, line)) for line in self.held) >= count, timeout=60
            )

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket()
                with self._changed:
                    self._open += [client, server]
                self._deliver(partial(self._connect, client, server))
                self._start(client, server, upward=True)

    def _connect(self, client: socket.socket, server: socket.socket) -> None:
        server.connect(self._upstream)
        self._start(server, client, upward=False)

    def _start(self, sender: socket.socket, receiver: socket.socket, *, upward: bool) -> None:
        threading.Thread(target=self._pump, args=(sender, receiver, upward), daemon=True).start()

    def _pump(self, sender: socket.socket, receiver: socket.socket, upward: bool) -> None:
        with suppress(OSError):
            while content := sender.recv(CHUNK):
                with self._changed:
                    if upward:
                        self._look(content)
                    self._deliver(partial(receiver.sendall, content))
            if not upward:
                self._deliver(partial(receiver.shutdown, socket.SHUT_WR))

    def _look(self, content: bytes) -> None:
        if not self._paused and self._pause_at and self._pause_at[0].match(content):
            self._pause_at.pop()
            self._paused = not self._pause_at
        if self._paused:
            self.held.append(content.split(b"\r\n")[0].decode())
            self._changed.notify_all()
            if self._go_on_at and self._go_on_at[0].match(content):
                self._go_on_at.pop()
                if not self._go_on_at:
                    threading.Thread(target=self.go_on, daemon=True).start()

    def _deliver(self, deliver: Callable[[], None]) -> None:
        def delivered() -> None:
            with suppress(OSError):  # nobody is there any more
                deliver()

        with self._changed:
            if self._paused:
                self._delayed.append(delivered)
            else:
                delivered()
