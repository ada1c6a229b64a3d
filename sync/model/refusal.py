"""Why an operation can't be made."""

from dataclasses import dataclass

from sync.model.scope import accepting
from sync.model.snapshot import Kind


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an operation can't be made, and what a person can do about it."""

    reason: str
    remedy: str


def no_address(kind: Kind, name: str) -> Refusal:
    """Say that the server can't be asked for something by its name."""
    return Refusal(
        f"the name of {kind} {name!r} can't be part of a URL, so no request can name it",
        f"rename it in Heimdall, or accept it: {accepting(kind, name)}",
    )
