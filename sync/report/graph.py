"""A picture of gained and lost access as Mermaid, which GitHub draws within a summary."""

import re
from collections.abc import Iterator

from sync.model.impact import Impact
from sync.report.endpoints import written
from sync.report.markup import folded
from sync.report.wording import printable

_AT_MOST = 12
"""With more arrows than this nobody reads a picture."""

_LONGEST = 60

_ARROWS = {"gains": "-->", "loses": "-.->", "opens": "==>"}


def mermaid(impact: Impact) -> list[str]:
    """Return who gains and who loses which endpoint as a folded picture, none where it would be large."""
    edges = list(dict.fromkeys(_edges(impact)))
    if not 0 < len(edges) <= _AT_MOST:
        return []
    places: dict[tuple[str, str], str] = {}
    lines = ["```mermaid", "flowchart LR"]
    for group, how, endpoint in edges:
        ends = []
        for side, text in (("g", group), ("e", endpoint)):
            key = places.get((side, text))
            if key is None:
                key = places[side, text] = f"{side}{len(places)}"
                lines.append(f'  {key}["{_label(text)}"]')
            ends.append(key)
        lines.append(f"  {ends[0]} {_ARROWS[how]}|{how}| {ends[1]}")
    return folded("<b>Who gains and who loses what, as a picture</b>", [*lines, "```"])


def _edges(impact: Impact) -> Iterator[tuple[str, str, str]]:
    for requests in impact.newly_open:
        yield "everyone", "opens", written(requests.name)[0]
    for how, changes in (("gains", impact.gains), ("loses", impact.losses)):
        for change in changes:
            for group in change.groups:
                for requests in change.requests:
                    yield group, how, written(requests.name)[0]


def _label(text: str) -> str:
    """Return a text as a label that it can't leave, and in which nothing is markup."""
    shown = printable(text)
    shown = f"{shown[:_LONGEST]}…" if len(shown) > _LONGEST else shown
    return re.sub(r"[^A-Za-z0-9 /_]", lambda found: f"#{ord(found[0])};", shown) or " "
