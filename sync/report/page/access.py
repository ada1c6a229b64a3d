"""Who reaches what, as columns of numbers: what the page's script draws the matrix and the ways from.

Each name stands once; all else refers to it by its place. What somebody holds is a number: the place of what
is held, times four, plus 1 if it is held before the plan and 2 if it is held after it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.model.impact import AccessChange, Impact, Requests, Requirement
from sync.model.plan import Plan, Verb
from sync.model.snapshot import SUPERADMIN, Kind, Snapshot
from sync.plan.closure import Edges, Register
from sync.report.wording import printable

_BEFORE, _AFTER = 1, 2
_NONE = -1


class Names:
    """Names, each with its place."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.places = {name: place for place, name in enumerate(dict.fromkeys(names))}

    def __getitem__(self, name: str | None) -> int:
        return _NONE if name is None else self.places[name]

    def shown(self) -> list[str]:
        """Return the names, each as one visible line."""
        return [printable(name) for name in self.places]


def access_of(target: Snapshot, plan: Plan) -> dict[str, Any]:
    """Return who holds what in the target before and after a plan, and what changes by it, for JSON."""
    # a plan that is resumed deletes groups that are gone by now as well
    changed = [operation.name for operation in plan.operations if operation.kind is Kind.GROUP]
    register = Register([*(group.name for group in target.groups), *changed])
    before = Edges.of(target, register)
    after = before.after(plan.operations, *Verb)
    asked = {mapping.name: mapping.action for mapping in target.mappings}
    asking = _asking(asked, plan)
    sides = ((before, _BEFORE), (after, _AFTER))
    told = _all(plan.impact)
    groups = Names(sorted({*register.names(before.groups | after.groups)}.union(*(c.groups for c in told))))
    holding = {role for edges, _ in sides for role in _roles(edges)} | {SUPERADMIN}
    roles = Names(sorted(holding.union(*(change.roles for change in told))))
    held = {action for edges, _ in sides for action in edges.action_roles}
    held |= {each.action for change in told for each in change.through if each.action is not None}
    actions = Names(sorted(held | {*asked.values()} | {*asking.values()}))
    won = {name for requests in _requests(plan.impact) for name in (requests.before, requests.after) if name}
    mappings = Names(sorted(won | asked.keys() | asking.keys()))
    group_roles = [dict[int, int]() for _ in groups.places]
    role_actions = [dict[int, int]() for _ in roles.places]
    for edges, side in sides:
        for role, bits in edges.role_groups.items():
            for group in register.names(bits & edges.groups):
                _add(group_roles[groups[group]], roles[role], side)
        for action, holders in edges.action_roles.items():
            for role in holders:
                _add(role_actions[roles[role]], actions[action], side)
    return {
        "groups": groups.shown(),
        "roles": roles.shown(),
        "actions": actions.shown(),
        "superadmin": roles[SUPERADMIN],
        "unknown": [groups[name] for name in plan.impact.unknown if name in groups.places],
        "groupSides": [
            sum(side for edges, side in sides if register.bits([name]) & edges.groups)
            for name in groups.places
        ],
        "groupRoles": [_codes(found) for found in group_roles],
        "roleActions": [_codes(found) for found in role_actions],
        "mappings": {
            "names": mappings.shown(),
            "before": [actions[asked.get(name)] for name in mappings.places],
            "after": [actions[asking.get(name)] for name in mappings.places],
        },
        **_changes(plan.impact, groups, roles, actions, mappings),
    }


def _changes(impact: Impact, groups: Names, roles: Names, actions: Names, mappings: Names) -> dict[str, Any]:
    found = {requests: place for place, requests in enumerate(dict.fromkeys(_requests(impact)))}
    sets = {names: place for place, names in enumerate(dict.fromkeys(c.groups for c in _all(impact)))}

    def rectangle(change: AccessChange) -> list[Any]:
        through = [[actions[each.action], [found[r] for r in each.requests]] for each in change.through]
        return [sets[change.groups], [roles[role] for role in change.roles], [*change.causes], through]

    def places(requirements: Iterable[Requirement]) -> list[int]:
        return [found[requests] for each in requirements for requests in each.requests]

    return {
        "requests": {
            "names": [printable(requests.name) for requests in found],
            "before": [mappings[requests.before] for requests in found],
            "after": [mappings[requests.after] for requests in found],
        },
        "sets": [[groups[name] for name in names] for names in sets],
        "gains": [rectangle(change) for change in impact.gains],
        "losses": [rectangle(change) for change in impact.losses],
        "opened": places(impact.opened),
        "closed": places(impact.closed),
    }


def _all(impact: Impact) -> tuple[AccessChange, ...]:
    return (*impact.gains, *impact.losses)


def _requests(impact: Impact) -> Iterator[Requests]:
    for change in _all(impact):
        yield from change.requests
    for requirement in (*impact.opened, *impact.closed):
        yield from requirement.requests


def _asking(asked: Mapping[str, str], plan: Plan) -> dict[str, str]:
    asking = {**asked}
    for operation in plan.operations:
        if operation.kind is Kind.MAPPING and operation.verb is Verb.DELETE:
            asking.pop(operation.name, None)
        elif operation.kind is Kind.MAPPING and operation.after and operation.after.action:
            asking[operation.name] = operation.after.action
    return asking


def _roles(edges: Edges) -> set[str]:
    return {*edges.role_groups}.union(*edges.action_roles.values())


def _add(codes: dict[int, int], place: int, side: int) -> None:
    codes[place] = codes.get(place, 0) | side


def _codes(found: Mapping[int, int]) -> list[int]:
    return [place * 4 + sides for place, sides in sorted(found.items())]
