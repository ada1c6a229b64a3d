"""What a request may end with: an answer, or a typed error. And how a name is put into a request."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from sync.errors import ReadError
from sync.heimdall.auth import redacted


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
    """What the server said: `content` is the parsed JSON, None where there is none; `at` is its own time.

    `after_loss` tells that an earlier try of the same request may have been carried out.
    """

    status: int
    content: Any
    at: datetime
    after_loss: bool = False

    @property
    def ok(self) -> bool:
        """Tell whether the request was carried out."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def message(self) -> str:
        """Return what the server says went wrong, with its status."""
        reasons = self.content if isinstance(self.content, dict) else {}
        text = str(reasons.get("error") or reasons.get("detail") or "")
        details = reasons.get("details")
        if isinstance(details, list):
            text += "".join(f"; {d.get('loc')}: {d.get('msg')}" for d in details if isinstance(d, dict))
        return f"{self.status} {redacted(text)}".strip()


def segment(name: str) -> str:
    """Return a name as one segment of a path. Raises `ReadError` where no URL can carry it."""
    if name in {".", ".."}:
        raise ReadError(f"the name {name!r} can't stand in a URL", "rename it in Heimdall")
    return quote(name, safe="")
