"""The healthcheck: alive, token, superadmin and permissions, without changing anything."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `message` in one line, `remedy` what to do about it (empty where all is well).

    `side` is `source` or `target`; `check` names what was looked at: `API`, `token`, `superadmin`, …
    """

    side: str
    check: str
    level: Level
    message: str
    remedy: str = ""
