"""Tokens as Keycloak makes them, for a server that reads them and checks no signature."""

import time
from uuid import NAMESPACE_URL, uuid5

import jwt

INVENTED_CPF = "11111111111"
"""Eleven digits that are nobody's CPF."""

STATIC_TOKEN = "static-token-of-the-enforcement-layer"  # noqa: S105 - opens nothing but the sandbox
"""What the enforcement layer sends in place of a JWT; it may ask which mapping decides, and nothing else."""

ADMIN_CLIENT_ROLE = "heimdall-admin"
"""The client role in a token that makes its bearer a superadmin."""

_KEY = "the sandbox checks no signature: any key will do"


def make_token(
    cpf: str = INVENTED_CPF,
    *,
    superadmin: bool = True,
    expires_in: float | None = 3600,
    subject: str | None = None,
) -> str:
    """Return a JWT.

    `subject` is the name of a service account (`service-account-sync`), which stands in place of the CPF.
    `expires_in` is in seconds from now: negative for a token that has expired, None for one that never does.
    """
    name = subject or cpf
    now = int(time.time())
    claims: dict[str, object] = {
        "iat": now,
        "iss": "http://keycloak.invalid/realms/sandbox",
        "sub": str(uuid5(NAMESPACE_URL, name)),
        "typ": "Bearer",
        "azp": "sandbox",
        "preferred_username": name,
        "name": f"Invented {name}",
        "resource_access": {"sandbox": {"roles": [ADMIN_CLIENT_ROLE] if superadmin else []}},
    }
    if expires_in is not None:
        claims["exp"] = now + int(expires_in)
    return jwt.encode(claims, _KEY, algorithm="HS256")
