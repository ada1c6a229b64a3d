"""What stands before the API: log, rate limit, delay, queue, connections to the database, and faults."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.sandbox.clock import Clock
from sync.sandbox.control import PREFIX, RESET
from sync.sandbox.effects import TRANSPORT, Exchange
from sync.sandbox.faults import WRITES
from sync.sandbox.log import Entry
from sync.sandbox.pool import REFUSAL
from sync.sandbox.world import World

_WITHOUT_DATABASE = {"/api/v1/healthz", "/openapi.json"}


class Gateway:
    """Give control requests to the control paths, and all others, written down, to the API."""

    def __init__(self, api: ASGIApp, control: ASGIApp, world: World) -> None:
        self._api = api
        self._control = control
        self._world = world
        self._turn = asyncio.Lock() if world.options.serial else nullcontext()
        self._under_way: dict[asyncio.Task[None], Scope] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith(PREFIX):
            if (scope["method"], scope["path"]) == RESET:
                await self._cut_off()
            await self._control(scope, receive, send)
            return
        task = asyncio.create_task(self._answer(scope, receive, send))
        self._under_way[task] = scope
        try:
            with suppress(asyncio.CancelledError):  # it was cut off, or the server is stopped
                await task
        finally:
            task.cancel()
            del self._under_way[task]

    async def _cut_off(self) -> None:
        """End the requests that are under way, and whatever they would still have done."""
        under_way = dict(self._under_way)  # what comes meanwhile is for the next state
        for scope in under_way.values():
            scope["state"][TRANSPORT].abort()
        await asyncio.sleep(0)  # until the server knows that nobody waits for an answer
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['path']}?{query}" if query else scope["path"]
        entry = self._world.log.open(scope["method"], path, Headers(scope=scope).get("authorization"))
        effect = self._world.faults.effect_on(scope["method"], path)
        noting = _noting(entry, send, self._world.clock)
        try:
            if seconds := self._world.bucket.take():
                await asyncio.sleep(self._world.options.delay)
                await self._too_many(seconds)(scope, receive, noting)
                return
            async with self._admitted(scope, receive) as (admitted, received):
                if not admitted:
                    refusal = JSONResponse({"error": REFUSAL, "status_code": 500}, 500)
                    await refusal(scope, receive, noting)
                    return
                await asyncio.sleep(self._world.options.delay)
                async with self._turn:
                    await asyncio.sleep(self._work_on(scope["method"]))
                    answer = self._when_not_silent(noting)
                    await Exchange(self._api_watched, scope, received, answer).meet(effect)
        finally:
            entry.ended = time.monotonic()

    def _too_many(self, seconds: float) -> JSONResponse:
        told = {} if self._world.options.no_retry_after else {"Retry-After": f"{math.ceil(seconds)}"}
        return JSONResponse({"error": "Rate limit exceeded", "status_code": 429}, 429, told)

    def _work_on(self, method: str) -> float:
        options = self._world.options
        return options.read_time if method == "GET" else options.write_time

    @asynccontextmanager
    async def _admitted(self, scope: Scope, receive: Receive) -> AsyncIterator[tuple[bool, Receive]]:
        """Hold what a request needs; yield whether there was enough of it, and where its body comes from."""
        pool = self._world.pool
        if scope["path"] in _WITHOUT_DATABASE:
            await pool.silence_over()
            yield True, receive
            return
        body, received = await _body_of(receive) if scope["method"] in WRITES else (b"", receive)
        write = (scope["method"], scope["path"], body) if scope["method"] in WRITES else None
        async with pool.connection(write) as admitted:
            yield admitted, received

    def _when_not_silent(self, send: Send) -> Send:
        async def wait_and_send(message: Message) -> None:
            await self._world.pool.silence_over()
            await send(message)

        return wait_and_send

    async def _api_watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the API answer, and look at what a write has done before anything else is written."""

        async def look_and_send(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] != "GET":
                self._world.watch.note()
            await send(message)

        await self._api(scope, receive, look_and_send)


async def _body_of(receive: Receive) -> tuple[bytes, Receive]:
    """Return the body of a request, and what gives it to the API once more."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    again: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return again.pop() if again else await receive()

    return body, received


def _noting(entry: Entry, send: Send, clock: Clock) -> Send:
    """Return a way for the answer that dates it by the sandbox's clock, and writes down its status."""

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
            date = format_datetime(clock.now(), usegmt=True).encode()
            message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
        elif not message.get("more_body"):
            entry.ended = time.monotonic()
        await send(message)

    return note
