"""Options as people meet them, and what is missing or contradictory among those that were given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.run.option_table import Command, Section
from sync.run.option_types import Layout
from sync.run.settings import Settings


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
    sides = {Command.DEMO: (), Command.EXPORT: (settings.side.value,)}.get(command, ("source", "target"))
    for side in sides:
        if not getattr(settings, f"{side}_url"):
            if side == "source" and command is Command.ROLLBACK:
                yield "backup", "missing: backup to restore, a file or a folder that holds one"
                continue
            description = Settings.model_fields[f"{side}_url"].description or ""
            yield f"{side}_url", f"missing: {description.partition('. ')[0]}"
        if not settings.is_file(side):
            for name, problem in settings.credentials(side).problems(allow_http=settings.allow_http):
                yield f"{side}_{name}", problem
    yield from _of_snapshots(settings)
    yield from _of_approval(settings)


def _of_snapshots(settings: Settings) -> Iterator[tuple[str, str]]:
    command = settings.effective_command
    if settings.applies and settings.is_file("target"):
        yield "target_url", "a snapshot can't be changed; give the URL of an environment"
    if settings.contract and not settings.is_file("target"):
        yield "contract", "goes with a snapshot as --target-url"
    if settings.against_git and command is not Command.DRIFT:
        yield "against_git", "goes with the command drift"
    if settings.against_git and settings.receipt:
        yield "against_git", "contradicts --receipt; give only one of the two"
    for name in ("side", "layout", "export_path"):
        if command is not Command.EXPORT and name in settings.model_fields_set:
            yield name, "goes with the command export"
    if settings.export_path and settings.layout is Layout.FILE and settings.export_path.suffix == ".toml":
        yield "export_path", "should end in .json, unless you give --layout folder"


def _of_approval(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.dry_run and settings.command is Command.APPLY:
        yield "dry_run", "contradicts the command apply"
    for name in ("plan", "resume"):
        if getattr(settings, name) and not settings.applies:
            yield name, "goes with the commands apply and rollback, without --dry-run"
    if settings.backup and settings.command is not Command.ROLLBACK:
        yield "backup", "goes with the command rollback"
    if settings.expect_digest and not settings.plan:
        yield "expect_digest", "goes with --plan"
