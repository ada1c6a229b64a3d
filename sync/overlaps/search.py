"""Find every set of mappings that some path selects.

The paths of all patterns of a method are put into one tree, whose edges are segments. Then it is walked as if
every path were tried at once: a state is the set of nodes that the segments so far may have led to, and
from each state one segment of each kind is read, a kind being the texts that the same edges take. Every
path leads through the states of its segments' kinds, so no set of patterns is missed; there are finitely
many states, so it ends.
"""

import re
import threading
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from sync.model.endpoint import Endpoint
from sync.overlaps.language import Automaton, Words
from sync.overlaps.overlap import Overlap, Overlaps, Step
from sync.overlaps.paths import Gap, Items, Literal, Segment, of_regular_expression, of_simple_pattern
from sync.overlaps.syntax import Tree, UnsupportedError, has_parentheses, is_regular_expression, is_simple

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""What a request's method is. A mapping's may also be `ANY`, which is every one of them."""

_ANY = "ANY"
_MOST_STATES = 200_000
_searching = threading.Lock()
"""One thread at a time: what it reads of patterns, the next one finds in the caches."""

_NONE = frozenset[str]()
"""One for all overlaps: most have nothing in the fallback."""


@dataclass(slots=True)
class _Node:
    """A place in the tree of paths: the edges that lead on, and who matches a path that ends here."""

    literals: dict[str, int] = field(default_factory=dict)
    segments: dict[Tree, int] = field(default_factory=dict)
    gaps: dict[Tree, int] = field(default_factory=dict)
    loop: Tree | None = None
    names: set[str] = field(default_factory=set)
    fallback: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Trail:
    """The segments that have been read, the last one first."""

    step: Step
    before: "_Trail | None"

    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        trail: _Trail | None = self
        while trail:
            found.append(trail.step)
            trail = trail.before
        return tuple(reversed(found))


_State = frozenset[int]


class _Paths:
    """The paths of the patterns of one method, as a tree; walked with `walk`."""

    def __init__(self) -> None:
        self._nodes = [_Node()]

    def add(self, items: Items) -> _Node:
        """Add one way of a pattern to match, and return the node at its end."""
        at = 0
        for item in items:
            match item:
                case Literal(text=text):
                    at = self._edge(self._nodes[at].literals, text)
                case Segment(expression=expression):
                    at = self._edge(self._nodes[at].segments, expression)
                case Gap(expression=expression):
                    at = self._edge(self._nodes[at].gaps, expression)
                    self._nodes[at].loop = expression
        return self._nodes[at]

    def _edge(self, edges: dict[Tree, int] | dict[str, int], label: Tree | str) -> int:
        # either kind of edges has labels of its own, which the two types together don't say
        known: int | None = edges.get(label)  # type: ignore[arg-type]
        if known is None:
            self._nodes.append(_Node())
            known = edges[label] = len(self._nodes) - 1  # type: ignore[index]
        return known

    def walk(self) -> Iterator[tuple[frozenset[str], frozenset[str], tuple[Step, ...]]]:
        """Yield each set of mappings that a path selects, the fallback's apart, with the shortest path.

        Raises `UnsupportedError` where there are too many.
        """
        found: set[tuple[frozenset[str], frozenset[str]]] = set()
        start = self._with_gaps({0})
        # a path begins with a slash: its first segment is empty
        waiting = deque((self._with_gaps(to), _Trail(step, None)) for step, to in self._read(start, only=""))
        known: set[_State] = set()
        while waiting:
            before, trail = waiting.popleft()
            for step, after in self._read(before):
                names, fallback = self._matching(after)
                here = _Trail(step, trail)
                if (names or fallback) and (names, fallback) not in found:
                    found.add((names, fallback))
                    yield names, fallback, here.steps()
                state = self._with_gaps(after)
                if state not in known:
                    known.add(state)
                    waiting.append((state, here))
            if len(known) > _MOST_STATES:
                raise UnsupportedError("there are too many sets of overlapping patterns")

    def _matching(self, state: Iterable[int]) -> tuple[frozenset[str], frozenset[str]]:
        nodes = [self._nodes[at] for at in state]
        names = frozenset(name for node in nodes for name in node.names)
        fallback = frozenset(name for node in nodes for name in node.fallback) - names
        return names or _NONE, fallback or _NONE

    def _with_gaps(self, state: Iterable[int]) -> _State:
        """Return a state with the gaps that may begin in it, each of which may be empty."""
        found, waiting = set(state), list(state)
        while waiting:
            for at in self._nodes[waiting.pop()].gaps.values():
                if at not in found:
                    found.add(at)
                    waiting.append(at)
        return frozenset(found)

    def _read(self, state: Iterable[int], only: str | None = None) -> Iterator[tuple[Step, set[int]]]:
        """Yield a segment of each kind that leads on from a state, with where it leads to."""
        texts: defaultdict[str, set[int]] = defaultdict(set)
        edges: defaultdict[Tree, set[int]] = defaultdict(set)
        for at in sorted(state):  # the same paths are found each time, in whichever process
            node = self._nodes[at]
            for text, to in node.literals.items():
                texts[text].add(to)
            for expression, to in node.segments.items():
                edges[expression].add(to)
            if node.loop is not None:
                edges[node.loop].add(at)
        expressions = tuple(edges)
        automaton = _automaton(expressions)
        for text in texts if only is None else [only]:
            matched = automaton.matched(text)
            yield Step(text), texts.get(text, set()).union(*(edges[expressions[n]] for n in matched))
        if only is None:
            for matched, words in automaton.kinds.items():
                if (word := _first_but(words, texts)) is not None:
                    step = Step(word, words, texts.keys())
                    yield step, set().union(*(edges[expressions[number]] for number in matched))


@lru_cache(maxsize=4096)
def _automaton(expressions: tuple[Tree, ...]) -> Automaton:
    return Automaton(expressions)


def _first_but(words: Words, texts: Collection[str]) -> str | None:
    """Return the shortest text that is none of those, an empty one only where there is no other."""
    found = next((word for word in words if word and word not in texts), None)
    return found or next((word for word in islice(words, 1) if word not in texts), None)


def overlaps_of(names: frozenset[str]) -> Overlaps:
    """Return the overlaps among mappings, given by their names (`GET /users/me$`)."""
    with _searching:
        return _found_among(names)


@lru_cache(maxsize=8)
def _found_among(names: frozenset[str]) -> Overlaps:
    not_compared: dict[str, str] = {}
    found: list[Overlap] = []
    among_every: set[frozenset[str]] = set()
    methods: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        methods[Endpoint.parse(name).method].append(name)
    every = methods.pop(_ANY, [])
    every_method = [*METHODS, *sorted(methods.keys() - {*METHODS})]
    for method in every_method if every else [each for each in every_method if each in methods]:
        paths = _Paths()
        for name in methods[method]:
            _add(paths, name, not_compared, first_layer=True)
        for name in every:
            _add(paths, name, not_compared, first_layer=False)
        try:
            for of_first, of_fallback, steps in paths.walk():
                if not of_first and of_fallback <= {*every}:
                    if of_fallback in among_every:  # who wins them is the same for every method
                        continue
                    among_every.add(of_fallback)
                path = "/".join(step.text for step in steps)
                found.append(Overlap(method, path, of_first, of_fallback, steps))
        except UnsupportedError as error:
            not_compared.update(dict.fromkeys([*methods[method], *every], str(error)))
    return Overlaps(
        _in_order(overlap for overlap in found if len(overlap.mappings) > 1),
        _in_order(overlap for overlap in found if len(overlap.mappings) == 1),
        not_compared,
    )


def _add(paths: _Paths, name: str, not_compared: dict[str, str], *, first_layer: bool) -> None:
    pattern = Endpoint.parse(name).pattern
    is_regular = is_regular_expression(pattern)
    try:
        if first_layer and is_regular:
            for items in of_regular_expression(pattern):
                paths.add(items).names.add(name)
        if not is_regular or (not _is_spelt(pattern) and (not first_layer or is_simple(pattern))):
            for items in _of_fallback(pattern):
                paths.add(items).fallback.add(name)
    except UnsupportedError as error:
        not_compared[name] = str(error)


def _is_spelt(pattern: str) -> bool:
    """Tell whether only paths that spell out an expression are matched by a pattern read as a text: `/me$`.

    Nobody's path does, and to ask about such a one would bring the mapping to the front.
    """
    return not has_parentheses(pattern) and re.search(r"[][{}^|\\?+$]", pattern) is not None


def _of_fallback(pattern: str) -> tuple[Items, ...]:
    """Return what a pattern matches as the database reads it: with parentheses it is a regular expression."""
    if not has_parentheses(pattern):
        return of_simple_pattern(pattern)
    return of_regular_expression(pattern, whole=True) if is_regular_expression(pattern) else ()


def _in_order(overlaps: Iterable[Overlap]) -> tuple[Overlap, ...]:
    return tuple(sorted(overlaps, key=lambda each: (each.method, each.path, sorted(each.mappings))))
