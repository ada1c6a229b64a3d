"""Where in a JSON text a value stands: what a parser that keeps no places leaves out."""

import json
import re
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[][{},:]|[^][{},:"\s]+')

Path = tuple[int | str, ...]


@dataclass(frozen=True)
class JsonLines:
    """The lines of a valid JSON text, counted from 1."""

    text: str

    def of(self, path: Path) -> int:
        """Return the line of a value, a member of an object at its key, or of what it would stand in.

        `path` are the keys and numbers that lead to it.
        """
        while path and path not in self._places:
            path = path[:-1]
        return self.text.count("\n", 0, self._places[path]) + 1

    @cached_property
    def _places(self) -> dict[Path, int]:
        return _places(self.text)


def _places(text: str) -> dict[Path, int]:
    """Return where each value begins, a member of an object at its key, by the path to it."""
    places: dict[Path, int] = {(): 0}
    path: list[int | str] = []
    waits_for_key = False
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{":
                places.setdefault(tuple(path), token.start())
                path.append("")
                waits_for_key = True
            case "[":
                places.setdefault(tuple(path), token.start())
                path.append(0)
                waits_for_key = False
            case "}" | "]":
                path.pop()
                waits_for_key = False
            case ",":
                last = path[-1]
                waits_for_key = isinstance(last, str)
                if isinstance(last, int):
                    path[-1] = last + 1
            case ":":
                pass
            case value if waits_for_key:
                path[-1] = str(json.loads(value))
                places[tuple(path)] = token.start()
                waits_for_key = False
            case _:
                places.setdefault(tuple(path), token.start())
    return places
