"""What one segment of a path may be: expressions without a slash, compared with each other exactly.

Several expressions are read at once by one automaton, whose states are the places in all of them that a
text may have led to (Glushkov's construction: one place a character of an expression). Each text leads to
one state, and the state says which of the expressions the text matches: so the states reached name every
set of expressions that some text matches, and no other.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, reduce
from operator import or_

from sync.overlaps.syntax import ALPHABET, Char, Choice, Repeat, Sequence, Tree, UnsupportedError

MOST_STATES = 5_000
"""So many states of an automaton are looked at; what needs more is not compared."""

_MOST_PLACES = 4_096
_LONGEST = 300
"""Characters of the longest text that is looked for."""

_LONGEST_CHOSEN = 48

_PLACES = {char: place for place, char in enumerate(ALPHABET)}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_~")
_ENOUGH = 10**6
"""Of so many texts nobody is likely to have used the same."""

State = int
Built = tuple[bool, int, int]
"""Whether an expression matches the empty text, and at which places its texts begin and end."""

Matched = frozenset[int]
"""Which expressions a text matches, by their places in the list."""


class Automaton:
    """Expressions without a slash, read at once. Raises `UnsupportedError` where that takes too long."""

    def __init__(self, expressions: tuple[Tree, ...]) -> None:
        self._chars: list[int] = [0]  # place 0 is the beginning of all
        self._follow: list[int] = [0]
        self._ends: list[int] = []
        for expression in expressions:
            nullable, first, last = self._build(expression)
            self._follow[0] |= first
            self._ends.append(last | nullable)  # at place 0, where even the empty text matches
        places: defaultdict[int, list[str]] = defaultdict(list)
        for number, char in enumerate(ALPHABET):
            leads_to = sum(1 << place for place, bits in enumerate(self._chars) if bits >> number & 1)
            places[leads_to].append(char)
        self._groups = [(leads_to, "".join(chars)) for leads_to, chars in places.items() if leads_to]
        self._place_of = {char: leads_to for leads_to, chars in places.items() for char in chars}

    def _build(self, tree: Tree) -> tuple[bool, int, int]:
        """Add the places of an expression."""
        match tree:
            case Char(bits=bits):
                self._chars.append(bits)
                self._follow.append(0)
                if len(self._chars) > _MOST_PLACES:
                    raise UnsupportedError("it is too long")
                place = 1 << (len(self._chars) - 1)
                return False, place, place
            case Sequence(parts=parts):
                return self._chain(self._build(part) for part in parts)
            case Choice(options=options):
                built = [self._build(option) for option in options]
                return (
                    any(nullable for nullable, _, _ in built),
                    reduce(or_, (first for _, first, _ in built), 0),
                    reduce(or_, (last for _, _, last in built), 0),
                )
            case Repeat(body=body, least=least, most=None):
                before = [self._build(body) for _ in range(least - 1)]
                nullable, first, last = self._build(body)
                self._join(last, first)
                return self._chain([*before, (nullable or least == 0, first, last)])
            case Repeat(body=body, least=least, most=int(most)):
                needed = [self._build(body) for _ in range(least)]
                others = [self._build(body) for _ in range(most - least)]
                return self._chain([*needed, *((True, first, last) for _, first, last in others)])
        return True, 0, 0  # the end of the path: it is a whole segment that is matched

    def _chain(self, parts: Iterable[Built]) -> Built:
        nullable, first, last = True, 0, 0
        for its_nullable, its_first, its_last in parts:
            self._join(last, its_first)
            first |= its_first if nullable else 0
            last = its_last | (last if its_nullable else 0)
            nullable = nullable and its_nullable
        return nullable, first, last

    def _join(self, last: int, first: int) -> None:
        for place in _bits(last):
            self._follow[place] |= first

    def matched(self, text: str) -> Matched:
        """Return which of the expressions a text matches."""
        state = 1
        for char in text:
            state = self._after(state) & self._place_of.get(_in_alphabet(char), 0)
        return self._matched_in(state)

    def _after(self, state: State) -> int:
        return reduce(or_, (self._follow[place] for place in _bits(state)), 0)

    def _matched_in(self, state: State) -> Matched:
        return frozenset(number for number, ends in enumerate(self._ends) if ends & state)

    @cached_property
    def _steps(self) -> dict[State, list[tuple[State, str]]]:
        """Return the states that texts lead to, each with those that one more of some characters leads to."""
        steps: dict[State, list[tuple[State, str]]] = {}
        waiting = [1]
        while waiting:
            state = waiting.pop()
            if state in steps:
                continue
            if len(steps) >= MOST_STATES:
                raise UnsupportedError("it takes too long to compare")
            found: defaultdict[State, str] = defaultdict(str)
            after = self._after(state)
            for leads_to, chars in self._groups:
                if after & leads_to:
                    found[after & leads_to] += chars
            steps[state] = list(found.items())
            waiting.extend(found)
        return steps

    @cached_property
    def kinds(self) -> dict[Matched, "Words"]:
        """Return for each set of the expressions that some text matches, and no others, those texts."""
        states: defaultdict[Matched, set[State]] = defaultdict(set)
        for state in self._steps:
            states[self._matched_in(state)].add(state)
        states.pop(frozenset(), None)
        return {matched: Words(self._steps, ends) for matched, ends in states.items()}


class Words:
    """The texts that lead to certain states of an automaton."""

    def __init__(self, steps: Mapping[State, list[tuple[State, str]]], ends: set[State]) -> None:
        self._steps = steps
        # by length: many threads may count at once, and all put the same at the same place
        self._counts: dict[int, dict[State, int]] = {0: dict.fromkeys(ends, 1)}
        self._in_order: dict[tuple[State, int], list[tuple[str, State]]] = {}
        self._plain_counts: dict[int, dict[State, int]] = {0: dict.fromkeys(ends, 1)}

    def __iter__(self) -> Iterator[str]:
        """Yield the texts, short ones first, of each length those with usual characters first."""
        for length in range(_LONGEST + 1):
            counts = self._count(length, plain=False)
            if not counts:
                return
            if counts.get(1):
                yield from self._of_length(1, length)

    def _of_length(self, state: State, length: int) -> Iterator[str]:
        if length == 0:
            yield ""
            return
        for char, after in self._ways(state, length):
            for rest in self._of_length(after, length - 1):
                yield char + rest

    def _ways(self, state: State, length: int) -> list[tuple[str, State]]:
        """Return the characters that a text of a length may begin with, and where each leads to, in order."""
        if (state, length) not in self._in_order:
            left = self._count(length - 1, plain=False)
            ways = [(char, after) for after, chars in self._steps[state] if left.get(after) for char in chars]
            self._in_order[state, length] = sorted(ways, key=lambda way: _PLACES[way[0]])
        return self._in_order[state, length]

    def _count(self, length: int, *, plain: bool) -> dict[State, int]:
        """Return how many texts of a length lead from each state to one of the ends; none are left out."""
        counts = self._plain_counts if plain else self._counts
        for each in range(1, length + 1):
            if each not in counts:
                before = counts[each - 1]
                counts[each] = {
                    state: number
                    for state, ways in self._steps.items()
                    if (number := sum(_size(chars, plain=plain) * before.get(to, 0) for to, chars in ways))
                }
        return counts[length]

    def chosen(self, chance: random.Random) -> str | None:
        """Return a text that nobody is likely to have used; None where there is little choice."""
        for plain in (True, False):
            for length in range(_LONGEST_CHOSEN):
                if self._count(length, plain=plain).get(1, 0) >= _ENOUGH:
                    return self._choose(length, chance, plain=plain)
        return None

    def _choose(self, length: int, chance: random.Random, *, plain: bool) -> str:
        text, state = "", 1
        for left in reversed(range(length)):
            counts = self._count(left, plain=plain)
            ways = [(after, chars) for after, chars in self._steps[state] if counts.get(after)]
            weights = [_size(chars, plain=plain) * counts[after] for after, chars in ways]
            state, chars = chance.choices(ways, weights)[0]
            text += chance.choice([char for char in chars if not plain or char in _PLAIN])
        return text


def _size(chars: str, *, plain: bool) -> int:
    return len(_PLAIN.intersection(chars)) if plain else len(chars)


def _in_alphabet(char: str) -> str:
    if char in ALPHABET:
        return char
    return "٣" if char.isdigit() else "ÿ" if char.isalnum() else "€"


def _bits(places: int) -> Iterator[int]:
    while places:
        lowest = places & -places
        yield lowest.bit_length() - 1
        places ^= lowest
