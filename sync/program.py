"""Which program this is, so that a plan can say what made it and an apply can tell whether it is the same."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from sync import __version__

IMAGE = "HEIMDALL_SYNC_IMAGE"
"""The variable in which the action of a release says by which digest it names its image."""

REVISION = Path(sys.prefix) / "revision"
"""Where the image says of which commit it was built."""


class Program(NamedTuple):
    """A build of heimdall-sync: `code` is the digest of its own source, what else is not known is empty."""

    version: str
    code: str = ""
    revision: str = ""
    image: str = ""

    def differs(self, other: "Program") -> bool:
        """Tell whether it is surely another than this: what only one of the two knows tells nothing."""
        known = [pair for pair in zip(self, other, strict=True) if all(pair)]
        return any(here != there for here, there in known)

    def told_from(self, other: "Program") -> str:
        """Return what it is called beside another: by its version and whatever else tells the two apart."""
        parts = [
            f"{what} {_short(here)}"
            for what, here, there in zip(Program._fields[1:], self[1:], other[1:], strict=True)
            if here and there and here != there
        ]
        return f"heimdall-sync {self.version}" + (f" ({', '.join(parts)})" if parts else "")


def this_program(environ: Mapping[str, str] = os.environ) -> Program:
    """Return which program runs."""
    return Program(__version__, _code(), _revision(), _digest_in(environ.get(IMAGE, "")))


@cache
def _code() -> str:
    """Return `sha256:` and the hash of the source, file by file: the same wherever it is installed."""
    here = Path(__file__).parent
    files = sorted(path for path in here.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    lines = (f"{path.relative_to(here).as_posix()} {_sha256(path.read_bytes())}\n" for path in files)
    return f"sha256:{_sha256(''.join(lines).encode())}"


def _revision() -> str:
    """Return the commit that an image, or an installation straight from a repository, was made of."""
    try:
        return REVISION.read_text(encoding="utf-8").strip()
    except OSError:
        pass
    try:
        origin = metadata.distribution("heimdall-sync").read_text("direct_url.json")
        return str(json.loads(origin or "{}")["vcs_info"]["commit_id"])
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return ""


def _digest_in(image: str) -> str:
    match = re.search(r"@(sha256:[0-9a-f]{64})$", image)
    return match[1] if match else ""


def _short(text: str) -> str:
    return text.removeprefix("sha256:")[:12]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
