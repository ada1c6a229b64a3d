"""An environment → its snapshot: complete, or an error.

A row that is missing here would be deleted there. So what the lists say of themselves and of each other must
agree, and what does not is read again.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from sync.errors import AnswerError, SnapshotError
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
from sync.model import snapshot as model
from sync.model.ranking import Ranking
from sync.model.snapshot import READABLE_ROLES, SUPERADMIN, Action, Group, Kind, Role, Snapshot, fits_in_url
from sync.overlaps.answers import Answered, Remark
from sync.overlaps.overlap import Key
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import Winner, ranking_of, winners_of

PAGE_SIZE = 100
"""The most rows of a page that the server takes."""

MAX_READINGS = 3

_CONFIGURED = {"method", "path_pattern", "action", "description"}

_MEMBERS = TypeAdapter(FirstWrong[MemberRow])

_ACTIONS: TypeAdapter[Page[ActionRow]] = TypeAdapter(ActionPage)
_ROLES: TypeAdapter[Page[NamedRow]] = TypeAdapter(RolePage)
_MAPPINGS: TypeAdapter[list[MappingRow]] = TypeAdapter(FirstWrong[MappingRow])
_NAMED: TypeAdapter[list[NamedRow]] = TypeAdapter(FirstWrong[NamedRow])
"""Made once: to make one takes as long as a request."""

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an environment is configured with, and the server's own numbers for it, by kind and name.

    `written` is when each mapping was last, the first standing first; `rows` are their names as they are
    listed; `blank` names those whose description is an empty text: one without any has none. It is None where
    nobody knows, in a snapshot's file. What the server answers about overlaps adds the rest: see
    `Environment`. `remarks` are the answers that are not what its list shows, `answers` all others; so many
    questions were `asked`, and so many `followed` from others or were answered before; so many
    `actions_left_out` may have been renamed without any answer that shows it; `suspects` are the likeliest.
    """

    snapshot: Snapshot
    ids: dict[tuple[Kind, str], int]
    written: Mapping[str, datetime] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    blank: frozenset[str] | None = None
    order: Ranking | None = None
    answered: Mapping[str, Winner] = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    leftovers: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    answers: Mapping[Key, Answered] = field(default_factory=dict)
    asked: int = 0
    followed: int = 0
    actions_left_out: int = 0
    suspects: tuple[str, ...] = ()

    @property
    def shown_order(self) -> Ranking:
        """Return the order of the mappings as the list shows it, or as the file of a snapshot says it."""
        return Ranking(tuple(self.written), self.rows) if self.written else self.snapshot.ranking

    def still_answered(self, before: "Reading", wrote: Collection[str]) -> dict[Key, Answered]:
        """Return the answers to an earlier reading that nothing written since can have changed.

        Those are about mappings that are listed as they were, or were not and are not. Where the database
        may answer, the question itself moves mappings: it is put again, on both sides.
        """
        then, now = before.last_written, self.last_written
        touched = {*wrote, *(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))}
        return {
            key: answered
            for key, answered in before.answers.items()
            if key[1] and touched.isdisjoint(key[1]) and touched.isdisjoint(key[2])
        }

    @property
    def actions(self) -> dict[str, str]:
        """Return the action that is listed for each mapping, by the name of the mapping."""
        return {mapping.name: mapping.action for mapping in self.snapshot.mappings}

    @property
    def action_ids(self) -> dict[str, int]:
        """Return the IDs of the actions, by name, in the order in which they are listed."""
        return {name: number for (kind, name), number in self.ids.items() if kind is Kind.ACTION}

    @property
    def last_written(self) -> dict[str, tuple[str, datetime | None]]:
        """Return the action of each mapping that is listed, and when it was written, by name."""
        return {m.name: (m.action, self.written.get(m.name)) for m in self.snapshot.mappings}


@dataclass(frozen=True, slots=True)
class Lists:
    """The four lists that an environment shows, without what roles and groups hold."""

    actions: list[ActionRow]
    roles: list[NamedRow]
    mappings: list[MappingRow]
    groups: list[NamedRow]


def read_environment(transport: Transport) -> Reading:
    """Read everything an environment is configured with.

    Raises `SnapshotError` where the lists contradict themselves or each other three times, and another
    `RemoteError` for any answer but a good one.
    """
    for left in reversed(range(MAX_READINGS)):
        try:
            lists = read_lists(transport)
            rows = sorted(lists.mappings, key=lambda row: (row.written, row.id))
            written = {row.name: row.written for row in rows}
            listed = tuple(row.name for row in lists.mappings)
            blank = frozenset(row.name for row in rows if row.description == "")
            return Reading(_snapshot(transport, lists), _ids(lists), written, listed, blank)
        except SnapshotError as error:
            if not left:
                raise SnapshotError(
                    f"{transport.url} gave contradictory answers, {MAX_READINGS} times: {error.message}",
                    "wait until nobody changes it, then run again",
                ) from None
    raise AssertionError("the last reading returns or raises")


def read_lists(transport: Transport) -> Lists:
    """Read the four lists at the same time."""
    with Threads(len(Kind)) as threads:
        actions = threads.submit(read_actions, transport)
        roles = threads.submit(read_roles, transport)
        mappings = threads.submit(read_mappings, transport)
        groups = threads.submit(read_groups, transport)
        lists = Lists(actions.result(), roles.result(), mappings.result(), groups.result())
    endpoints = Counter(mapping.action for mapping in lists.mappings)
    for action in lists.actions:
        if action.endpoint_count not in {None, endpoints[action.name]}:
            raise SnapshotError(
                f"action {action.name!r} counts {action.endpoint_count} mappings, "
                f"the list of mappings has {endpoints[action.name]}"
            )
    return lists


def count_members(transport: Transport, groups: Sequence[str]) -> dict[str, int]:
    """Count the members of groups, by name; who they are is not kept."""

    def members(group: str) -> list[MemberRow]:
        path = f"/api/v1/groups/{segment(group)}/members"
        return transport.get(path, shape=_MEMBERS, bounds=LIST)

    return {g: len(rows) for g, rows in zip(groups, transport.each(members, groups), strict=True)}


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


def _read_pages(transport: Transport, path: str, shape: TypeAdapter[Page[R]]) -> list[R]:
    def page(skip: int) -> Page[R]:
        params = {"skip": skip, "limit": PAGE_SIZE}
        return transport.get(path, params, shape=shape)

    first = page(0)
    pages = [first, *transport.each(page, range(PAGE_SIZE, first.total, PAGE_SIZE))]
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


def _snapshot(transport: Transport, lists: Lists) -> Snapshot:
    beyond = {role.name for role in lists.roles[READABLE_ROLES:]}

    def actions_of(role: NamedRow) -> tuple[str, ...] | None:
        if not fits_in_url(role.name):
            return None
        path = f"/api/v1/roles/{segment(role.name)}/actions"
        try:
            return _held(transport, path)
        except AnswerError as error:
            # the known limit of the server; of any other role a 404 is a contradiction
            if error.status == HTTPStatus.NOT_FOUND and role.name in beyond:
                return () if role.name == SUPERADMIN else None
            raise

    def roles_of(group: NamedRow) -> tuple[str, ...] | None:
        if not fits_in_url(group.name):
            return None
        return _held(transport, f"/api/v1/roles/groups/{segment(group.name)}/roles")

    with Threads(2) as threads:
        actions = threads.submit(transport.each, actions_of, lists.roles)
        roles = threads.submit(transport.each, roles_of, lists.groups)
        held_actions = dict(zip((role.name for role in lists.roles), actions.result(), strict=True))
        held_roles = dict(zip((group.name for group in lists.groups), roles.result(), strict=True))
    try:
        mappings = [
            model.Mapping.model_validate(row.model_dump(include=_CONFIGURED))
            for row in sorted(lists.mappings, key=lambda row: (row.written, row.id))
        ]
        shown = Ranking(
            tuple(mapping.name for mapping in mappings),
            tuple(row.name for row in lists.mappings),
        )
        present = frozenset(shown.written)
        ranking = ranking_of(winners_of(shown, overlaps_of(present), present), present)
        return Snapshot(
            actions=tuple(Action(name=row.name, description=row.description) for row in lists.actions),
            roles=tuple(
                Role(name=row.name, description=row.description, actions=held_actions[row.name])
                for row in lists.roles
            ),
            mappings=tuple(mappings),
            groups=tuple(
                Group(name=row.name, description=row.description, roles=held_roles[row.name])
                for row in lists.groups
            ),
            precedence=ranking.written,
            rows=ranking.rows,
        )
    except ValidationError as error:
        raise SnapshotError(str(error.errors()[0]["msg"])) from None


def _held(transport: Transport, path: str) -> tuple[str, ...]:
    return tuple(row.name for row in _read_list(transport, path, _NAMED))


def _ids(lists: Lists) -> dict[tuple[Kind, str], int]:
    return {
        **{(Kind.ACTION, row.name): row.id for row in lists.actions},
        **{(Kind.ROLE, row.name): row.id for row in lists.roles},
        **{(Kind.MAPPING, row.name): row.id for row in lists.mappings},
        **{(Kind.GROUP, row.name): row.id for row in lists.groups},
    }
