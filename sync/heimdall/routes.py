"""An operation → the request that carries it out: the table of the API's writes, in one place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.heimdall.answers import segment
from sync.model.plan import Operation, Verb
from sync.model.snapshot import Kind

IdOf = Callable[[Kind, str], int]
"""The target's own number for something, by kind and name."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template as a server publishes them: `PUT /api/v1/actions/{action_id}`."""

    method: str
    template: str


ROUTES: Mapping[tuple[Verb, Kind], Route] = {
    (Verb.CREATE, Kind.ACTION): Route("POST", "/api/v1/actions/"),
    (Verb.UPDATE, Kind.ACTION): Route("PUT", "/api/v1/actions/{action_id}"),
    (Verb.DELETE, Kind.ACTION): Route("DELETE", "/api/v1/actions/{action_id}"),
    (Verb.CREATE, Kind.ROLE): Route("POST", "/api/v1/roles/"),
    (Verb.DELETE, Kind.ROLE): Route("DELETE", "/api/v1/roles/{role_name}"),
    (Verb.ASSIGN, Kind.ROLE): Route("POST", "/api/v1/roles/{role_name}/actions"),
    (Verb.UNASSIGN, Kind.ROLE): Route("DELETE", "/api/v1/roles/{role_name}/actions/{action_name}"),
    (Verb.CREATE, Kind.MAPPING): Route("POST", "/api/v1/mappings/"),
    (Verb.UPDATE, Kind.MAPPING): Route("PUT", "/api/v1/mappings/{mapping_id}"),
    (Verb.REORDER, Kind.MAPPING): Route("PUT", "/api/v1/mappings/{mapping_id}"),
    (Verb.REFRESH, Kind.MAPPING): Route("PUT", "/api/v1/mappings/{mapping_id}"),
    (Verb.DELETE, Kind.MAPPING): Route("DELETE", "/api/v1/mappings/{mapping_id}"),
    (Verb.CREATE, Kind.GROUP): Route("POST", "/api/v1/groups/"),
    (Verb.DELETE, Kind.GROUP): Route("DELETE", "/api/v1/groups/{group_name}"),
    (Verb.ASSIGN, Kind.GROUP): Route("POST", "/api/v1/roles/groups/{group_name}/roles"),
    (Verb.UNASSIGN, Kind.GROUP): Route("DELETE", "/api/v1/roles/groups/{group_name}/roles/{role_name}"),
}
"""The requests that every server takes. Updates of roles and groups are taken where they are published."""

_PARAMETER = re.compile(r"\{([^}]+)\}")


def path_of(operation: Operation, route: Route, id_of: IdOf) -> str:
    """Fill a route's template: numbers where the parameter is an id, names elsewhere.

    Raises `RemoteError` where a name can't be part of a URL.
    """
    names = (segment(name) for _, name in names_in_path(operation, route))

    def value(parameter: re.Match[str]) -> str:
        return str(id_of(operation.kind, operation.name)) if _is_id(parameter[1]) else next(names)

    return _PARAMETER.sub(value, route.template)


def names_in_path(operation: Operation, route: Route) -> list[tuple[Kind, str]]:
    """Return what a request is sent to by its name, in the order of the route's parameters."""
    by_name = [parameter for parameter in _PARAMETER.findall(route.template) if not _is_id(parameter)]
    named = [(operation.kind, operation.name), (operation.member_kind, operation.member or "")]
    return named[: len(by_name)]


def _is_id(parameter: str) -> bool:
    return parameter == "id" or parameter.endswith("_id")


def body_of(operation: Operation, id_of: IdOf) -> dict[str, Any] | None:
    """Return what the request for an operation carries, None for those that carry nothing."""
    before, after = operation.before, operation.after
    match operation.verb, operation.kind:
        case Verb.CREATE, Kind.MAPPING if after:
            method, path_pattern = operation.endpoint
            return {
                "path_pattern": path_pattern,
                "method": method,
                "action_id": id_of(Kind.ACTION, after.action or ""),
                "description": after.description or None,
            }
        case ((Verb.UPDATE | Verb.REORDER | Verb.REFRESH), Kind.MAPPING) if before and after:
            body: dict[str, Any] = {}
            # whatever is written moves a mapping to the front, be it what it is; an empty body does not
            if after.action != before.action or operation.verb is not Verb.UPDATE:
                body["action_id"] = id_of(Kind.ACTION, after.action or "")
            if after.description != before.description:
                body["description"] = after.description
            return body
        case Verb.CREATE, _ if after:
            return {"name": operation.name, "description": after.description}
        case Verb.UPDATE, _ if after:
            return {"description": after.description}
        case Verb.ASSIGN, _:
            return {f"{operation.member_kind}_name": operation.member}
    return None
