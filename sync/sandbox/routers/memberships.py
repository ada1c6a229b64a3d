"""Who is in a group."""

from fastapi import APIRouter

from sync.sandbox.access import TheCaller, TheState
from sync.sandbox.refusals import ApiError
from sync.sandbox.rows import MemberRow
from sync.sandbox.schemas import AddMemberRequest, GroupMemberResponse, MembershipResponse
from sync.sandbox.state import State

router = APIRouter(prefix="/groups/{group_name}/members", tags=["memberships"])


def _members_of(group_name: str, state: State) -> dict[str, MemberRow]:
    if group_name not in state.groups:
        raise ApiError(404, f"Group '{group_name}' not found")
    return state.directory.members[group_name]


@router.get("")
async def list_group_members(
    group_name: str, state: TheState, caller: TheCaller
) -> list[GroupMemberResponse]:
    """List a group's members, the newest first."""
    caller.needs(f"Insufficient permissions to view members of group '{group_name}'")
    newest_first = sorted(
        _members_of(group_name, state).values(), key=lambda member: member.joined_at, reverse=True
    )
    return [
        GroupMemberResponse(
            subject=member.subject,
            display_name=state.directory.users[member.subject].display_name,
            joined_at=member.joined_at,
            added_by=member.added_by,
        )
        for member in newest_first
    ]


@router.post("")
async def add_member_to_group(
    group_name: str, body: AddMemberRequest, state: TheState, caller: TheCaller
) -> MembershipResponse:
    """Add a member, who becomes a user if need be."""
    caller.needs(f"Insufficient permissions to add members to group '{group_name}'")
    if body.subject in _members_of(group_name, state):
        raise ApiError(400, "User is already a member of this group")
    state.directory.join(group_name, body.subject, added_by=caller.name)
    return MembershipResponse(status="member_added", group=group_name, subject=body.subject)


@router.delete("/{subject}", status_code=204)
async def remove_member_from_group(group_name: str, subject: str, state: TheState, caller: TheCaller) -> None:
    """Take a member out of a group."""
    caller.needs(f"Insufficient permissions to remove members from group '{group_name}'")
    if _members_of(group_name, state).pop(subject, None) is None:
        raise ApiError(400, "User is not a member of this group")
