"""Every option once: flag, environment variable, secrets file, `--help` and the README's table.

An option is a field of `Settings` that is marked with the section it is listed in; the rest follows
from its name, type, default and description. `python -m sync.run.command_line` prints the README's tables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sync.heimdall.credentials import Credentials
from sync.model.plan import Rules, Strategy
from sync.run.option_types import BaseUrl, Digest, File, Patterns, Source, Token


class Command(StrEnum):
    """What a run does."""

    CHECK = "check"
    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"
    EXPORT = "export"
    DEMO = "demo"


class Section(StrEnum):
    """What options are listed under."""

    COMMAND = "command"
    ENVIRONMENTS = "environments"
    TOKENS = "tokens that end sooner than a run (in place of a token)"
    RUN = "what a run does"
    SCOPE = "scope"
    GUARDRAILS = "guardrails"
    FILES = "files"
    REQUESTS = "requests"


class Settings(BaseSettings):
    """The options of a run. The constructor takes values and looks nowhere else; `load` collects them.

    Where an environment is not needed, its URL and token are empty. Three are no options: `warnings` are what
    people should hear about the way they gave the others, `pattern_files` where patterns were read from, and
    `typed` the flags but for secrets, None where nobody typed a command line.
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
        description="`check` both environments, show the `plan`, `apply` it, tell the `drift`, or `export` a "
        "snapshot of the source; `demo` brings its own two environments. On a person's machine none means "
        "`apply`, with `--dry-run` `plan`; in CI it must be given",
    )
    source_url: Annotated[Source, Section.ENVIRONMENTS] = Field(
        "", description="URL of the environment that is only read, or the file of a snapshot, to restore it"
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
    source_token_file: Annotated[Path | None, Section.TOKENS] = Field(
        None, description="File that holds the source's token, read again before the token ends"
    )
    source_token_url: Annotated[BaseUrl, Section.TOKENS] = Field(
        "", description="OAuth 2 token endpoint that issues the source's tokens"
    )
    source_client_id: Annotated[str, Section.TOKENS] = Field("", description="OAuth 2 client for the source")
    source_client_secret: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""), description="The client's secret"
    )
    source_refresh_token: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""), description="Refresh token (offline token) to use in place of the client's credentials"
    )
    target_token_file: Annotated[Path | None, Section.TOKENS] = Field(
        None, description="File that holds the target's token, read again before the token ends"
    )
    target_token_url: Annotated[BaseUrl, Section.TOKENS] = Field(
        "", description="OAuth 2 token endpoint that issues the target's tokens"
    )
    target_client_id: Annotated[str, Section.TOKENS] = Field("", description="OAuth 2 client for the target")
    target_client_secret: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""), description="The client's secret"
    )
    target_refresh_token: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""), description="Refresh token (offline token) to use in place of the client's credentials"
    )
    dry_run: Annotated[bool, Section.RUN] = Field(default=False, description="Show what would change")
    plan: Annotated[File | None, Section.RUN] = Field(
        None, description="The approved `plan.json`: `apply` does this and nothing else"
    )
    expect_digest: Annotated[Digest | None, Section.RUN] = Field(
        None, description="Digest that the approved plan must have"
    )
    resume: Annotated[bool, Section.RUN] = Field(
        default=False, description="Go on with what was approved and is left"
    )
    detailed_exitcode: Annotated[bool, Section.RUN] = Field(
        default=False, description="Let `plan` end with 2 where anything differs"
    )
    strategy: Annotated[Strategy, Section.RUN] = Field(
        Strategy.LEAST_PRIVILEGE,
        description="With `least-privilege` no group can ever do what it can do neither before nor "
        "afterwards, with `zero-downtime` none ever lacks what it can do both before and afterwards",
    )
    countdown: Annotated[int | None, Section.RUN] = Field(
        None,
        ge=0,
        description="Seconds before the first write; by default 5 on a terminal, else 0",
    )
    wait_for_caches: Annotated[bool, Section.RUN] = Field(
        default=False,
        description="After an apply, ask again after 300 s who decides what a server may still answer from "
        "its cache",
    )
    debug: Annotated[bool, Section.RUN] = Field(default=False, description="Show where an error comes from")
    accept: Annotated[Patterns, Section.SCOPE] = Field(
        (),
        description="Blocked differences that are known and don't fail the run, as `kind:name` or "
        "`kind:glob`; repeatable, in the variable one a line or separated by commas, `@file` for the lines "
        "of a file",
    )
    protect: Annotated[Patterns, Section.SCOPE] = Field(
        (), description="What is compared and shown, and never changed, given like `--accept`"
    )
    ignore: Annotated[Patterns, Section.SCOPE] = Field(
        (), description="What is out of scope on both sides, with the edges to it, given like `--accept`"
    )
    max_delete_percent: Annotated[int, Section.GUARDRAILS] = Field(
        30, ge=0, le=100, description="Refuse to delete more than this of a kind"
    )
    delete_guard_minimum: Annotated[int, Section.GUARDRAILS] = Field(
        10, ge=1, description="From how many of a kind on that is looked at"
    )
    allow_empty_source: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow a kind that is empty in the source and not in the target"
    )
    allow_same_environment: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow source and target to have the same URL"
    )
    allow_superadmin_grant: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow to give a group the role `superadmin`"
    )
    allow_self_lockout: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow to take `superadmin` from a group that the token's user is in"
    )
    allow_http: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow plain HTTP to other hosts than this one"
    )
    fail_on_unprotected: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Refuse a plan after which an endpoint has no mapping any more"
    )
    no_contested_writes: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False,
        description="Refuse a plan in which a request is decided by a third mapping for a moment, and groups "
        "could get through or be kept out that the strategy protects",
    )
    output_dir: Annotated[Path, Section.FILES] = Field(
        Path("heimdall-sync-report"), description="Folder that the reports are written to"
    )
    checkpoint_file: Annotated[Path, Section.FILES] = Field(
        Path("sync_checkpoint.json"),
        description="File in which an apply keeps what it has done; in a workflow by default in the folder "
        "of the reports",
    )
    receipt: Annotated[File | None, Section.FILES] = Field(
        None, description="Receipt of the last apply, for `drift` to tell which side has moved since"
    )
    concurrency: Annotated[int, Section.REQUESTS] = Field(
        8, ge=1, le=64, description="Requests at once for each environment, 1 to 64"
    )
    timeout: Annotated[float, Section.REQUESTS] = Field(
        30, gt=0, le=3600, description="Seconds for one request as a whole, at most 3600"
    )
    retries: Annotated[int, Section.REQUESTS] = Field(5, ge=1, description="Tries for one request")
    give_up_after: Annotated[float, Section.REQUESTS] = Field(
        120,
        gt=0,
        le=86_400,
        description="Seconds to wait for an environment that has stopped answering, before the run ends",
    )
    ca_file: Annotated[File | None, Section.REQUESTS] = Field(
        None, description="Certificate of a private authority, in PEM format"
    )
    warnings: tuple[str, ...] = ()
    pattern_files: tuple[Path, ...] = ()
    typed: dict[str, Any] | None = None

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Let the constructor look at nothing but its arguments."""
        return (sources["init_settings"],)

    @property
    def effective_command(self) -> Command:
        """Return what to do, also where no command was given."""
        return self.command or (Command.PLAN if self.dry_run else Command.APPLY)

    @property
    def source_is_file(self) -> bool:
        """Tell whether a snapshot's file stands in for the source."""
        return bool(self.source_url) and not re.match(r"https?:", self.source_url, re.IGNORECASE)

    def credentials(self, side: str) -> Credentials:
        """Return what was given about the token of the `source` or the `target`."""
        names = [field.name for field in fields(Credentials)]
        return Credentials(**{name: getattr(self, f"{side}_{name}") for name in names})

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every secret that was given."""
        values = (getattr(self, option.name) for option in options() if option.annotation is SecretStr)
        return tuple(value.get_secret_value() for value in values)

    @property
    def source_name(self) -> str:
        """Return what reports and plans call the source: its URL, or the name of the snapshot's file."""
        return f"snapshot {Path(self.source_url).name}" if self.source_is_file else self.source_url

    @property
    def rules(self) -> Rules:
        """Return what a plan is made and judged by."""
        return Rules(**{name: getattr(self, name) for name in Rules.model_fields})

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


def problems_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what is missing or contradictory for the command, each with the option's name."""
    command = settings.effective_command
    sides = {Command.DEMO: (), Command.EXPORT: ("source",)}.get(command, ("source", "target"))
    for side in sides:
        if not getattr(settings, f"{side}_url"):
            yield f"{side}_url", f"missing: {Settings.model_fields[f'{side}_url'].description}"
        if side == "target" or not settings.source_is_file:
            for name, problem in settings.credentials(side).problems(allow_http=settings.allow_http):
                yield f"{side}_{name}", problem
    if settings.dry_run and settings.command is Command.APPLY:
        yield "dry_run", "contradicts the command apply"
    if settings.plan and command is not Command.APPLY:
        yield "plan", "goes with the command apply"
    if settings.resume and command is not Command.APPLY:
        yield "resume", "goes with the command apply"
    if settings.expect_digest and not settings.plan:
        yield "expect_digest", "goes with --plan"
