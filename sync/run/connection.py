"""Settings → a connection to one environment."""

from collections.abc import Callable

from pydantic import SecretStr

from sync.heimdall.credentials import source_of
from sync.heimdall.pace import Patience
from sync.heimdall.transport import Transport
from sync.interruption import Interruption
from sync.run.settings import Settings


def connect(
    settings: Settings, side: str, url: str, interruption: Interruption, tell: Callable[[str], None]
) -> Transport:
    """Return the `source` or the `target`, to be closed by whoever takes it; nothing is sent yet.

    `tell` is told when the environment stops answering, and when it answers again.
    """
    patience = Patience(
        settings.timeout,
        settings.retries,
        interruption.sleep,
        interruption.requested,
        settings.give_up_after,
        tell,
    )
    # the target of an export is not asked for anything, and nobody gave a token for it
    unused = not url
    tokens = (
        SecretStr("")
        if unused
        else source_of(
            settings.credentials(side), patience, allow_http=settings.allow_http, ca_file=settings.ca_file
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
