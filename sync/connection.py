"""Settings → a connection to one environment."""

from pydantic import SecretStr

from sync.heimdall.credentials import source_of
from sync.heimdall.transport import Patience, Transport
from sync.interruption import Interruption
from sync.settings import Settings


def connect(settings: Settings, side: str, url: str, interruption: Interruption) -> Transport:
    """Return the `source` or the `target`, to be closed by whoever takes it; nothing is sent yet."""
    patience = Patience(settings.timeout, settings.retries, interruption.sleep, interruption.requested)
    # the target of an export is not asked for anything, and nobody gave a token for it
    unused = not url
    tokens = (
        SecretStr("")
        if unused
        else source_of(
            settings.credentials(side),
            allow_http=settings.allow_http,
            timeout=settings.timeout,
            tries=settings.retries,
            sleep=interruption.sleep,
            ca_file=settings.ca_file,
        )
    )
    return Transport(
        url,
        tokens,
        read_only=side == "source",
        concurrency=settings.concurrency,
        patience=patience,
        ca_file=settings.ca_file,
    )
