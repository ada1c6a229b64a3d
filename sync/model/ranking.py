"""In which order mappings were written, and in which order the database returns them."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ranking:
    """Two orders of mappings, by name: what decides who wins.

    `written` has the one that was written first at the front: of those that the first layer matches, the last
    wins. `rows` is the order in which the database returns them: of those that only the fallback matches, the
    first wins. Mappings that an order does not name are before all others, by name.
    """

    written: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    _places: tuple[dict[str, int], dict[str, int]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        places = tuple(
            {name: number for number, name in enumerate(names)} for names in (self.written, self.rows)
        )
        object.__setattr__(self, "_places", places)

    def last_written(self, names: Iterable[str]) -> str | None:
        """Return which of the mappings was written last."""
        return max(names, key=self.place, default=None)

    def first_row(self, names: Iterable[str]) -> str | None:
        """Return which of the mappings the database returns first."""
        return min(names, key=self.row, default=None)

    def place(self, name: str) -> tuple[int, str]:
        """Return what sorts names by when they were written."""
        return self._places[0].get(name, -1), name

    def row(self, name: str) -> tuple[int, str]:
        """Return what sorts names by their row."""
        return self._places[1].get(name, -1), name
