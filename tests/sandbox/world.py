"""The environment that the tests ask about, and the means to ask."""

from dataclasses import dataclass
from typing import Any

import requests

from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from sync.sandbox.tokens import make_token

MEMBER = "22222222222"
HOLDER = "33333333333"

ENVIRONMENT = Snapshot(
    actions=(
        Action(name="Old-Action"),  # 1, older than the rules for names and descriptions
        Action(name="docs:read", description="Reads documents"),  # 2
        Action(name="docs:write", description="Writes documents"),  # 3
    ),
    roles=(
        Role(name="data-scientist", description="Has a name that is older than the rules"),
        Role(name="held", description="Is held by a user directly"),
        Role(name="idle", description="Holds nothing, and nobody holds it"),
        Role(name="reader", description="Reads", actions=("docs:read",)),
        Role(name="writer", description="Writes", actions=("docs:read", "docs:write")),
    ),
    mappings=(
        Mapping(method="ANY", path_pattern="/old", action="Old-Action"),  # 1
        Mapping(method="GET", path_pattern="/docs$", action="docs:read", description="All of them"),  # 2
        Mapping(method="POST", path_pattern="/docs$", action="docs:write"),  # 3
    ),
    groups=(
        Group(name="nobody", description="Has no members"),
        Group(name="staff", description="Has members", roles=("reader",)),
    ),
)

PEOPLE = People(members={"staff": (MEMBER,)}, roles={"held": (HOLDER,)})


@dataclass(frozen=True, slots=True)
class Api:
    """Someone with a token, who asks."""

    url: str
    authorization: str | None
    timeout: float = 10

    def __call__(self, request: str, body: object = None) -> requests.Response:
        method, _, path = request.partition(" ")
        headers = {} if self.authorization is None else {"Authorization": self.authorization}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                self.url + path,
                json=body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )

    def get(self, path: str) -> Any:
        """Return what a read shows."""
        response = self(f"GET {path}")
        assert response.status_code == 200, response.text
        return response.json()

    def names(self, path: str) -> list[str]:
        """Return the names in a list that the API shows."""
        listing = self.get(path)
        rows = listing if isinstance(listing, list) else listing.get("items", listing.get("actions"))
        return [row["name"] for row in rows]


def bearer(sandbox: Sandbox, token: str) -> Api:
    return Api(sandbox.url, f"Bearer {token}")


def superadmin(sandbox: Sandbox) -> Api:
    return bearer(sandbox, sandbox.token)


def ordinary(sandbox: Sandbox) -> Api:
    return bearer(sandbox, make_token(MEMBER, superadmin=False))


def shows(answer: Any, expected: Any) -> bool:
    """Tell whether an answer holds what is expected; objects may hold more."""
    match expected:
        case dict():
            return isinstance(answer, dict) and all(
                key in answer and shows(answer[key], value) for key, value in expected.items()
            )
        case list():
            return (
                isinstance(answer, list)
                and len(answer) == len(expected)
                and all(map(shows, answer, expected))
            )
        case _:
            return bool(answer == expected)
