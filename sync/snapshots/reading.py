"""Files → a snapshot, or everything that is wrong with them, each with its file and line."""

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sync.errors import MistakesError, ReadError
from sync.model.ranking import Ranking
from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.snapshots.entries import ActionEntry, Contents, Entry, GroupEntry, MappingEntry, RoleEntry
from sync.snapshots.lines import Lines
from sync.snapshots.precedence import Wins, ranking_by

STAGE = ".heimdall-sync-export"
"""The folder in which an export has what it is about to move: while it is there, the rest is half-written."""

SHOWN = 20
"""The most mistakes that are named at once."""

_SIMILAR_AMONG = 1000
"""Among more names than this, none is proposed: that takes too long."""


@dataclass(frozen=True)
class _File:
    """A TOML file of a snapshot; `name` is what people are told."""

    name: str
    text: str
    contents: Contents = field(default_factory=Contents)

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.text)


@dataclass(frozen=True, slots=True)
class _Place:
    """An entry, and where it stands: which of its kind it is in its file, counted from 0."""

    file: _File
    kind: Kind
    number: int
    entry: Entry

    def line(self, string: str = "") -> str:
        """Return `file:line`, of a text in the entry where one is given."""
        return f"{self.file.name}:{self.file.lines.of(self.kind.plural, self.number, string)}"

    def line_of_key(self, key: str) -> int:
        """Return the line of a key in the entry."""
        return self.file.lines.of(self.kind.plural, self.number, key=key)


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What is wrong at a place; the line is only looked up for those that are shown."""

    place: _Place
    message: str
    string: str = ""

    def __str__(self) -> str:
        return f"{self.place.line(self.string)}: {self.message}"


def read_toml(path: Path) -> Snapshot:
    """Return the snapshot that a folder holds in its `.toml` files, or that one such file holds.

    Raises `MistakesError` with everything that is wrong, and `ReadError` where there is nothing to read.
    """
    files = [_parsed(file) for file in _files_at(path)]
    if wrong := [mistake for mistakes in files if not isinstance(mistakes, _File) for mistake in mistakes]:
        raise _mistakes(path, wrong)
    places = [
        _Place(file, kind, number, entry)
        for file in files
        if isinstance(file, _File)
        for kind in Kind
        for number, entry in enumerate(file.contents.of(kind))
    ]
    known = {kind: {p.entry.name for p in places if p.kind is kind} for kind in Kind}
    mistakes = [*_duplicates(places), *(each for place in places for each in _references(place, known))]
    ranking = Ranking()
    if not mistakes:  # an order of mappings that are not there says nothing
        ranking, mistakes = _ranking(places)
    if mistakes:
        raise _mistakes(path, mistakes)
    return _snapshot([place.entry for place in places]).ranked(ranking)


def toml_files(folder: Path) -> list[Path]:
    """Return the files of a folder that a snapshot is read from; what is hidden is left out."""
    found = sorted(folder.rglob("*.toml"))
    return [
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _files_at(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    if (path / STAGE / "README").exists():
        raise ReadError(
            f"{path} is half-written: an export into it was interrupted",
            f"run the export again, or restore the folder from git and remove the folder {STAGE} in it",
        )
    if not (found := toml_files(path)):
        raise ReadError(f"{path} holds no .toml file", "name the folder that an export has written")
    return found


def _parsed(path: Path) -> _File | list[str]:
    """Return a file's contents, or what is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        raw = tomllib.loads(text)
    except OSError as error:
        raise ReadError(f"{path} can't be read: {error.strerror}", "make the file readable") from None
    except UnicodeDecodeError:
        return [f"{path}:1: this is not UTF-8 text"]
    except tomllib.TOMLDecodeError as error:
        return [_of_syntax(path, str(error), text)]
    try:
        return _File(str(path), text, Contents.model_validate(raw))
    except ValidationError as error:
        lines = Lines(text)
        found = sorted((_line_of(lines, each), _of_shape(each)) for each in error.errors())
        return [f"{path}:{line}: {message}" for line, message in found]


def _of_syntax(path: Path, message: str, text: str) -> str:
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = (found and found[1]) or len(text.splitlines()) or 1
    return f"{path}:{line}: {message[: found.start()] if found else message}"


def _line_of(lines: Lines, error: Any) -> int:
    """Return the line of what a model refuses: its place is a table, a number and a key."""
    place: tuple[str | int, ...] = error["loc"]
    number = next((part for part in place if isinstance(part, int)), 0)
    key = next((part for part in place[1:] if isinstance(part, str)), "")
    return lines.of(str(place[0]), number, key=key or str(place[0]))


def _of_shape(error: Any) -> str:
    *_, key = (part for part in error["loc"] if isinstance(part, str))
    match error["type"]:
        case "extra_forbidden":
            known = _MODELS.get(error["loc"][0] if len(error["loc"]) > 1 else "", Contents).model_fields
            return f"the key {key!r} is unknown{_similar(key, known)}"
        case "missing":
            return f"the key {key!r} is missing"
        case "string_pattern_mismatch":
            return f"{key} should be a method and a pattern of paths, for example GET /users/me$"
    return f"{key}: {error['msg'].removeprefix('Input ')}"


_MODELS: dict[str, type[BaseModel]] = {
    "actions": ActionEntry,
    "roles": RoleEntry,
    "mappings": MappingEntry,
    "groups": GroupEntry,
}


def _duplicates(places: Iterable[_Place]) -> Iterator[_Mistake]:
    first: dict[tuple[Kind, str], _Place] = {}
    for place in places:
        other = first.setdefault((place.kind, place.entry.name), place)
        if other is not place:
            where = f"{other.line()}"
            yield _Mistake(place, f"{place.kind} {place.entry.name!r} is already in {where}")


def _references(place: _Place, known: dict[Kind, set[str]]) -> Iterator[_Mistake]:
    """Yield the names in an entry that lead nowhere, or stand there twice."""
    entry = place.entry
    match entry:
        case RoleEntry():
            lists = {"actions": (Kind.ACTION, entry.actions)}
        case GroupEntry():
            lists = {"roles": (Kind.ROLE, entry.roles)}
        case MappingEntry():
            lists = {
                "action": (Kind.ACTION, (entry.action,)),
                "wins_over": (Kind.MAPPING, entry.wins_over),
                "wins_over_in_fallback": (Kind.MAPPING, entry.wins_over_in_fallback),
            }
        case _:
            lists = {}
    holder = f"{place.kind} {entry.name!r}"
    wrong = {
        key: (kind, counts)
        for key, (kind, names) in lists.items()
        if len(counts := Counter(names)) < len(names) or not counts.keys() <= known[kind]
    }
    for key in sorted(wrong, key=place.line_of_key):
        kind, counts = wrong[key]
        for name in counts:
            if name not in known[kind]:
                message = f"{holder} refers to {kind} {name!r}, which is missing"
                yield _Mistake(place, f"{message}{_similar(name, known[kind])}", name)
            elif counts[name] > 1:
                yield _Mistake(place, f"{holder} lists {name!r} twice in {key}", name)
    held = {key for key in ("actions", "roles") if getattr(entry, key, ())}
    if held and getattr(entry, "unreadable", False):
        yield _Mistake(place, f"{holder} is unreadable and lists {min(held)}: remove one of the two")


def _similar(name: str, names: Collection[str]) -> str:
    similar = difflib.get_close_matches(name, names, n=1) if len(names) <= _SIMILAR_AMONG else ()
    return f"; did you mean {similar[0]!r}?" if similar else ""


def _ranking(places: Iterable[_Place]) -> tuple[Ranking, list[_Mistake]]:
    """Return the order of the mappings, and what is wrong with what they win over."""
    mappings = {place.entry.name: place for place in places if isinstance(place.entry, MappingEntry)}
    entries = [place.entry for place in mappings.values() if isinstance(place.entry, MappingEntry)]
    wins = Wins(
        {entry.name: entry.wins_over for entry in entries if entry.wins_over},
        {entry.name: entry.wins_over_in_fallback for entry in entries if entry.wins_over_in_fallback},
    )
    ranking, mistakes = ranking_by(wins, frozenset(mappings))
    order = {name: number for number, name in enumerate(mappings)}
    found = []
    for each in mistakes:
        last = max(each.mappings, key=order.__getitem__)
        found.append(_Mistake(mappings[last], each.message, each.beaten or last))
    return ranking, found


def _snapshot(entries: Iterable[Entry]) -> Snapshot:
    found: dict[Kind, list[Any]] = {kind: [] for kind in Kind}
    for entry in entries:
        match entry:
            case ActionEntry(name=name, description=said):
                found[Kind.ACTION].append(Action(name=name, description=said))
            case RoleEntry(name=name, description=said):
                held = None if entry.unreadable else entry.actions
                found[Kind.ROLE].append(Role(name=name, description=said, actions=held))
            case MappingEntry(name=name, description=said):
                found[Kind.MAPPING].append(Mapping.named(name, entry.action, said))
            case GroupEntry(name=name, description=said):
                given = None if entry.unreadable else entry.roles
                found[Kind.GROUP].append(Group(name=name, description=said, roles=given))
    return Snapshot(**{kind.plural: tuple(found[kind]) for kind in Kind})


def _mistakes(path: Path, found: Collection[object]) -> MistakesError:
    shown = [str(mistake) for _, mistake in zip(range(SHOWN), found, strict=False)]
    return MistakesError.at(str(path), tuple(shown), len(found))
