"""Endpoints as people write them: `GET /users/{}` for the mapping `GET /users/([^/]+)$`."""

import re
from functools import lru_cache

from sync.report.wording import Wording

_ANYTHING = re.compile(r"\(\[\^/\]\+\)|\[\^/\]\+")
"""Matches one part of a path, whatever stands there: what people write as `{}`."""

_SOMETHING = re.compile(r"\(?(?:\[[^\]()/]+\]|\\[dw])(?:\+|\{\d+(?:,\d*)?\})\)?")
"""Matches one part of a path that must look in some way."""

_ESCAPED = re.compile(r"\\([.\-/_])")
_META = re.compile(r"[\\^$.|?*+()\[\]]")


@lru_cache(maxsize=16_384)  # each format names the same ones again
def written(name: str) -> tuple[str, bool]:
    """Return a mapping's name as people write it, and whether that tells all of its pattern.

    What has no such form comes back as it is.
    """
    if not name.endswith("$"):
        return name, True  # a request, or a pattern that also matches what is longer
    plain = _ANYTHING.sub("{}", name.removesuffix("$"))
    like = _SOMETHING.sub("{}", plain)
    if _META.search(_ESCAPED.sub("", like)):
        return name, True
    return _ESCAPED.sub(r"\1", like), like == plain


def endpoint(name: str, wording: Wording) -> str:
    """Return an endpoint in words, its regular expression beside it where the former does not tell all."""
    text, is_all = written(name)
    return wording.text(text) if is_all else f"{wording.text(text)} (pattern {wording.text(name)})"
