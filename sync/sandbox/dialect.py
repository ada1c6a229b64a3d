"""How each of the two layers that decide reads a mapping's pattern: Redis, and the database behind it.

Where measurements leave it open, this is what most such code does: `*` may stand for nothing at all, `:name`
for one character or more, wherever it stands; "anchored at both ends" is `re.fullmatch`.
"""

import re
from functools import cache

_WILDCARD = re.compile(r"\*\*|\*|:\w+")
_MEANINGS = {"**": ".*", "*": "[^/]*"}
_SEGMENT = "[^/]+"


@cache
def _compiled(expression: str) -> re.Pattern[str] | None:
    try:
        return re.compile(expression)
    except (re.error, ValueError):
        return None


@cache
def _simple(path_pattern: str) -> re.Pattern[str] | None:
    """Read a pattern in the simple dialect: what is no wildcard stands for itself, `$` and `.` too."""
    parts, end = [], 0
    for wildcard in _WILDCARD.finditer(path_pattern):
        parts += [re.escape(path_pattern[end : wildcard.start()]), _MEANINGS.get(wildcard[0], _SEGMENT)]
        end = wildcard.end()
    return re.compile("".join([*parts, re.escape(path_pattern[end:])]), re.DOTALL)


def matches_in_redis(path_pattern: str, path: str) -> bool:
    """Tell whether a regular expression matches the start of a path; an invalid one matches nothing."""
    pattern = _compiled(path_pattern)
    return pattern is not None and pattern.match(path) is not None


def matches_in_database(path_pattern: str, path: str) -> bool:
    """Tell whether a pattern matches a whole path: a regular expression only where it has parentheses."""
    is_expression = "(" in path_pattern and ")" in path_pattern
    pattern = _compiled(path_pattern) if is_expression else _simple(path_pattern)
    return pattern is not None and pattern.fullmatch(path) is not None
