"""Generated environments: small, so that names collide, edges swap and doomed things are in use."""

from hypothesis import strategies as st

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot

ACTIONS = ["users:read", "users:write", "data:read", "a", "b", "Legacy-Action"]
ROLES = ["admin", "viewer", "auditor", "data-scientist", "r", SUPERADMIN]
GROUPS = ["team", "ops", "guests", "g"]
ENDPOINTS = [
    ("GET", "/users$"),
    ("GET", "/users/"),
    ("GET", "/users/([^/]+)$"),
    ("GET", "/users/me$"),
    ("POST", "/users$"),
    ("ANY", "/old"),
    ("GET", "/n"),
]
DESCRIPTIONS = ["", "one", "two"]


def some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    text = st.sampled_from(DESCRIPTIONS)
    actions = draw(some(ACTIONS))
    roles = draw(some(ROLES))
    held = some(actions) if actions else st.just([])
    given = some(roles) if roles else st.just([])
    endpoints = draw(st.lists(st.sampled_from(ENDPOINTS), unique=True)) if actions else []
    mappings = [
        Mapping(method=m, path_pattern=p, action=draw(st.sampled_from(actions)), description=draw(text))
        for m, p in endpoints
    ]
    return Snapshot(
        actions=tuple(Action(name=n, description=draw(text)) for n in actions),
        roles=tuple(
            Role(name=n, description=draw(text), actions=tuple(draw(held)) if n != SUPERADMIN else ())
            for n in roles
        ),
        mappings=tuple(mappings),
        groups=tuple(
            Group(name=n, description=draw(text), roles=tuple(draw(given))) for n in draw(some(GROUPS))
        ),
        precedence=tuple(m.name for m in draw(st.permutations(mappings))),
    )


OVERLAPPING = ["/users/", "/users/([^/]+)$", "/users/me$"]


@st.composite
def overlapping(draw: st.DrawFn) -> Snapshot:
    """Draw an environment in which little differs but which mapping decides, and who may do what it asks."""
    actions = ["a", "b", "c"]
    patterns = draw(st.lists(st.sampled_from(OVERLAPPING), unique=True))
    mappings = tuple(
        Mapping(method="GET", path_pattern=pattern, action=draw(st.sampled_from(actions)))
        for pattern in patterns
    )
    return Snapshot(
        actions=tuple(Action(name=name) for name in actions),
        roles=(
            Role(name="r", actions=tuple(draw(some(actions)))),
            Role(name=SUPERADMIN),
        ),
        mappings=mappings,
        groups=(Group(name="g", roles=("r",)),),
        precedence=tuple(mapping.name for mapping in mappings),
    )


def either() -> st.SearchStrategy[tuple[Snapshot, Snapshot]]:
    """Draw a source and a target, of either sort."""
    return st.one_of(st.tuples(snapshots(), snapshots()), st.tuples(overlapping(), overlapping()))
