"""Users: everyone whose token was seen or who was made a member."""

from typing import Annotated

from fastapi import APIRouter, Query

from sync.sandbox.access import AnyCaller, Limit, Skip, TheCaller, TheState
from sync.sandbox.directory import is_cpf
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import UserRow
from sync.sandbox.schemas import PaginatedResponse, UserResponse
from sync.sandbox.state import State

router = APIRouter(prefix="/users", tags=["users"])


def _shown(user: UserRow, state: State) -> UserResponse:
    return UserResponse(
        id=user.id,
        cpf=user.cpf,
        display_name=user.display_name,
        groups=state.directory.groups_of(user.cpf),
        roles=state.roles_of(user.cpf),
    )


@router.get("/", dependencies=[AnyCaller])
async def list_users(
    state: TheState, skip: Skip = 0, limit: Limit = 50, *, has_groups: Annotated[bool, Query()] = False
) -> PaginatedResponse[UserResponse]:
    """List users. Service accounts, whose name is no CPF, are left out."""
    users = [_shown(user, state) for user in state.directory.users.values() if is_cpf(user.cpf)]
    return PaginatedResponse[UserResponse].cut(
        [user for user in users if user.groups or not has_groups], skip, limit
    )


@router.get("/me")
async def get_current_user_info(state: TheState, caller: TheCaller) -> UserResponse:
    """Show the caller."""
    if not is_cpf(caller.name):
        raise ApiError(500, "Failed to retrieve user information")
    return _shown(state.directory.users[caller.name], state)


@router.get("/{cpf}", dependencies=[AnyCaller])
async def get_user_by_cpf(cpf: str, state: TheState) -> UserResponse:
    """Show a user."""
    user = state.directory.users.get(cpf)
    if user is None or not is_cpf(cpf):
        raise ApiError(404, f"User with CPF '{cpf}' not found")
    return _shown(user, state)
