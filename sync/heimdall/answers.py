"""An answer: what it may cost, what it holds, what it says went wrong. And how a name is put into a URL."""

import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from sync.errors import AnswerError, RemoteError
from sync.heimdall.auth import redacted
from sync.model.snapshot import fits_in_url

T = TypeVar("T")

_MESSAGE = 500
"""Characters of what a server says went wrong: reports repeat it for every change, and have so much room."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an answer may cost: its `size` in bytes when unpacked, and how many `values` its JSON may hold.

    In memory a value takes up to 300 bytes, and as few as two in JSON: the size alone bounds nothing.
    """

    size: int
    values: int


ONE = Bounds(size=2**20, values=100_000)
"""For one thing, a page of a list, a refusal."""

LIST = Bounds(size=16 * 2**20, values=500_000)
"""For a whole list: ten thousand mappings take a third of it."""

ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
"""The shape of an answer that has none."""

_PARSING = threading.Lock()
"""One large answer at a time becomes objects: no more could be done at once anyway."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, as it came; `at` is its own time.

    `after_loss` tells that an earlier try of the same request may have been carried out.
    """

    status: int
    text: bytes | bytearray
    at: datetime
    after_loss: bool = False

    @property
    def ok(self) -> bool:
        """Tell whether the request was carried out."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def content(self) -> Any:
        """Return the parsed JSON, None where there is none."""
        try:
            return json_of(self.text, ONE)
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """Return what the server says went wrong, with its status."""
        content = self.content
        reasons = content if isinstance(content, dict) else {}
        text = str(reasons.get("error") or reasons.get("detail") or "")
        details = reasons.get("details")
        if isinstance(details, list):
            text += "".join(f"; {d.get('loc')}: {d.get('msg')}" for d in details if isinstance(d, dict))
        return f"{self.status} {_shortened(redacted(text))}".strip()


def _shortened(text: str) -> str:
    return text if len(text) <= _MESSAGE else f"{text[:_MESSAGE]}…"


_LONGEST = 65_536
_LONG = re.compile(rb'"[^"]{%d}' % _LONGEST)


def json_of(text: bytes | bytearray, bounds: Bounds) -> Any:
    """Return parsed JSON. Raises `ValueError`, which says what the text is instead."""
    if sum(map(text.count, (b",", b"[", b"{"))) > bounds.values:
        raise ValueError(f"more than {bounds.values:,} values")
    if _LONG.search(text):  # decoded, one character may take four bytes, and that twice
        raise ValueError(f"a text of more than {_LONGEST:,} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("text that is not JSON") from None


def parsed(what: str, text: bytes | bytearray, shape: TypeAdapter[T], bounds: Bounds) -> T:
    """Return what an answer of 200 holds; `what` names the request.

    Raises `AnswerError` where the answer has another shape, or costs more than it may.
    """
    with _PARSING:
        found = _validated(text, shape, bounds)
    if isinstance(found, _Unexpected):
        raise AnswerError(
            f"{what} answered 200 with {found.what}",
            "check that the URL is the URL of a Heimdall",
            status=HTTPStatus.OK,
        )
    return found


@dataclass(frozen=True, slots=True)
class _Unexpected:
    """What an answer holds instead, in words: an error would hold the whole of it."""

    what: str


def _validated(text: bytes | bytearray, shape: TypeAdapter[T], bounds: Bounds) -> T | _Unexpected:
    try:
        return shape.validate_python(json_of(text, bounds))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        return _Unexpected(f"unexpected JSON: {where}: {first['msg']}")
    except ValueError as error:
        return _Unexpected(str(error))


def segment(name: str) -> str:
    """Return a name as one segment of a path. Raises `RemoteError` where no URL can carry it."""
    if not fits_in_url(name):
        raise RemoteError(f"the name {name!r} can't be part of a URL", "rename it in Heimdall")
    return quote(name, safe="")
