"""What a target says that it accepts: its published OpenAPI document, asked before anything is written."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.errors import AnswerError, ReadError
from sync.heimdall.answers import Bounds
from sync.heimdall.routes import ROUTES, Route, body_of, names_in_path
from sync.heimdall.transport import Transport
from sync.model.plan import Operation
from sync.model.refusal import Refusal, no_address
from sync.model.scope import accepting, recreating
from sync.model.snapshot import Kind, fits_in_url

if TYPE_CHECKING:
    from sync.heimdall.bodies import Body

PATH = "/openapi.json"
_NOT_PUBLISHED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
_ANY_ID = 1
_BOUNDS = Bounds(size=4 * 2**20, values=200_000)
"""A Heimdall's own document has 100 kB."""


class Contract:
    """The requests that a target takes and the bodies that it accepts.

    `published` tells whether the target said so itself; else it is what a Heimdall was last seen to accept.
    """

    def __init__(self, document: Mapping[str, Any], *, published: bool) -> None:
        self._document = document
        self.published = published
        self._body_of = cache(self._read_body)

    def route(self, operation: Operation) -> Route | None:
        """Return the request that carries an operation out, None where the target has none."""
        key = operation.verb, operation.kind
        return ROUTES.get(key) or self._published_update(operation.kind)

    def refuses(self, operation: Operation) -> Refusal | None:
        """Say why the target would not take an operation's request, None where it would."""
        route = self.route(operation)
        kind = operation.kind
        remedy = f"change it in the source, or accept it: {accepting(kind, operation.name)}"
        if route is None:
            return _no_update(kind, operation.name)
        for its_kind, name in names_in_path(operation, route):
            if not fits_in_url(name):
                return no_address(its_kind, name)
        body = body_of(operation, lambda _kind, _name: _ANY_ID)
        taken = self._body_of(route)
        problem = taken.problem(body) if body is not None and taken else None
        if problem is None:
            return None
        field, message = problem
        return Refusal(f"the target does not accept its {field}: {_shortened(message)}", remedy)

    def check(self) -> None:
        """Raise what jsonschema and referencing raise where a schema of the document can't be used."""
        for route in ROUTES.values():
            if body := self._body_of(route):
                body.check()

    def _published_update(self, kind: Kind) -> Route | None:
        """Find a request that updates a role or group: `PUT` or `PATCH /api/v1/roles/{…}`."""
        template = re.compile(rf"/api/v1/{kind.plural}/\{{[^}}/]+\}}")
        for path, methods in self._document.get("paths", {}).items():
            for method in ("put", "patch"):
                if template.fullmatch(path) and method in methods:
                    return Route(method.upper(), path)
        return None

    def _read_body(self, route: Route) -> "Body | None":
        from sync.heimdall.bodies import Body  # noqa: PLC0415 - see there

        operation = self._document.get("paths", {}).get(route.template, {}).get(route.method.lower(), {})
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return None
        return Body({**schema, "components": self._document.get("components", {})})


def _no_update(kind: Kind, name: str) -> Refusal:
    """Say what can be done where no request changes the description of a role or group."""
    reason = f"the target's API can't change the description of a {kind}"
    accept = f"accept it: {accepting(kind, name)}"
    if kind is Kind.ROLE:
        return Refusal(reason, f"let a plan recreate the role: {recreating(name)}; or {accept}")
    return Refusal(
        f"{reason}, and a group is never recreated: its members would be lost",
        f"change it in the source, or {accept}",
    )


def _shortened(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def read_contract(transport: Transport) -> Contract:
    """Ask a target for its contract. Raises `ReadError` where what it publishes can't be used."""
    try:
        document: object = transport.get(PATH, bounds=_BOUNDS)
    except AnswerError as error:
        if error.status not in _NOT_PUBLISHED:
            raise
        return known_contract()
    if not isinstance(document, dict):
        return known_contract()
    way_out = "correct the document, or stop publishing it: then heimdall-sync uses the API that it knows"
    return _usable(document, f"{transport.url}{PATH}", way_out)


def read_contract_file(path: Path) -> Contract:
    """Return the contract that a target has published and somebody has kept. Raises `ReadError`."""
    way_out = (
        "save the target's /openapi.json, or leave --contract out to use the API that heimdall-sync knows"
    )
    document = None
    with suppress(OSError, ValueError):
        document = json.loads(path.read_bytes())
    if not isinstance(document, dict) or "paths" not in document:
        raise ReadError(f"{path} is not an OpenAPI document", way_out)
    return _usable(document, str(path), way_out)


def _usable(document: Mapping[str, Any], place: str, way_out: str) -> Contract:
    from jsonschema import SchemaError  # noqa: PLC0415 - see `bodies`
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - it comes with jsonschema

    contract = Contract(document, published=True)
    try:
        contract.check()
    except (AttributeError, SchemaError, Unresolvable) as error:
        problem = f"{place} is not a usable OpenAPI document: {type(error).__name__}"
        raise ReadError(problem, way_out) from None
    return contract


def load_schemas() -> None:
    """Load what bodies are checked with: a run that does it while requests travel does not wait for it."""
    import sync.heimdall.bodies  # noqa: F401, PLC0415 - to load it late is the point


def known_contract() -> Contract:
    """Return what a Heimdall was last seen to accept."""
    text = resources.files("sync.heimdall").joinpath("contract.json").read_text(encoding="utf-8")
    return Contract(json.loads(text), published=False)
