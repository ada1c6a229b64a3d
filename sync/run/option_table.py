"""Every option once: flag, environment variable, secrets file, `--help` and the table in `docs/options.md`.

An option is a field that is marked with the section it is listed in; the rest follows
from its name, type, default and description. `make tables` writes that table.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sync.model.plan import Strategy
from sync.overlaps.questions import Ask
from sync.run.option_types import (
    BaseUrl,
    Digest,
    Endpoints,
    EnvironmentNames,
    ExportedSide,
    File,
    FileOrFolder,
    Layout,
    Name,
    Patterns,
    Place,
    Roles,
    Token,
)


class Command(StrEnum):
    """What a run does."""

    CHECK = "check"
    PLAN = "plan"
    APPLY = "apply"
    ROLLBACK = "rollback"
    DRIFT = "drift"
    EXPORT = "export"
    DEMO = "demo"


class Section(StrEnum):
    """What options are listed under."""

    COMMAND = "command"
    ENVIRONMENTS = "environments"
    TOKENS = "tokens that are renewed (instead of a fixed token)"
    RUN = "what a run does"
    SCOPE = "scope"
    GUARDRAILS = "guardrails"
    FILES = "files"
    REQUESTS = "requests"


class OptionTable(BaseSettings):
    """A field for each option. The constructor takes values and looks nowhere else."""

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
        description="`check` tests both environments, `plan` shows what would change, `apply` changes the "
        "target, `rollback` restores a backup, `drift` reports differences, `export` writes a snapshot, "
        "`demo` runs everything between two sandboxes. CI must name one; elsewhere the default is "
        "`apply`, or `plan` with `--dry-run`",
    )
    source_url: Annotated[Place, Section.ENVIRONMENTS] = Field(
        "",
        description="URL of the environment to copy from; it is only read. The file or folder of a snapshot "
        "can be given instead, such as a backup or a folder in git",
    )
    source_token: Annotated[Token, Section.ENVIRONMENTS] = Field(
        SecretStr(""), description="Token of a superadmin of the source"
    )
    source_name: Annotated[Name, Section.ENVIRONMENTS] = Field(
        "", description="What reports call the source beside its URL, such as `staging`"
    )
    target_url: Annotated[Place, Section.ENVIRONMENTS] = Field(
        "",
        description="URL of the environment to change. To only compare, the file or folder of a snapshot can "
        "be given instead",
    )
    target_token: Annotated[Token, Section.ENVIRONMENTS] = Field(
        SecretStr(""), description="Token of a superadmin of the target"
    )
    target_name: Annotated[Name, Section.ENVIRONMENTS] = Field(
        "", description="What reports call the target beside its URL, such as `production`"
    )
    source_token_file: Annotated[Path | None, Section.TOKENS] = Field(
        None, description="File with the source's token; it is read again when the token is about to expire"
    )
    source_token_url: Annotated[BaseUrl, Section.TOKENS] = Field(
        "", description="OAuth 2 token endpoint that issues tokens for the source"
    )
    source_client_id: Annotated[str, Section.TOKENS] = Field(
        "", description="OAuth 2 client ID for the source"
    )
    source_client_secret: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""), description="Secret of the source's client"
    )
    source_refresh_token: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""),
        description="Refresh token (offline token) for the source, used instead of client credentials",
    )
    target_token_file: Annotated[Path | None, Section.TOKENS] = Field(
        None, description="File with the target's token; it is read again when the token is about to expire"
    )
    target_token_url: Annotated[BaseUrl, Section.TOKENS] = Field(
        "", description="OAuth 2 token endpoint that issues tokens for the target"
    )
    target_client_id: Annotated[str, Section.TOKENS] = Field(
        "", description="OAuth 2 client ID for the target"
    )
    target_client_secret: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""), description="Secret of the target's client"
    )
    target_refresh_token: Annotated[Token, Section.TOKENS] = Field(
        SecretStr(""),
        description="Refresh token (offline token) for the target, used instead of client credentials",
    )
    dry_run: Annotated[bool, Section.RUN] = Field(default=False, description="Only show what would change")
    backup: Annotated[FileOrFolder | None, Section.RUN] = Field(
        None,
        description="Backup that `rollback` restores: its file, or a downloaded folder that holds it. If the "
        "plan that it was made for is beside it, the rollback leaves alone what that plan left alone",
    )
    plan: Annotated[File | None, Section.RUN] = Field(
        None,
        description="File of the approved plan (`plan.json`): `apply` and `rollback` carry out "
        "exactly this plan, or refuse",
    )
    expect_digest: Annotated[Digest | None, Section.RUN] = Field(
        None, description="Digest of the approved plan: `apply` and `rollback` refuse any other plan"
    )
    resume: Annotated[bool, Section.RUN] = Field(
        default=False, description="Continue an interrupted apply: carry out the rest of the approved plan"
    )
    detailed_exitcode: Annotated[bool, Section.RUN] = Field(
        default=False, description="End `plan` with exit code 2 if anything differs"
    )
    strategy: Annotated[Strategy, Section.RUN] = Field(
        Strategy.LEAST_PRIVILEGE,
        description="What must not happen during an apply, not even for a moment. `least-privilege`: a group "
        "has access that it has neither before nor after. `zero-downtime`: a group lacks access "
        "that it has both before and after",
    )
    ask: Annotated[Ask, Section.RUN] = Field(
        Ask.FEWEST,
        description="Which requests each server is asked about: `fewest` leaves out those whose winner "
        "follows from other answers and checks ten actions for an old name, `all` asks about every one, "
        "twice in an apply",
    )
    countdown: Annotated[int | None, Section.RUN] = Field(
        None,
        ge=0,
        description="Seconds to wait before the first write, so that you can cancel; "
        "default 5 on a terminal, else 0",
    )
    wait_for_caches: Annotated[bool, Section.RUN] = Field(
        default=False,
        description="After an apply, wait 300 s and verify again whatever a server may "
        "have answered from its cache",
    )
    debug: Annotated[bool, Section.RUN] = Field(default=False, description="Show the traceback of an error")
    accept: Annotated[Patterns, Section.SCOPE] = Field(
        (),
        description="Blocked differences that an apply may leave, as `kind:name` or "
        "`kind:glob`. Repeat the flag; in the variable write one per line or separate them by "
        "commas; `@file` reads a file, one per line",
    )
    protect: Annotated[Patterns, Section.SCOPE] = Field(
        (), description="Entities to compare and show, but never to change; written as for `--accept`"
    )
    ignore: Annotated[Patterns, Section.SCOPE] = Field(
        (),
        description="Entities to leave out on both sides, with their assignments; written as for `--accept`",
    )
    recreate: Annotated[Roles, Section.SCOPE] = Field(
        (),
        description="Roles to delete and create again if only that changes the description, for example "
        "`role:auditor`; their groups lose access for a moment; written as for `--accept`",
    )
    max_delete_percent: Annotated[int, Section.GUARDRAILS] = Field(
        30, ge=0, le=100, description="Refuse a plan that deletes a larger percentage of any kind"
    )
    delete_guard_minimum: Annotated[int, Section.GUARDRAILS] = Field(
        10,
        ge=1,
        description="Apply --max-delete-percent only to kinds of which the target holds at least this many",
    )
    allow_empty_source: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False,
        description="Allow a source that has none of a kind (no roles, say) although the target has some",
    )
    allow_same_environment: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow source and target to have the same URL"
    )
    allow_superadmin_grant: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow a plan that gives a group the role `superadmin`"
    )
    allow_self_lockout: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False,
        description="Allow a plan that takes `superadmin` from a group of the token's own user",
    )
    allow_http: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow unencrypted HTTP to other machines"
    )
    fail_on_unprotected: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Refuse a plan that leaves an endpoint without a mapping"
    )
    fail_on_transient_exposure: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False,
        description="Refuse a plan with a transient exposure: for a moment a third mapping wins a request, "
        "against what the strategy guarantees",
    )
    fail_on_new_access: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False,
        description="Refuse a plan by which a group gains access, or an endpoint opens to everyone",
    )
    sensitive: Annotated[Endpoints, Section.GUARDRAILS] = Field(
        (),
        description="Endpoints that no group may gain, as a method and a path or a glob, for example "
        "`DELETE /api/v1/users*`: such a plan is refused. Repeat the flag; in the variable write one per "
        "line or separate them by commas; `@file` reads a file, one per line",
    )
    allow_sensitive: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow a plan by which a group gains an endpoint that `--sensitive` names"
    )
    gate: Annotated[EnvironmentNames, Section.GUARDRAILS] = Field(
        (),
        description="Environments on GitHub that an apply waits in. Refuse the run before it plans if one of "
        "them asks no other person; this needs `GITHUB_TOKEN` with `actions: read`. Repeat the flag; in the "
        "variable write one per line",
    )
    accept_ungated: Annotated[bool, Section.GUARDRAILS] = Field(
        default=False, description="Allow an environment of `--gate` that asks no other person"
    )
    side: Annotated[ExportedSide, Section.FILES] = Field(
        ExportedSide.SOURCE, description="Which environment `export` reads: `source` or `target`"
    )
    layout: Annotated[Layout, Section.FILES] = Field(
        Layout.FILE,
        description="What `export` writes: `file`, one file for programs, or `folder`, a folder that a "
        "person can review and edit",
    )
    export_path: Annotated[Path | None, Section.FILES] = Field(
        None,
        description="File or folder that `export` writes; the default is `snapshot-source.json`, or "
        "`snapshot-source`, among the reports",
    )
    contract: Annotated[File | None, Section.FILES] = Field(
        None,
        description="File with the target's API schema (`openapi.json`), for a snapshot as the target; "
        "without it, heimdall-sync uses the schema that it knows",
    )
    output_dir: Annotated[Path, Section.FILES] = Field(
        Path("heimdall-sync-report"), description="Folder for the reports"
    )
    checkpoint_file: Annotated[Path, Section.FILES] = Field(
        Path("sync_checkpoint.json"),
        description="File that records the progress of an apply, for `--resume`; in GitHub Actions it is in "
        "the report folder unless set",
    )
    receipt: Annotated[File | None, Section.FILES] = Field(
        None, description="Receipt of the last apply; with it, `drift` tells which side has changed since"
    )
    against_git: Annotated[FileOrFolder | None, Section.FILES] = Field(
        None,
        description="File or folder of a snapshot in git; with it, `drift` tells what has changed since: in "
        "the source, in the target or in both",
    )
    concurrency: Annotated[int, Section.REQUESTS] = Field(
        8,
        ge=1,
        le=64,
        description="How many requests run at the same time for each environment at most, 1 to 64; fewer run "
        "where more only make a queue",
    )
    timeout: Annotated[float, Section.REQUESTS] = Field(
        30, gt=0, le=3600, description="Seconds that one request may take in all, at most 3600"
    )
    retries: Annotated[int, Section.REQUESTS] = Field(
        5, ge=1, description="How many times a request is tried, the first time included"
    )
    give_up_after: Annotated[float, Section.REQUESTS] = Field(
        120,
        gt=0,
        le=86_400,
        description="Seconds to wait for an unreachable environment before the run ends",
    )
    ca_file: Annotated[File | None, Section.REQUESTS] = Field(
        None, description="Certificate of your private certificate authority, in PEM format"
    )

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[Any, ...]:
        """Let the constructor look at nothing but its arguments."""
        return (sources["init_settings"],)
