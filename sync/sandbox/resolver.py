"""The layer in front of the database that decides which mapping a request falls under."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.sandbox.clock import Clock
from sync.sandbox.dialect import matches_in_redis

ANSWER_LIFETIME = timedelta(seconds=300)
"""How long the answer for an exact path is given again without looking."""

ANY = "ANY"
"""The method of old rows that the database counts for every request. No request has it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A mapping as it was when it was written, which is how it decides."""

    mapping_id: int
    action: str
    path_pattern: str
    method: str
    description: str | None


Decide = Callable[[str, str], Decision | None]
"""Which mapping decides a request, given its method and path."""


class Resolver:
    """Decide by the first pattern that matches the start of a path, the one written last asked first.

    Where none does, `database` decides, and what it finds is put in front of the list of the mapping's own
    method: for a row with the method ANY, a list that no request is looked up in. An answer for an exact
    path, also that there is none, holds for five minutes whatever is written meanwhile; only deleting a
    mapping takes its answers along. What the database deletes by cascade stays here until `rebuild`.
    """

    def __init__(self, clock: Clock, database: Decide) -> None:
        self.answering = True
        """Whether Redis answers. While it does not, nothing in it changes."""
        self.remembering = True
        """Whether an answer is given again without looking."""
        self._clock = clock
        self._database = database
        self._written: dict[str, dict[int, Decision]] = {}
        self._answers: dict[tuple[str, str], tuple[datetime, Decision | None]] = {}

    def write(self, decision: Decision) -> None:
        """Put a mapping in front of all others of its method."""
        if self.answering:
            entries = self._written.setdefault(decision.method, {})
            entries.pop(decision.mapping_id, None)
            entries[decision.mapping_id] = decision

    def forget(self, method: str, mapping_id: int) -> None:
        """Let a mapping decide nothing from now on."""
        if self.answering:
            self.lose(method, mapping_id)
            self._answers = {
                request: (until, answer)
                for request, (until, answer) in self._answers.items()
                if answer is None or answer.mapping_id != mapping_id
            }

    def lose(self, method: str, mapping_id: int) -> None:
        """Drop a mapping's entry, as Redis does when it lacks memory."""
        self._written.get(method, {}).pop(mapping_id, None)

    def flush(self) -> None:
        """Drop everything."""
        self._written.clear()
        self._answers.clear()

    def rebuild(self, decisions: list[Decision]) -> None:
        """Start again with nothing but these, the last standing in front."""
        self.flush()
        for decision in decisions:
            self.write(decision)

    def resolve(self, method: str, path: str) -> Decision | None:
        """Return the mapping that decides a request, None where there is none. This can move a mapping."""
        if not self.answering:
            return self._first_row(method, path)
        now = self._clock.now()
        until, answer = self._answers.get((method, path), (now, None))
        if until <= now:
            answer = self._first_entry(method, path)
            if answer is None and (answer := self._first_row(method, path)):
                self.write(answer)
            if self.remembering:
                self._answers[method, path] = (now + ANSWER_LIFETIME, answer)
        return answer

    def look(self, method: str, path: str) -> Decision | None:
        """Return what decides a request that was not asked about before, and let nothing move."""
        return self._first_entry(method, path) or self._first_row(method, path)

    def _first_entry(self, method: str, path: str) -> Decision | None:
        entries = self._written.get(method, {}) if self.answering and method != ANY else {}
        return next(
            (entry for entry in reversed(entries.values()) if matches_in_redis(entry.path_pattern, path)),
            None,
        )

    def _first_row(self, method: str, path: str) -> Decision | None:
        return None if method == ANY else self._database(method, path)
