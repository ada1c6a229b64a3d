"""`report.html` out of a document: sections as tables, and the data of the matrix beside them."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from sync.model.impact import AccessChange, Cause, Requests
from sync.report import checks, differences, effects, headline, results, rollbacks
from sync.report.document import Document
from sync.report.page.access import access_of
from sync.report.runs import more_runs
from sync.report.sections import Section, Severity
from sync.report.tables import figures
from sync.report.wording import Wording, contents_of, plural, printable

_OPEN, _CLOSE = "\ue000", "\ue001"
"""Around a name within a sentence. No name contains them: `printable` escapes what is for private use."""

FOLDED_ABOVE = 200
"""With more operations than this the waves are folded."""


_CAUSES = {
    Cause.ASSIGNMENT: "the group's roles change",
    Cause.ROLE: "the role's actions change",
    Cause.MAPPING: "the mapping has another action",
    Cause.OVERLAP: "another mapping wins",
    Cause.GROUP: "the group is created or deleted",
}

_ROWS = 500
"""How many rows of access the page shows: the matrix, which needs the script, has all of them."""


def _name(text: str) -> str:
    return f"{_OPEN}{printable(text) or '(empty)'}{_CLOSE}"


HTML = Wording(name=_name, text=_name, sentence=printable)
"""For the page: names are set apart, and escaped with all the rest."""


@dataclass(frozen=True, slots=True)
class Page:
    """Show a document as a page of HTML that reads without its script."""

    document: Document

    def render(self) -> str:
        """Return the page: one file that loads nothing."""
        document, plan, told = self.document, self.document.plan, self._told()
        operations = list(plan.operations) if plan else []
        data = None
        if plan and document.target and not document.deviations:
            data = _json(access_of(document.target, plan))
        return template().render(
            document=document,
            plan=plan,
            title=headline.title(document, HTML),
            lead=headline.lead(document, HTML),
            questions=checks.questions(document),
            alerts=self._alerts(told),
            guarantee=headline.half_way(document),
            impact=plan.impact if plan else None,
            nobody=effects.nobody(plan) if plan else None,
            data=data,
            told=[each for each in told if each.rows[0].severity <= Severity.NOTE],
            partly=bool(document.undone or (document.outcomes is not None and document.not_tried)),
            figures=figures(document) if plan else None,
            staying=[
                *differences.blocked(document, HTML),
                *differences.accepted(document, HTML),
                *differences.protected(document, HTML),
            ]
            if plan
            else [],
            drift=differences.drift(document, HTML),
            of_sides=_sides(document),
            deviations=checks.deviations(document, HTML),
            undone=[*results.undone(document, HTML), *results.found_besides(document, HTML)],
            winners=differences.winners(document, HTML),
            remarks=[*differences.remarks(document, HTML), *differences.flaws(document, HTML)],
            health=checks.health(document, HTML),
            health_verdict=checks.health_verdict(document),
            verification=results.verification(document, HTML),
            operations=len(operations),
            contents=contents_of(document.exported) if document.exported else "",
            scope={
                "Protected": document.agreed.protect,
                "Ignored": document.agreed.ignore,
                "Accepted": document.agreed.accept,
            },
            resumed=checks.resumed(document),
            undoes=rollbacks.undoes(document, HTML),
            folded=len(operations) > FOLDED_ABOVE,
            wording=HTML,
            plural=plural,
            rows_of_access=_rows_of_access,
            most=_ROWS,
            script=Markup(_file("page.js")),  # noqa: S704 - ours
            style=Markup(_file("page.css")),  # noqa: S704 - ours
            policy=policy(),
        )

    def _alerts(self, told: list[Section]) -> list[Section]:
        """Return what must be heard first, the gravest before the rest."""
        document = self.document
        found = [
            *results.ended(document, HTML),
            *results.mistakes(document, HTML),
            *results.causes(document, HTML),
            *checks.refusals(document, HTML),
            *checks.notes(document, HTML),
            *checks.stand_ins(document, HTML),
            *rollbacks.lost(document, HTML),
            *rollbacks.since(document, HTML),
            *checks.overrides(document, HTML),
            *checks.patterns(document, HTML),
            *more_runs(document, HTML),
        ]
        if document.plan and document.drift is None and not document.deviations:
            found += [
                *(each for each in told if each.rows[0].severity > Severity.NOTE),
                *differences.exposures(document, HTML),
            ]
        return sorted(found, key=lambda section: -max(row.severity for row in section.rows))

    def _told(self) -> list[Section]:
        """Return what changes of who reaches what; of a plan that failed, only what weighs most."""
        document, found = self.document, self.document.verification
        if document.outcomes is None or (found and found.identical):
            return effects.access(document, HTML)
        return [*differences.lost(document, HTML), *differences.unprotected(document, HTML)]


def _sides(document: Document) -> dict[str, str]:
    """Return the columns that tell what each side holds, and git where that was looked at."""
    in_git = {} if document.three_ways is None else {"in git": "base"}
    return {**in_git, "in the target": "before", "in the source": "after"}


def policy() -> str:
    """Return the Content-Security-Policy that allows what is in the page, by its hash, and nothing else."""
    script, style = (_hash(_file(name)) for name in ("page.js", "page.css"))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("sync.report.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "marked": _marked,
        "plain": _plain,
        "names": _names,
        "endpoints": _endpoints,
        "printable": printable,
        "name": _name,
    }
    return templates


@cache
def template() -> Template:
    """Return the page's template: to read it takes as long as to fill it."""
    return _templates().get_template("page.html")


@cache
def _file(name: str) -> str:
    loader = _templates().loader
    assert loader is not None
    return loader.get_source(_templates(), name)[0]


def _marked(text: str) -> Markup:
    """Return a sentence with its names set apart."""
    escaped = str(escape(text))
    return Markup(re.sub(f"{_OPEN}(.*?){_CLOSE}", r"<code>\1</code>", escaped))  # noqa: S704 - escaped


def _names(names: Sequence[str], at_most: int = 12) -> Markup:
    """Return names one after another; those that are too many are folded."""
    shown = [f"<code>{escape(printable(name))}</code>" for name in names]
    text = ", ".join(shown[:at_most])
    if rest := shown[at_most:]:
        text += f" <details><summary>and {len(rest):,} more</summary>{', '.join(rest)}</details>"
    return Markup(text)  # noqa: S704 - escaped


def _endpoints(requests: Iterable[Requests]) -> Markup:
    return _names([each.name for each in requests])


def _rows_of_access(changes: Iterable[AccessChange]) -> list[tuple[object, ...]]:
    """Return what is gained or lost: groups, endpoints, roles, action, and why; a row an action."""
    return [
        (change.groups, through.requests, change.roles, through.action, _because(change))
        for change in changes
        for through in change.through
    ]


def _because(change: AccessChange) -> str:
    return ", ".join(_CAUSES[cause] for cause in change.causes)


def _plain(text: str) -> str:
    """Return a sentence without the marks around its names."""
    return text.replace(_OPEN, "").replace(_CLOSE, "")


def _json(found: dict[str, Any]) -> Markup:
    """Return JSON that can't end the element that it stands in."""
    text = json.dumps(found, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - nothing in it is special to HTML
