"""The sandbox's tables, with the cascades of its database and the layer that resolves requests.

Everything runs on one event loop and no method waits for anything, so that each is atomic without a lock.
"""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import count

from sync.sandbox.clock import Clock
from sync.sandbox.dialect import matches_in_database
from sync.sandbox.directory import Directory
from sync.sandbox.resolver import ANY, Decision, Resolver
from sync.sandbox.rows import ActionRow, GroupRow, MappingRow, RoleRow

VISIBLE_ROLES = 50
"""How many roles, by name, the server looks through for the one whose actions are asked for."""


class State:
    """What one environment holds.

    Tables are dicts in the order of a database's heap: a row that is updated goes to the end. Each table
    counts its ids from `first_id`.
    """

    def __init__(self, clock: Clock, first_id: int) -> None:
        self.clock = clock
        self.directory = Directory(clock, first_id)
        self.resolver = Resolver(clock, self._decided_by_rows)
        self.actions: dict[int, ActionRow] = {}
        self.roles: dict[str, RoleRow] = {}
        self.mappings: dict[int, MappingRow] = {}
        self.groups: dict[str, GroupRow] = {}
        self.role_actions: defaultdict[str, set[int]] = defaultdict(set)
        self.group_roles: defaultdict[str, set[str]] = defaultdict(set)
        self._endpoints: dict[tuple[str, str], int] = {}
        self._action_ids, self._role_ids, self._mapping_ids, self._group_ids = (
            count(first_id) for _ in range(4)
        )

    # Actions

    def action_named(self, name: str) -> ActionRow | None:
        """Return an action by name."""
        return next((action for action in self.actions.values() if action.name == name), None)

    def endpoint_counts(self) -> Counter[int]:
        """Return how many mappings each action has, by its id."""
        return Counter(mapping.action_id for mapping in self.mappings.values())

    def create_action(self, name: str, description: str | None) -> ActionRow:
        """Add an action."""
        action = ActionRow(next(self._action_ids), name, description)
        self.actions[action.id] = action
        return action

    def update_action(self, action: ActionRow) -> None:
        """Replace the action of the same id."""
        del self.actions[action.id]
        self.actions[action.id] = action

    def delete_action(self, action_id: int) -> None:
        """Delete an action, its edges and its mappings. The resolver is not told about the mappings."""
        del self.actions[action_id]
        for held in self.role_actions.values():
            held.discard(action_id)
        for mapping in [mapping for mapping in self.mappings.values() if mapping.action_id == action_id]:
            del self.mappings[mapping.id]
            del self._endpoints[mapping.endpoint]

    # Roles

    def create_role(self, name: str, description: str, created_by: str | None) -> RoleRow:
        """Add a role."""
        role = RoleRow(next(self._role_ids), name, description, created_by, self.clock.stamp())
        self.roles[name] = role
        return role

    def delete_role(self, name: str) -> None:
        """Delete a role that holds nothing and that nobody holds."""
        del self.roles[name]

    def is_visible(self, role: str) -> bool:
        """Tell whether the actions of a role can be read and changed: of the first 50 by name only."""
        return role in sorted(self.roles)[:VISIBLE_ROLES]

    def holders_of(self, role: str) -> list[str]:
        """Return the names of the groups that a role is assigned to."""
        return sorted(group for group, roles in self.group_roles.items() if role in roles)

    def roles_of(self, user: str) -> list[str]:
        """Return the names of the roles that a user holds, directly or through a group."""
        roles = set(self.directory.own_roles[user])
        for group in self.directory.groups_of(user):
            roles |= self.group_roles[group]
        return sorted(roles)

    def actions_of(self, group: str) -> list[str]:
        """Return the names of the actions that the members of a group may do by their roles."""
        held = {action_id for role in self.group_roles[group] for action_id in self.role_actions[role]}
        return sorted(self.actions[action_id].name for action_id in held)

    # Mappings

    def mapping_at(self, method: str, path_pattern: str) -> MappingRow | None:
        """Return the mapping of an endpoint."""
        mapping_id = self._endpoints.get((method, path_pattern))
        return None if mapping_id is None else self.mappings[mapping_id]

    def create_mapping(
        self, endpoint: tuple[str, str], action_id: int, description: str | None, created_by: str | None
    ) -> MappingRow:
        """Add a mapping, in front of all others of its method."""
        method, path_pattern = endpoint
        now = self.clock.stamp()
        mapping_id = next(self._mapping_ids)
        mapping = MappingRow(
            mapping_id,
            path_pattern,
            method,
            action_id,
            description,
            created_by,
            created_at=now,
            updated_at=now,
        )
        self._put(mapping)
        return mapping

    def update_mapping(self, mapping: MappingRow) -> MappingRow:
        """Replace the mapping of the same id, and put it in front of all others of its method."""
        before = self.mappings.pop(mapping.id)
        if before.endpoint != mapping.endpoint:
            del self._endpoints[before.endpoint]
            self.resolver.forget(before.method, before.id)
        written = replace(mapping, updated_at=self.clock.stamp())
        self._put(written)
        return written

    def delete_mapping(self, mapping_id: int) -> None:
        """Delete a mapping, which stops deciding at once."""
        mapping = self.mappings.pop(mapping_id)
        del self._endpoints[mapping.endpoint]
        self.resolver.forget(mapping.method, mapping.id)

    def mappings_in_order(self) -> list[MappingRow]:
        """Return the mappings, the one written first standing first."""
        return sorted(self.mappings.values(), key=lambda mapping: mapping.updated_at)

    def restart(self) -> None:
        """Do what a restart of the server does to the resolver: it knows the rows only, in their order."""
        self.resolver.rebuild([self._decision(mapping) for mapping in self.mappings.values()])

    def order_rows(self, endpoints: list[tuple[str, str]]) -> None:
        """Let the database return the mappings of these endpoints last, in this order, from now on.

        It promises none. The resolver does not know before it asks.
        """
        for endpoint in endpoints:
            mapping_id = self._endpoints[endpoint]
            self.mappings[mapping_id] = self.mappings.pop(mapping_id)

    def _put(self, mapping: MappingRow) -> None:
        self.mappings[mapping.id] = mapping
        self._endpoints[mapping.endpoint] = mapping.id
        self.resolver.write(self._decision(mapping))

    def _decision(self, mapping: MappingRow) -> Decision:
        action = self.actions[mapping.action_id].name
        return Decision(mapping.id, action, mapping.path_pattern, mapping.method, mapping.description)

    def _decided_by_rows(self, method: str, path: str) -> Decision | None:
        """Return the first of the database's rows that matches a request."""
        for mapping in self.mappings.values():
            if mapping.method in {method, ANY} and matches_in_database(mapping.path_pattern, path):
                return self._decision(mapping)
        return None

    # Groups

    def create_group(self, name: str, description: str, created_by: str | None) -> GroupRow:
        """Add a group."""
        group = GroupRow(next(self._group_ids), name, description, created_by, self.clock.stamp())
        self.groups[name] = group
        return group

    def delete_group(self, name: str) -> None:
        """Delete a group, its roles' edges and every membership."""
        del self.groups[name]
        self.group_roles.pop(name, None)
        self.directory.members.pop(name, None)
