"""Generated environments: small, so that names collide, edges swap and doomed things are in use."""

from hypothesis import strategies as st

from sync.plan.model import SUPERADMIN, Action, Group, Mapping, Role, Snapshot

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
