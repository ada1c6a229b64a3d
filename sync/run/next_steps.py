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

from sync.ci import in_ci
from sync.disk import is_same
from sync.model.plan import Plan, Rules
from sync.model.snapshot import Snapshot
from sync.plan.guardrails import objections_to_plan
from sync.plan.resume import reversal
from sync.run.options import options
from sync.run.settings import Command, Section, Settings

_REPEATED = {Section.ENVIRONMENTS, Section.TOKENS, Section.FILES, Section.REQUESTS}
_SCOPE = ("strategy", "accept", "protect", "ignore", "recreate", "delete_guard_minimum", "allow_http")
"""The rules that a rollback takes over. What refuses more than the usual would only stand in its way."""


def line_to_apply(settings: Settings, plan: Plan, file: Path) -> str:
    """Return the command line that applies a plan, empty where nobody could run it."""
    if settings.typed is None or in_ci():
        return ""
    given = {"plan": str(file), "expect_digest": plan.digest}
    return _line(given | _typed(settings, left_out={"receipt"}))


def line_to_go_back(settings: Settings, plan: Plan, before: Snapshot, backup: Path) -> str:
    """Return the command line that undoes an apply of a plan, empty where nobody could run it.

    `before` is what the target held. What guardrails would object to is allowed in it: it was there before.
    """
    if settings.typed is None:
        return ""
    elsewhere = in_ci()
    given: dict[str, Any] = {"source_url": backup.name if elsewhere else str(backup)}
    if elsewhere:
        given["target_url"] = settings.target_url
    undoing, after = reversal(plan, before)
    known = {name: _known(settings, name) for name in Rules.model_fields}
    rules = {name: getattr(plan.rules, name) for name in _SCOPE}
    given |= {name: value for name, value in rules.items() if value and value != known[name]}
    asked = undoing.model_copy(update={"rules": Rules(**(known | rules))})
    for objection in objections_to_plan(asked, before, after):
        name = objection.setting.removeprefix("--").replace("-", "_")
        if not objection.allowed and name.startswith(("allow_", "max_")):
            given[name] = 100 if name == "max_delete_percent" else True
    left_out = {"receipt", *(option.name for option in options() if option.name.startswith("source_"))}
    return _line(given | _typed(settings, left_out))


def _known(settings: Settings, name: str) -> Any:
    """Return what an option is without the flags that were given, as far as that can be known."""
    if in_ci() or name in (settings.typed or ()):
        return Settings.model_fields[name].default
    return getattr(settings, name)


def _typed(settings: Settings, left_out: set[str]) -> dict[str, Any]:
    repeated = {option.name for option in options() if option.section in _REPEATED} - left_out
    return {name: value for name, value in (settings.typed or {}).items() if name in repeated}


def _line(given: Mapping[str, Any]) -> str:
    words = [_program(), Command.APPLY.value]
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
