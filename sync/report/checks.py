"""What a plan is held against: healthcheck, guardrails, the approval, and the patterns of its scope."""

import shlex

from sync.errors import RefusedError
from sync.heimdall.health import Level
from sync.plan.guardrails import Objection
from sync.report.document import Document
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, plural

_LEVELS = {
    Level.PASSED: (Severity.GOOD, ""),
    Level.WARNING: (Severity.WARNING, "warning"),
    Level.FAILED: (Severity.ERROR, "unhealthy"),
}

_SIDES = {
    "source": "the source has changed since the approval",
    "target": "the target has changed since the approval",
    "source or target": "both sides have changed since the approval",
    "neither": "neither side has changed since the approval, but the changes that make them equal have",
}

_SAYS_NOTHING = {
    "protect": "so it protects nothing",
    "ignore": "so it leaves nothing out",
    "recreate": "so it recreates nothing",
    "accept": "so it accepts nothing",
}


def health(document: Document, wording: Wording) -> list[Section]:
    """Return what the healthcheck found, a section for each side."""
    return [
        found
        for side in ("source", "target")
        for found in section(
            side,
            (
                Row(
                    what=wording.sentence(finding.check),
                    why=wording.sentence(finding.message),
                    hint=wording.sentence(finding.remedy),
                    severity=_LEVELS[finding.level][0],
                    tag=_LEVELS[finding.level][1],
                )
                for finding in document.findings
                if finding.side == side
            ),
        )
    ]


def health_verdict(document: Document) -> str:
    """Return how the healthcheck ended: `healthcheck passed with 1 warning`, empty where there was none."""
    if not document.findings:
        return ""
    if document.unhealthy:
        return "healthcheck failed"
    warnings = sum(finding.level is Level.WARNING for finding in document.findings)
    return f"healthcheck passed with {plural(warnings, 'warning')}" if warnings else "healthcheck passed"


def notes(document: Document, wording: Wording) -> list[Section]:
    """Return which files were there and are left out."""
    said = (*document.notes, *([document.backup.remark] if document.backup else []))
    return section(
        "Note", (Row(why=wording.sentence(note), severity=Severity.WARNING) for note in said if note)
    )


def stand_ins(document: Document, wording: Wording) -> list[Section]:
    """Return what stays open where a snapshot stands for an environment."""
    return section("From a file", (Row(why=wording.sentence(each)) for each in document.stand_ins))


def overrides(document: Document, wording: Wording) -> list[Section]:
    """Return what guardrails object to and settings allow."""
    return section(
        "Allowed by a setting",
        (
            Row(
                what=wording.sentence(objection.guardrail),
                why=wording.sentence(f"{objection.message} ({_override(objection, document)})"),
                tag="allowed",
                severity=Severity.WARNING,
            )
            for objection in document.objections
            if objection.allowed
        ),
    )


def _override(objection: Objection, document: Document) -> str:
    name, back = objection.setting.removeprefix("--").replace("-", "_"), document.rollback
    if back and getattr(document.agreed, name, None) != getattr(back.rules, name, None):
        return "undoing the plan explains it"
    return f"{objection.setting} is {'raised' if objection.setting.startswith('--max-') else 'given'}"


def refusals(document: Document, wording: Wording) -> list[Section]:
    """Return what guardrails refuse, each with the setting that allows it."""
    return section(
        "Refused by guardrails",
        (
            Row(
                what=wording.sentence(objection.guardrail),
                why=wording.sentence(objection.message),
                hint=wording.sentence(way_out(objection)),
                tag="refused",
                severity=Severity.ERROR,
            )
            for objection in document.objections
            if not objection.allowed
        ),
    )


def way_out(objection: Objection) -> str:
    """Return what to do where a guardrail refuses what is meant, empty where no setting allows it."""
    match objection.setting:
        case "":
            return ""
        case "--recreate":
            return "use --strategy least-privilege, or leave out --recreate for this role"
        case setting if setting.startswith("--fail-on-"):
            return f"to allow it, leave out {setting}"
        case setting if setting.startswith("--max-"):
            return f"to allow it, raise {setting}"
        case setting:
            return f"to allow it, add {setting}"


def is_refusal_told(document: Document) -> bool:
    """Tell whether a guardrail ended the run: then the refusals say so."""
    messages = {objection.message for objection in document.objections if not objection.allowed}
    return isinstance(document.error, RefusedError) and document.error.message in messages


def patterns(document: Document, wording: Wording) -> list[Section]:
    """Return which patterns of the scope name nothing, those that should protect first."""
    rows = [
        Row(
            what=wording.text(f"--{unmatched.setting} {shlex.quote(unmatched.pattern)}")
            + f" names nothing on either side, {_SAYS_NOTHING[unmatched.setting]}",
            hint="write the name as the reports show it, or leave the pattern out",
            tag="warning",
            severity=Severity.WARNING,
        )
        for unmatched in (document.plan.unmatched if document.plan else ())
    ]
    return section("Check these patterns", rows)


def deviations(document: Document, wording: Wording) -> list[Section]:
    """Return how what is needed now differs from what was approved, a section for each side that moved."""
    return [
        found
        for moved, sentence in _SIDES.items()
        for found in section(
            sentence.capitalize(),
            (
                Row(
                    what=wording.phrase(deviated.operation),
                    why=f"{deviated.deviation}: {sentence}",
                    tag=deviated.deviation,
                    severity=Severity.ERROR,
                    kind=deviated.operation.kind,
                )
                for deviated in document.deviations
                if deviated.moved == moved
            ),
        )
    ]


def resumed(document: Document) -> str:
    """Return how much of the plan was done before this run, and by whom; empty where nothing was."""
    if document.plan is None or not document.done_before:
        return ""
    done, ours = len(document.done_before), len(document.ours)
    were = "was" if done == 1 else "were"
    said = f"{done:,} of {plural(len(document.plan.operations), 'change')} {were} done before"
    if not ours:
        return f"{said}; no checkpoint names the run."
    return f"{said}, {'all' if ours == done else f'{ours:,}'} of them by an earlier run of this plan."


def questions(document: Document) -> str:
    """Return how often the servers were asked who wins a request, empty where they were not."""
    if not document.asked and not document.followed:
        return ""
    followed = f", {document.followed:,} deduced" if document.followed else ""
    left_out = plural(document.actions_left_out, "action")
    more = f"; {left_out} not checked for an old name" if document.actions_left_out else ""
    return f"Winners of overlaps: {document.asked:,} asked for{followed}{more}"
