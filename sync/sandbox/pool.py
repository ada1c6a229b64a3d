"""The server's connections to its database, and how too much at once silences it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sync.model.snapshot import Value

REFUSAL = "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"

Write = tuple[str, str, bytes]
"""What makes two requests tries of one write: the method, the path and the body."""


class PoolRecord(Value):
    """What the connections went through: `most` were held at once.

    So many requests were `refused` for want of one, so many were tries of a write that was `overlapping`
    under way, and so often the server was `silent`.
    """

    most: int
    refused: int
    overlapping: int
    silent: int


class Pool:
    """So many connections (0: as many as it takes), one for each request from its arrival to its answer.

    A request that finds none left is refused. That, and two tries of one write under way together, silences
    the server for `silence` seconds: all that is under way or arrives is answered after it, health included.
    """

    def __init__(self, size: int, silence: float) -> None:
        self.size = size
        self._silence = silence
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._held = 0
        self._writes: Counter[Write] = Counter()
        self._most = self._refused = self._overlapping = self._silent = 0

    @property
    def record(self) -> PoolRecord:
        """Return what has happened so far."""
        return PoolRecord(
            most=self._most, refused=self._refused, overlapping=self._overlapping, silent=self._silent
        )

    async def silence_over(self) -> None:
        """Wait as long as the server is silent."""
        await self._speaking.wait()

    @asynccontextmanager
    async def connection(self, write: Write | None) -> AsyncIterator[bool]:
        """Hold a connection while the block runs; yield whether there was one."""
        await self.silence_over()
        if self._held >= self.size > 0:
            self._refused += 1
            yield False
            self._be_silent()
            return
        self._held += 1
        self._most = max(self._most, self._held)
        if write:
            self._writes[write] += 1
            if self._writes[write] > 1:
                self._overlapping += 1
                self._be_silent()
        try:
            yield True
        finally:
            self._held -= 1
            if write:
                self._writes[write] -= 1

    def _be_silent(self) -> None:
        if self.size and self._speaking.is_set():
            self._silent += 1
            self._speaking.clear()
            asyncio.get_running_loop().call_later(self._silence, self._speaking.set)
