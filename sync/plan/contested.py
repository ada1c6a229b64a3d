"""Which requests more than one mapping matches, each with a concrete path that shows it.

Of the patterns of a method that match a path, the one written last decides; so the order of writing counts
where patterns overlap, and nowhere else. Some paths of each pattern are tried against the others. That finds
every pattern that lies within another, which is what occurs: `/users/me$` in `/users/([^/]+)$`, `/users`
before everything below it. It misses patterns that merely cross, where no path that was tried for one is
matched by the other: `/a/([^/]+)$` and `/([^/]+)/b$` both match `/a/b`. It also misses what a pattern
matches thanks to a back reference, and alternatives beyond the first few.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sync.plan.patterns import Segment, SlowPatternError, matches, samples, segments_of


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that more than one mapping matches; `names` are those of the mappings."""

    method: str
    path: str
    names: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Contest:
    """All requests that are contested, one for each set of mappings that match the same.

    `slow` are the names of the mappings whose patterns could not be matched in time: they are in no set.
    """

    witnesses: tuple[Witness, ...]
    slow: frozenset[str]

    def by_name(self) -> dict[str, list[Witness]]:
        """Return the witnesses of each mapping."""
        found: dict[str, list[Witness]] = defaultdict(list)
        for witness in self.witnesses:
            for name in witness.names:
                found[name].append(witness)
        return found


class Patterns:
    """The patterns of mappings, indexed by how the paths begin that they match.

    A pattern that takes too long once is not asked again; its name is in `slow`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.slow: set[str] = set()
        self._by_beginning: dict[tuple[str, tuple[Segment, ...], str], list[str]] = defaultdict(list)
        self._nodes: set[tuple[str, tuple[Segment, ...]]] = set()
        for name in names:
            method, _, pattern = name.partition(" ")
            segments, text = segments_of(pattern)
            self._by_beginning[method, segments, text].append(name)
            self._nodes |= {(method, segments[:length]) for length in range(len(segments) + 1)}

    def matching(self, method: str, path: str) -> frozenset[str]:
        """Return the names of the mappings that match a request."""
        return frozenset(
            name for name in self._candidates(method, path) if name not in self.slow and self._is(name, path)
        )

    def samples_of(self, name: str) -> tuple[str, ...]:
        """Return paths that a mapping matches; none where none was found, or not in time."""
        try:
            return () if name in self.slow else samples(name.partition(" ")[2])
        except SlowPatternError:
            self.slow.add(name)
            return ()

    def _is(self, name: str, path: str) -> bool:
        try:
            return matches(name.partition(" ")[2], path)
        except SlowPatternError:
            self.slow.add(name)
            return False

    def _candidates(self, method: str, path: str) -> Iterator[str]:
        level: list[tuple[Segment, ...]] = [()]
        for segment in path.split("/"):
            for node in level:
                for end in range(len(segment) + 1):
                    yield from self._by_beginning.get((method, node, segment[:end]), ())
            level = [
                (*node, step)
                for node in level
                for step in (segment, None)
                if (method, (*node, step)) in self._nodes
            ]


@lru_cache(maxsize=8)
def contest_of(names: frozenset[str]) -> Contest:
    """Return which requests are contested among mappings, given by their names (`GET /users/me$`)."""
    patterns = Patterns(sorted(names))
    tried = [
        (method, path, patterns.matching(method, path))
        for name in sorted(names)
        for method in [name.partition(" ")[0]]
        for path in patterns.samples_of(name)
    ]
    found: dict[tuple[str, frozenset[str]], str] = {}
    for method, path, matching in tried:
        among = matching - patterns.slow
        if len(among) > 1:
            known = found.setdefault((method, among), path)
            found[method, among] = min(known, path, key=lambda each: (len(each), each))
    witnesses = [Witness(method, path, among) for (method, among), path in found.items()]
    witnesses.sort(key=lambda witness: (witness.method, witness.path, sorted(witness.names)))
    return Contest(tuple(witnesses), frozenset(patterns.slow))
