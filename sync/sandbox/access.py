"""Who asks, and what they may do. Every router gets its caller and its state here."""

from dataclasses import dataclass
from typing import Annotated

import jwt
from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field, ValidationError

from sync.model.snapshot import SUPERADMIN
from sync.sandbox.refusals import ApiError
from sync.sandbox.schemas import MAX_PAGE
from sync.sandbox.state import State
from sync.sandbox.tokens import ADMIN_CLIENT_ROLE, STATIC_TOKEN
from sync.sandbox.world import World

Skip = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


async def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


TheWorld = Annotated[World, Depends(_world)]


async def _state(world: TheWorld) -> State:
    return world.state


TheState = Annotated[State, Depends(_state)]

Credentials = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, scheme_name="HTTPBearer"))
]


class _ClientRoles(BaseModel):
    roles: list[str] = Field(default_factory=list)


class _Claims(BaseModel):
    preferred_username: str
    name: str | None = None
    resource_access: dict[str, _ClientRoles] = Field(default_factory=dict)

    @property
    def is_admin(self) -> bool:
        return any(ADMIN_CLIENT_ROLE in client.roles for client in self.resource_access.values())


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token came with a request, and the roles they hold since it came."""

    name: str
    roles: frozenset[str]
    cerbos_down: bool

    def needs(self, refusal: str, *roles: str) -> None:
        """Raise 403 for whoever holds neither `superadmin` nor one of `roles`, 503 where nobody can tell."""
        if self.cerbos_down:
            raise ApiError(503, "The policy engine can't be reached")
        if self.roles.isdisjoint({SUPERADMIN, *roles}):
            raise ApiError(403, refusal)


async def _caller(credentials: Credentials, world: TheWorld) -> Caller:
    """Read the token, whose signature and expiry nobody checks, and know its bearer from now on."""
    if credentials is None:
        raise ApiError(403, "Not authenticated")
    try:
        claims = _Claims.model_validate(
            jwt.decode(credentials.credentials, options={"verify_signature": False})
        )
    except (jwt.InvalidTokenError, ValidationError):
        raise ApiError(401, "Invalid authentication credentials") from None
    name = claims.preferred_username
    world.state.directory.sign_in(name, claims.name, superadmin=claims.is_admin)
    return Caller(name, frozenset(world.state.roles_of(name)), world.options.cerbos_down)


TheCaller = Annotated[Caller, Depends(_caller)]

AnyCaller = Depends(_caller)
"""For endpoints that need a caller and don't care who it is."""


async def _caller_or_enforcement_layer(credentials: Credentials, world: TheWorld) -> None:
    if credentials is None or credentials.credentials != STATIC_TOKEN:
        await _caller(credentials, world)


AnyCallerOrEnforcementLayer = Depends(_caller_or_enforcement_layer)
"""For the endpoint that takes the static token as well."""
