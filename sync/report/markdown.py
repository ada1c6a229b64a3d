"""`summary.md`: what a person reads before approving a plan, or after it was applied.

GitHub shows it as the summary of a step. It says first what happens, then what can't be undone, then
what stays different, and only then everything else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from sync.model.plan import Plan
from sync.report import checks, differences, effects, headline, results, rollbacks
from sync.report.document import Document
from sync.report.graph import mermaid
from sync.report.markup import MARKDOWN, alert, code, folded, is_address, joined, listed, table
from sync.report.runs import more_runs
from sync.report.sections import Section, Severity
from sync.report.tables import counts_table, deletions, kind_sections, table_of
from sync.report.wording import contents_of, plural

_MARKS = {Severity.GOOD: "✅", Severity.NOTE: "⚠️", Severity.WARNING: "⚠️", Severity.ERROR: "❌"}

_WHY = {"what": "what", "why": "why"}
_REMEDY = {**_WHY, "what you can do": "hint"}
_SIDES = {"what": "what", "in the target": "before", "in the source": "after"}
_SINCE = {"what the rollback does": "what", "now": "before", "afterwards": "after"}
_THREE_WAYS = {"what": "what", "in git": "base", **dict([*_SIDES.items()][:0:-1])}
_WINNERS = {"request": "what", "before": "before", "after": "after"}
_TO_GO_BACK = (
    "**To go back:** an apply keeps a backup of the target before its first change, and its summary shows how"
    " to restore it. Memberships that went with a deleted group do not come back."
)

_IN_FULL = "**In full:** `report.html` beside this summary, to filter and to search."

_DEVIATIONS = {"what": "what", "how": "tag"}
_MAY = {"endpoint": "what", "before": "before", "afterwards": "after"}
_WAYS = {"groups": "what", "": "tag", "endpoints": "after", "through": "before", "because": "why"}
_MORE_WAYS = "- and {} more, in the table of every access that changes"


@dataclass(frozen=True, slots=True)
class Markdown:
    """Show a document as GitHub's Markdown."""

    document: Document

    def render(self) -> str:
        """Return the summary."""
        return joined([*self.verdict(), *self.findings(), *self.next_steps(), *self.about()])

    def verdict(self) -> list[list[str]]:
        """Return the blocks that stand first: what the run is about, and what stopped or allowed it."""
        document = self.document
        return [
            self._title(),
            self._ended_early(),
            *_alerts("WARNING", checks.notes(document, MARKDOWN)),
            *_alerts("NOTE", checks.stand_ins(document, MARKDOWN)),
            *self._rollback(),
            *_alerts("WARNING", checks.overrides(document, MARKDOWN)),
            *self._refusals(),
            *_alerts("WARNING", checks.patterns(document, MARKDOWN)),
            self._exported(),
        ]

    def about(self) -> list[list[str]]:
        """Return the blocks that stand last: what the run looked at, and how it went."""
        return [self._scope(), self._health(), self._footer()]

    def _title(self) -> list[str]:
        return [f"## {headline.title(self.document, MARKDOWN)}"]

    def _ended_early(self) -> list[str]:
        """Return why a run ended early, or why changes failed: the cause, what to do, how to go on."""
        document = self.document
        paragraphs = []
        for section in results.ended(document, MARKDOWN):
            for row in section.rows:
                paragraphs.append(f"**{section.title}:** {row.why}")
                paragraphs += [f"**What to do:** {row.hint}"] if row.hint else []
        for section in results.mistakes(document, MARKDOWN):
            paragraphs += [f"**{section.title}:**", _bullets(section, "- and {} more")]
        for section in results.causes(document, MARKDOWN):
            paragraphs += [f"**{section.title}:**", _bullets(section, "- and {} more reasons, below")]
        if document.unfinished:
            paragraphs.append(f"**To finish:** {MARKDOWN.sentence(document.how_to_finish)}.")
        if paragraphs and document.target_untouched:
            paragraphs.append("Nothing was changed.")
        return alert("CAUTION", *paragraphs) if paragraphs else []

    def _rollback(self) -> list[list[str]]:
        """Return which plan a rollback undoes, what does not come back, and what it takes back besides."""
        said = rollbacks.undoes(self.document, MARKDOWN)
        return [
            [said] if said else [],
            *_alerts("WARNING", rollbacks.lost(self.document, MARKDOWN)),
            *_tables(rollbacks.since(self.document, MARKDOWN), _SINCE),
        ]

    def _refusals(self) -> list[list[str]]:
        untouched = checks.is_refusal_told(self.document) and self.document.target_untouched
        nothing = ["Nothing was changed."] if untouched else []
        return _alerts("CAUTION", checks.refusals(self.document, MARKDOWN), *nothing)

    def _exported(self) -> list[str]:
        if self.document.exported is None:
            return []
        holds = (
            f"{code(PurePath(self.document.exported_to).name)} holds {contents_of(self.document.exported)}."
        )
        return [f"**Exported:** {holds} Give it as {code('source-url')} to make a target equal to it."]

    def findings(self) -> list[list[str]]:
        """Return the blocks with what the comparison of the two sides found."""
        document = self.document
        if document.plan is None:
            return []
        if document.deviations:
            return _tables(checks.deviations(document, MARKDOWN), _DEVIATIONS)
        stays = [
            *_tables(differences.blocked(document, MARKDOWN), _REMEDY),
            *_tables(differences.accepted(document, MARKDOWN), _WHY),
            *_tables(differences.protected(document, MARKDOWN), self._columns),
        ]
        if document.drift is not None:
            return [*self._drift(), *stays, *self._remarks()]
        applied = document.outcomes is not None
        failed = applied and not (document.verification and document.verification.identical)
        winners = [] if failed else differences.winners(document, MARKDOWN)
        return [
            self._lead(),
            self._resumed(),
            *self._verdict(),
            *_alerts("WARNING", more_runs(document, MARKDOWN)),
            *(stays if applied else []),
            *_tables(results.undone(document, MARKDOWN), _WHY, fold=True),
            *_tables(results.found_besides(document, MARKDOWN), _WHY, fold=True),
            *(self._what_is_done() if failed else self._access()),
            *_alerts("WARNING", differences.exposures(document, MARKDOWN)),
            *([] if applied else stays),
            counts_table(document),
            *_tables(winners, _WINNERS, fold=True),
            deletions(document),
            *kind_sections(document),
            *self._remarks(),
        ]

    def next_steps(self) -> list[list[str]]:
        """Return the blocks with what comes of a plan: who made it, how to approve it, how to go back."""
        plan = self.document.plan
        if plan is None or self.document.drift is not None:
            return []
        if self.document.deviations:
            return [self._approval(plan)]
        return [self._way_back(), self._half_way(), self._made(plan), self._approval(plan), [_IN_FULL]]

    def _what_is_done(self) -> list[list[str]]:
        """Return what weighs most of a part of a plan: who reaches what in between is not known."""
        return [
            *_alerts("CAUTION", differences.lost(self.document, MARKDOWN)),
            *_alerts("WARNING", differences.unprotected(self.document, MARKDOWN)),
        ]

    def _access(self) -> list[list[str]]:
        """Return who can reach what afterwards that could not before, and who no longer can."""
        document = self.document
        if document.plan is None or not document.changes:
            return []
        told = effects.access(document, MARKDOWN)
        weighty = [section for section in told if section.rows[0].severity > Severity.NOTE]
        lists = [[f"**{one.title}:**", "", _bullets(one, _MORE_WAYS)] for one in told if one not in weighty]
        said, why = effects.nobody(document.plan)
        impact = document.plan.impact
        always = listed([*map(code, impact.superadmin)], ", ", "and {} more")
        superadmin = ""
        if always and not (impact.superadmin_granted or impact.superadmin_lost):
            superadmin = f" No group gains or loses superadmin, which reaches everything: {always} has it."
        same = [f"Apart from this, {why}"]
        rest = [
            f"- {one.title}: {row.what}"
            for one in effects.unchanged_access(document, MARKDOWN)
            for row in one.rows
        ]
        changed = effects.groups_changed(impact)
        return [
            [f"**Access:** {changed}.{superadmin}"] if changed else [],
            *_alerts("CAUTION", weighty),
            *lists,
            *([] if told else [[f"**{said}** {why}"]]),
            *_tables(effects.who_may(document, MARKDOWN), _MAY),
            mermaid(impact),
            *_tables(effects.ways(document, MARKDOWN), _WAYS, fold=True),
            folded("<b>Changes without effect on access, and what nobody uses afterwards</b>", rest)
            if rest
            else [],
            same if told else [],
        ]

    def _drift(self) -> list[list[str]]:
        """Return whether there is drift and how much, by the side that has moved."""
        sides = differences.drift(self.document, MARKDOWN)
        hints = [[MARKDOWN.sentence(side.hint)] for side in sides if side.hint]
        access = effects.drift_access(self.document, MARKDOWN)
        lists = [[f"**{one.title}:**", "", _bullets(one, "- and {} more")] for one in access]
        return [self._lead("❌ " if sides else "✅ "), *lists, *hints, *_tables(sides, self._columns)]

    @property
    def _columns(self) -> dict[str, str]:
        """Return the columns that tell what each side holds, and git where that was looked at."""
        return _SIDES if self.document.three_ways is None else _THREE_WAYS

    def _remarks(self) -> list[list[str]]:
        found = [
            *differences.remarks(self.document, MARKDOWN),
            *differences.flaws(self.document, MARKDOWN),
        ]
        return [
            folded(
                f"<b>{section.title} ({len(section.rows):,})</b>", [f"- {row.said}" for row in section.rows]
            )
            for section in found
        ]

    def _lead(self, mark: str = "") -> list[str]:
        said, rest = headline.lead(self.document, MARKDOWN)
        return [f"{mark}**{said}** {rest}".rstrip()]

    def _resumed(self) -> list[str]:
        said = checks.resumed(self.document)
        return [said] if said else []

    def _verdict(self) -> list[list[str]]:
        found = self.document.verification
        read = found is not None and not found.error
        return [
            [f"{_MARKS[row.severity] if read else '❓'} **{section.title}:** {row.why}."]
            for section in results.verification(self.document, MARKDOWN)
            for row in section.rows
        ]

    def _half_way(self) -> list[str]:
        when, guarantee = headline.half_way(self.document)
        return [f"**{when}** {MARKDOWN.sentence(guarantee)}"] if when else []

    def _made(self, plan: Plan) -> list[str]:
        """Return who or what made the plan; only what is surely an address becomes a link."""
        said = headline.made(self.document, MARKDOWN)
        if plan.made is None:
            return []
        run = plan.made.run
        link = f"[its run]({run})" if is_address(run) else code(run)
        return [f"**Plan made:** {said}" + (f" See {link}." if run else "")]

    def _way_back(self) -> list[str]:
        """Return what a rollback takes as its source, none where nothing was about to change."""
        kept = self.document.backup
        if kept is None and self.document.outcomes is None and self.document.changes:
            return [_TO_GO_BACK]
        if kept is None:
            return []
        where = ", in the folder of the downloaded reports" if kept.elsewhere else ""
        line = f" This restores it{where}: {code(kept.line)}." if kept.line else ""
        line = line or (f" To go back, {MARKDOWN.sentence(kept.workflow)}." if kept.workflow else "")
        lost = "It does not restore the memberships of deleted groups."
        holds = f"{code(kept.path)} holds what the target held before the first change."
        return [f"**Rollback:** {holds}{line} {lost}"]

    def _approval(self, plan: Plan) -> list[str]:
        """Return which plan this is and, where it can still be approved, what comes next."""
        document = self.document
        if document.outcomes is not None or document.error or not plan.operations:
            return [f"**{'Approved plan' if document.deviations else 'Plan'}:** {code(plan.digest)}"]
        line = document.next_line
        this = f"**Exactly this plan runs:** {code(plan.digest)}."
        return [
            f"{this} If the source or the target changes before the apply, the apply refuses.",
            "",
            "**Next:** approve it, so that exactly this plan runs, or reject it."
            + (f" Once it is approved, this applies it: {code(line)}" if line else ""),
        ]

    def _scope(self) -> list[str]:
        """Return what is left alone by settings."""
        rules = self.document.agreed
        parts = {"protected, so never changed": rules.protect, "ignored on both sides": rules.ignore}
        said = [
            f"{what}: {listed([*map(code, patterns)], ', ', 'and {} more')}"
            for what, patterns in parts.items()
            if patterns
        ]
        return [f"**Scope:** {'; '.join(said)}."] if said else []

    def _health(self) -> list[str]:
        # A healthcheck in which all is well is the footer's, unless there is nothing else to show.
        everything = self.document.plan is None or self.document.unhealthy
        rows = [
            (_MARKS[row.severity], side.title, row.why, row.hint)
            for side in checks.health(self.document, MARKDOWN)
            for row in side.rows
            if everything or row.severity > Severity.GOOD
        ]
        if not rows:
            return []
        title = checks.health_verdict(self.document).capitalize()
        return [f"### {title}", "", *table(["", "side", "found", "what you can do"], rows)]

    def _footer(self) -> list[str]:
        parts = [
            checks.health_verdict(self.document),
            f"{plural(self.document.requests, 'request')} in {self.document.seconds:.1f} s",
            checks.questions(self.document),
            f"heimdall-sync {self.document.version}",
        ]
        return [f"<sub>{' · '.join(filter(None, parts))}</sub>"]


def _tables(
    sections: Iterable[Section], columns: Mapping[str, str], *, fold: bool = False
) -> list[list[str]]:
    return [table_of(section, columns, fold=fold) for section in sections]


def _alerts(kind: str, sections: Iterable[Section], *rest: str) -> list[list[str]]:
    """Return each section as an alert: in one sentence where its rows only name things, else as a list."""
    return [
        alert(kind, f"**{section.title}:** {_named(section)}", *rest)
        if section.enumerates
        else alert(kind, f"**{section.title}:**", _bullets(section, "- and {} more"), *rest)
        for section in sections
    ]


def _named(section: Section) -> str:
    said = f"{listed([row.what for row in section.rows], '; ', 'and {} more, listed below')}."
    return f"{said} {section.hint}".rstrip()


def _bullets(section: Section, rest: str) -> str:
    return listed([f"- {row.advised}" for row in section.rows], "\n", rest)
