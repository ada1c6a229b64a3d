"""What two URLs have in common, and what crosses a network unencrypted."""

import ipaddress
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def is_plain_http(url: str) -> bool:
    """Tell whether what is sent to a URL crosses a network unencrypted."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        return False
    host = (parts.hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def identity(url: str) -> tuple[str, int | None, str]:
    """Return what two spellings of a URL have in common: host, port and path, whatever the scheme."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
        host = host.encode("idna").decode() if not host.isascii() else host
    port = None if parts.port == _PORTS.get(parts.scheme) else parts.port
    return ("localhost" if loopback else host), port, parts.path.rstrip("/")
