"""The settings of a run: its options, and what follows from them."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sync.disk import name_beside
from sync.heimdall.credentials import Credentials
from sync.model.plan import Rules
from sync.run.option_table import Command, OptionTable


class Settings(OptionTable):
    """The options of a run, which `load` collects.

    Where an environment is not needed, its URL and token are empty. Three are no options: `warnings` are what
    people should hear about the way they gave the others, `pattern_files` where patterns were read from, and
    `typed` the flags but for secrets, None where nobody typed a command line.
    """

    warnings: tuple[str, ...] = ()
    pattern_files: tuple[Path, ...] = ()
    typed: dict[str, Any] | None = None

    @property
    def effective_command(self) -> Command:
        """Return what to do, also where no command was given."""
        return self.command or (Command.PLAN if self.dry_run else Command.APPLY)

    @property
    def applies(self) -> bool:
        """Tell whether the run changes the target."""
        command = self.effective_command
        return command is Command.APPLY or (command is Command.ROLLBACK and not self.dry_run)

    def is_file(self, side: str) -> bool:
        """Tell whether a snapshot's file or folder stands for the `source` or the `target`."""
        place = getattr(self, f"{side}_url")
        return bool(place) and not re.match(r"https?:", place, re.IGNORECASE)

    def file(self, side: str) -> Path | None:
        """Return the snapshot's file or folder that stands for a side, None where an environment is there."""
        return Path(getattr(self, f"{side}_url")) if self.is_file(side) else None

    def place(self, side: str) -> str:
        """Return what reports and plans call a side: its URL, or the name of the snapshot's file.

        Where both sides are files of one name, folders before it tell them apart; where on the machine the
        files are is no part of it.
        """
        file, url = self.file(side), getattr(self, f"{side}_url")
        other = self.file("target" if side == "source" else "source")
        return name_of_snapshot(file, other) if file else str(url)

    @property
    def name_of_source(self) -> str:
        """Return what reports call the source beside its URL: nothing where a backup stands in its place."""
        return "" if self.is_file("source") else self.source_name

    def credentials(self, side: str) -> Credentials:
        """Return what was given about the token of the `source` or the `target`."""
        names = [field.name for field in fields(Credentials)]
        return Credentials(**{name: getattr(self, f"{side}_{name}") for name in names})

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every secret that was given."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))

    @property
    def rules(self) -> Rules:
        """Return what a plan is made and judged by."""
        return Rules(**{name: getattr(self, name) for name in Rules.model_fields})

    def countdown_seconds(self, *, terminal: bool) -> int:
        """Return the seconds to wait before the first write."""
        return (5 if terminal else 0) if self.countdown is None else self.countdown


def name_of_snapshot(path: Path, other: Path | None = None) -> str:
    """Return what reports call a snapshot's file or folder, told from another one."""
    return f"snapshot {name_beside(path, other)}"
