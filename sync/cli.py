"""The command `heimdall-sync`: settings in, one job, reports and an exit code out."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sync import demo
from sync.errors import CancelledError, ExitCode, HeimdallSyncError
from sync.job import Job
from sync.report import console
from sync.report.files import write_reports
from sync.report.terminal import Printer
from sync.settings import Command, Settings, load

Sleep = Callable[[float], None]


def main(argv: Sequence[str] | None = None, sleep: Sleep = time.sleep) -> int:
    """Run a command line and return the exit code."""
    out, err = Printer(sys.stdout), Printer(sys.stderr)
    try:
        settings = load(sys.argv[1:] if argv is None else argv)
        if settings.command is Command.DEMO:
            return demo.run(settings, lambda step: run(step, out, sleep), out)
        return run(settings, out, sleep)
    except HeimdallSyncError as error:
        err.show(console.failure(error))
        return error.exit_code
    except KeyboardInterrupt:
        err.show(console.failure(_cancelled(untouched=True)))
        return ExitCode.INTERRUPTED


def run(settings: Settings, out: Printer, sleep: Sleep = time.sleep) -> ExitCode:
    """Run one command between two environments, and write its reports however it ends."""
    for warning in settings.warnings:
        out.show(console.note(warning))
    error: HeimdallSyncError | None = None
    with Job(settings, out, sleep) as job:
        try:
            code = _COMMANDS[settings.effective_command](job, settings, out)
        except HeimdallSyncError as caught:
            error, code = caught, caught.exit_code
        except KeyboardInterrupt:
            error = _cancelled(untouched=job.document.target_untouched)
            code = error.exit_code
        document = replace(job.document, error=error)
    out.show(console.summary(document))
    write_reports(document, settings.output_dir)
    out.show(console.reports(settings.output_dir))
    return code


def _check(job: Job, _: Settings, __: Printer) -> ExitCode:
    job.check(must_write=True)
    return ExitCode.DONE


def _plan(job: Job, _: Settings, __: Printer) -> ExitCode:
    job.check(must_write=False)
    job.plan()
    return ExitCode.DONE


def _apply(job: Job, settings: Settings, out: Printer) -> ExitCode:
    job.check(must_write=True)
    plan = job.plan()
    if plan.operations:
        job.countdown(settings.countdown_seconds(terminal=out.is_terminal))
    job.apply(plan)
    return ExitCode.DONE if job.verify(plan) else ExitCode.FAILED


_COMMANDS: dict[Command, Callable[[Job, Settings, Printer], ExitCode]] = {
    Command.CHECK: _check,
    Command.PLAN: _plan,
    Command.APPLY: _apply,
}


def _cancelled(*, untouched: bool) -> CancelledError:
    if untouched:
        return CancelledError("cancelled, nothing was changed")
    return CancelledError("cancelled; what is done stays done", "run it again to finish")
