"""Roles, their actions, and the groups they are assigned to."""

from fastapi import APIRouter

from sync.model.snapshot import SUPERADMIN
from sync.sandbox.access import AnyCaller, Limit, Skip, TheCaller, TheState
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import ActionRow, RoleRow
from sync.sandbox.schemas import (
    PaginatedResponse,
    RoleActionItem,
    RoleActionRequest,
    RoleActionResponse,
    RoleAssignmentResponse,
    RoleAssignRequest,
    RoleCreateRequest,
    RoleResponse,
)
from sync.sandbox.state import State

router = APIRouter(prefix="/roles", tags=["roles"])


@router.post("/", status_code=201, response_model=RoleResponse)
async def create_role(body: RoleCreateRequest, state: TheState, caller: TheCaller) -> RoleRow:
    """Create a role."""
    caller.needs("Insufficient permissions to create roles", "admin")
    if body.name in state.roles:
        raise ApiError(409, f"Role '{body.name}' already exists")
    return state.create_role(body.name, body.description, caller.name)


@router.get("/", response_model=PaginatedResponse[RoleResponse], dependencies=[AnyCaller])
async def list_roles(state: TheState, skip: Skip = 0, limit: Limit = 50) -> PaginatedResponse[RoleRow]:
    """List roles by name."""
    roles = [state.roles[name] for name in sorted(state.roles)]
    return PaginatedResponse[RoleRow].cut(roles, skip, limit)


@router.delete("/{role_name}", status_code=204)
async def delete_role(role_name: str, state: TheState, caller: TheCaller) -> None:
    """Delete a role. One that has actions or that users hold directly makes the server fail."""
    caller.needs(f"Insufficient permissions to delete role '{role_name}'")
    if role_name == SUPERADMIN:
        raise ApiError(403, f"Role '{role_name}' can't be deleted")
    if role_name not in state.roles:
        raise ApiError(404, f"Role '{role_name}' not found")
    if holders := state.holders_of(role_name):
        raise ApiError(409, f"Role '{role_name}' is still assigned to {len(holders)} groups")
    if state.role_actions[role_name] or state.directory.holds_directly(role_name):
        raise ApiError(500, f"Failed to delete role '{role_name}'")
    state.delete_role(role_name)


# A role's actions: of the first 50 roles only


def _require_visible(role_name: str, state: State) -> None:
    if not state.is_visible(role_name):
        raise ApiError(404, f"Role '{role_name}' not found")


def _action(name: str, state: State) -> ActionRow:
    action = state.action_named(name)
    if action is None:
        raise ApiError(404, f"Action '{name}' not found")
    return action


@router.get("/{role_name}/actions", response_model=list[RoleActionItem])
async def list_role_actions(role_name: str, state: TheState, caller: TheCaller) -> list[ActionRow]:
    """List a role's actions by name."""
    caller.needs(f"Insufficient permissions to view actions of role '{role_name}'")
    _require_visible(role_name, state)
    actions = [state.actions[action_id] for action_id in state.role_actions[role_name]]
    return sorted(actions, key=lambda action: action.name)


@router.post("/{role_name}/actions")
async def assign_action_to_role(
    role_name: str, body: RoleActionRequest, state: TheState, caller: TheCaller
) -> RoleActionResponse:
    """Give a role an action, which it may have already."""
    caller.needs(f"Insufficient permissions to change actions of role '{role_name}'")
    if role_name == SUPERADMIN:
        raise ApiError(403, f"Role '{role_name}' can't be changed")
    _require_visible(role_name, state)
    state.role_actions[role_name].add(_action(body.action_name, state).id)
    return RoleActionResponse(status="action_assigned", role=role_name, action=body.action_name)


@router.delete("/{role_name}/actions/{action_name}", status_code=204)
async def remove_action_from_role(
    role_name: str, action_name: str, state: TheState, caller: TheCaller
) -> None:
    """Take an action away from a role, which may not have had it."""
    caller.needs(f"Insufficient permissions to change actions of role '{role_name}'")
    _require_visible(role_name, state)
    state.role_actions[role_name].discard(_action(action_name, state).id)


# A group's roles


@router.get("/groups/{group_name}/roles", response_model=list[RoleResponse])
async def list_group_roles(group_name: str, state: TheState, caller: TheCaller) -> list[RoleRow]:
    """List a group's roles by name."""
    caller.needs(f"Insufficient permissions to view roles of group '{group_name}'")
    if group_name not in state.groups:
        raise ApiError(404, f"Group '{group_name}' not found")
    return [state.roles[name] for name in sorted(state.group_roles[group_name])]


@router.post("/groups/{group_name}/roles")
async def assign_role_to_group(
    group_name: str, body: RoleAssignRequest, state: TheState, caller: TheCaller
) -> RoleAssignmentResponse:
    """Give a group a role, which it may have already."""
    caller.needs(f"Insufficient permissions to change roles of group '{group_name}'")
    if group_name not in state.groups:
        raise ApiError(404, f"Group '{group_name}' not found")
    if body.role_name not in state.roles:
        raise ApiError(404, f"Role '{body.role_name}' not found")
    state.group_roles[group_name].add(body.role_name)
    return RoleAssignmentResponse(status="role_assigned", group=group_name, role=body.role_name)


@router.delete("/groups/{group_name}/roles/{role_name}", status_code=204)
async def remove_role_from_group(group_name: str, role_name: str, state: TheState, caller: TheCaller) -> None:
    """Take a role away from a group. Neither need exist."""
    caller.needs(f"Insufficient permissions to change roles of group '{group_name}'")
    state.group_roles[group_name].discard(role_name)
