"""Who can reach what after a plan that could not before, and who no longer can.

What many groups share is told once: a change of access is a rectangle of groups and endpoints. An endpoint
is what one mapping wins. A path that no mapping matches is open to everyone.

    group `support` is given role `analyst`, which holds `reports:export`:

    AccessChange(groups=("support",), roles=("analyst",), causes=(Cause.ASSIGNMENT,),
                 through=(Through(action="reports:export", requests=(Requests(
                     before="POST /reports$", after="POST /reports$", like="POST /reports"),)),))
"""

from collections.abc import Iterator
from enum import StrEnum

from sync.model.snapshot import Names, Value


class Cause(StrEnum):
    """What lets a group gain or lose access."""

    ASSIGNMENT = "assignment"
    ROLE = "role"
    MAPPING = "mapping"
    OVERLAP = "overlap"
    GROUP = "group"


class Requests(Value):
    """Requests that one mapping wins before a plan, and the same or another one after it.

    `before` and `after` are names of mappings, None where none matches; `like` is one such request
    (`GET /users/me`). If both are the same mapping, all that it wins before and after is meant.
    """

    before: str | None
    after: str | None
    like: str

    @property
    def name(self) -> str:
        """Return what to call them: the mapping, or the example where another mapping wins it."""
        return self.like if self.before and self.after and self.before != self.after else self.mapping

    @property
    def mapping(self) -> str:
        """Return the mapping that wins them after the plan, or before it where none does afterwards."""
        return self.after or self.before or ""


class Through(Value):
    """An action, and the endpoints that are reached with it."""

    action: str
    requests: tuple[Requests, ...]


class AccessChange(Value):
    """What every one of some groups gains, or loses, for the same reasons.

    Each group holds each of the roles, and each of the roles holds each of the actions: afterwards where it
    gains, before where it loses. `causes` say what changes:

    - `assignment`: the group is given a role, or a role is taken from it;
    - `role`: a role is given the action, or loses it;
    - `mapping`: the mapping has another action;
    - `overlap`: another mapping wins the request;
    - `group`: the group is created or deleted.
    """

    groups: Names
    roles: Names
    causes: tuple[Cause, ...]
    through: tuple[Through, ...]

    @property
    def requests(self) -> Iterator[Requests]:
        """Yield every endpoint."""
        return (requests for through in self.through for requests in through.requests)


class Requirement(Value):
    """Endpoints for which another action is asked than before, and which groups hold it.

    An action is None where no mapping matches: then everyone gets through, and no groups are named. Groups
    with `superadmin` get through as well and are not named. `certain` is False where a mapping whose pattern
    can't be compared may take some of the requests.
    """

    action_before: str | None
    action_after: str | None
    groups_before: Names = ()
    groups_after: Names = ()
    requests: tuple[Requests, ...]
    certain: bool = True


class Replaced(Value):
    """An action that so many endpoints ask for in place of another, and the same groups reach them.

    A renamed action looks like this: created, mapped to and deleted, and nothing changes for anybody.
    """

    before: str
    after: str
    endpoints: int


class Interruption(Value):
    """Access that is the same before and after a plan, and may be missing in between.

    `first` and `last` are the numbers of waves, from 1: it may be missing from when the first of them begins
    until the last has ended.
    """

    groups: Names
    requests: tuple[Requests, ...]
    first: int
    last: int


class Dangling(Value):
    """What has no use after a plan: actions no role holds, roles no group holds, mappings nobody gets past.

    Groups with `superadmin` get past all of them.
    """

    actions: Names = ()
    roles: Names = ()
    mappings: Names = ()


class Impact(Value):
    """Who can reach what after a plan that could not before, and who no longer can.

    A group with `superadmin` reaches everything: those that are given it or lose it are named once, without
    endpoints. `gains` and `losses` are about endpoints that a mapping protects before and after. What is
    `opened` loses its protection, so everyone reaches it; what is `closed` is protected from then on; what is
    `changed` asks for another action, and not the same groups hold it.

    What changes nothing for any group that stays: `replaced` actions, and the number of endpoints `moved` to
    another mapping that asks for the same action. `unknown` are the groups of which not everything that they
    hold could be read. What the members of a deleted group keep through other groups is not known.
    """

    superadmin: Names = ()
    superadmin_granted: Names = ()
    superadmin_lost: Names = ()
    created: Names = ()
    deleted: Names = ()
    gains: tuple[AccessChange, ...] = ()
    losses: tuple[AccessChange, ...] = ()
    opened: tuple[Requirement, ...] = ()
    closed: tuple[Requirement, ...] = ()
    changed: tuple[Requirement, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    moved: int = 0
    interruptions: tuple[Interruption, ...] = ()
    dangling: Dangling = Dangling()
    unknown: Names = ()

    @property
    def gaining(self) -> frozenset[str]:
        """Return the groups that gain access, by `superadmin` too."""
        return frozenset(self.superadmin_granted).union(*(change.groups for change in self.gains))

    @property
    def losing(self) -> frozenset[str]:
        """Return the groups that lose access, by losing `superadmin` and by being deleted too."""
        lost = (change.groups for change in self.losses)
        return frozenset((*self.superadmin_lost, *self.deleted)).union(*lost)

    @property
    def newly_allowed(self) -> Iterator[tuple[tuple[str, ...], Requests]]:
        """Yield each endpoint with groups that a mapping lets in from then on.

        What a mapping protects anew counts: where a deployment closes what no mapping matches, it opens.
        """
        return _allowed(self)

    @property
    def newly_open(self) -> Iterator[Requests]:
        """Yield every endpoint that becomes open to everyone, so far as is known."""
        return (requests for each in self.opened for requests in each.requests)


def _allowed(impact: Impact) -> Iterator[tuple[tuple[str, ...], Requests]]:
    for change in impact.gains:
        yield from ((change.groups, requests) for requests in change.requests)
    for closed in impact.closed:
        yield from ((closed.groups_after, requests) for requests in closed.requests)


def count_of(changes: tuple[AccessChange, ...]) -> int:
    """Return how many accesses are gained or lost: each is one group and one endpoint."""
    return sum(len(change.groups) * sum(len(t.requests) for t in change.through) for change in changes)
