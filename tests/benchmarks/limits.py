"""What no client can beat: the time that so many requests take, from counts alone."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """A server: seconds that a request travels, and of its own work for a read and for a write.

    A `serial` one works for one request at a time.
    """

    delay: float
    read_time: float
    write_time: float
    serial: bool = True

    def reading(self, requests: int, concurrency: int) -> float:
        """Return the fewest seconds that reads take, of which any may be sent at any time."""
        return self._seconds(requests, concurrency, self.read_time)

    def writing(self, waves: Iterable[int], concurrency: int) -> float:
        """Return the fewest seconds that waves of writes take, one wave after another."""
        return sum(
            max(
                -(-writes // concurrency) * (self.delay + self.write_time),
                self._seconds(writes, concurrency, self.write_time),
            )
            for writes in waves
        )

    def _seconds(self, requests: int, concurrency: int, own: float) -> float:
        travelling = requests / concurrency * (self.delay + own)
        return max(travelling, requests * own) if self.serial else travelling


@dataclass(frozen=True, slots=True)
class Counted:
    """The requests of a command: reads of each side, and the writes of each wave."""

    source_reads: int
    target_reads: int
    waves: tuple[int, ...] = ()

    def limit(self, server: Server, concurrency: int) -> float:
        """Return the fewest seconds that they take; both sides are read at the same time."""
        reads = max(self.source_reads, self.target_reads)
        return server.reading(reads, concurrency) + server.writing(self.waves, concurrency)


def within_budget(costs: dict[str, float], first: Iterable[str], seconds: float) -> list[str]:
    """Return what is measured in so many seconds: what is named `first`, then what costs least."""
    ranks = {name: number for number, name in enumerate(first)}
    chosen = []
    for name in sorted(costs, key=lambda name: (ranks.get(name, len(ranks)), costs[name])):
        if costs[name] <= seconds:
            chosen.append(name)
            seconds -= costs[name]
    return chosen
