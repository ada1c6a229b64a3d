"""How groups and endpoints are named in sentences about access: the weightiest first, the rest counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sync.model.impact import Impact, Requests
from sync.report.endpoints import endpoint
from sync.report.wording import Wording, plural

_AT_MOST = 4
"""So many names of one sort a sentence holds; the table of every access has the rest."""

_WEIGHTS = {"DELETE": 0, "ANY": 0, "GET": 2, "HEAD": 2, "OPTIONS": 2}


def weight(name: str) -> tuple[int, str]:
    """Return the place of an endpoint among others: those that change something stand first."""
    return _WEIGHTS.get(name.partition(" ")[0], 1), name


def names_of(requests: Iterable[Requests]) -> list[str]:
    """Return what endpoints are called, each once, the weightiest first."""
    return sorted(dict.fromkeys(each.name for each in requests), key=weight)


class Naming:
    """The words of one format for groups and endpoints; `members` are counted by group."""

    def __init__(self, impact: Impact, members: Mapping[str, int], wording: Wording) -> None:
        self.impact = impact
        self.members = members
        self.wording = wording

    def plain_groups(self, names: Sequence[str]) -> str:
        """Return groups and a verb, without their members: `2 groups (a, b) are`."""
        said = self.some(names, self.wording.name)
        return f"group {said} is" if len(names) == 1 else f"{plural(len(names), 'group')} ({said}) are"

    def endpoints(self, requests: Sequence[Requests]) -> str:
        """Return endpoints after their noun."""
        noun = "endpoint" if len(requests) == 1 else "endpoints"
        return f"{noun} {self.some(names_of(requests), self.endpoint)}"

    def endpoint(self, name: str) -> str:
        """Return one endpoint as people write it."""
        return endpoint(name, self.wording)

    def group(self, name: str) -> str:
        """Return a group with how many are in it."""
        people = self.members.get(name)
        if people is None:
            return self.wording.name(name) + (
                " (new, nobody in it yet)" if name in self.impact.created else ""
            )
        return f"{self.wording.name(name)} ({plural(people, 'member')})"

    def groups(self, names: Sequence[str]) -> str:
        """Return groups like that, after their noun."""
        return f"{'group' if len(names) == 1 else 'groups'} {self.some(names, self.group)}"

    @staticmethod
    def some(
        names: Sequence[str], said: Callable[[str], str] = str, *, noun: str = "", at_most: int = _AT_MOST
    ) -> str:
        """Return the first names as they are `said`, and how many more there are."""
        if len(names) <= at_most:
            return ", ".join(map(said, names))
        shown = at_most - 1
        counted = f"{plural(len(names), noun)}: " if noun else ""
        return f"{counted}{', '.join(map(said, names[:shown]))} and {len(names) - shown:,} more"
