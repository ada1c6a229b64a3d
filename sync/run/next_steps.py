"""The command lines that a run proposes. Each works as it stands, where the run was started.

What was given as flags is repeated in them; variables are still there, and no line has a secret in it. In CI
nobody has a shell: there a line is for whoever has downloaded the reports.
"""

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sync.ci import in_ci, in_workflow
from sync.disk import is_same
from sync.model.plan import Plan
from sync.run.option_table import Command, Section
from sync.run.options import options
from sync.run.settings import Settings

_REPEATED = {Section.ENVIRONMENTS, Section.TOKENS, Section.FILES, Section.REQUESTS}
_OF_SOURCE = {option.name for option in options() if option.name.startswith("source_")}


def line_to_apply(settings: Settings, plan: Plan, file: Path) -> str:
    """Return the command line that applies a plan, empty where nobody could run it."""
    if settings.typed is None or in_ci():
        return ""
    given = {"plan": str(file), "expect_digest": plan.digest}
    if settings.command is not Command.ROLLBACK:
        return _line(Command.APPLY, given | _typed(settings, left_out={"receipt"}))
    back = {"backup": str(settings.backup), **given}
    return _line(Command.ROLLBACK, back | _typed(settings, left_out={"receipt", *_OF_SOURCE}))


def line_to_go_back(settings: Settings, plan: Plan, backup: Path) -> str:
    """Return the command line that undoes an apply of a plan, empty where nobody could run it.

    What to leave alone is said by the plan, which is kept beside the backup. In a workflow of GitHub there is
    no such line: it would go past the approval.
    """
    if settings.typed is None or in_workflow():
        return ""
    elsewhere = in_ci()
    given: dict[str, Any] = {"backup": backup.name if elsewhere else str(backup)}
    if elsewhere:
        given["target_url"] = settings.target_url
    if "strategy" in settings.model_fields_set and plan.strategy != _known(settings, "strategy"):
        given["strategy"] = plan.strategy
    if plan.rules.allow_http and not _known(settings, "allow_http"):
        given["allow_http"] = True
    return _line(Command.ROLLBACK, given | _typed(settings, left_out={"receipt", *_OF_SOURCE}))


def _known(settings: Settings, name: str) -> Any:
    """Return what an option is without the flags that were given, as far as that can be known."""
    if in_ci() or name in (settings.typed or ()):
        return Settings.model_fields[name].default
    return getattr(settings, name)


def _typed(settings: Settings, left_out: set[str]) -> dict[str, Any]:
    repeated = {option.name for option in options() if option.section in _REPEATED} - left_out
    return {name: value for name, value in (settings.typed or {}).items() if name in repeated}


def _line(command: Command, given: Mapping[str, Any]) -> str:
    words = [_program(), command.value]
    flags = {option.name: option.flag for option in options()}
    for name, value in given.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            words += [flags[name]] if each is True else [flags[name], str(each)]
    return shlex.join(words)


def _program() -> str:
    """Return what starts this program: a path only where it was typed as one."""
    name, started = "heimdall-sync", Path(sys.argv[0])
    found = shutil.which(name)
    is_found = found is not None and is_same(Path(found), started)
    typed = started.name == name and not started.is_absolute() and not is_found
    return str(started) if typed else name
