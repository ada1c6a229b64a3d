"""The example that the demo shows: a staging and a production that differ in every way there is."""

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.options import People

_AREAS = ("users", "data", "reports", "billing", "maps", "alerts", "files", "jobs")
_VERBS = ("read", "write", "delete")
_SHARED_ACTIONS = tuple(f"{area}:{verb}" for area in _AREAS for verb in _VERBS)[:23]
_SHARED_ROLES = ("admin", "viewer", "editor", "operator", "support", "billing_clerk", SUPERADMIN)
_METHODS = {"read": "GET", "write": "POST", "delete": "DELETE"}


def _actions(names: tuple[str, ...], **special: str) -> tuple[Action, ...]:
    return tuple(
        Action(name=name, description=special.get(name, f"{name.replace(':', ' ')} permission"))
        for name in names
    )


def _mapping(name: str, action: str, description: str = "") -> Mapping:
    method, _, path_pattern = name.partition(" ")
    return Mapping(method=method, path_pattern=path_pattern, action=action, description=description)


def _shared_mappings() -> dict[str, str]:
    """Return two endpoints for each shared action but one: all below an area, and a single thing in it."""
    mappings = {}
    for action in _SHARED_ACTIONS:
        area, _, verb = action.partition(":")
        mappings[f"{_METHODS[verb]} /api/v1/{area}$"] = action
        mappings[f"{_METHODS[verb]} /api/v1/{area}/([^/]+)$"] = action
    return mappings


def staging() -> Snapshot:
    """Return what the demo's production is to become."""
    mappings = {
        **_shared_mappings(),
        "GET /api/v1/users/export$": "users:export",
        "POST /api/v1/data/analyze$": "data:analyze",
        "GET /api/v1/users/me$": "users:read",
        "PUT /api/v1/files/([^/]+)$": "files:write",
    }
    return Snapshot(
        actions=_actions(
            (*_SHARED_ACTIONS, "users:export", "data:analyze"), **{"users:read": "See who uses the platform"}
        ),
        roles=(
            *(_role(name) for name in _SHARED_ROLES if name not in {"admin", "editor"}),
            _role("admin", "users:export"),
            _role("editor", "files:write"),
            _role("data_scientist", "data:analyze", "data:write"),
            _role("auditor", "reports:read", "users:read"),
        ),
        mappings=tuple(_mapping(name, action, _note(name, "staging")) for name, action in mappings.items()),
        groups=(
            Group(name="platform_team", description="Who runs the platform", roles=("admin", SUPERADMIN)),
            Group(name="city_hall", description="Everyone at city hall", roles=("viewer",)),
            Group(name="service_desk", description="First line", roles=("auditor", "support", "viewer")),
            Group(name="finance", description="Accounting", roles=("billing_clerk",)),
            Group(name="data_team", description="Analysts", roles=("data_scientist", "viewer")),
        ),
        precedence=(
            "GET /api/v1/users/([^/]+)$",
            "GET /api/v1/users/export$",
            "GET /api/v1/users/me$",
            "POST /api/v1/data/([^/]+)$",
            "POST /api/v1/data/analyze$",
        ),
    )


def production() -> Snapshot:
    """Return what the demo's production is before."""
    mappings = {
        **_shared_mappings(),
        "GET /api/v1/legacy$": "legacy:action",
        "GET /api/v1/users/me$": "users:read",
        "PUT /api/v1/files/([^/]+)$": "files:delete",
    }
    return Snapshot(
        actions=_actions((*_SHARED_ACTIONS, "legacy:action"), **{"users:read": "Read users"}),
        roles=(
            *(_role(name) for name in _SHARED_ROLES if name not in {"viewer", "editor"}),
            _role("viewer", "legacy:action"),
            _role("editor", "files:delete"),
            _role("contractor", "data:read", "maps:write"),
        ),
        mappings=tuple(
            _mapping(name, action, _note(name, "production")) for name, action in mappings.items()
        ),
        groups=(
            Group(name="platform_team", description="Who runs the platform", roles=("admin", SUPERADMIN)),
            Group(name="city_hall", description="Everyone at city hall", roles=("viewer",)),
            Group(name="service_desk", description="First line", roles=("contractor", "support", "viewer")),
            Group(name="finance", description="Accounting", roles=("billing_clerk",)),
            Group(name="legacy_team", description="Left last year", roles=("contractor", "viewer")),
        ),
        precedence=("GET /api/v1/users/([^/]+)$", "GET /api/v1/users/me$"),
    )


def _role(name: str, *more: str) -> Role:
    held = {
        "admin": _SHARED_ACTIONS,
        "viewer": tuple(action for action in _SHARED_ACTIONS if action.endswith(":read")),
        "editor": tuple(action for action in _SHARED_ACTIONS if action.endswith(":write")),
    }.get(name, ())
    everything = tuple(dict.fromkeys((*held, *more)))
    return Role(name=name, description=f"{name.replace('_', ' ').capitalize()} role", actions=everything)


def _note(name: str, environment: str) -> str:
    """Describe one mapping differently in each environment, and no other."""
    return f"Deletes a report ({environment})" if name == "DELETE /api/v1/reports/([^/]+)$" else ""


PEOPLE = People(members={"legacy_team": tuple(f"{number:011}" for number in range(37))})
"""Who is in production's groups: invented people, in the group that is going to be deleted."""
