"""The lists that a server shows, each complete or an error.

What a list says of itself must agree: its length, its total, its ids.
"""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import TypeAdapter

from sync.errors import SnapshotError
from sync.heimdall.answers import LIST, segment
from sync.heimdall.rows import (
    ActionPage,
    ActionRow,
    FirstWrong,
    MappingRow,
    MemberRow,
    NamedRow,
    Page,
    RolePage,
    Row,
)
from sync.heimdall.transport import Transport
from sync.interruption import Threads

PAGE_SIZE = 100
"""The most rows of a page that the server takes."""

# made once: to make one takes as long as a request
_ACTIONS: TypeAdapter[Page[ActionRow]] = TypeAdapter(ActionPage)
_ROLES: TypeAdapter[Page[NamedRow]] = TypeAdapter(RolePage)
_MAPPINGS: TypeAdapter[list[MappingRow]] = TypeAdapter(FirstWrong[MappingRow])
_NAMED: TypeAdapter[list[NamedRow]] = TypeAdapter(FirstWrong[NamedRow])
_MEMBERS: TypeAdapter[list[MemberRow]] = TypeAdapter(FirstWrong[MemberRow])

R = TypeVar("R", bound=Row)


def read_actions(transport: Transport) -> list[ActionRow]:
    """Read the actions, in no order."""
    return _read_pages(transport, "/api/v1/actions/", _ACTIONS)


def read_roles(transport: Transport) -> list[NamedRow]:
    """Read the roles, by name."""
    return _read_pages(transport, "/api/v1/roles/", _ROLES)


def read_mappings(transport: Transport) -> list[MappingRow]:
    """Read the mappings, in no order."""
    return _read_list(transport, "/api/v1/mappings/list", _MAPPINGS)


def read_groups(transport: Transport) -> list[NamedRow]:
    """Read the groups, in no order."""
    return _read_list(transport, "/api/v1/groups/", _NAMED)


def read_actions_of(transport: Transport, role: str) -> tuple[str, ...]:
    """Read the names of the actions that a role holds."""
    return _names(transport, f"/api/v1/roles/{segment(role)}/actions")


def read_roles_of(transport: Transport, group: str) -> tuple[str, ...]:
    """Read the names of the roles that a group holds."""
    return _names(transport, f"/api/v1/roles/groups/{segment(group)}/roles")


def count_members(transport: Transport, groups: Sequence[str]) -> dict[str, int]:
    """Count the members of groups, by name; who they are is not kept."""

    def members(group: str) -> int:
        path = f"/api/v1/groups/{segment(group)}/members"
        return len(transport.get(path, shape=_MEMBERS, bounds=LIST))

    return dict(zip(groups, transport.each(members, groups), strict=True))


def _read_pages(transport: Transport, path: str, shape: TypeAdapter[Page[R]]) -> list[R]:
    def page(skip: int) -> Page[R]:
        params = {"skip": skip, "limit": PAGE_SIZE}
        return transport.get(path, params, shape=shape)

    first = page(0)
    # not behind what others have queued: all else waits for the lists
    with Threads(transport.concurrency) as threads:
        pages = [first, *threads.map(page, range(PAGE_SIZE, first.total, PAGE_SIZE))]
    rows = [row for each in pages for row in each.items]
    if {each.total for each in pages} != {len(rows)}:
        raise SnapshotError(f"GET {path} announced {first.total} rows and returned {len(rows)}")
    return _unique(path, rows)


def _read_list(transport: Transport, path: str, shape: TypeAdapter[list[R]]) -> list[R]:
    return _unique(path, transport.get(path, shape=shape, bounds=LIST))


def _unique(path: str, rows: list[R]) -> list[R]:
    if len({row.id for row in rows}) != len(rows):
        raise SnapshotError(f"GET {path} returned a row twice")
    return rows


def _names(transport: Transport, path: str) -> tuple[str, ...]:
    return tuple(row.name for row in _read_list(transport, path, _NAMED))
