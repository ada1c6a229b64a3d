"""Pages to look at: what they are made of, what stands in them, and the browser that opens them."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment
from sync.report.document import Document
from tests.report.examples import PLANNED, SOURCE, SOURCE_URL, TARGET, TARGET_URL

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_CI = "CI" in os.environ


def planned(source: Snapshot, target: Snapshot) -> Document:
    """Return what planning finds."""
    plan = make_plan(Environment(SOURCE_URL, source), Environment(TARGET_URL, target), refuses=lambda _: None)
    return replace(PLANNED, source=source, target=target, plan=plan)


REAL = planned(SOURCE, TARGET)
"""The example, as it is really planned: with who gains and who loses what."""


def hostile(text: str) -> Document:
    """Return what planning finds where every name is one text, and everything is about to change."""
    name = text.encode(errors="replace").decode() or "x"

    def side(mark: str) -> Snapshot:
        return Snapshot(
            actions=(Action(name=f"{name}{mark}", description=name), Action(name=name)),
            roles=(Role(name=name, description=name, actions=(f"{name}{mark}",)),),
            mappings=(Mapping(method="GET", path_pattern=f"/{name}", action=f"{name}{mark}"),),
            groups=(Group(name=name, roles=(name,)), Group(name=f"{name}{mark}", roles=(name,))),
        )

    return planned(side("1"), side("2"))


@dataclass
class Read(HTMLParser):
    """A page as a parser reads it."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") or tag if tag in {"script", "style", "title"} else ""

    def handle_endtag(self, _: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._inside, []).append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--", {"": data}))

    def text_of(self, name: str = "") -> str:
        """Return the text of the script, the style, the title or, without a name, of the page."""
        if not name:
            return " ".join(" ".join(self.texts[""]).split())
        return "".join(self.texts.get(name, []))

    @property
    def access(self) -> Any:
        """Return the data of the matrix."""
        return json.loads(self.text_of("access-data"))

    def attributes(self) -> Iterator[tuple[str, str, str]]:
        """Yield every attribute: tag, name, value."""
        return (
            (tag, name, value or "") for tag, attributes in self.tags for name, value in attributes.items()
        )


def read(html: str) -> Read:
    """Return a page as a parser reads it."""
    found = Read()
    found.feed(html)
    found.close()
    return found
