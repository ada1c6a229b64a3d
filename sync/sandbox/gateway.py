"""What stands before the API: the log, the delay, the queue, and the faults."""

import asyncio
import time
from contextlib import nullcontext

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.sandbox.control import PREFIX
from sync.sandbox.effects import Exchange
from sync.sandbox.log import Entry
from sync.sandbox.world import World


class Gateway:
    """Give control requests to the control paths, and all others, written down, to the API."""

    def __init__(self, api: ASGIApp, control: ASGIApp, world: World) -> None:
        self._api = api
        self._control = control
        self._world = world
        self._turn = asyncio.Lock() if world.options.serial else nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['path']}?{query}" if query else scope["path"]
        entry = self._world.log.open(scope["method"], path, Headers(scope=scope).get("authorization"))
        effect = self._world.faults.effect_on(scope["method"], path)
        try:
            async with self._turn:
                await asyncio.sleep(self._world.options.delay)
                await Exchange(self._api_watched, scope, receive, _noting(entry, send)).meet(effect)
        finally:
            entry.ended = time.monotonic()

    async def _api_watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the API answer, and look at what a write has done before anything else is written."""

        async def look_and_send(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] != "GET":
                self._world.watch.note()
            await send(message)

        await self._api(scope, receive, look_and_send)


def _noting(entry: Entry, send: Send) -> Send:
    """Return a way for the answer that writes down its status as it leaves."""

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
        elif not message.get("more_body"):
            entry.ended = time.monotonic()
        await send(message)

    return note
