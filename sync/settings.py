"""Every option once: flag, environment variable, secrets file, `--help` and the README's table.

An option is a field of `Settings` that is marked with the section it is listed in; the rest follows
from its name, type, default and description. `python -m sync.settings` prints the README's table.
"""

import difflib
import os
import re
import sys
import textwrap
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sync import __version__
from sync.errors import UsageError
from sync.plan.model import Kind, Strategy

SECRETS = Path("/run/secrets")
EXIT_CODES = {
    "0": "done: the plan is written, or target equals source",
    "1": "failed, or finished and the two are not equal",
    "2": "differences found, where that was the question",
    "3": "refused: a guardrail, or the plan is no longer what was approved",
    "4": "healthcheck failed",
    "64": "wrong usage or settings",
    "130, 143": "interrupted or cancelled",
}


class Command(StrEnum):
    """What a run does."""

    CHECK = "check"
    PLAN = "plan"
    APPLY = "apply"
    DEMO = "demo"


class Section(StrEnum):
    """What options are listed under."""

    COMMAND = "command"
    ENVIRONMENTS = "environments (needed by check, plan and apply)"
    RUN = "what a run does"
    FILES = "files"
    REQUESTS = "requests"


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s?#@\\]", url):
        raise ValueError("should be an http(s) URL without credentials or query")
    return url.rstrip("/")


def _token(token: SecretStr) -> SecretStr:
    # the HTTP library's error about what can't stand in a header would repeat it
    if re.search(r"[^!-~]", token.get_secret_value()):
        raise ValueError("should be one line without spaces and without 'Bearer'")
    return token


def _separate(patterns: object) -> object:
    if not isinstance(patterns, str):
        return patterns
    return [pattern for pattern in map(str.strip, re.split(r"[\n,]", patterns)) if pattern]


def _pattern(pattern: str) -> str:
    kind, _, glob = pattern.partition(":")
    if kind not in set(Kind) or not glob:
        raise ValueError(f"should be kind:glob, the kind one of {', '.join(Kind)}")
    return pattern


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_separate)]


class Settings(BaseSettings):
    """The options of a run. The constructor takes values and looks nowhere else; `load` collects them.

    Where an environment is not needed, its URL and token are empty. `warnings` is no option: it is what
    people should hear about the way they gave the others.
    """

    model_config = SettingsConfigDict(
        env_prefix="HEIMDALL_",
        enable_decoding=False,  # lists are not written as JSON
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        validate_default=False,
    )

    command: Annotated[Command | None, Section.COMMAND] = Field(
        None,
        description="`check` both environments, show the `plan`, `apply` it, or run the `demo`, which brings "
        "its own two environments; without a command, `apply`, or `plan` with `--dry-run`",
    )
    source_url: Annotated[BaseUrl, Section.ENVIRONMENTS] = Field(
        "", description="URL of the environment that is only read"
    )
    source_token: Annotated[Token, Section.ENVIRONMENTS] = Field(
        SecretStr(""), description="Token of a superadmin of the source"
    )
    target_url: Annotated[BaseUrl, Section.ENVIRONMENTS] = Field(
        "", description="URL of the environment that is made equal to it"
    )
    target_token: Annotated[Token, Section.ENVIRONMENTS] = Field(
        SecretStr(""), description="Token of a superadmin of the target"
    )
    dry_run: Annotated[bool, Section.RUN] = Field(default=False, description="Show what would change")
    resume: Annotated[bool, Section.RUN] = Field(default=False, description="Go on where a run ended")
    strategy: Annotated[Strategy, Section.RUN] = Field(
        Strategy.LEAST_PRIVILEGE,
        description="With `least-privilege` no group can ever do what it can do neither before nor "
        "afterwards, with `zero-downtime` none ever lacks what it can do both before and afterwards",
    )
    accept: Annotated[Patterns, Section.RUN] = Field(
        (),
        description="Blocked differences that are known and don't fail the run, as `kind:glob`; "
        "repeatable, in the variable separated by commas or line breaks",
    )
    countdown: Annotated[int | None, Section.RUN] = Field(
        None,
        ge=0,
        description="Seconds before the first write; by default 5 on a terminal, else 0",
    )
    output_dir: Annotated[Path, Section.FILES] = Field(
        Path("heimdall-sync-report"), description="Folder that the reports are written to"
    )
    checkpoint_file: Annotated[Path, Section.FILES] = Field(
        Path("sync_checkpoint.json"), description="File in which an apply keeps what it has done"
    )
    concurrency: Annotated[int, Section.REQUESTS] = Field(
        8, ge=1, le=64, description="Requests at once for each environment, 1 to 64"
    )
    timeout: Annotated[float, Section.REQUESTS] = Field(
        30, gt=0, le=3600, description="Seconds for one request, at most 3600"
    )
    retries: Annotated[int, Section.REQUESTS] = Field(5, ge=1, description="Tries for one request")
    ca_file: Annotated[FilePath | None, Section.REQUESTS] = Field(
        None, description="Certificate of a private authority, in PEM format"
    )
    warnings: tuple[str, ...] = ()

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Let the constructor look at nothing but its arguments."""
        return (sources["init_settings"],)

    @property
    def effective_command(self) -> Command:
        """Return what to do, also where no command was given."""
        return self.command or (Command.PLAN if self.dry_run else Command.APPLY)

    def countdown_seconds(self, *, terminal: bool) -> int:
        """Return the seconds to wait before the first write."""
        return (5 if terminal else 0) if self.countdown is None else self.countdown


@dataclass(frozen=True, slots=True)
class Option:
    """One option as people meet it. `command` is a word instead of a flag.

    `value` stands for what the flag takes (`URL`) and is empty for a switch; no `default` is an empty one.
    """

    name: str
    flag: str
    value: str
    variable: str
    default: str
    description: str
    section: Section
    annotation: Any

    def is_needed_by(self, command: Command) -> bool:
        """Tell whether the command can't do without the option."""
        return self.section is Section.ENVIRONMENTS and command is not Command.DEMO


def options() -> Iterator[Option]:
    """Yield every option, section by section."""
    for name, field in Settings.model_fields.items():
        for section in field.metadata:
            if isinstance(section, Section):
                is_word = section is Section.COMMAND
                yield Option(
                    name,
                    flag=name if is_word else f"--{name.replace('_', '-')}",
                    value="" if is_word or field.annotation is bool else name.rpartition("_")[2].upper(),
                    variable=f"HEIMDALL_{name.upper()}",
                    default=str(field.default) if field.default else "",
                    description=field.description or "",
                    section=section,
                    annotation=field.annotation,
                )


def load(argv: Sequence[str], environ: Mapping[str, str] = os.environ, secrets: Path = SECRETS) -> Settings:
    """Return the settings from flags, variables and secrets files; the first of these that has a value wins.

    `argv` is without the program's name; the folder `secrets` need not exist. What is empty in a variable
    or a file counts as not given. `--help` and `--version` are answered and end in `SystemExit`.

    Raises `UsageError` with everything that is wrong, and no value in it.
    """
    if {"-h", "--help", "--version"} & set(argv):
        sys.stdout.write(f"heimdall-sync {__version__}\n" if "--version" in argv else help_text())
        sys.exit()
    problems: dict[str, str] = {}
    flags = _read_flags(argv, problems)
    given = _read_secrets(secrets, problems) | _read_variables(environ) | flags
    settings = _validate(given | {"warnings": _warnings(flags)}, problems)
    if settings.dry_run and settings.command is Command.APPLY:
        problems["dry_run"] = "contradicts the command apply"
    for option in options():
        if option.is_needed_by(settings.effective_command) and not getattr(settings, option.name):
            problems.setdefault(option.name, f"missing: {option.description}")
    if problems:
        labels = {option.name: f"{option.flag} ({option.variable})" for option in options()}
        raise UsageError(*(f"{labels.get(about, about)}: {problem}" for about, problem in problems.items()))
    return settings


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
                problems[position] = "not expected: there is a command already"
            values.setdefault("command", argument)
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


def _read_secrets(folder: Path, problems: dict[str, str]) -> dict[str, Any]:
    if not os.access(folder, os.R_OK | os.X_OK):
        return {}
    try:
        values = SecretsSettingsSource(Settings, folder)()
    except SettingsError:
        problems[str(folder)] = "holds the file of an option, but not as readable text"
        return {}
    return {name: value for name, value in values.items() if value}


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


def help_text() -> str:
    """Return what `--help` shows."""
    introduction = (
        "Make one Heimdall environment exactly equal to another. Each option is a flag, the environment "
        f"variable beside it, or a file in {SECRETS} named like the variable in lower case; the first of "
        "these that has a value wins."
    )
    lines = [f"usage: heimdall-sync [{' | '.join(Command)}] [options]", "", _wrapped(introduction)]
    for section, members in groupby(options(), key=lambda option: option.section):
        lines += ["", f"{section}:"]
        for option in members:
            default = f" (default: {option.default})" if option.default else ""
            lines.append(f"  {f'{option.flag} {option.value}':<32}{option.variable}")
            lines.append(_wrapped(f"{option.description.replace('`', '')}{default}", " " * 6))
    lines += ["", "  -h, --help", "      This text", "  --version", "      The version"]
    lines += ["", "exit codes:", *(f"  {code:<9}{meaning}" for code, meaning in EXIT_CODES.items())]
    return "\n".join([*lines, ""])


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 96, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def markdown_table() -> str:
    """Return the options as the table in the README."""
    rows = ["| option | environment variable | default | |", "| --- | --- | --- | --- |"]
    for option in options():
        default = (
            "*needed*" if option.is_needed_by(Command.APPLY) else option.default and f"`{option.default}`"
        )
        rows.append(f"| `{option.flag}` | `{option.variable}` | {default} | {option.description} |")
    return "\n".join([*rows, ""])


if __name__ == "__main__":
    sys.stdout.write(markdown_table())
