"""What values options take, each with what people hear where theirs is none; no value is repeated in it."""

import contextlib
import re
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from sync.model.scope import SEPARATOR
from sync.model.snapshot import Kind


class ExportedSide(StrEnum):
    """Which environment an export reads."""

    SOURCE = "source"
    TARGET = "target"


class Layout(StrEnum):
    """What an export writes."""

    FILE = "file"
    FOLDER = "folder"


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        # a host with an empty or too long label has no such form, and the HTTP library stumbles over it
        host = (parts.hostname or "").removesuffix(".").encode("idna")
        usable = parts.scheme in {"http", "https"} and host and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s?#@\\]", url):
        raise ValueError("should be an http(s) URL without credentials or query")
    return url.rstrip("/")


def _url_or_snapshot(place: str) -> str:
    if re.match(r"https?:", place, re.IGNORECASE):
        return _base_url(place)
    if not is_there(Path(place)):
        raise ValueError(
            "should be an http(s) URL without credentials or query, or a snapshot's file or folder"
        )
    return place


def _file(path: Path) -> Path:
    if not _is_file(path):
        raise ValueError("should be an existing file")
    return path


def _file_or_folder(path: Path) -> Path:
    if not is_there(path):
        raise ValueError("should be an existing file or folder")
    return path


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):  # a token is too long for a name, and the error would repeat it
        return path.is_file()
    return False


def is_there(path: Path) -> bool:
    """Tell whether a path is that of a file or a folder."""
    with contextlib.suppress(OSError):
        return path.is_file() or path.is_dir()
    return False


def _token(token: SecretStr) -> SecretStr:
    # the HTTP library's error about what can't stand in a header would repeat it
    if re.search(r"[^!-~]", token.get_secret_value()):
        raise ValueError("should be one line with neither spaces nor 'Bearer'")
    return token


_MOST_OF_A_NAME = 255
"""Characters that the name of an environment on GitHub may have."""

_LIKE_A_JWT = re.compile(r"\beyJ[\w-]*\.")
_LIKE_A_SECRET = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[^\W_]{31}|(?<![^\W_])(?=[^\W_]{21})[^\W_]*\d")
"""A UUID, or so many letters and digits in one piece: what a client's secret is."""


def _name(name: str) -> str:
    if len(name) > _MOST_OF_A_NAME or not name.isprintable():
        raise ValueError(f"should be a name, such as production, of at most {_MOST_OF_A_NAME} characters")
    # every report shows the name; a short one is no secret
    if _LIKE_A_JWT.search(name) or (len(name) > 30 and _LIKE_A_SECRET.search(name)):  # noqa: PLR2004
        raise ValueError("looks like a token, which every report would show; give a name, such as production")
    return name


def _digest(digest: str) -> str:
    if not re.fullmatch("sha256:[0-9a-f]{64}", digest):
        raise ValueError("should be sha256: and 64 hexadecimal digits, as the plan's summary shows it")
    return digest


_BETWEEN_ENDPOINTS = re.compile(r"[\r\n]+|,(?=\s*(?:\Z|@|['\"]?[A-Z*?]+ /))")
"""What separates endpoints in a variable: a line break, or a comma where the next one begins, or none."""


def _separate(patterns: object, separator: re.Pattern[str] = SEPARATOR) -> object:
    """Split a variable's text, and read the patterns of a file that is named with `@`."""
    given = separator.split(patterns) if isinstance(patterns, str) else patterns
    if not isinstance(given, list):
        return given
    lines = [line for pattern in map(str.strip, given) if pattern for line in _patterns_in(pattern)]
    return [_unquoted(line) for line in lines if line]


def _patterns_in(pattern: str) -> list[str]:
    if not pattern.startswith("@"):
        return [pattern]
    try:
        lines = Path(pattern[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ValueError("names with @ a file that is missing or is not UTF-8 text") from None
    return [re.sub(r"(^|\s)#.*", "", line).strip() for line in lines]


def _unquoted(pattern: str) -> str:
    """Take off the quotes in which a pattern was copied from a command line."""
    if pattern.startswith(("'", '"')):
        with contextlib.suppress(ValueError):
            words = shlex.split(pattern)
            return words[0] if len(words) == 1 else pattern
    return pattern


def _pattern(pattern: str) -> str:
    kind, _, name = pattern.partition(":")
    if kind not in set(Kind) or not name:
        raise ValueError(f"should be kind:name or kind:glob, the kind one of {', '.join(Kind)}")
    if not pattern.isprintable():
        raise ValueError("should be text without control characters")
    return pattern


def _role_pattern(pattern: str) -> str:
    kind = _pattern(pattern).partition(":")[0]
    if kind == Kind.GROUP:
        raise ValueError("should name roles: a group is never recreated, since its members would be lost")
    if kind != Kind.ROLE:
        raise ValueError("should be role:name or role:glob: only roles are recreated")
    return pattern


def _separate_endpoints(patterns: object) -> object:
    return _separate(patterns, _BETWEEN_ENDPOINTS)


def _endpoint(pattern: str) -> str:
    if not re.match(r"[A-Z*?]+ [/*]", pattern) or not pattern.isprintable():
        raise ValueError("should be a method and a path or a glob, for example DELETE /api/v1/users*")
    return pattern


def _separate_lines(names: object) -> object:
    """Split a variable's text, and take each line as it is: `environment:` of a job does so too."""
    lines = re.split(r"[\r\n]+", names) if isinstance(names, str) else names
    if not isinstance(lines, list):
        return lines
    if any(line.strip() not in {"", line} for line in lines):
        raise ValueError("should have no spaces around a name: another environment might have them")
    return [line for line in lines if line]


def _environment(name: str) -> str:
    # a URL would mean another place by the two names of folders
    if name in {".", ".."}:
        raise ValueError("should be the name of an environment on GitHub")
    return _name(name)


BaseUrl = Annotated[str, AfterValidator(_base_url)]
Place = Annotated[str, AfterValidator(_url_or_snapshot)]
File = Annotated[Path, AfterValidator(_file)]
FileOrFolder = Annotated[Path, AfterValidator(_file_or_folder)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Name = Annotated[str, AfterValidator(_name)]
Digest = Annotated[str, AfterValidator(_digest)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Endpoints = Annotated[
    tuple[Annotated[str, AfterValidator(_endpoint)], ...], BeforeValidator(_separate_endpoints)
]
EnvironmentNames = Annotated[
    tuple[Annotated[str, AfterValidator(_environment)], ...], BeforeValidator(_separate_lines)
]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_separate)]
Roles = Annotated[tuple[Annotated[str, AfterValidator(_role_pattern)], ...], BeforeValidator(_separate)]
