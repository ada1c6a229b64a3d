"""The text that people see in a terminal or in the log of a pipeline.

A line is a `Text`: what it says is `line.plain`, and its style is only ever seen on a terminal.
"""

from dataclasses import dataclass
from enum import StrEnum

from rich.text import Text

from sync.model.outcome import Status
from sync.model.plan import UPDATES, Plan, Verb
from sync.model.snapshot import Kind
from sync.plan.recreation import recreated
from sync.report import checks, differences, effects, headline, results, rollbacks
from sync.report.changes import changes_of_each_kind
from sync.report.document import Document
from sync.report.lines import (
    MARKS,
    RULE,
    STYLES,
    Lines,
    banner,
    first,
    marked,
    marked_all,
    remarked,
    tagged,
    titled,
    to_copy,
    verdict,
)
from sync.report.messages import failure, note
from sync.report.runs import more_runs
from sync.report.sections import Section
from sync.report.wording import (
    EDGE_VERBS,
    PLAIN,
    contents_of,
    counts_of,
    plural,
    printable,
)


class Mode(StrEnum):
    """What a run is for, by the name of its command; all but the live ones leave the target as it is."""

    APPLY = "LIVE"
    ROLLBACK = "LIVE ROLLBACK"
    PLAN = "DRY RUN"
    CHECK = "HEALTHCHECK"
    DRIFT = "DRIFT CHECK"
    EXPORT = "EXPORT"


@dataclass(frozen=True, slots=True)
class Console:
    """Show a document as lines.

    A run shows each section as soon as it is known: every method returns the lines of one, none where there
    is nothing to say.
    """

    document: Document

    def render(self, mode: Mode) -> Lines:
        """Return a whole run, as its sections follow each other."""
        return [
            *self.header(mode),
            *self.healthcheck(),
            *self.remarks(),
            *self.patterns(),
            *self.rollback(),
            *self.changes(),
            *self.access(),
            *self.guardrails(),
            *self.deviations(),
            *self.resumed(),
            *self.outcomes(),
            *self.verification(),
            *self.drift(),
            *self.summary(),
        ]

    def header(self, mode: Mode) -> Lines:
        """Return the title: which environment becomes equal to which, and whether this run does it."""
        source, target = self.document.source_url, self.document.target_url
        return [
            *banner("HEIMDALL ENVIRONMENT SYNCHRONIZATION")[1:],
            *([Text(f"Source: {headline.side(self.document.source_name, source, PLAIN)}")] if source else []),
            *([Text(f"Target: {headline.side(self.document.target_name, target, PLAIN)}")] if target else []),
            *([Text(f"Git:    {printable(self.document.git)}")] if self.document.git else []),
            Text(f"Mode: {mode}", "bold"),
        ]

    def healthcheck(self) -> Lines:
        """Return what the healthcheck found on both sides."""
        sides = checks.health(self.document, PLAIN)
        if not sides:
            return []
        urls = {"source": self.document.source_url, "target": self.document.target_url}
        lines = banner("RUNNING HEALTHCHECK")
        for side in sides:
            lines += [
                Text(),
                Text(f"Checking {side.title.upper()} environment..."),
                Text(f"  URL: {printable(urls[side.title])}"),
                *(line for row in side.rows for line in marked(row, row.why, "  ")),
            ]
        return [*lines, Text(), Text(RULE), Text(), self._health_verdict(sides)]

    def _health_verdict(self, sides: list[Section]) -> Text:
        worst = max(row.severity for side in sides for row in side.rows)
        noun, result, *rest = checks.health_verdict(self.document).split()
        said = " ".join([noun.capitalize(), result.upper(), *rest])
        if self.document.unhealthy:
            said += " - nothing was changed"
        elif self.document.source_url and self.document.target_url:
            said += " - ready to sync"
        return Text(f"{MARKS[worst]} {said}", STYLES[worst])

    def stand_ins(self) -> Lines:
        """Return what stays open where a snapshot stands for an environment."""
        return marked_all(checks.stand_ins(self.document, PLAIN))

    def remarks(self) -> Lines:
        """Return what the servers answered of overlaps that is not what their lists show."""
        return marked_all(differences.remarks(self.document, PLAIN))

    def patterns(self) -> Lines:
        """Return which patterns of the scope name nothing."""
        return marked_all(checks.patterns(self.document, PLAIN))

    def rollback(self) -> Lines:
        """Return which plan a rollback undoes, what does not come back, and what it takes back besides."""
        said = rollbacks.undoes(self.document, PLAIN)
        return [
            *(banner("ROLLBACK") if said else []),
            *([Text(said)] if said else []),
            *(line for one in rollbacks.lost(self.document, PLAIN) for line in _named(one)),
            *(line for one in rollbacks.since(self.document, PLAIN) for line in [_title(one), *first([one])]),
        ]

    def changes(self) -> Lines:
        """Return one section a kind: what was found, what changes, what stays different and why.

        The same lines tell what is going to happen and what would happen.
        """
        return changes_of_each_kind(self.document)

    def access(self) -> Lines:
        """Return who gains access, who loses it and what opens."""
        found = effects.access(self.document, PLAIN) if self.document.drift is None else []
        lines = banner("ACCESS") if found else []
        for one in found:
            style = STYLES[one.rows[0].severity]
            lines += [Text(f"{one.title}:", "bold"), *(Text(f"  {row.said}", style) for row in one.rows[:10])]
            more = len(one.rows) - 10
            lines += [Text(f"  … and {more:,} more: summary.md has them")] if more > 0 else []
        return lines

    def flaws(self) -> Lines:
        """Return what is wrong with the mappings themselves."""
        return titled(differences.flaws(self.document, PLAIN))

    def guardrails(self) -> Lines:
        """Return what the guardrails have against a run, and which settings let it pass."""
        found = [*checks.overrides(self.document, PLAIN), *checks.refusals(self.document, PLAIN)]
        lines = [line for section in found for row in section.rows for line in tagged(row)]
        return [*banner("GUARDRAILS"), *lines] if lines else []

    def deviations(self) -> Lines:
        """Return how what is needed now differs from what was approved, by the side that has moved."""
        found = checks.deviations(self.document, PLAIN)
        lines = banner("NO LONGER WHAT WAS APPROVED") if found else []
        for side in found:
            lines.append(Text(f"{side.title}:"))
            lines += [Text(f"  [{row.tag.upper()}] {row.what}", "yellow") for row in side.rows]
        return lines

    def resumed(self) -> Lines:
        """Return how much of the plan was done before this run, and by whom."""
        said = checks.resumed(self.document)
        return [Text(), Text(said, "bold")] if said else []

    def outcomes(self) -> Lines:
        """Return what became of the operations of an apply, those that are done as one figure."""
        document = self.document
        if document.outcomes is None:
            return []
        done, tried = len(document.ended(Status.DONE)), len(document.outcomes)
        return [
            *banner("RESULT"),
            Text(f"  Done: {done:,} of {plural(tried + len(document.not_tried), 'change')}"),
            *first(results.undone(document, PLAIN)),
        ]

    def verification(self) -> Lines:
        """Return what reading both sides again found."""
        found = results.verification(self.document, PLAIN)
        if not found:
            return []
        lines = banner("VERIFICATION") + verdict(found)
        if self.document.unequal:
            lines += first(results.found_besides(self.document, PLAIN))
            lines += first(differences.blocked(self.document, PLAIN))
        return lines

    def drift(self) -> Lines:
        """Return the differences as drift, by the side that has moved."""
        if self.document.drift is None or self.document.plan is None:
            return []
        lines = banner("DRIFT")
        sides = differences.drift(self.document, PLAIN)
        if not sides:
            lines.append(Text(f"✓ No drift: {differences.no_drift(self.document)}", "bold green"))
        for one in effects.drift_access(self.document, PLAIN):
            lines += [Text(f"{one.title}:", "bold"), *(Text(f"  {row.said}", "yellow") for row in one.rows)]
        for side in sides:
            lines += [
                Text(f"{side.title}:", "bold"),
                *(Text(f"  {row.said}", "yellow") for row in side.rows),
                *([Text(side.hint)] if side.hint else []),
            ]
        return lines

    def summary(self) -> Lines:
        """Return the figures of a run and how it ended.

        In a dry run they count what is planned, in an apply what is done; creations, updates, deletions,
        twice the recreations and both sorts of assignments add up to the total. What was done before the run
        is told beside it.
        """
        document = self.document
        lines = banner("SYNC SUMMARY")
        if document.plan is not None:
            lines += self._figures(document.plan)
        if document.error is not None:
            lines += failure(document.error)
        for section in more_runs(document, PLAIN):
            lines.append(Text(f"{MARKS[section.rows[0].severity]} {section.title}:", "bold yellow"))
            lines += [line for row in section.rows for line in remarked(row)]
        for section in results.causes(document, PLAIN):
            lines += [line for row in section.rows for line in marked(row, f"Failed: {row.said}")]
        if document.unequal:
            lines += verdict(results.verification(document, PLAIN))
        if document.unfinished:
            lines.append(Text(f"To finish: {document.how_to_finish}.", "bold"))
        if document.target_untouched:
            lines.append(Text("Nothing was changed."))
        ended = "Completed in" if document.error is None else "Ended after"
        return [*lines, Text(RULE), Text(), Text(f"{ended} {document.seconds:.2f} seconds")]

    def _figures(self, plan: Plan) -> Lines:
        document, counts = self.document, counts_of(self.document.changes)
        lines, again = [], len(recreated(document.changes))
        for kind in Kind:
            both = again if kind is Kind.ROLE else 0
            created, deleted = counts[kind, Verb.CREATE] - both, counts[kind, Verb.DELETE] - both
            updated = sum(counts[kind, verb] for verb in UPDATES)
            label = f"{kind.plural.capitalize()}:"
            told = f"; {both} recreated, each by 2 changes" if both else ""
            lines.append(Text(f"{label:<9} +{created} ~{updated} -{deleted}{told}"))
        assigned, unassigned = (sum(counts[kind, verb] for kind in Kind) for verb in EDGE_VERBS)
        may_stay, skipped = differences.known(document), len(document.ended(Status.SKIPPED))
        errors = len(document.ended(Status.FAILED)) + (document.error is not None)
        return [
            *lines,
            Text(f"Assigned: +{assigned} ~0 -{unassigned}"),
            Text(f"Blocked:  {len(document.differences)}" + (f" ({may_stay})" if may_stay else "")),
            *([Text(f"Skipped:  {skipped}")] if skipped else []),
            Text(f"Errors:   {errors}", "bold red" if errors else ""),
            Text(f"Total Changes: {len(document.changes)}", "bold"),
            *self.resumed()[1:],
            *([Text(said)] if (said := checks.questions(document)) else []),
            Text(f"Plan: {plan.digest}"),
        ]

    def backup(self) -> Lines:
        """Return where what the target held before the first change is kept, and how to go back to it."""
        kept = self.document.backup
        if kept is None:
            return []
        where = ", in the folder of the downloaded reports" if kept.elsewhere else ""
        return [
            Text(f"Backup of the target: {printable(kept.path)}"),
            *(note(kept.remark) if kept.remark else []),
            *([to_copy(f"To go back{where}", kept.line)] if kept.line else []),
            *([Text(f"To go back, {printable(kept.workflow)}.")] if kept.workflow else []),
        ]

    def next_step(self) -> Lines:
        """Return how the plan is applied, nothing where there is nothing to apply."""
        line = self.document.next_line
        return [to_copy("To apply exactly this", line)] if line and not self.document.error else []

    def exported(self) -> Lines:
        """Return what an export has written, and what it is good for; none for any other run."""
        if self.document.exported is None:
            return []
        return [
            Text(f"Snapshot: {printable(self.document.exported_to)}"),
            Text(f"It holds {contents_of(self.document.exported)}."),
            Text("Give it as --source-url to make a target equal to it."),
        ]


def _title(section: Section) -> Text:
    return Text(f"{section.title}:", "bold")


def _named(section: Section) -> Lines:
    return [_title(section), *(Text(f"  {row.said}", STYLES[row.severity]) for row in section.rows)]
