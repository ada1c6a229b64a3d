import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sync.errors import ReadError
from sync.heimdall.contract import Contract, known_contract, read_contract
from sync.heimdall.routes import ROUTES, Route
from sync.model.plan import Attributes, Operation, Verb
from sync.model.scope import accepting
from sync.model.snapshot import Kind, Snapshot
from sync.sandbox.faults import Answer
from tests.conftest import Connect
from tests.servers import lent

PUBLISHED = json.loads((Path(__file__).parents[1] / "sandbox" / "openapi.json").read_text(encoding="utf-8"))


def create(kind: Kind, name: str, description: str = "it", action: str | None = None) -> Operation:
    after = Attributes(description=description, action=action)
    return Operation(verb=Verb.CREATE, kind=kind, name=name, after=after)


def assign(kind: Kind, name: str, member: str) -> Operation:
    return Operation(verb=Verb.ASSIGN, kind=kind, name=name, member=member)


def update(kind: Kind, before: str, after: str) -> Operation:
    return Operation(
        verb=Verb.UPDATE,
        kind=kind,
        name="x",
        before=Attributes(description=before),
        after=Attributes(description=after),
    )


ACCEPTED = [
    create(Kind.ACTION, "users:read_2"),
    create(Kind.ROLE, "a" * 100),
    create(Kind.GROUP, "team", "d" * 500),
    create(Kind.MAPPING, "GET /users/([^/]+)$", "", "users:read"),
    create(Kind.MAPPING, "OPTIONS /" + "p" * 254, "d" * 500, "users:read"),
    update(Kind.ACTION, "", "now it has one"),
    update(Kind.MAPPING, "had one", ""),
    assign(Kind.ROLE, "Legacy-Role", "users:read"),
    assign(Kind.GROUP, "Legacy-Group", "admin"),
    Operation(verb=Verb.DELETE, kind=Kind.ACTION, name="Legacy-Action", before=Attributes()),
    Operation(verb=Verb.UNASSIGN, kind=Kind.GROUP, name="team", member="data-scientist"),
]

REFUSED = [
    (create(Kind.ACTION, "data-scientist"), "name: 'data-scientist' does not match ^[a-z0-9_:]+$"),
    (create(Kind.ROLE, "line\n"), r"name: 'line\n' does not match ^[a-z0-9_:]+$"),
    (create(Kind.GROUP, "g" * 101), f"name: '{'g' * 101}' is too long"),
    (create(Kind.ACTION, "nameless", ""), "description: '' should be non-empty"),
    (create(Kind.ROLE, "r", "d" * 501), f"description: '{'d' * 198}…"),
    (create(Kind.MAPPING, "ANY /old", "", "a"), "method: 'ANY' does not match"),
    (create(Kind.MAPPING, "GET /" + "p" * 255, "", "a"), f"path_pattern: '/{'p' * 197}…"),
    (update(Kind.ACTION, "had one", ""), "description: '' should be non-empty"),
    (assign(Kind.GROUP, "team", "data-scientist"), "role_name: 'data-scientist' does not match"),
    (assign(Kind.ROLE, "admin", "Users:Read"), "action_name: 'Users:Read' does not match"),
]


@pytest.fixture(params=[known_contract(), Contract(PUBLISHED, published=True)], ids=["known", "published"])
def contract(request: pytest.FixtureRequest) -> Contract:
    found: Contract = request.param
    return found


@pytest.mark.parametrize("operation", ACCEPTED, ids=str)
def test_what_the_target_takes_is_not_refused(contract: Contract, operation: Operation) -> None:
    assert contract.refuses(operation) is None


@pytest.mark.parametrize(("operation", "reason"), REFUSED, ids=str)
def test_what_the_target_would_answer_422_to_is_refused(
    contract: Contract, operation: Operation, reason: str
) -> None:
    refusal = contract.refuses(operation)
    assert refusal
    assert refusal.reason.startswith(f"the target does not accept its {reason}"[:150])
    assert refusal.remedy == (
        f"change it in the source, or accept it: {accepting(operation.kind, operation.name)}"
    )


@pytest.mark.parametrize("kind", [Kind.ROLE, Kind.GROUP])
def test_a_description_without_a_request_for_it_is_refused(contract: Contract, kind: Kind) -> None:
    refusal = contract.refuses(update(kind, "one", "two"))
    assert refusal
    assert refusal.reason.startswith(f"the target's API can't change the description of a {kind}")
    assert ("let a plan recreate the role" in refusal.remedy) is (kind is Kind.ROLE)
    assert ("a group is never recreated: its members would be lost" in refusal.reason) is (kind is Kind.GROUP)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/v1/roles/{role_name}", "put"),
        ("/api/v1/roles/{role_id}", "patch"),
        ("/api/v1/roles/{id}", "put"),
    ],
)
def test_a_published_update_is_used(path: str, method: str) -> None:
    schema = {"type": "object", "properties": {"description": {"type": "string", "maxLength": 3}}}
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    contract = Contract({"paths": {path: {method: operation, "delete": {}}}}, published=True)
    assert contract.route(update(Kind.ROLE, "one", "two")) == Route(method.upper(), path)
    assert contract.refuses(update(Kind.ROLE, "one", "two")) is None
    refusal = contract.refuses(update(Kind.ROLE, "one", "four"))
    assert refusal
    assert refusal.reason == "the target does not accept its description: 'four' is too long"


def test_what_is_known_is_what_was_published() -> None:
    """`contract.json` says of every request the same as the document it was taken from."""
    known = known_contract()
    for route in ROUTES.values():
        for field in ("requestBody",):
            ours = known._document["paths"].get(route.template, {}).get(route.method.lower(), {}).get(field)
            theirs = PUBLISHED["paths"][route.template][route.method.lower()].get(field)
            assert _rules(ours, known._document) == _rules(theirs, PUBLISHED)


def _rules(schema: Any, document: Mapping[str, Any]) -> Any:
    """Return a schema with its references resolved and its prose dropped."""
    if isinstance(schema, list):
        return [_rules(item, document) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _rules(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    properties = {"properties": {k: _rules(v, document) for k, v in schema.get("properties", {}).items()}}
    prose = {"title", "description", "example", "properties"}
    return (
        properties
        | {k: _rules(v, document) for k, v in schema.items() if k not in prose and k != "required"}
        | ({"required": sorted(schema["required"])} if isinstance(schema.get("required"), list) else {})
    )


def test_a_target_that_publishes_nothing_is_known_all_the_same(connect: Connect) -> None:
    with lent(Snapshot(), no_openapi=True) as sandbox:
        assert not read_contract(connect(sandbox)).published


def test_what_a_target_publishes_is_what_counts(connect: Connect) -> None:
    with lent(Snapshot(), publish_updates=True) as sandbox:
        contract = read_contract(connect(sandbox))
    assert contract.published
    assert contract.refuses(update(Kind.ROLE, "one", "two")) is None
    assert contract.refuses(update(Kind.GROUP, "one", "two")) is None


@pytest.mark.parametrize(
    "document",
    [
        {"paths": []},
        {"paths": {"/api/v1/actions/": {"post": {"requestBody": []}}}},
        {
            "paths": {
                "/api/v1/actions/": {
                    "post": {
                        "requestBody": {
                            "content": {
                                "application/json": {"schema": {"$ref": "http://elsewhere.invalid/x"}}
                            }
                        }
                    }
                }
            }
        },
        {
            "paths": {
                "/api/v1/actions/": {
                    "post": {
                        "requestBody": {"content": {"application/json": {"schema": {"type": "nonsense"}}}}
                    }
                }
            }
        },
    ],
    ids=["no paths", "no body", "a reference to elsewhere", "no schema"],
)
def test_a_document_that_cannot_be_used_is_an_error(connect: Connect, document: dict[str, Any]) -> None:
    with lent(Snapshot()) as sandbox:
        sandbox.add_fault(Answer(body=json.dumps(document)), path="/openapi.json")
        with pytest.raises(ReadError, match="is not a usable OpenAPI document"):
            read_contract(connect(sandbox))
