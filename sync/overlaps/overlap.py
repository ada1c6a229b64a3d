"""What is found: requests that several mappings match, each with a path that shows it, and who wins it."""

import random
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field

from sync.model.ranking import Ranking
from sync.overlaps.language import Words

Key = tuple[str, frozenset[str], frozenset[str]]
"""What an overlap is known by: its method, and who matches in the first layer and in the fallback."""


@dataclass(frozen=True, slots=True)
class Step:
    """One segment of a path: a text, and the others that the same mappings match, if there are any."""

    text: str
    others: Words | None = None
    but_for: Collection[str] = ()

    def chosen(self, chance: random.Random) -> str | None:
        """Return a text in place of this one that nobody is likely to have used; None where there is none."""
        text = self.others.chosen(chance) if self.others else None
        return None if text in self.but_for else text


@dataclass(frozen=True, slots=True)
class Overlap:
    """The requests that the same mappings match, as one of them.

    `names` are those that the first layer finds: of them the one written last wins. Where it finds none, the
    database does, and of those in `fallback` its first row wins.
    """

    method: str
    path: str
    names: frozenset[str]
    fallback: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def key(self) -> Key:
        """Return what it is known by, with whichever path it was found."""
        return self.method, self.names, self.fallback

    @property
    def mappings(self) -> frozenset[str]:
        """Return every mapping that matches, by name."""
        return self.names | self.fallback

    def candidates(self, present: Container[str]) -> frozenset[str]:
        """Return those of which one wins, where only some mappings are present."""
        return _among(self.names, present) or _among(self.fallback, present)

    def winner(self, ranking: Ranking, present: Container[str]) -> str | None:
        """Return which mapping wins, None where none that is present matches."""
        if among := _among(self.names, present):
            return ranking.last_written(among)
        return ranking.first_row(_among(self.fallback, present))

    def order_for(self, winner: str, present: Container[str]) -> list[tuple[str, str]]:
        """Return what it takes for a candidate to win: pairs, the first of which is to be written first."""
        others = sorted(self.candidates(present) - {winner})
        return [(other, winner) if winner in self.names else (winner, other) for other in others]

    def fresh_path(self, chance: random.Random) -> str | None:
        """Return another such path, which nobody is likely to have asked for; None where there is none."""
        chosen = [step.chosen(chance) for step in self.steps]
        if not any(chosen):
            return None
        return "/".join(text or step.text for text, step in zip(chosen, self.steps, strict=True))


def _among(names: frozenset[str], present: Container[str]) -> frozenset[str]:
    # by its own few names, however many are present
    return frozenset(filter(present.__contains__, names))


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Which requests several mappings match, and which each mapping matches by itself.

    `found` has one overlap for each set of two mappings or more that some path selects; `alone` has one
    for each set of a single mapping. `not_compared` are the mappings, by name, of which it is not known
    what they match, each with the reason.
    """

    found: tuple[Overlap, ...]
    alone: tuple[Overlap, ...]
    not_compared: Mapping[str, str]

    def by_name(self) -> dict[str, list[Overlap]]:
        """Return the overlaps of each mapping."""
        return _by_name(self.found)

    def all_by_name(self) -> dict[str, list[Overlap]]:
        """Return the overlaps of each mapping, and what it matches alone."""
        return _by_name((*self.alone, *self.found))


def _by_name(overlaps: Iterable[Overlap]) -> dict[str, list[Overlap]]:
    found: dict[str, list[Overlap]] = defaultdict(list)
    for overlap in overlaps:
        for name in overlap.mappings:
            found[name].append(overlap)
    return found
