"""The process that a sandbox runs in."""

import asyncio
import logging
import socket
import sys
from contextlib import suppress

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sync.sandbox.app import create_api
from sync.sandbox.control import create_control
from sync.sandbox.effects import TRANSPORT
from sync.sandbox.gateway import Gateway
from sync.sandbox.world import World

IDLE_CONNECTION_LIFETIME = 600
"""Seconds that an idle connection stays open: longer than a test, so that none closes at the wrong moment."""


class _Protocol(HttpToolsProtocol):
    """HTTP that shows the application its connection, so that a fault can close it."""

    # uvicorn narrows the parameter of asyncio's method, and so do we
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Port 0 is any free one; `OSError` where it is taken."""
    listener = socket.create_server((host, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # an answer leaves in two writes
    return listener


def serve(world: World, listener: socket.socket, *, stop_with_stdin: bool) -> None:
    """Print the URL, and serve until SIGTERM, SIGINT, or (`stop_with_stdin`) the end of standard input."""
    config = uvicorn.Config(
        Gateway(create_api(world), create_control(world), world),
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_CONNECTION_LIFETIME,
        timeout_graceful_shutdown=1,
        date_header=False,  # the date is that of the clock that can be moved forward
    )
    host, port = listener.getsockname()
    print(f"http://{host}:{port}", flush=True)  # noqa: T201 - what the parent waits for
    asyncio.run(_serve(uvicorn.Server(config), listener, stop_with_stdin=stop_with_stdin))


async def _serve(server: uvicorn.Server, listener: socket.socket, *, stop_with_stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(server.serve(sockets=[listener]))

    def stop() -> None:
        loop.remove_reader(sys.stdin)
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # requests cut short are no news
        serving.cancel()  # rather than asking it to exit, which takes it two tenths of a second

    if stop_with_stdin:
        loop.add_reader(sys.stdin, stop)
    with suppress(asyncio.CancelledError):
        await serving
