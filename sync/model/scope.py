"""What a pattern of `--accept`, `--protect` or `--ignore` names, and the pattern that names one thing.

A pattern is `kind:` and a name or a glob, in which `*`, `?` and `[…]` mean what they mean in a shell. It
names what has its very text for a name, and besides that what it matches as a glob:

    role:legacy_*                  role 'legacy_a', role 'legacy_b', …
    mapping:GET /v/([^/]+)$        that mapping, as reports print it, although `[^/]` is a glob as well
    mapping:GET /docs/[*][*]       mapping 'GET /docs/**', and no other
    role:''                        the role whose name is empty

An exact name comes on top of the glob, and never in place of it. Otherwise whoever may write to the source
could lift `--protect 'mapping:GET *'` from everything by creating a mapping of that name.
"""

import re
import shlex
from collections.abc import Iterable
from fnmatch import fnmatchcase

from sync.model.plan import Rules, Unmatched
from sync.model.snapshot import Kind, Snapshot

SEPARATOR = re.compile(rf"[\r\n]+|,(?=\s*(?:\Z|@|['\"]?(?:{'|'.join(Kind)}):))")
"""What separates patterns in a variable: a line break, or a comma where the next pattern begins, or none."""

_NAMELESS = "''"
"""How patterns write an empty name, which no glob matches alone."""

_SPECIAL = re.compile(r"[*?\[#]| (?= |\Z)")
"""What a pattern writes in brackets: wildcards, what begins a comment, and spaces that get lost."""

_MARKED = re.compile(r"[.:]\Z")
"""What a reader, and a report in Markdown, take for the end of a sentence."""


def named(patterns: Iterable[str], kind: Kind, name: str) -> bool:
    """Tell whether one of the patterns names something."""
    text = _text(kind, name)
    return any(text == pattern or fnmatchcase(text, pattern) for pattern in patterns)


def exactly(kind: Kind, name: str) -> str:
    """Return the pattern that names one thing, fit for a flag, a variable and a line of a file.

    What can't be seen is written as `?`, which stands for any one character.
    """
    visible = "".join(char if char.isprintable() else "\0" for char in _text(kind, name))
    escaped = _SPECIAL.sub(r"[\g<0>]", visible).replace("\0", "?")
    return SEPARATOR.sub("[,]", escaped)


def accepting(kind: Kind, name: str) -> str:
    """Return the flag that accepts the differences of one thing, as a shell takes it."""
    return f"--accept {_quoted(kind, name)}"


def recreating(role: str) -> str:
    """Return the flag that lets a role be recreated, as a shell takes it."""
    return f"--recreate {_quoted(Kind.ROLE, role)}"


def _quoted(kind: Kind, name: str) -> str:
    pattern = exactly(kind, name)
    quoted = shlex.quote(pattern)
    return f"'{quoted}'" if quoted == pattern and _MARKED.search(pattern) else quoted


def unmatched(rules: Rules, *sides: Snapshot) -> tuple[Unmatched, ...]:
    """Return the patterns that name nothing on any side; those that should protect come first."""
    there = [(kind, entity.name) for side in sides for kind in Kind for entity in side.of(kind)]
    patterns = {
        "protect": rules.protect,
        "ignore": rules.ignore,
        "recreate": rules.recreate,
        "accept": rules.accept,
    }
    return tuple(
        Unmatched(setting=setting, pattern=pattern)
        for setting, given in patterns.items()
        for pattern in given
        if not any(named([pattern], kind, name) for kind, name in there)
    )


def _text(kind: Kind, name: str) -> str:
    return f"{kind}:{name or _NAMELESS}"
