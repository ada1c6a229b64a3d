"""Pairs of environments of a real size, generated: the same each time."""

import random
from collections.abc import Iterable

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot

VERBS = ("read", "write", "delete", "list", "export")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def environment(actions: int = 250, roles: int = 40, mappings: int = 500, groups: int = 30) -> Snapshot:
    """Return an environment with so many of everything (`superadmin` counted), all of it in use."""
    chance = random.Random(7)
    names = [f"area_{number // 5:03}:{VERBS[number % 5]}" for number in range(actions)]
    role_names = [f"role_{number:02}" for number in range(roles - 1)]
    return Snapshot(
        actions=tuple(Action(name=name, description=f"May {name}") for name in names),
        roles=(
            *(
                Role(
                    name=name,
                    description=f"Role {name}",
                    actions=tuple(chance.sample(names, min(12, actions))),
                )
                for name in role_names
            ),
            Role(name=SUPERADMIN, description="Everything"),
        ),
        mappings=tuple(
            Mapping(
                method=METHODS[number % 7],
                path_pattern=f"/api/v1/things_{number // 14:03}" + ("$", "/([^/]+)$")[number % 14 // 7],
                action=chance.choice(names),
                description=f"Endpoint {number}",
            )
            for number in range(mappings)
        ),
        groups=tuple(
            Group(
                name=f"group_{number:02}",
                description=f"Group {number}",
                roles=tuple(chance.sample(role_names, min(3, len(role_names)))),
            )
            for number in range(groups)
        ),
    )


def made_different(snapshot: Snapshot, *, descriptions: bool = True) -> Snapshot:
    """Return an environment in which a tenth of everything differs, in every way there is.

    Of each kind some are missing, some are too many and in use, and some say something else; edges are
    missing and too many; mappings ask for other actions. `descriptions` says whether those of roles and
    groups differ too.
    """
    chance = random.Random(8)
    actions, roles = list(snapshot.actions), [r for r in snapshot.roles if r.name != SUPERADMIN]
    mappings, groups = list(snapshot.mappings), list(snapshot.groups)
    doomed_actions = [Action(name=f"doomed:{n}", description="Goes") for n in range(tenth(actions) // 3)]
    gone_actions = {a.name for a in chance.sample(actions, tenth(actions) // 3)}
    kept_actions = [a for a in actions if a.name not in gone_actions]
    redescribed = set(chance.sample([a.name for a in kept_actions], tenth(actions) // 3))
    usable = [*(a.name for a in kept_actions), *(a.name for a in doomed_actions)]

    gone_roles = {r.name for r in chance.sample(roles, max(1, tenth(roles) // 3))}
    other_roles = set(
        chance.sample([r.name for r in roles if r.name not in gone_roles], max(1, tenth(roles)))
    )
    target_roles = [
        Role(
            name=role.name,
            description="Something else" if descriptions and role.name in other_roles else role.description,
            actions=_swapped(role.actions or (), gone_actions, usable, chance, swap=role.name in other_roles),
        )
        for role in roles
        if role.name not in gone_roles
    ]
    doomed_roles = [
        Role(
            name=f"doomed_role_{n}",
            description="Goes",
            actions=tuple(chance.sample(usable, min(5, len(usable)))),
        )
        for n in range(max(1, tenth(roles) // 3))
    ]
    usable_roles = [r.name for r in (*target_roles, *doomed_roles)]

    gone_mappings = {m.name for m in chance.sample(mappings, tenth(mappings) // 4)}
    other_mappings = set(chance.sample([m.name for m in mappings], tenth(mappings)))
    target_mappings = [
        Mapping(
            method=mapping.method,
            path_pattern=mapping.path_pattern,
            action=chance.choice(usable)
            if mapping.name in other_mappings or mapping.action in gone_actions
            else mapping.action,
            description=chance.choice(["", "Said otherwise"])
            if mapping.name in other_mappings
            else mapping.description,
        )
        for mapping in mappings
        if mapping.name not in gone_mappings
    ]
    doomed_mappings = [
        Mapping(method="GET", path_pattern=f"/legacy/{n}$", action=chance.choice(usable))
        for n in range(tenth(mappings) // 4)
    ]

    gone_groups = {g.name for g in chance.sample(groups, max(1, tenth(groups) // 3))}
    other_groups = set(
        chance.sample([g.name for g in groups if g.name not in gone_groups], max(1, tenth(groups)))
    )
    target_groups = [
        Group(
            name=group.name,
            description="Something else"
            if descriptions and group.name in other_groups
            else group.description,
            roles=_swapped(
                group.roles or (), gone_roles, usable_roles, chance, swap=group.name in other_groups
            ),
        )
        for group in groups
        if group.name not in gone_groups
    ]
    doomed_groups = [
        Group(name=f"doomed_group_{n}", description="Goes", roles=tuple(chance.sample(usable_roles, 2)))
        for n in range(max(1, tenth(groups) // 3))
    ]
    everything = [r for r in snapshot.roles if r.name == SUPERADMIN]
    return Snapshot(
        actions=tuple(
            a.model_copy(update={"description": "Something else"}) if a.name in redescribed else a
            for a in (*kept_actions, *doomed_actions)
        ),
        roles=(*target_roles, *doomed_roles, *everything),
        mappings=(*target_mappings, *doomed_mappings),
        groups=(*target_groups, *doomed_groups),
    )


def tenth(things: list[Action] | list[Role] | list[Mapping] | list[Group]) -> int:
    return len(things) // 10


def _swapped(
    held: Iterable[str], gone: set[str], usable: list[str], chance: random.Random, *, swap: bool
) -> tuple[str, ...]:
    """Return what is held without what is gone and, if swapped, with one thing less and one more."""
    names = [name for name in held if name not in gone]
    if swap:
        names = [*names[1:], chance.choice([name for name in usable if name not in names])]
    return tuple(names)
