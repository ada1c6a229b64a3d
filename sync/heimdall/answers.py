"""What a request may end with: an answer, or a typed error. And how a name is put into a request."""

import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from sync.errors import ReadError
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


class Loss(Enum):
    """What a try without a usable answer says of the environment."""

    SILENT = "it may have stopped answering: nothing more is sent until it has"
    BUSY = "it asks to wait"
    UNUSABLE = "nothing: only this try is lost"


class UnavailableError(ReadError):
    """No usable answer came, however often it was tried.

    `maybe_done` tells whether one of the tries may have been carried out all the same; `said` is the text of
    the last answer, if there was one, and `retry_after` its header of that name.
    """

    def __init__(
        self,
        message: str,
        hint: str,
        *,
        loss: Loss,
        maybe_done: bool,
        said: str = "",
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.loss = loss
        self.maybe_done = maybe_done
        self.said = redacted(said)
        self.retry_after = retry_after

    def count(self, tries: int) -> None:
        """Say how often it was tried, where it was sent more than once."""
        if tries > 1 and self.maybe_done:
            self.message = f"{self.message}, {tries} times"
            self.args = (self.message,)


class GivenUpError(UnavailableError):
    """The environment is not asked any more. `tried` tells whether any try of the request was sent."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint, loss=Loss.UNUSABLE, maybe_done=False)
        self.tried = False

    def count(self, tries: int) -> None:
        """Say nothing: it is not this request that was tried."""


class AnswerError(ReadError):
    """A read got an answer that is no good one. `status` is the HTTP status."""

    def __init__(self, message: str, hint: str = "", *, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


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
        raise ValueError("something that is not JSON") from None


def parsed(what: str, text: bytes | bytearray, shape: TypeAdapter[T], bounds: Bounds) -> T:
    """Return what an answer of 200 holds; `what` names the request.

    Raises `AnswerError` where the answer has another shape, or costs more than it may.
    """
    with _PARSING:
        found = _validated(text, shape, bounds)
    if isinstance(found, _Unexpected):
        raise AnswerError(
            f"{what} answered 200 with {found.what}",
            "is the URL that of a Heimdall? nothing was concluded from the answer",
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
        return _Unexpected(f"something unexpected: {where}: {first['msg']}")
    except ValueError as error:
        return _Unexpected(str(error))


def segment(name: str) -> str:
    """Return a name as one segment of a path. Raises `ReadError` where no URL can carry it."""
    if not fits_in_url(name):
        raise ReadError(f"the name {name!r} can't stand in a URL", "rename it in Heimdall")
    return quote(name, safe="")
