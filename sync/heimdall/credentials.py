"""What settings say about one environment's token, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from sync.urls import is_plain_http

_NOTHING = SecretStr("")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What settings say about one environment's token. What is not given is empty."""

    token: SecretStr = _NOTHING
    token_file: Path | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr = _NOTHING
    refresh_token: SecretStr = _NOTHING

    def problems(self, *, allow_http: bool = False) -> Iterator[tuple[str, str]]:
        """Yield what is wrong, each with the field's name and without any value."""
        given = [name for name in self.__slots__ if _is_given(getattr(self, name))]
        ways = [name for name in given if name in {"token", "token_file", "token_url"}]
        client = [name for name in given if name not in ways]
        if len(ways) > 1:
            yield ways[1], f"conflicts with {ways[0]}: give only one of the two"
        if self.token_url:
            if not allow_http and is_plain_http(self.token_url):
                yield "token_url", "should be https: a secret is sent there"
            if not self.client_id:
                yield "client_id", "missing: token_url needs it"
            if not {"client_secret", "refresh_token"} & set(client):
                yield "client_secret", "missing: token_url needs it or a refresh_token"
        elif client:
            yield "token_url", f"missing: {client[0]} needs it"
        elif not ways:
            yield "token", "missing: the token of a superadmin, or a token file, or a token URL with a client"


def _is_given(value: SecretStr | Path | str | None) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
