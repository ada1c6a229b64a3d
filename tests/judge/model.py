"""A plain server, written from what a real one was seen to do and from nothing else: who decides a request.

No cache of answers: whoever asks it asks about paths that nobody asked about before.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True, slots=True)
class Winner:
    """What the server answers: the mapping (`GET /users/me$`) that decides, and the action it asks for."""

    mapping: str
    action: str

    def __str__(self) -> str:
        return f"{self.mapping} ({self.action})"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of mappings."""

    method: str
    pattern: str
    action: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What Redis keeps of a mapping: the action's name is that of the last writing."""

    row: int
    method: str
    pattern: str
    action: str

    @property
    def winner(self) -> Winner:
        return Winner(f"{self.method} {self.pattern}", self.action)


@cache
def matches_in_redis(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches at the start of a path; one that is no regular expression never does."""
    try:
        return re.match(pattern, path) is not None
    except re.error:
        return False


@cache
def matches_in_database(pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a whole path: an expression with both parentheses, else a simple one."""
    if "(" not in pattern or ")" not in pattern:
        return _is_simple_match(pattern, path)
    try:
        return re.fullmatch(pattern, path) is not None
    except re.error:
        return False


def _is_simple_match(pattern: str, path: str) -> bool:
    """Match by the definition: one symbol after another, each with every length that it can have."""
    if not pattern:
        return not path
    segment = len(path.partition("/")[0])
    if pattern.startswith("**"):
        rest, lengths = pattern[2:], range(len(path) + 1)
    elif pattern.startswith("*"):
        rest, lengths = pattern[1:], range(segment + 1)
    elif re.match(":[a-z]", pattern):
        rest, lengths = pattern[1:].lstrip("abcdefghijklmnopqrstuvwxyz_"), range(1, segment + 1)
    else:
        rest, lengths = pattern[1:], range(1, 1 + path.startswith(pattern[0]))
    return any(_is_simple_match(rest, path[length:]) for length in lengths)


def does_match(mapping: str, request: str) -> tuple[bool, bool]:
    """Tell whether a mapping matches a request in Redis, and in the database."""
    (method, _, pattern), (asked, _, path) = mapping.partition(" "), request.partition(" ")
    return (
        method == asked and matches_in_redis(pattern, path),
        method in {asked, "ANY"} and matches_in_database(pattern, path),
    )


class Server:
    """Tables in the order of their heap, and one list for each method in Redis, the front one first."""

    def __init__(self) -> None:
        self.actions: dict[int, str] = {}
        self.rows: dict[int, Row] = {}
        self.redis: defaultdict[str, list[Entry]] = defaultdict(list)
        self.is_redis_up = True
        self._used_ids = 0

    # Writes: mappings are known by name here, whatever ids they have

    def create_action(self, name: str) -> None:
        self.actions[self._new_id()] = name

    def rename(self, name: str, other: str) -> None:
        self.actions[self._action(name)] = other

    def delete_action(self, name: str) -> None:
        """Take the action's rows along; Redis is not told."""
        gone = self._action(name)
        del self.actions[gone]
        self.rows = {row_id: row for row_id, row in self.rows.items() if row.action != gone}

    def create(self, mapping: str, action: str) -> None:
        method, _, pattern = mapping.partition(" ")
        self._put(self._new_id(), Row(method, pattern, self._action(action)))

    def update(self, mapping: str, action: str | None = None) -> None:
        row_id = self._row(mapping)
        row = self.rows.pop(row_id)
        self._put(row_id, row if action is None else replace(row, action=self._action(action)))

    def delete(self, mapping: str) -> None:
        row_id = self._row(mapping)
        del self.rows[row_id]
        self.lose_entry(row_id)

    # What befalls the server

    def restart(self) -> None:
        self.flush()
        for row_id, row in self.rows.items():
            self._put_in_front(row_id, row)

    def flush(self) -> None:
        self.redis.clear()

    def lose(self, mapping: str) -> None:
        self.lose_entry(self._row(mapping))

    def order_rows(self, mappings: tuple[str, ...]) -> None:
        for mapping in mappings:
            row_id = self._row(mapping)
            self.rows[row_id] = self.rows.pop(row_id)

    # Questions

    def look(self, method: str, path: str) -> Winner | None:
        """Return who decides a request, and let nothing move."""
        entries = self.redis[method] if self.is_redis_up else []
        for entry in entries:
            if matches_in_redis(entry.pattern, path):
                return entry.winner
        found = self._first_row(method, path)
        return None if found is None else self._entry(found).winner

    def ask(self, method: str, path: str) -> Winner | None:
        """Return who decides a request. What the database finds is put in front of its method's list."""
        winner = self.look(method, path)
        in_redis = any(matches_in_redis(entry.pattern, path) for entry in self.redis[method])
        found = self._first_row(method, path)
        if self.is_redis_up and not in_redis and found is not None:
            self._put_in_front(found, self.rows[found])
        return winner

    def _first_row(self, method: str, path: str) -> int | None:
        for row_id, row in self.rows.items():
            if row.method in {method, "ANY"} and matches_in_database(row.pattern, path):
                return row_id
        return None

    def _put(self, row_id: int, row: Row) -> None:
        self.rows[row_id] = row
        self._put_in_front(row_id, row)

    def _put_in_front(self, row_id: int, row: Row) -> None:
        if self.is_redis_up:
            self.lose_entry(row_id)
            self.redis[row.method].insert(0, self._entry(row_id))

    def lose_entry(self, row_id: int) -> None:
        if self.is_redis_up:
            for method, entries in self.redis.items():
                self.redis[method] = [entry for entry in entries if entry.row != row_id]

    def _entry(self, row_id: int) -> Entry:
        row = self.rows[row_id]
        return Entry(row_id, row.method, row.pattern, self.actions[row.action])

    def _action(self, name: str) -> int:
        return next(action for action, known in self.actions.items() if known == name)

    def _row(self, mapping: str) -> int:
        return next(row_id for row_id, row in self.rows.items() if f"{row.method} {row.pattern}" == mapping)

    def _new_id(self) -> int:
        self._used_ids += 1
        return self._used_ids
