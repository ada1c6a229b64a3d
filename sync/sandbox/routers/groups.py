"""Groups."""

from typing import Annotated

from fastapi import APIRouter, Query

from sync.sandbox.access import AnyCaller, TheCaller, TheState
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import GroupRow
from sync.sandbox.schemas import GroupCreateRequest, GroupResponse

router = APIRouter(prefix="/groups", tags=["groups"])


@router.post("/", status_code=201, response_model=GroupResponse)
async def create_group(body: GroupCreateRequest, state: TheState, caller: TheCaller) -> GroupRow:
    """Create a group."""
    caller.needs("Insufficient permissions to create groups")
    if body.name in state.groups:
        raise ApiError(409, f"Group '{body.name}' already exists")
    return state.create_group(body.name, body.description, caller.name)


@router.get("/", response_model=list[GroupResponse], dependencies=[AnyCaller])
async def list_groups(state: TheState, prefix: Annotated[str | None, Query()] = None) -> list[GroupRow]:
    """List all groups, or those whose name begins with `prefix` in small letters or capitals."""
    start = (prefix or "").lower()
    return [group for name, group in sorted(state.groups.items()) if name.lower().startswith(start)]


@router.delete("/{group_name}", status_code=204)
async def delete_group(group_name: str, state: TheState, caller: TheCaller) -> None:
    """Delete a group and all memberships in it."""
    caller.needs(f"Insufficient permissions to delete group '{group_name}'")
    if group_name not in state.groups:
        raise ApiError(404, f"Group '{group_name}' not found")
    state.delete_group(group_name)
