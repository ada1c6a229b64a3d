"""Actions. A refusal is wrapped here: 403 becomes 500, and its text tells."""

from dataclasses import replace

from fastapi import APIRouter

from sync.sandbox.access import AnyCaller, Caller, Limit, Skip, TheCaller, TheState, TheWorld
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import ActionRow
from sync.sandbox.schemas import ActionCreateRequest, ActionListResponse, ActionResponse, ActionUpdateRequest
from sync.sandbox.state import State

router = APIRouter(prefix="/actions", tags=["actions"])

FORBIDDEN = 403


def _require_permission(caller: Caller, verb: str) -> None:
    try:
        caller.needs(f"Insufficient permissions to {verb} actions")
    except ApiError as error:
        if error.status != FORBIDDEN:
            raise
        raise ApiError(500, f"Failed to {verb} action: {error.status}: {error.message}") from None


def _existing(action_id: int, state: State, status: int) -> ActionRow:
    if action_id not in state.actions:
        raise ApiError(status, f"Action with ID {action_id} not found")
    return state.actions[action_id]


def _shown(action: ActionRow, state: State) -> ActionResponse:
    return ActionResponse.of(action, state.endpoint_counts()[action.id])


@router.post("/", status_code=201)
async def create_action(body: ActionCreateRequest, state: TheState, caller: TheCaller) -> ActionResponse:
    """Create an action."""
    _require_permission(caller, "create")
    if state.action_named(body.name):
        raise ApiError(400, f"Action '{body.name}' already exists")
    return ActionResponse.of(state.create_action(body.name, body.description), endpoint_count=0)


@router.get("/", dependencies=[AnyCaller])
async def list_actions(world: TheWorld, skip: Skip = 0, limit: Limit = 50) -> ActionListResponse:
    """List actions in no order that can be relied on."""
    rows = list(world.state.actions.values())
    counts = world.state.endpoint_counts()
    return ActionListResponse(
        actions=[ActionResponse.of(row, counts[row.id]) for row in world.action_list.page(rows, skip, limit)],
        total=len(rows),
        skip=skip,
        limit=limit,
    )


@router.get("/{action_id}", dependencies=[AnyCaller])
async def get_action(action_id: int, state: TheState) -> ActionResponse:
    """Show an action."""
    return _shown(_existing(action_id, state, 404), state)


@router.put("/{action_id}")
async def update_action(
    action_id: int, body: ActionUpdateRequest, state: TheState, caller: TheCaller
) -> ActionResponse:
    """Change what is not null."""
    _require_permission(caller, "update")
    action = _existing(action_id, state, 400)
    changes = body.model_dump(exclude_none=True)
    namesake = state.action_named(changes.get("name", action.name))
    if namesake not in (None, action):
        raise ApiError(400, f"Action '{body.name}' already exists")
    if changes:
        action = replace(action, **changes)
        state.update_action(action)
    return _shown(action, state)


@router.delete("/{action_id}", status_code=204)
async def delete_action(action_id: int, state: TheState, caller: TheCaller) -> None:
    """Delete an action, its edges and its mappings."""
    _require_permission(caller, "delete")
    _existing(action_id, state, 400)
    state.delete_action(action_id)
