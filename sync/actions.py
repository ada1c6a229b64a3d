"""GitHub's workflow commands: the outputs of a run, for the jobs after it."""

import os
import secrets
from collections.abc import Mapping

from sync.errors import ExitCode, HeimdallSyncError
from sync.plan.model import Verb
from sync.plan.outcome import Status
from sync.report.document import Document
from sync.report.wording import printable


def outputs_of(document: Document, code: ExitCode, report_dir: str) -> dict[str, str]:
    """Return what a run puts out. What it did not come to is empty; counts are of what is planned or done."""
    plan, verification = document.plan, document.verification
    counts = {verb: sum(change.verb is verb for change in document.changes) for verb in Verb}
    differs = bool(plan and (plan.operations or plan.open_differences))
    return {
        "changes": str(len(document.changes)) if plan else "",
        "creates": str(counts[Verb.CREATE] + counts[Verb.ASSIGN]) if plan else "",
        "updates": str(counts[Verb.UPDATE]) if plan else "",
        "deletes": str(counts[Verb.DELETE] + counts[Verb.UNASSIGN]) if plan else "",
        "blocked": str(len(plan.blocked)) if plan else "",
        "refused": _flag(code is ExitCode.REFUSED),
        "digest": plan.digest if plan else "",
        "drift": "" if document.drift is None else _flag(differs),
        "identical": _flag(verification.identical) if verification else "",
        "report-dir": report_dir,
        "exit-reason": _reason(document, code),
    }


def write_outputs(outputs: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> None:
    """Append the outputs to the file that a workflow's step has for them; nowhere else is there one.

    Raises `HeimdallSyncError` where it can't be written.
    """
    path = environ.get("GITHUB_OUTPUT")
    if environ.get("GITHUB_ACTIONS") != "true" or not path:
        return
    lines = []
    for name, value in outputs.items():
        # a value can't end its block early: nobody knows the delimiter beforehand
        delimiter = f"end-{secrets.token_hex(16)}"
        lines += [f"{name}<<{delimiter}", value, delimiter]
    try:
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - the runner's own path
            file.write("\n".join([*lines, ""]))
    except OSError as error:
        raise HeimdallSyncError(
            f"the outputs can't be written to {path}: {error.strerror}",
            "the container must run as root, or as the owner of that file",
        ) from None


def _flag(value: bool) -> str:  # noqa: FBT001 - a value, not a switch
    return "true" if value else "false"


def _reason(document: Document, code: ExitCode) -> str:
    if document.error:
        return printable(document.error.message)
    if code is ExitCode.FAILED:
        return "target and source are not equal" if not document.ended(Status.FAILED) else "changes failed"
    return {ExitCode.DIFFERENT: "differences found"}.get(code, "done")
