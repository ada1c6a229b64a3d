"""What a request may end with: an answer, or a typed error. And how a name is put into a request."""

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from sync.errors import ReadError
from sync.heimdall.auth import redacted
from sync.plan.model import fits_in_url

T = TypeVar("T")


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


class UnavailableError(ReadError):
    """No usable answer came, however often it was tried.

    `maybe_done` tells whether one of the tries may have been carried out all the same, `connected`
    whether there was a connection at all; `said` is the text of the last answer, if there was one.
    """

    def __init__(
        self, message: str, hint: str, *, maybe_done: bool, connected: bool = True, said: str = ""
    ) -> None:
        super().__init__(message, hint)
        self.maybe_done = maybe_done
        self.connected = connected
        self.said = redacted(said)


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
    text: bytes
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
        return f"{self.status} {redacted(text)}".strip()


def json_of(text: bytes, bounds: Bounds) -> Any:
    """Return parsed JSON. Raises `ValueError`, which says what the text is instead."""
    if sum(map(text.count, (b",", b"[", b"{"))) > bounds.values:
        raise ValueError(f"more than {bounds.values:,} values")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("something that is not JSON") from None


def parsed(what: str, text: bytes, shape: TypeAdapter[T], bounds: Bounds) -> T:
    """Return what an answer of 200 holds; `what` names the request.

    Raises `ReadError` where the answer has another shape, or costs more than it may.
    """
    unexpected = "is the URL that of a Heimdall? nothing was concluded from the answer"
    with _PARSING:
        try:
            content = json_of(text, bounds)
        except ValueError as error:
            raise AnswerError(f"{what} answered 200 with {error}", unexpected, status=HTTPStatus.OK) from None
        try:
            return shape.validate_python(content)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the answer"
            raise ReadError(
                f"{what} answered 200 with something unexpected: {where}: {first['msg']}", unexpected
            ) from None


def segment(name: str) -> str:
    """Return a name as one segment of a path. Raises `ReadError` where no URL can carry it."""
    if not fits_in_url(name):
        raise ReadError(f"the name {name!r} can't stand in a URL", "rename it in Heimdall")
    return quote(name, safe="")
