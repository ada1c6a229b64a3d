"""What identifies a mapping."""

from typing import NamedTuple


class Endpoint(NamedTuple):
    """A method and a pattern of paths: what identifies a mapping in every environment.

    Files and reports write it as one text, which is a mapping's name: `GET /users/me$`.
    """

    method: str
    pattern: str

    @classmethod
    def parse(cls, name: str) -> "Endpoint":
        """Return the endpoint that a mapping's name means. No method holds a space; a pattern may."""
        method, _, pattern = name.partition(" ")
        return cls(method, pattern)

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"
