"""A snapshot made into a state, past every check that a request would meet, and back."""

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.clock import Clock
from sync.sandbox.options import People
from sync.sandbox.state import State


def state_of(snapshot: Snapshot, people: People, first_id: int, clock: Clock) -> State:
    """Return a state that holds what a snapshot says, and `superadmin`.

    Ids follow names. The mappings in the snapshot's `precedence` are written last, in its order.

    Raises `ValueError` where people are in a group or hold a role that does not exist.
    """
    state = State(clock, first_id)
    for action in snapshot.actions:
        state.create_action(action.name, action.description or None)
    if all(role.name != SUPERADMIN for role in snapshot.roles):
        state.create_role(SUPERADMIN, "Has every permission", created_by=None)
    action_ids = {action.name: action.id for action in state.actions.values()}
    for role in snapshot.roles:
        state.create_role(role.name, role.description, created_by=None)
        state.role_actions[role.name] |= {action_ids[name] for name in role.actions or ()}
    for group in snapshot.groups:
        state.create_group(group.name, group.description, created_by=None)
        state.group_roles[group.name] |= set(group.roles or ())
    for mapping in snapshot.mappings:
        endpoint = (mapping.method, mapping.path_pattern)
        state.create_mapping(
            endpoint, action_ids[mapping.action], mapping.description or None, created_by=None
        )
    for name in snapshot.precedence:
        method, _, path_pattern = name.partition(" ")
        written = state.mapping_at(method, path_pattern)
        assert written is not None, "a snapshot's precedence names its own mappings"
        state.update_mapping(written)
    _let_in(people, state)
    return state


def _let_in(people: People, state: State) -> None:
    unknown = sorted(
        (people.members.keys() - state.groups.keys()) | (people.roles.keys() - state.roles.keys())
    )
    if unknown:
        raise ValueError(f"people belong to groups or roles that do not exist: {', '.join(unknown)}")
    for group, members in people.members.items():
        for cpf in members:
            state.directory.join(group, cpf, added_by=None)
    for role, holders in people.roles.items():
        for cpf in holders:
            state.directory.user(cpf)
            state.directory.own_roles[cpf].add(role)


def snapshot_of(state: State) -> Snapshot:
    """Return what a state holds, without any order of the mappings: see `write_order_of`."""
    names = {action.id: action.name for action in state.actions.values()}
    return Snapshot(
        actions=tuple(
            Action(name=row.name, description=row.description or "") for row in state.actions.values()
        ),
        roles=tuple(
            Role(
                name=row.name,
                description=row.description,
                actions=tuple(names[action_id] for action_id in state.role_actions[row.name]),
            )
            for row in state.roles.values()
        ),
        mappings=tuple(
            Mapping(
                method=row.method,
                path_pattern=row.path_pattern,
                action=names[row.action_id],
                description=row.description or "",
            )
            for row in state.mappings.values()
        ),
        groups=tuple(
            Group(name=row.name, description=row.description, roles=tuple(state.group_roles[row.name]))
            for row in state.groups.values()
        ),
    )


def write_order_of(state: State) -> tuple[str, ...]:
    """Return the names of all mappings (`GET /users$`), the one written first standing first."""
    return tuple(" ".join(mapping.endpoint) for mapping in state.mappings_in_order())


def people_of(state: State) -> People:
    """Return the memberships and the roles that people hold directly."""
    directory = state.directory
    roles = {role for own in directory.own_roles.values() for role in own}
    return People(
        members={
            group: tuple(sorted(members)) for group, members in sorted(directory.members.items()) if members
        },
        roles={
            role: tuple(sorted(user for user, own in directory.own_roles.items() if role in own))
            for role in sorted(roles)
        },
    )
