"""GitHub Actions: masks, folds and annotations in the log, the step summary, and the outputs of a step.

This is the one place that knows of workflow commands. None of it happens outside a workflow.
"""

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.text import Text

from sync.ci import in_workflow
from sync.errors import ExitCode, HeimdallSyncError, StaleError, UsageError
from sync.model.outcome import Status
from sync.model.plan import UPDATES, Verb
from sync.report import checks, differences, results, rollbacks
from sync.report.access import ACCESS_COUNTS, access_counts
from sync.report.document import Document
from sync.report.lines import Lines
from sync.report.markdown import Markdown
from sync.report.markup import alert, fitted, prose
from sync.report.runs import more_runs
from sync.report.sections import Section, Severity
from sync.report.wording import PLAIN, printable

OUTPUTS = {
    "changes": "Number of changes: planned, or made by an apply",
    "creates": "Number of changes that create or assign",
    "updates": "Number of changes that update, reorder or refresh",
    "deletes": "Number of changes that delete or unassign",
    "blocked": "Number of differences that no change can remove, accepted ones included",
    "open": "Number of these that nobody has accepted; any of them makes an apply end with exit code 1",
    "gains": "Number of accesses that groups gain: each is a group and an endpoint, `superadmin` apart",
    "losses": "Number of accesses that groups lose, counted the same way",
    "opened": "Number of endpoints that become open to everyone, since no mapping matches them any more",
    "superadmin-granted": "Number of groups that gain `superadmin`, and with it every access",
    "memberships-lost": "Number of memberships that are lost for good with deleted groups; empty if unknown",
    "destructive": "`true` if the plan deletes a group that has members, or may have: that can't be undone",
    "severity": "The most serious effect on access, in one word. `destructive`: as above. `opens`: an "
    "endpoint becomes open to everyone, or may become so. `grants`: a group gains access, if only for "
    "a moment. `harmless`: none of these, but groups may lose access",
    "refused": "`true` if a guardrail refuses the plan, or if it is no longer the approved plan",
    "stale": "`true` if an apply refused its plan, since source or target has changed after the approval",
    "digest": "Digest of the plan; pass it to `expect-digest`",
    "drift": "`true` if `drift` found a difference, `false` if it found none",
    "identical": "`true` if an apply verified that target and source are equal, `false` if they are not",
    "another-run": "`true` if another run is needed after this plan, since the target hides some roles; of "
    "an apply, only if it has made all changes of its plan",
    "not-compared": "Number of mappings with an unknown winner of overlaps: their patterns can't be compared",
    "report-dir": "Folder of the reports",
    "exit-reason": "Reason why the run ended, in a sentence",
}
"""What a step puts out, each with what it is; empty is what the run did not come to."""

_ANNOTATIONS = 10
"""More of them than this a step does not show."""

_ANNOTATED = (
    results.ended,
    checks.refusals,
    checks.health,
    results.causes,
    results.verification,
    differences.drift,
    checks.notes,
    checks.patterns,
    checks.overrides,
    rollbacks.lost,
    rollbacks.since,
    more_runs,
    differences.lost,
    differences.unprotected,
    differences.exposures,
    differences.blocked,
)
"""The sections that a workflow's page shows, the most important first; errors stand before warnings."""


class _Alert(NamedTuple):
    """What a workflow's page should show; at a `place`, a line of a file, where there is one."""

    severity: Severity
    message: str
    place: str = ""


_SUMMARY_BYTES = 900 * 1024
"""From 1 MiB on, a step's summary is dropped as a whole."""


def masks(secrets_given: Iterable[str]) -> Lines:
    """Return the commands that keep every secret out of the log, whoever prints it from now on."""
    return [Text(f"::add-mask::{_escaped(line)}") for secret in secrets_given for line in secret.splitlines()]


def fold(title: str, lines: Lines) -> Lines:
    """Return lines as a group that the log shows folded."""
    return [Text(f"::group::{_escaped(title)}"), *lines, Text("::endgroup::")]


def annotations(document: Document) -> Lines:
    """Return what a workflow's page should show of a run, ten at most, the most important first."""
    found = [
        alert
        for sections in _ANNOTATED
        if document.drift is None or sections is not differences.blocked  # drift names them itself
        for section in sections(document, PLAIN)
        for alert in _alerts_of(section)
    ]
    found = [*found[:1], *_mistakes(document), *found[1:]]
    return _annotations(sorted(found, key=lambda alert: -alert.severity))


def _alerts_of(section: Section) -> Iterator[_Alert]:
    """Yield what must be heard of a section: one alert for what it enumerates, else one a row."""
    first, *others = section.rows
    if section.enumerates:
        more = f" and {len(others):,} more" if others else ""
        hint = f". {section.hint}" if section.hint else ""
        yield _Alert(first.severity, f"{section.title}: {first.what}{more}{hint}")
        return
    for row in section.rows:
        if row.severity >= Severity.WARNING:
            yield _Alert(row.severity, f"{section.title}: {row.advised}")


def _mistakes(document: Document) -> Iterator[_Alert]:
    """Yield what is wrong with files, each where it is wrong: a pull request shows it beside the line."""
    for section in results.mistakes(document, PLAIN):
        for row in section.rows:
            yield _Alert(row.severity, row.why, row.what)


def _annotations(alerts: Sequence[_Alert]) -> Lines:
    shown = [*alerts]
    if len(shown) > _ANNOTATIONS:
        more = shown[_ANNOTATIONS - 1 :]
        told = f"And {len(more):,} more: the summary of this step has them all"
        shown = [*shown[: _ANNOTATIONS - 1], _Alert(more[0].severity, told)]
    return [
        Text(f"::{each.severity.name.lower()} {_at(each.place)}title=heimdall-sync::{_escaped(each.message)}")
        for each in shown
    ]


def _at(place: str) -> str:
    """Return the properties that show an annotation beside a line of a file."""
    file, _, line = place.rpartition(":")
    escaped = _escaped(file).replace(":", "%3A").replace(",", "%2C")
    return f"file={escaped},line={line}," if file else ""


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def publish(
    document: Document, code: ExitCode, report_dir: str, environ: Mapping[str, str] = os.environ
) -> Lines:
    """Write the step's summary and outputs, and return the annotations; outside a workflow do nothing.

    Raises `HeimdallSyncError` where the step's files can't be written.
    """
    if not in_workflow(environ):
        return []
    _append(environ, "GITHUB_STEP_SUMMARY", summary_of(document, report_dir))
    _append(environ, "GITHUB_OUTPUT", _as_output(outputs_of(document, code, report_dir)))
    return annotations(document)


def publish_error(error: HeimdallSyncError, environ: Mapping[str, str] = os.environ) -> Lines:
    """Do the same for a run that ended before there was anything to report, and never raise."""
    if not in_workflow(environ):
        return []
    said = error.problems if isinstance(error, UsageError) else (error.message,)
    outputs = dict.fromkeys(OUTPUTS, "") | {"refused": "false", "exit-reason": printable("; ".join(said))}
    summary = "\n".join(["## Not started", "", *alert("CAUTION", *map(prose, said)), ""])
    with contextlib.suppress(HeimdallSyncError):  # the error that is being told says more
        _append(environ, "GITHUB_STEP_SUMMARY", summary)
        _append(environ, "GITHUB_OUTPUT", _as_output(outputs))
    return _annotations([_Alert(Severity.ERROR, printable(line)) for line in said])


def _as_output(outputs: Mapping[str, str]) -> str:
    lines = []
    for name, value in outputs.items():
        # a value can't end its block early: nobody knows the delimiter beforehand
        delimiter = f"end-{secrets.token_hex(16)}"
        lines += [f"{name}<<{delimiter}", value, delimiter]
    return "\n".join([*lines, ""])


def require_step_files(environ: Mapping[str, str] = os.environ) -> None:
    """Try the step's files before anything is done. Raises `HeimdallSyncError` where one can't be written."""
    if in_workflow(environ):
        for variable in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
            _append(environ, variable, "")


def _append(environ: Mapping[str, str], variable: str, text: str) -> None:
    path = environ.get(variable)
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - the runner's own path
            file.write(text)
    except OSError as error:
        raise HeimdallSyncError(
            f"{variable} can't be written to {path}: {error.strerror}",
            "run the container as root, or as the owner of that file",
        ) from None


def summary_of(document: Document, report_dir: str, limit: int = _SUMMARY_BYTES) -> str:
    """Return the summary, its tables cut where it would have more bytes than a step's summary may have."""
    rest = f"all of them are in `summary.md` of the report folder `{report_dir}`"
    return fitted(Markdown(document).render(), lambda text: len(text.encode()) <= limit, rest)


def outputs_of(document: Document, code: ExitCode, report_dir: str) -> dict[str, str]:
    """Return what a run puts out. What it did not come to is empty; counts are of what is planned or done."""
    plan, verification = document.plan, document.verification
    counts = {verb: sum(change.verb is verb for change in document.changes) for verb in Verb}
    return {
        "changes": str(len(document.changes)) if plan else "",
        "creates": str(counts[Verb.CREATE] + counts[Verb.ASSIGN]) if plan else "",
        "updates": str(sum(counts[verb] for verb in UPDATES)) if plan else "",
        "deletes": str(counts[Verb.DELETE] + counts[Verb.UNASSIGN]) if plan else "",
        "blocked": str(len(plan.blocked)) if plan else "",
        "open": str(len(plan.open_differences)) if plan else "",
        **(access_counts(plan) if plan else dict.fromkeys(ACCESS_COUNTS, "")),
        "refused": _flag(code is ExitCode.REFUSED),
        "stale": _flag(isinstance(document.error, StaleError)),
        "digest": plan.digest if plan else "",
        "drift": "" if document.drift is None else _flag(document.differs),
        "identical": _flag(verification.identical) if verification else "",
        "another-run": _flag(document.needs_another_run) if plan else "",
        "not-compared": str(len(document.not_compared)) if plan else "",
        "report-dir": report_dir,
        "exit-reason": _reason(document, code),
    }


def _flag(value: bool) -> str:  # noqa: FBT001 - a value, not a switch
    return "true" if value else "false"


def _reason(document: Document, code: ExitCode) -> str:
    if document.error:
        return printable(document.error.message)
    if code is ExitCode.FAILED:
        return "target and source are not equal" if not document.ended(Status.FAILED) else "changes failed"
    return {ExitCode.DIFFERENT: "differences found"}.get(code, "done")
