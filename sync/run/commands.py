"""What each command does, as a chain of stages."""

import sys
from dataclasses import replace

from sync.ci import in_ci
from sync.errors import CancelledError, ExitCode, HeimdallSyncError, UsageError
from sync.github import publish, require_step_files
from sync.interruption import Interruption
from sync.report import messages
from sync.report.console import Console
from sync.report.document import Document
from sync.report.files import ReportFolder
from sync.report.terminal import Printer
from sync.run.applying import apply, verify
from sync.run.connection import Connected, connect
from sync.run.drifting import explain_drift
from sync.run.exporting import export, keep_export_apart
from sync.run.input_files import input_paths, read_input_files
from sync.run.option_table import Command
from sync.run.planning import approve, check, plan, propose, read
from sync.run.record import Record
from sync.run.settings import Settings


def run(settings: Settings, out: Printer, interruption: Interruption) -> ExitCode:
    """Run one command between two environments, and write its reports however it ends.

    Raises `UsageError` where a setting contradicts the plan that is to be carried out, and another
    `HeimdallSyncError` where what it finds out could not be written in the end.
    """
    require_step_files()
    for warning in settings.warnings:
        out.show(messages.note(warning))
    record = Record(
        Document(
            source_url=settings.place("source"),
            target_url=settings.place("target"),
            source_name=settings.name_of_source,
            target_name=settings.target_name,
        ),
        ReportFolder(settings.output_dir, input_paths(settings), shared=in_ci()),
        out,
    )
    code = ExitCode.DONE
    error: HeimdallSyncError | None = None
    try:
        with interruption.armed():
            keep_export_apart(settings, input_paths(settings))
            files = read_input_files(settings)
            record.folder.begin()
            with connect(settings, files, record, interruption) as connected:
                code = _stages(connected)
    except CancelledError as cancelled:
        error = CancelledError(cancelled.signal, untouched=record.document.target_untouched)
    except UsageError:
        raise
    except HeimdallSyncError as caught:
        if settings.debug:
            Printer(sys.stderr).show(messages.trace(caught))
        error = caught
    is_proposal = settings.effective_command is Command.PLAN
    document, folder = replace(record.document, error=error, is_proposal=is_proposal), record.folder
    if error:
        code = error.exit_code
    out.show(Console(document).summary())
    try:
        folder.write_reports(document)
        out.show(Console(document).exported())
        out.show(messages.reports(folder.path))
        out.show(Console(document).next_step())
    except HeimdallSyncError as unwritten:
        if not error:  # else how the run ended says more
            raise
        if unwritten.message != error.message:
            out.show(messages.failure(unwritten))
    out.show(publish(document, code, str(settings.output_dir)))
    return code


def _stages(connected: Connected) -> ExitCode:
    """Do what the command asks for, stage by stage."""
    settings = connected.settings
    command = settings.effective_command
    if command is Command.ROLLBACK:
        command = Command.APPLY if settings.applies else Command.PLAN
    match command:
        case Command.CHECK:
            check(connected, must_write=True)
        case Command.EXPORT:
            export(connected)
        case Command.PLAN:
            propose(approve(plan(read(check(connected, must_write=False)))))
            if connected.record.document.differs and settings.detailed_exitcode:
                return ExitCode.DIFFERENT
        case Command.DRIFT:
            explain_drift(plan(read(check(connected, must_write=False))))
            if connected.record.document.differs:
                return ExitCode.DIFFERENT
        case Command.APPLY:
            applied = apply(approve(plan(read(check(connected, must_write=True)))))
            if not verify(applied).identical:
                return ExitCode.FAILED
    return ExitCode.DONE
