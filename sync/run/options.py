"""Options as people meet them, and what is missing or contradictory among those that were given."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.run.settings import Command, Section, Settings


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
