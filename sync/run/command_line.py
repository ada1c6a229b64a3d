"""The command line, variables and secrets files → settings."""

import difflib
import os
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from sync.ci import INPUT_COMMAND, in_ci, in_workflow
from sync.errors import UsageError
from sync.run.backup import backup_in
from sync.run.help import SECRETS
from sync.run.option_table import Command, Section
from sync.run.option_types import is_there
from sync.run.options import options, problems_of
from sync.run.settings import Settings


def load(argv: Sequence[str], environ: Mapping[str, str] = os.environ, secrets: Path = SECRETS) -> Settings:
    """Return the settings from flags, variables and secrets files; the first of these that has a value wins.

    `argv` is without the program's name; the folder `secrets` need not exist. What is empty in a variable
    or a file counts as not given.

    Raises `UsageError` with everything that is wrong, and no value in it.
    """
    problems: dict[str, str] = {}
    # what an action's input that was not given becomes among its arguments
    flags = _read_flags(argv[1:] if argv and not argv[0].strip() else argv, problems)
    files, unread = _read_secrets(secrets)
    given = _defaults(environ) | files | _read_variables(environ) | flags
    _require_command(given.get("command", Command.APPLY))
    if given.get("command") == Command.ROLLBACK:
        given = _with_backup_as_source(given, problems)
    problems |= {name: problem for name, problem in unread.items() if name not in given}
    secret = {option.name for option in options() if option.annotation is SecretStr}
    told = {
        "warnings": _warnings(flags),
        "pattern_files": _pattern_files(given),
        "typed": {name: value for name, value in flags.items() if name not in secret},
    }
    settings = _validate(given | told, problems)
    for name, problem in problems_of(settings):
        problems.setdefault(name, problem)
    for problem in _problems_of_command(settings, flags, environ):
        problems.setdefault("command", problem)
    if problems:
        if _is_closed(secrets):
            problems[f"{secrets}"] = "this user can't open the folder, which may hold the missing settings"
        labels = {option.name: f"{option.flag} ({option.variable})" for option in options()}
        raise UsageError(*(f"{labels.get(about, about)}: {problem}" for about, problem in problems.items()))
    return settings


def _problems_of_command(
    settings: Settings, flags: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield what is wrong with the command where nobody looks on: there a missing one must not mean apply."""
    asked = environ.get(INPUT_COMMAND, "").strip()
    if asked and flags.get("command", asked) != asked:
        yield "the action's argument differs from its input"
    if settings.command is None and in_ci(environ):
        yield "missing: check, plan, apply, rollback, drift or export"


def _defaults(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what is the default in a workflow of GitHub: the checkpoint among what is kept of a run."""
    if not in_workflow(environ):
        return {}
    folder = environ.get("HEIMDALL_OUTPUT_DIR") or str(Settings.model_fields["output_dir"].default)
    return {"checkpoint_file": Path(folder, "sync_checkpoint.json")}


def _with_backup_as_source(given: Mapping[str, Any], problems: dict[str, str]) -> dict[str, Any]:
    """Return what was given with a backup in the place of everything about the source."""
    others = {name: value for name, value in given.items() if not name.startswith("source_")}
    place = Path(str(given["backup"])) if "backup" in given else None
    try:
        if place and is_there(place):
            others["source_url"] = str(backup_in(place) if place.is_dir() else place)
    except UsageError as error:
        problems["backup"] = error.message
    return others


def _read_flags(argv: Sequence[str], problems: dict[str, str]) -> dict[str, Any]:
    # not with argparse, which ends at the first problem and repeats what was typed: it may be a token
    flags = {option.flag: option for option in options() if option.section is not Section.COMMAND}
    values: dict[str, Any] = {}
    rest = deque(argv)
    while rest:
        argument = rest.popleft()
        position = f"argument {len(argv) - len(rest)}"
        if not argument.startswith("-"):
            if "command" in values:
                problems[position] = "unexpected: the command is already given"
            values.setdefault("command", argument.strip())
            continue
        flag, equals, value = argument.partition("=")
        option = flags.get(flag)
        if not equals and rest and not rest[0].startswith("--") and (option is None or option.value):
            value = rest.popleft()
        if option is None:
            about = flag if re.fullmatch(r"--?[a-z][a-z_-]{0,30}", flag) else position
            similar = difflib.get_close_matches(flag, flags, n=1)
            problems[about] = f"no such flag; did you mean {similar[0]}?" if similar else "no such flag"
        elif not option.value:
            values[option.name] = True
            if equals:
                problems[option.name] = "takes no value"
        elif not value:
            problems[option.name] = "expects a value"
        elif get_origin(option.annotation) is tuple:
            values.setdefault(option.name, []).append(value)
        else:
            values[option.name] = value
    return values


def _read_variables(environ: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environ.items() if value.strip()}
    return source()


def _read_secrets(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values that files hold, and which files hold one that can't be read; both by the option."""
    values, unread = {}, {}
    for option in () if _is_closed(folder) else options():
        path = folder / option.variable.lower()
        try:
            values[option.name] = path.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except UnicodeDecodeError:
            unread[option.name] = f"its file {path} is not UTF-8 text"
        except OSError as error:
            unread[option.name] = f"its file {path} can't be read: {error.strerror}"
    return {name: value for name, value in values.items() if value}, unread


def _is_closed(folder: Path) -> bool:
    """Tell whether this user may not open files of a folder."""
    try:
        (folder / "any").stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _require_command(given: str) -> None:
    """Raise `UsageError` where this is no command: of what else was given, little would make sense then."""
    if given in set(Command):
        return
    # anything else may be a token in a wrong place
    quoted = f" '{given}'" if re.fullmatch(r"[a-zA-Z][a-zA-Z_-]{0,30}", given) else ""
    similar = difflib.get_close_matches(given.lower(), Command, n=1)
    way_out = f"did you mean {similar[0]}?" if similar else f"the commands are {', '.join(Command)}"
    raise UsageError(f"unknown command{quoted}; {way_out}")


def _validate(given: Mapping[str, Any], problems: dict[str, str]) -> Settings:
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]): detail["msg"] for detail in error.errors()}
    for name, message in wrong.items():
        problems.setdefault(name, message.removeprefix("Value error, ").removeprefix("Input "))
    return Settings(**{name: value for name, value in given.items() if name not in wrong})


def _warnings(flags: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{option.flag} is visible to every process of this machine: use {option.variable}"
        for option in options()
        if option.annotation is SecretStr and option.name in flags
    )


def _pattern_files(given: Mapping[str, Any]) -> tuple[Path, ...]:
    """Return the files that `@` names among patterns."""
    values = [
        given.get(option.name, ())
        for option in options()
        if get_origin(option.annotation) is tuple and option.name != "gate"  # a name may begin with @
    ]
    texts = [text for value in values for text in ([value] if isinstance(value, str) else value)]
    return tuple(
        Path(name.strip()) for text in texts for name in re.findall(r"(?:^|[\n,])\s*@([^\n,]+)", text)
    )
