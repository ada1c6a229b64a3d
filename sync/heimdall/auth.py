"""What a token says of itself, read without a key: the server and the gateway before it are who checks it."""

from datetime import UTC, datetime

import jwt
from pydantic import SecretStr


def expiry_of(token: SecretStr) -> datetime | None:
    """Return when a token ends, None where it does not say or is no JWT."""
    try:
        claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
        return None


def masked_cpf(cpf: str) -> str:
    """Show of a CPF what tells people apart without naming them: `475******07`."""
    return f"{cpf[:3]}******{cpf[-2:]}" if len(cpf) == 11 else "***"  # noqa: PLR2004 - digits of a CPF
