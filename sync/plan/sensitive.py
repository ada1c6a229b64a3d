"""Which endpoints a pattern of `--sensitive` means: a method and a path, or a glob, `DELETE /api/v1/users*`.

It means each endpoint of which a request fits the glob, so far as that can be seen: a mapping whose name or
whose example fits, and one whose pattern matches a path made from the glob: `DELETE /(.*)` also lets in to
`/api/v1/users`. Where in doubt an endpoint is sensitive.
"""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from sync.model.endpoint import Endpoint
from sync.model.impact import Requests
from sync.overlaps.timing import may_match

_ANY = "ANY"


def is_sensitive(requests: Requests, patterns: Iterable[str]) -> bool:
    """Tell whether one of the patterns means an endpoint."""
    return any(_fits(requests, pattern) for pattern in patterns)


def _fits(requests: Requests, pattern: str) -> bool:
    names = {requests.like, *(name for name in (requests.before, requests.after) if name)}
    if any(name == pattern or fnmatchcase(name, pattern) for name in names):
        return True
    method, _, path = pattern.partition(" ")
    mapping = Endpoint.parse(requests.mapping)
    if mapping.method == _ANY and fnmatchcase(mapping.pattern, path):
        return True
    is_method = mapping.method == _ANY or fnmatchcase(mapping.method, method)
    return is_method and any(may_match(mapping.pattern, each) for each in _paths(path))


def _paths(glob: str) -> Iterator[str]:
    """Yield paths that fit a glob: with nothing, a letter and a segment in place of each `*`."""
    for text in ("", "x", "/x"):
        yield glob.replace("*", text).replace("?", "x")
