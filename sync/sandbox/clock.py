"""The sandbox's time: never the same moment twice, and moved forward by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tell the time. Each moment is later than the one before, so that writes have an order."""

    def __init__(self, read: Callable[[], datetime] = _utc_now) -> None:
        self._read = read
        self._ahead = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        self._last = max(self._read() + self._ahead, self._last + timedelta(microseconds=1))
        return self._last

    def stamp(self) -> str:
        """Return the present moment as the API writes it. What is later sorts later."""
        return self.now().isoformat(timespec="microseconds")

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._ahead += timedelta(seconds=seconds)
