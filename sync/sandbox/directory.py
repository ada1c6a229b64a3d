"""The people whom the sandbox knows: users, the roles they hold themselves, and memberships."""

import re
from collections import defaultdict
from itertools import count

from sync.model.snapshot import SUPERADMIN
from sync.sandbox.clock import Clock
from sync.sandbox.rows import MemberRow, UserRow


def is_cpf(name: str) -> bool:
    """Tell whether a user name is a CPF: eleven digits."""
    return re.fullmatch(r"[0-9]{11}", name) is not None


class Directory:
    """Users by CPF (or by the name in their token), their own roles, and who is in which group."""

    def __init__(self, clock: Clock, first_id: int) -> None:
        self._clock = clock
        self._ids = count(first_id)
        self.users: dict[str, UserRow] = {}
        self.own_roles: defaultdict[str, set[str]] = defaultdict(set)
        self.members: defaultdict[str, dict[str, MemberRow]] = defaultdict(dict)

    def user(self, name: str, display_name: str | None = None) -> UserRow:
        """Return a user, created if need be."""
        if name not in self.users:
            self.users[name] = UserRow(next(self._ids), name, display_name)
        return self.users[name]

    def sign_in(self, name: str, display_name: str | None, *, superadmin: bool) -> None:
        """Know the bearer of a token, who holds `superadmin` exactly if the token says so."""
        self.user(name, display_name)
        if superadmin:
            self.own_roles[name].add(SUPERADMIN)
        else:
            self.own_roles[name].discard(SUPERADMIN)

    def join(self, group: str, name: str, added_by: str | None) -> None:
        """Make someone a member of a group."""
        self.user(name)
        self.members[group][name] = MemberRow(name, self._clock.stamp(), added_by)

    def groups_of(self, name: str) -> list[str]:
        """Return the names of the groups that a user is in."""
        return sorted(group for group, members in self.members.items() if name in members)

    def holds_directly(self, role: str) -> bool:
        """Tell whether any user holds a role other than through a group."""
        return any(role in roles for roles in self.own_roles.values())
