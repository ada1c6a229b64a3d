"""What some deployments have and others don't: updates of roles and groups."""

from dataclasses import replace

from fastapi import APIRouter

from sync.model.snapshot import SUPERADMIN
from sync.sandbox.access import TheCaller, TheState
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import GroupRow, RoleRow
from sync.sandbox.schemas import GroupResponse, GroupUpdateRequest, RoleResponse, RoleUpdateRequest

router = APIRouter()


@router.put("/roles/{role_name}", response_model=RoleResponse, tags=["roles"])
async def update_role(role_name: str, body: RoleUpdateRequest, state: TheState, caller: TheCaller) -> RoleRow:
    """Describe a role anew."""
    caller.needs(f"Insufficient permissions to update role '{role_name}'")
    if role_name == SUPERADMIN:
        raise ApiError(403, f"Role '{role_name}' can't be changed")
    if role_name not in state.roles:
        raise ApiError(404, f"Role '{role_name}' not found")
    role = replace(state.roles[role_name], description=body.description)
    state.roles[role_name] = role
    return role


@router.put("/groups/{group_name}", response_model=GroupResponse, tags=["groups"])
async def update_group(
    group_name: str, body: GroupUpdateRequest, state: TheState, caller: TheCaller
) -> GroupRow:
    """Describe a group anew."""
    caller.needs(f"Insufficient permissions to update group '{group_name}'")
    if group_name not in state.groups:
        raise ApiError(404, f"Group '{group_name}' not found")
    group = replace(state.groups[group_name], description=body.description)
    state.groups[group_name] = group
    return group
