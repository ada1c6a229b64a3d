"""Mappings, and which of them decides a request."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from sync.sandbox.access import AnyCaller, AnyCallerOrEnforcementLayer, TheCaller, TheState
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import MappingRow
from sync.sandbox.schemas import (
    MappingCreateRequest,
    MappingDetailResponse,
    MappingResponse,
    MappingUpdateRequest,
)
from sync.sandbox.state import State

router = APIRouter(prefix="/mappings", tags=["mappings"])

CONFLICT = "Mapping already exists, or its action does not"


def _shown(mapping: MappingRow, state: State) -> MappingDetailResponse:
    return MappingDetailResponse.of(mapping, state.actions[mapping.action_id].name)


@router.get("/", dependencies=[AnyCallerOrEnforcementLayer], response_model=MappingResponse | None)
async def resolve_mapping(
    path: Annotated[str, Query()], method: Annotated[str, Query()], state: TheState
) -> object:
    """Show the mapping that decides a request."""
    decision = state.resolver.resolve(method, path)
    if decision is None:
        raise ApiError(404, f"No mapping found for {method} '{path}'")
    return decision


@router.post("/", status_code=201)
async def create_mapping(
    body: MappingCreateRequest, state: TheState, caller: TheCaller
) -> MappingDetailResponse:
    """Create a mapping, in front of all others of its method."""
    caller.needs("Insufficient permissions to create mappings")
    if state.mapping_at(body.method, body.path_pattern) or body.action_id not in state.actions:
        raise ApiError(409, CONFLICT)
    endpoint = (body.method, body.path_pattern)
    return _shown(
        state.create_mapping(endpoint, body.action_id, body.description or None, caller.name), state
    )


@router.put("/{mapping_id}")
async def update_mapping(
    mapping_id: int, body: MappingUpdateRequest, state: TheState, caller: TheCaller
) -> MappingDetailResponse:
    """Change what is not null, if only to what it is; whatever is written comes to the front."""
    caller.needs(f"Insufficient permissions to update mapping {mapping_id}")
    mapping = state.mappings.get(mapping_id)
    if mapping is None:
        raise ApiError(404, f"Mapping with ID {mapping_id} not found")
    changes = body.model_dump(exclude_none=True)
    changed = replace(mapping, **changes)
    changed = replace(changed, description=changed.description or None)
    if changed.action_id not in state.actions:
        raise ApiError(404, f"Action with ID {changed.action_id} not found")
    if state.mapping_at(*changed.endpoint) not in (None, mapping):
        raise ApiError(409, CONFLICT)
    return _shown(state.update_mapping(changed) if changes else mapping, state)


@router.delete("/{mapping_id}", status_code=204)
async def delete_mapping(mapping_id: int, state: TheState, caller: TheCaller) -> None:
    """Delete a mapping, which need not exist."""
    caller.needs(f"Insufficient permissions to delete mapping {mapping_id}")
    if mapping_id in state.mappings:
        state.delete_mapping(mapping_id)


@router.get("/list", dependencies=[AnyCaller])
async def list_mappings(
    state: TheState, action_filter: Annotated[str | None, Query()] = None
) -> list[MappingDetailResponse]:
    """List all mappings, or those of one action."""
    mappings = [_shown(mapping, state) for mapping in state.mappings.values()]
    return [mapping for mapping in mappings if action_filter in (None, mapping.action)]
