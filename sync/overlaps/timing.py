"""How long matching a pattern can take: with a time limit, which `re` does not have."""

import re
from fnmatch import fnmatchcase

TIME_LIMIT = 0.1
"""Seconds of computing that one match may take; an ordinary one takes some microseconds."""

_PUMPED = 64
_DIFFERENT = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?!\d+\}|\d*,\d*\})", re.DOTALL)


def takes_long(pattern: str, path: str) -> bool:
    """Tell whether a path like one that matches, only longer, takes longer than the time limit."""
    import regex  # noqa: PLC0415 - few patterns need it

    longer = path + path[-1] * _PUMPED + "!\n"
    try:
        regex.compile(_DIFFERENT.sub(_as_in_re, pattern), regex.V0).match(longer, timeout=TIME_LIMIT)
    except (TimeoutError, MemoryError):
        return True
    except (regex.error, RecursionError, OverflowError):
        return False
    return False


def may_match(pattern: str, path: str) -> bool:
    """Tell whether a mapping's pattern matches a path in either dialect; also where that takes too long."""
    import regex  # noqa: PLC0415 - few patterns need it

    simple = re.sub(":[a-z_]+", "*", pattern)
    if "(" not in pattern and fnmatchcase(path, simple):
        return True
    try:
        found = regex.compile(_DIFFERENT.sub(_as_in_re, pattern), regex.V0).match(path, timeout=TIME_LIMIT)
    except (TimeoutError, MemoryError):
        return True
    except (regex.error, RecursionError, OverflowError):
        return False
    return found is not None


def _as_in_re(found: re.Match[str]) -> str:
    """Write what `regex` takes for syntax of its own as what `re` takes it for: `{id}`, a `[` in a set."""
    text = found[0]
    if text.startswith("["):
        return "[" + re.sub(r"\\.|\[", lambda part: part[0] if part[0] != "[" else r"\[", text[1:])
    return text if text.startswith("\\") else r"\{"
