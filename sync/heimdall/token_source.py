"""What settings say about one environment's token → where it comes from."""

from pathlib import Path

from sync.errors import UsageError
from sync.heimdall.auth import StaticToken, TokenFile, TokenSource
from sync.heimdall.credentials import Credentials
from sync.heimdall.retries import Patience


def source_of(
    credentials: Credentials,
    patience: Patience | None = None,
    *,
    allow_http: bool = False,
    ca_file: Path | None = None,
) -> TokenSource:
    """Return where a token comes from, without asking for one. Raises `UsageError` for problems."""
    problems = [f"{name}: {problem}" for name, problem in credentials.problems(allow_http=allow_http)]
    if problems:
        raise UsageError(*problems)
    if credentials.token_file:
        return TokenFile(credentials.token_file)
    if not credentials.token_url:
        return StaticToken(credentials.token)
    # not above: most runs are given a token
    from sync.heimdall.oauth import OAuthToken, TokenEndpoint  # noqa: PLC0415 - see above

    endpoint = TokenEndpoint(
        credentials.token_url,
        credentials.client_id,
        credentials.client_secret,
        patience or Patience(),
        ca_file,
    )
    return OAuthToken(endpoint, credentials.refresh_token)
