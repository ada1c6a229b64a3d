"""What a gateway lets through: a bucket of tokens, of which each request takes one."""

import time


class Bucket:
    """A bucket that gets `rate` tokens a second (0: it never ends) and keeps up to `size` of them."""

    def __init__(self, rate: float, size: int) -> None:
        self._rate = rate
        self._size = size
        self._tokens = float(size)
        self._filled = time.monotonic()

    def take(self) -> float:
        """Take a token; return 0, or, where there is none, in how many seconds there will be one."""
        if not self._rate:
            return 0.0
        now = time.monotonic()
        self._tokens = min(self._tokens + (now - self._filled) * self._rate, float(self._size))
        self._filled = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
