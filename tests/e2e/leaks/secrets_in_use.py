"""Secrets and personal data that can be recognised, and the search for them in what has left a process."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from sync.sandbox.tokens import make_token

SOURCE_OPERATOR, TARGET_OPERATOR = "47512345607", "81698765402"
MEMBER, HOLDER = "52998224725", "11144477735"
CPFS = {
    "the source's operator": SOURCE_OPERATOR,
    "the target's operator": TARGET_OPERATOR,
    "a group's member": MEMBER,
    "a role's holder": HOLDER,
}
SOURCE_TOKEN, TARGET_TOKEN = make_token(SOURCE_OPERATOR), make_token(TARGET_OPERATOR)
CLIENT_SECRET = "cl13nt-s3cret~of.the_sync"
REFRESH_TOKEN = make_token(TARGET_OPERATOR, subject="offline")
PASSWORD = "pr0xy+p/ssword"
PROXY_USER = "agent"
SAID = f"no: Bearer {SOURCE_TOKEN} / {TARGET_TOKEN} of {SOURCE_OPERATOR}, 816.987.654-02 and {HOLDER}"
"""What a debugging proxy, or a server that quotes what it got, could say."""


def _parts() -> dict[str, str]:
    """Return what gives a secret away: the whole of it is in there, as any part that says something."""
    parts = {"the client's secret": CLIENT_SECRET, "the proxy's password": PASSWORD}
    tokens = {"the source's": SOURCE_TOKEN, "the target's": TARGET_TOKEN, "the refresh": REFRESH_TOKEN}
    for whose, token in tokens.items():
        _, payload, signature = token.split(".")
        parts |= {f"{whose} token's payload": payload, f"{whose} token's signature": signature}
    for whose, cpf in CPFS.items():
        dotted = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"
        parts |= {f"the CPF of {whose}": cpf, f"the CPF of {whose}, dotted": dotted}
    return parts


def _spellings() -> dict[bytes, str]:
    spelled = {}
    for name, part in _parts().items():
        for text in (part, quote(part, safe="")):
            spelled[text.encode()] = name
    pair = f"{PROXY_USER}:{PASSWORD}".encode()
    spelled[base64.b64encode(pair)] = "the proxy's password as Basic"
    return spelled


SPELLINGS = _spellings()


def found_in(content: bytes) -> set[str]:
    """Return the names of the secrets that are in something."""
    return {name for spelling, name in SPELLINGS.items() if spelling in content}


def found_in_all(places: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Return where a secret is, and which. The name of a place can give away as much as what it holds."""
    return {
        (place, name)
        for place, content in places.items()
        for name in found_in(place.encode()) | found_in(content)
    }


def contents_of(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return the contents of files, and of all files in folders, by their paths."""
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return {str(file): file.read_bytes() if file.is_file() else b"" for file in files if file.exists()}
