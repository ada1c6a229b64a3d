"""The layer in front of the database that decides which mapping a request falls under."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sync.sandbox.clock import Clock

ANSWER_LIFETIME = timedelta(seconds=300)
"""How long the answer for an exact path is given again without looking."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A mapping as it was when it was written, which is how it decides."""

    mapping_id: int
    action: str
    path_pattern: str
    method: str
    description: str | None


@cache
def _compiled(path_pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(path_pattern)
    except (re.error, ValueError):
        return None


class Resolver:
    """Decide by the first pattern that matches the start of a path, the one written last asked first.

    An answer for an exact path, also that there is none, holds for five minutes whatever is written
    meanwhile; only deleting a mapping takes its answers along. What the database deletes by cascade
    stays here until `rebuild`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._written: dict[str, dict[str, Decision]] = {}
        self._answers: dict[tuple[str, str], tuple[datetime, Decision | None]] = {}

    def write(self, decision: Decision) -> None:
        """Put a mapping in front of all others of its method."""
        patterns = self._written.setdefault(decision.method, {})
        patterns.pop(decision.path_pattern, None)
        patterns[decision.path_pattern] = decision

    def forget(self, method: str, path_pattern: str) -> None:
        """Let a mapping decide nothing from now on."""
        forgotten = self._written.get(method, {}).pop(path_pattern, None)
        self._answers = {
            request: (until, decision)
            for request, (until, decision) in self._answers.items()
            if decision is None or decision != forgotten
        }

    def rebuild(self, decisions: list[Decision]) -> None:
        """Start again with nothing but these, the one written first standing first."""
        self._written.clear()
        self._answers.clear()
        for decision in decisions:
            self.write(decision)

    def resolve(self, method: str, path: str) -> Decision | None:
        """Return the mapping that decides a request, None where there is none."""
        now = self._clock.now()
        until, answer = self._answers.get((method, path), (now, None))
        if until <= now:
            answer = self._look(method, path)
            self._answers[method, path] = (now + ANSWER_LIFETIME, answer)
        return answer

    def _look(self, method: str, path: str) -> Decision | None:
        for decision in reversed(self._written.get(method, {}).values()):
            pattern = _compiled(decision.path_pattern)
            if pattern is not None and pattern.match(path):
                return decision
        return None
