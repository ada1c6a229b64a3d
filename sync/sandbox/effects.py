"""What a fault does to a request on its way to the API and back, down to the socket."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.sandbox.faults import (
    Answer,
    AnyEffect,
    Close,
    Die,
    DropRows,
    Hang,
    Huge,
    Interrupt,
    Mislabel,
    Truncate,
)

TRANSPORT = "transport"
"""Where the server leaves a connection's transport in the scope's state."""

CHUNK = b"x" * 65536

NO_LINGER = struct.pack("ii", 1, 0)
"""What makes the closing of a socket a reset (socket(7), SO_LINGER)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, the API that would answer it, and the way for the answer."""

    api: ASGIApp
    scope: Scope
    receive: Receive
    send: Send

    async def meet(self, effect: AnyEffect | None) -> None:
        """Answer as the API does, but for the effect of a fault."""
        match effect:
            case None:
                await self.api(self.scope, self.receive, self.send)
            case Hang(seconds=seconds, done=False):
                await asyncio.sleep(seconds)
                await self.api(self.scope, self.receive, self.send)
            case Interrupt(pid=pid, number=number, seconds=seconds, done=False):
                _signal(pid, number)
                await asyncio.sleep(seconds)
                await self.api(self.scope, self.receive, self.send)
            case Truncate() | Mislabel() | DropRows() | Hang(done=True) | Interrupt(done=True):
                await self._spoil(effect)
            case Answer(done=True) | Close(done=True) | Die(done=True):
                await self._api_answer()
                await self._replace(effect)
            case Answer() | Close() | Die() | Huge():
                await self._replace(effect)

    async def _spoil(self, effect: Truncate | Mislabel | DropRows | Hang | Interrupt) -> None:
        """Let the API answer, and do something to that."""
        start, body = await self._api_answer()
        match effect:
            case Hang(seconds=seconds):
                await asyncio.sleep(seconds)
                await self.send(start)
                await self.send({"type": "http.response.body", "body": body})
            case Interrupt(pid=pid, number=number, seconds=seconds):
                _signal(pid, number)
                await asyncio.sleep(seconds)
                await self.send(start)
                await self.send({"type": "http.response.body", "body": body})
            case Truncate():
                await self.send(start)
                await self.send(
                    {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
                )
                await self._hang_up()
            case Mislabel(content_type=content_type):
                await self._answer(Response(body, start["status"], media_type=content_type))
            case DropRows(rows=rows):
                shorter = json.dumps(_without_last(rows, json.loads(body)))
                await self._answer(Response(shorter, start["status"], media_type="application/json"))

    async def _replace(self, effect: Answer | Close | Die | Huge) -> None:
        """Do something in place of the API's answer."""
        match effect:
            case Answer(status=status, body=body, content_type=content_type, headers=headers):
                await self._answer(Response(body, status, headers, content_type))
            case Huge(size=size):
                await self._answer(StreamingResponse(_json_text(size), media_type="application/json"))
            case Close(reset=reset):
                await self._hang_up(reset=reset)
            case Die():
                os.kill(os.getpid(), signal.SIGKILL)

    async def _api_answer(self) -> tuple[Message, bytes]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.api(self.scope, self.receive, keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])

    async def _answer(self, response: Response) -> None:
        await response(self.scope, self.receive, self.send)

    async def _hang_up(self, *, reset: bool = False) -> None:
        """Close the connection, after what has been written, and wait until that is known everywhere."""
        connection = self.scope["state"][TRANSPORT]
        if reset:
            connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            connection.abort()
        else:
            connection.close()
        while (await self.receive())["type"] != "http.disconnect":
            pass


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _without_last(rows: int, listing: Any) -> Any:
    """Return the answer to a list request, plain or with `total` beside its rows, without the last rows."""
    if isinstance(listing, list):
        return listing[:-rows]
    return {key: value[:-rows] if isinstance(value, list) else value for key, value in listing.items()}


async def _json_text(size: int) -> AsyncIterator[bytes]:
    yield b'"'
    left = size - 2
    while left > 0:
        yield CHUNK[:left]
        left -= len(CHUNK)
    yield b'"'
