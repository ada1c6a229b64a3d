"""The whole job between two sandboxes: check, plan, apply, verify, and plan again."""

from collections.abc import Callable

from pydantic import SecretStr

from sync.apply.receipt import Receipt
from sync.errors import ExitCode
from sync.report import messages
from sync.report.files import RECEIPT
from sync.report.terminal import Printer
from sync.run.option_table import Command
from sync.run.settings import Settings
from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import launch


def run(settings: Settings, run_command: Callable[[Settings], ExitCode], out: Printer) -> ExitCode:
    """Run every step, each with a report folder of its own; stop at the first that fails.

    Raises `HeimdallSyncError` where the sandbox's extra is not installed.
    """
    with (
        launch(staging(), no_cache=True) as source,  # nobody who tries it out wants to wait for a cache
        launch(production(), people=PEOPLE, first_id=1000, no_cache=True) as target,
    ):
        between = {
            "source_url": source.url,
            "source_token": SecretStr(source.token),
            "target_url": target.url,
            "target_token": SecretStr(target.token),
            "source_name": settings.source_name or "staging",
            "target_name": settings.target_name or "production",
            "typed": None,  # the sandboxes are gone before anyone could type what a step proposes
        }
        for number, (command, title) in enumerate(_STEPS, start=1):
            out.show(messages.step(number, len(_STEPS), title))
            folder = settings.output_dir / f"{number}-{command}"
            # a checkpoint of its own: the one that is configured may be that of a real run
            files = {"output_dir": folder, "checkpoint_file": folder / "sync_checkpoint.json"}
            code = run_command(settings.model_copy(update={**between, "command": command, **files}))
            if code is not ExitCode.DONE:
                return code
            if command is Command.APPLY:
                applied = Receipt.model_validate_json((folder / RECEIPT).read_bytes())
    out.show(messages.demonstrated(applied.done, settings.output_dir.resolve()))
    return ExitCode.DONE


_STEPS = (
    (Command.CHECK, "Are both environments well, and may we do this?"),
    (Command.PLAN, "What would change? Nothing is changed yet"),
    (Command.APPLY, "Make production what staging is, and prove it"),
    (Command.PLAN, "What would change now? Nothing is left"),
)
