"""One command line: its exit code, and what a person hears where it ends before it began."""

import os
import sys
from collections.abc import Sequence

from sync.ci import in_workflow
from sync.errors import CancelledError, ExitCode, HeimdallSyncError
from sync.github import fold, masks, publish_error
from sync.interruption import Interruption
from sync.report import messages
from sync.report.terminal import Printer
from sync.run.command_line import load
from sync.run.commands import run
from sync.run.inputs import with_inputs
from sync.run.memory import manage_memory
from sync.run.option_table import Command


def process(arguments: Sequence[str], interruption: Interruption) -> int:
    """Run a command line and return the exit code. However it ends, a person is told."""
    manage_memory()
    out, err = Printer(sys.stdout, fold=fold if in_workflow() else None), Printer(sys.stderr)
    debug = "--debug" in arguments
    try:
        settings = load(arguments, with_inputs(os.environ))
        debug = settings.debug
        if in_workflow():
            out.show(masks(settings.secrets))
        if settings.command is Command.DEMO:
            from sync.run import demo  # noqa: PLC0415 - it takes the sandbox, which nobody else does

            return demo.run(settings, lambda step: run(step, out, interruption), out)
        return run(settings, out, interruption)
    except HeimdallSyncError as error:
        err.show(messages.failure(error))
        out.show(publish_error(error))
        return error.exit_code
    except KeyboardInterrupt:
        err.show(messages.failure(CancelledError(untouched=False)))
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user who has not asked for it
        if debug:
            err.show(messages.trace(error))
        unexpected = HeimdallSyncError(
            f"unexpected {type(error).__name__}: this is a bug in heimdall-sync",
            "run it again with --debug, and report what it shows",
        )
        err.show(messages.failure(unexpected))
        out.show(publish_error(unexpected))
        return ExitCode.FAILED
