"""The published schema, compared with the one that a live server publishes."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync.model.snapshot import Snapshot
from sync.sandbox.process import Sandbox, launch

from .world import superadmin

PROSE = {"title", "description", "summary", "example", "examples"}


def _resolved(node: Any, document: Any) -> Any:
    """Return a part of a document with what it refers to in place, wherever that stands."""
    match node:
        case {"$ref": reference}:
            target = document
            for key in reference.removeprefix("#/").split("/"):
                target = target[key]
            return _resolved(target, document)
        case dict():
            return {key: _resolved(value, document) for key, value in node.items()}
        case list():
            return [_resolved(value, document) for value in node]
        case _:
            return node


def _without_prose(node: Any, *, names: bool = False) -> Any:
    """Return a part of a document without what is written for people. `names`: its keys are properties."""
    match node:
        case dict():
            return {
                key: _without_prose(value, names=key == "properties")
                for key, value in node.items()
                if names or key not in PROSE
            }
        case list():
            return [_without_prose(value) for value in node]
        case _:
            return node


def _contract(document: Any) -> dict[str, Any]:
    """Return what a client relies on, by method and path."""
    return {
        f"{method.upper()} {path}": _without_prose(
            _resolved(
                {
                    "security": operation.get("security"),
                    "parameters": operation.get("parameters"),
                    "body": operation.get("requestBody"),
                    "answers": {
                        status: answer.get("content")
                        for status, answer in operation["responses"].items()
                        if status.startswith("2")
                    },
                },
                document,
            )
        )
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


REAL = json.loads(Path(__file__).with_name("openapi.json").read_text())


@pytest.fixture(scope="module")
def published(server: Sandbox) -> dict[str, Any]:
    return _contract(superadmin(server).get("/openapi.json"))


def test_the_endpoints_are_the_real_ones(published: dict[str, Any]) -> None:
    assert sorted(published) == sorted(_contract(REAL))


@pytest.mark.parametrize("endpoint", sorted(_contract(REAL)))
def test_requests_and_answers_are_the_real_ones(published: dict[str, Any], endpoint: str) -> None:
    assert published[endpoint] == _contract(REAL)[endpoint]


def test_request_schemas_have_the_real_names(server: Sandbox) -> None:
    names = superadmin(server).get("/openapi.json")["components"]["schemas"]

    assert {name for name in REAL["components"]["schemas"] if name.endswith("Request")} <= set(names)


def test_updates_of_roles_and_groups_are_published_where_there_are_any() -> None:
    with launch(Snapshot(), publish_updates=True) as sandbox:
        published = _contract(superadmin(sandbox).get("/openapi.json"))

    added = {endpoint: published[endpoint] for endpoint in published.keys() - _contract(REAL).keys()}
    assert sorted(added) == ["PUT /api/v1/groups/{group_name}", "PUT /api/v1/roles/{role_name}"]
    for operation in added.values():
        schema = operation["body"]["content"]["application/json"]["schema"]
        assert schema["properties"] == {"description": {"type": "string", "minLength": 1, "maxLength": 500}}
        assert schema["required"] == ["description"]
