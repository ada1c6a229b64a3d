"""What each command does with a job, in a few lines each."""

import sys
from collections.abc import Callable
from dataclasses import replace

from sync.errors import CancelledError, ExitCode, HeimdallSyncError, UsageError
from sync.github import publish, require_step_files
from sync.interruption import Interruption
from sync.report import console
from sync.report.document import Document
from sync.report.files import SOURCE, ReportFolder
from sync.report.lines import trace
from sync.report.terminal import Printer
from sync.run.job import Job
from sync.run.past import Past, files_read, read_past
from sync.run.settings import Command, Settings
from sync.runner import in_ci


def run(settings: Settings, out: Printer, interruption: Interruption) -> ExitCode:
    """Run one command between two environments, and write its reports however it ends.

    Raises `UsageError` where a setting contradicts the plan that is to be carried out, and another
    `HeimdallSyncError` where what it finds out could not be written in the end.
    """
    require_step_files()
    for warning in settings.warnings:
        out.show(console.note(warning))
    document = Document(source_url=settings.source_name, target_url=settings.target_url)
    folder = ReportFolder(settings.output_dir, files_read(settings), shared=in_ci())
    code = ExitCode.DONE
    error: HeimdallSyncError | None = None
    try:
        with interruption.armed():
            past = read_past(settings)
            folder.begin()
            with Job(settings, past, folder, out, interruption) as job:
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
        folder.write_reports(document)
        out.show(console.exported(document, folder.place(SOURCE)))
        out.show(console.reports(folder.path))
        out.show(console.next_step(document))
    except HeimdallSyncError as unwritten:
        if not error:  # else how the run ended says more
            raise
        if unwritten.message != error.message:
            out.show(console.failure(unwritten))
    out.show(publish(document, code, str(settings.output_dir)))
    return code


def _check(job: Job, _: Settings, __: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=True)
    return ExitCode.DONE


def _plan(job: Job, settings: Settings, _: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=False)
    plan = job.plan()
    job.judge(job.task(plan))
    job.propose(plan)
    differs = bool(plan.operations or plan.open_differences)
    return ExitCode.DIFFERENT if differs and settings.detailed_exitcode else ExitCode.DONE


def _drift(job: Job, _: Settings, past: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=False)
    plan = job.plan()
    job.tell_drift(past.receipt)
    return ExitCode.DIFFERENT if plan.operations or plan.open_differences else ExitCode.DONE


def _apply(job: Job, settings: Settings, past: Past) -> ExitCode:
    job.check_urls()
    job.check(must_write=True)
    task = job.task(job.plan(), past.approved, past.memory, resume=settings.resume)
    job.judge(task)
    if task.left:
        job.warn_of_token(task)
        job.countdown()
    if task.left or task.done:
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
