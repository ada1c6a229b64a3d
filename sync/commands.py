"""What each command does with a job, in a few lines each."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from sync.actions import publish
from sync.apply.checkpoint import Memory, read_checkpoint
from sync.apply.receipt import read_receipt
from sync.errors import CancelledError, ExitCode, HeimdallSyncError, RefusedError, UsageError
from sync.interruption import Interruption
from sync.job import Job
from sync.plan.approval import MAKE_ANOTHER, plan_from
from sync.plan.changes import Plan, Rules
from sync.report import console
from sync.report.document import Document
from sync.report.files import write_reports
from sync.report.lines import trace
from sync.report.terminal import Printer
from sync.settings import Command, Settings


@dataclass(frozen=True, slots=True)
class Past:
    """What was approved before this run, and what an earlier run of it has left."""

    approved: Plan | None = None
    memory: Memory | None = None

    @property
    def rules(self) -> Rules | None:
        """Return the rules that the run is bound to, None where it may choose."""
        plan = self.approved or (self.memory and self.memory.plan)
        return plan.rules if plan else None


def run(settings: Settings, out: Printer, interruption: Interruption) -> ExitCode:
    """Run one command between two environments, and write its reports however it ends.

    Raises `UsageError` where a setting contradicts the plan that is to be carried out.
    """
    for warning in settings.warnings:
        out.show(console.note(warning))
    document = Document(source_url=settings.source_name, target_url=settings.target_url)
    code = ExitCode.DONE
    error: HeimdallSyncError | None = None
    try:
        with interruption.armed():
            past = _past(settings)
            with Job(settings, past.rules or settings.rules, out, interruption) as job:
                try:
                    code = _COMMANDS[settings.effective_command](job, settings, past)
                finally:
                    document = job.document
    except CancelledError as cancelled:
        error = CancelledError(cancelled.signal, untouched=document.target_untouched)
    except UsageError:
        raise
    except HeimdallSyncError as caught:
        if settings.debug:
            Printer(sys.stderr).show(trace(caught))
        error = caught
    document = replace(document, error=error)
    if error:
        code = error.exit_code
    out.show(console.summary(document))
    try:
        write_reports(document, settings.output_dir)
        out.show(console.reports(settings.output_dir))
    except HeimdallSyncError as unwritten:
        if not error:  # else how the run ended says more
            raise
        out.show(console.failure(unwritten))
    out.show(publish(document, code, str(settings.output_dir)))
    return code


def _past(settings: Settings) -> Past:
    memory = read_checkpoint(settings.checkpoint_file, settings.target_url) if settings.resume else None
    past = Past(read_approved(settings), memory)
    if past.rules:
        _refuse_other_rules(settings, past.rules)
    return past


def read_approved(settings: Settings) -> Plan | None:
    """Return the plan that was approved, if there is one.

    Raises `RefusedError` where the file holds none, or one for another pair of environments, and `UsageError`
    where it can't be read.
    """
    if settings.plan is None:
        return None
    try:
        text = settings.plan.read_bytes()
    except OSError as error:
        raise UsageError(f"--plan (HEIMDALL_PLAN): can't be read: {error.strerror}") from None
    plan = plan_from(text, str(settings.plan), expected_digest=settings.expect_digest)
    for side, planned, given in (
        ("source", plan.source.url, settings.source_name),
        ("target", plan.target.url, settings.target_url),
    ):
        if planned != given:
            raise RefusedError(f"{settings.plan} is for another {side}: {planned}, not {given}", MAKE_ANOTHER)
    return plan


def _refuse_other_rules(settings: Settings, rules: Rules) -> None:
    """Raise `UsageError` where a setting says otherwise than the plan that is to be carried out."""
    otherwise = [
        f"--{name.replace('_', '-')} (HEIMDALL_{name.upper()}): says otherwise than the plan, which has "
        f"{_shown(getattr(rules, name))}; leave it out"
        for name in Rules.model_fields
        if name in settings.model_fields_set and getattr(settings, name) != getattr(rules, name)
    ]
    if otherwise:
        raise UsageError(*otherwise)


def _shown(value: object) -> str:
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)


def _check(job: Job, _: Settings, __: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=True)
    return ExitCode.DONE


def _plan(job: Job, settings: Settings, _: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=False)
    plan = job.plan()
    job.judge(job.task(plan))
    differs = bool(plan.operations or plan.open_differences)
    return ExitCode.DIFFERENT if differs and settings.detailed_exitcode else ExitCode.DONE


def _drift(job: Job, settings: Settings, _: Past) -> ExitCode:
    receipt = read_receipt(settings.receipt, settings.target_url) if settings.receipt else None
    job.check_urls()
    job.check(must_write=False)
    plan = job.plan()
    job.tell_drift(receipt)
    return ExitCode.DIFFERENT if plan.operations or plan.open_differences else ExitCode.DONE


def _apply(job: Job, settings: Settings, past: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=True)
    task = job.task(job.plan(), past.approved, past.memory, resume=settings.resume)
    job.judge(task)
    if task.left:
        job.warn_of_token(task)
        job.countdown()
        job.back_up(task)
    job.apply(task)
    return ExitCode.DONE if job.verify(task) else ExitCode.FAILED


def _export(job: Job, _: Settings, __: Past) -> ExitCode:
    job.check_urls()
    job.check_source()
    job.export()
    return ExitCode.DONE


_COMMANDS: dict[Command, Callable[[Job, Settings, Past], ExitCode]] = {
    Command.CHECK: _check,
    Command.PLAN: _plan,
    Command.APPLY: _apply,
    Command.DRIFT: _drift,
    Command.EXPORT: _export,
}
