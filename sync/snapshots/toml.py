"""The canonical text of a snapshot in TOML: the same snapshot gives the same bytes, an item a line."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable

from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.snapshots.entries import SCHEMA
from sync.snapshots.precedence import Wins, wins_of

_PLAIN = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9][a-z0-9_.-]{0,79}(?<!\.)")
"""Names that are names of files in every file system, also where case makes no difference."""


def files_of(snapshot: Snapshot) -> dict[str, str]:
    """Return the text of each file of a snapshot's folder, by its path there."""
    wins = wins_of(snapshot)
    return {
        "actions.toml": _text("", map(_action, snapshot.actions)),
        "mappings.toml": _text("", (_mapping(mapping, wins) for mapping in snapshot.mappings)),
        **{_path(Kind.ROLE, role.name): _text("../", [_role(role)]) for role in snapshot.roles},
        **{_path(Kind.GROUP, group.name): _text("../", [_group(group)]) for group in snapshot.groups},
    }


def _path(kind: Kind, name: str) -> str:
    """Return the path of an entity's own file. It depends on the name alone, and no two names share one."""
    if _PLAIN.fullmatch(name):
        return f"{kind.plural}/{name}.toml"
    readable = re.sub(r"[^a-z0-9_.-]+", "_", name.lower())[:60].lstrip(".-")
    return f"{kind.plural}/{readable}~{hashlib.sha256(name.encode()).hexdigest()[:12]}.toml"


def _text(up: str, entries: Iterable[list[str]]) -> str:
    """Return the text of a file; the first line tells editors where the schema is."""
    blocks = [[f"#:schema {up}{SCHEMA}"], *entries]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _action(action: Action) -> list[str]:
    return _entry(Kind.ACTION, name=action.name, description=action.description)


def _role(role: Role) -> list[str]:
    return [
        *_entry(Kind.ROLE, name=role.name, description=role.description),
        *_held("actions", role.actions),
    ]


def _group(group: Group) -> list[str]:
    return [
        *_entry(Kind.GROUP, name=group.name, description=group.description),
        *_held("roles", group.roles),
    ]


def _mapping(mapping: Mapping, wins: Wins) -> list[str]:
    layers = {"wins_over": wins.first, "wins_over_in_fallback": wins.fallback}
    return [
        *_entry(Kind.MAPPING, endpoint=mapping.name, action=mapping.action, description=mapping.description),
        *(
            line
            for key, layer in layers.items()
            if (beaten := layer.get(mapping.name))
            for line in _list(key, beaten)
        ),
    ]


def _entry(kind: Kind, **texts: str) -> list[str]:
    return [
        f"[[{kind.plural}]]",
        *(f"{key} = {_quoted(text)}" for key, text in texts.items() if text or key != "description"),
    ]


def _held(key: str, names: Collection[str] | None) -> list[str]:
    return ["unreadable = true"] if names is None else _list(key, names)


def _list(key: str, names: Collection[str]) -> list[str]:
    if not names:
        return [f"{key} = []"]
    return [f"{key} = [", *(f"  {_quoted(name)}," for name in sorted(names)), "]"]


def _quoted(text: str) -> str:
    """Return a text as a string of TOML; a pattern stands there as it is, and nothing that can't be seen."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else _escaped(each) for each in quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - four digits end there
