"""An environment → its snapshot: complete, or an error.

A row that is missing here would be deleted there. So what the lists say of themselves and of each other must
agree, and what does not is read again.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from sync.errors import AnswerError, SnapshotError
from sync.heimdall.lists import (
    read_actions,
    read_actions_of,
    read_groups,
    read_mappings,
    read_roles,
    read_roles_of,
)
from sync.heimdall.rows import ActionRow, MappingRow, NamedRow
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.model import snapshot as model
from sync.model.ranking import Ranking
from sync.model.snapshot import READABLE_ROLES, SUPERADMIN, Action, Group, Kind, Role, Snapshot, fits_in_url
from sync.overlaps.answers import Answered, Remark
from sync.overlaps.overlap import Key
from sync.overlaps.search import overlaps_of
from sync.overlaps.winners import Winner, ranking_of, winners_of

MAX_READINGS = 3


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
class _Held:
    """Roles or groups as they are listed, and what each holds: None where the server does not show it."""

    rows: list[NamedRow]
    members: list[tuple[str, ...] | None]


def _say_nothing(_: Reading) -> None:
    """Stand in for who waits for the lists."""


def read_environment(transport: Transport, listed: Callable[[Reading], None] = _say_nothing) -> Reading:
    """Read everything an environment is configured with.

    `listed` is told of the actions and mappings as soon as their lists are there, and again where they are
    read again: the last time, of those that the whole reading has. Raises `SnapshotError` where the lists
    contradict themselves or each other three times, and another `RemoteError` for any answer but a good one.
    """
    for left in reversed(range(MAX_READINGS)):
        try:
            return _read_once(transport, listed)
        except SnapshotError as error:
            if not left:
                raise SnapshotError(
                    f"{transport.url} gave contradictory answers, {MAX_READINGS} times: {error.message}",
                    "wait until nobody changes it, then run again",
                ) from None
    raise AssertionError("the last reading returns or raises")


def _read_once(transport: Transport, listed: Callable[[Reading], None]) -> Reading:
    """Read the four lists at the same time, and what roles and groups hold as soon as theirs is there."""
    with Threads(len(Kind)) as threads:
        roles = threads.submit(_read_roles, transport)
        groups = threads.submit(_read_groups, transport)
        actions = threads.submit(read_actions, transport)
        mappings = threads.submit(read_mappings, transport)
        shown = _shown(actions.result(), mappings.result())
        listed(shown)
        return _whole(shown, roles.result(), groups.result())


def _read_roles(transport: Transport) -> _Held:
    rows = read_roles(transport)
    beyond = {role.name for role in rows[READABLE_ROLES:]}

    def actions_of(role: NamedRow) -> tuple[str, ...] | None:
        if not fits_in_url(role.name):
            return None
        try:
            return read_actions_of(transport, role.name)
        except AnswerError as error:
            # the known limit of the server; of any other role a 404 is a contradiction
            if error.status == HTTPStatus.NOT_FOUND and role.name in beyond:
                return () if role.name == SUPERADMIN else None
            raise

    return _Held(rows, transport.each(actions_of, rows))


def _read_groups(transport: Transport) -> _Held:
    def roles_of(group: NamedRow) -> tuple[str, ...] | None:
        return read_roles_of(transport, group.name) if fits_in_url(group.name) else None

    rows = read_groups(transport)
    return _Held(rows, transport.each(roles_of, rows))


def _shown(actions: Sequence[ActionRow], mappings: Sequence[MappingRow]) -> Reading:
    """Return what the lists of actions and mappings show. Raises `SnapshotError` where they contradict."""
    endpoints = Counter(mapping.action for mapping in mappings)
    for action in actions:
        if action.endpoint_count not in {None, endpoints[action.name]}:
            raise SnapshotError(
                f"action {action.name!r} counts {action.endpoint_count} mappings, "
                f"the list of mappings has {endpoints[action.name]}"
            )
    rows = sorted(mappings, key=lambda row: (row.written, row.id))
    order = Ranking(tuple(row.name for row in rows), tuple(row.name for row in mappings))
    present = frozenset(order.written)
    ranking = ranking_of(winners_of(order, overlaps_of(present), present), present)
    return Reading(
        snapshot=_validated(
            actions=tuple(Action(name=row.name, description=row.description) for row in actions),
            mappings=tuple(map(_mapping, rows)),
            precedence=ranking.written,
            rows=ranking.rows,
        ),
        ids={
            **{(Kind.ACTION, row.name): row.id for row in actions},
            **{(Kind.MAPPING, row.name): row.id for row in mappings},
        },
        written={row.name: row.written for row in rows},
        rows=order.rows,
        blank=frozenset(row.name for row in rows if row.description == ""),
    )


def _mapping(row: MappingRow) -> model.Mapping:
    return model.Mapping(
        method=row.method, path_pattern=row.path_pattern, action=row.action, description=row.description
    )


def _whole(shown: Reading, roles: _Held, groups: _Held) -> Reading:
    """Return a reading with roles and groups. Raises `SnapshotError` where they refer to nothing."""
    snapshot = shown.snapshot
    return replace(
        shown,
        snapshot=_validated(
            actions=snapshot.actions,
            roles=tuple(
                Role(name=row.name, description=row.description, actions=held)
                for row, held in zip(roles.rows, roles.members, strict=True)
            ),
            mappings=snapshot.mappings,
            groups=tuple(
                Group(name=row.name, description=row.description, roles=held)
                for row, held in zip(groups.rows, groups.members, strict=True)
            ),
            precedence=snapshot.precedence,
            rows=snapshot.rows,
        ),
        ids=shown.ids
        | {(Kind.ROLE, row.name): row.id for row in roles.rows}
        | {(Kind.GROUP, row.name): row.id for row in groups.rows},
    )


def _validated(**parts: Any) -> Snapshot:
    try:
        return Snapshot(**parts)
    except ValidationError as error:
        raise SnapshotError(str(error.errors()[0]["msg"])) from None
