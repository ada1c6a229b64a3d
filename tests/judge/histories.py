"""What has happened to a server, told to a sandbox by its own API and to the model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import requests

from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.sandbox.process import Sandbox

from .model import Server


@dataclass(frozen=True)
class Wrote:
    """A mapping was written: created, or updated where it was there."""

    mapping: str
    action: str
    description: str = ""


@dataclass(frozen=True)
class Renamed:
    """An action got another name."""

    action: str
    name: str


@dataclass(frozen=True)
class DeletedAction:
    """An action was deleted, and its mappings with it."""

    action: str


@dataclass(frozen=True)
class Deleted:
    """A mapping was deleted."""

    mapping: str


@dataclass(frozen=True)
class Reordered:
    """The database returns these rows last."""

    mappings: tuple[str, ...]


@dataclass(frozen=True)
class Restarted:
    """The server was restarted."""


@dataclass(frozen=True)
class Flushed:
    """Redis was flushed."""


@dataclass(frozen=True)
class Lost:
    """Redis lost an entry."""

    mapping: str


@dataclass(frozen=True)
class Asked:
    """Somebody made a request."""

    request: str


Event = Wrote | Renamed | DeletedAction | Deleted | Reordered | Restarted | Flushed | Lost | Asked


@dataclass(frozen=True)
class History:
    """Mappings that were there from the beginning, in the order of their writing, and what came then."""

    beginning: tuple[Wrote, ...] = ()
    events: tuple[Event, ...] = ()
    actions: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    """The actions that a group may do."""

    def __str__(self) -> str:
        return "\n".join(f"    {event}" for event in (*self.beginning, *self.events))


def model_of(history: History) -> Server:
    """Return the model of a server with this history."""
    server = Server()
    for action in sorted(_actions(history)):
        server.create_action(action)
    for event in (*history.beginning, *history.events):
        _happen(server, event)
    return server


def _happen(server: Server, event: Event) -> None:
    match event:
        case Wrote(mapping, action):
            there = any(f"{row.method} {row.pattern}" == mapping for row in server.rows.values())
            (server.update if there else server.create)(mapping, action)
        case Renamed(action, name):
            server.rename(action, name)
        case DeletedAction(action):
            server.delete_action(action)
        case Deleted(mapping):
            server.delete(mapping)
        case Reordered(mappings):
            server.order_rows(mappings)
        case Restarted():
            server.restart()
        case Flushed():
            server.flush()
        case Lost(mapping):
            server.lose(mapping)
        case Asked(request):
            method, _, path = request.partition(" ")
            server.ask(method, path)


def _actions(history: History) -> set[str]:
    """Return the names of the actions that are there in the beginning."""
    written = {event.action for event in (*history.beginning, *history.events) if isinstance(event, Wrote)}
    renamed = {event.name for event in history.events if isinstance(event, Renamed)}
    first = {event.action for event in history.events if isinstance(event, Renamed)}
    return (written | {*history.actions, *history.allowed}) - renamed | first


def play(sandbox: Sandbox, history: History) -> None:
    """Let a sandbox begin again and live through a history."""
    names = _actions(history)
    once = {event.name: event.action for event in history.events if isinstance(event, Renamed)}
    allowed = names & {once.get(action, action) for action in history.allowed}
    rows = [
        Mapping(
            method=wrote.mapping.partition(" ")[0],
            path_pattern=wrote.mapping.partition(" ")[2],
            action=wrote.action,
            description=wrote.description,
        )
        for wrote in history.beginning
    ]
    sandbox.reset(
        Snapshot(
            actions=tuple(Action(name=name, description="a") for name in names),
            roles=(Role(name="staff", description="s", actions=tuple(allowed)),),
            groups=(Group(name="office", description="o", roles=("staff",)),),
            mappings=tuple(rows),
            precedence=tuple(row.name for row in rows),
        )
    )
    with Caller(sandbox) as caller:
        for event in history.events:
            caller.let(event)


class Caller:
    """Someone who uses the API of one sandbox, through one connection."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {sandbox.token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, request: str) -> tuple[str, str] | None:
        """Ask which mapping decides a request, and return its name and its action's."""
        method, _, path = request.partition(" ")
        answer = self._session.get(
            f"{self._sandbox.url}/api/v1/mappings/", params={"path": path, "method": method}, timeout=10
        )
        if answer.status_code == 404:
            return None
        found = answer.json()
        return f"{found['method']} {found['path_pattern']}", found["action"]

    def let(self, event: Event) -> None:
        """Let something happen."""
        match event:
            case Reordered(mappings):
                self._sandbox.order_rows(mappings)
            case Restarted():
                self._sandbox.restart()
            case Flushed():
                self._sandbox.flush_redis()
            case Lost(mapping):
                self._sandbox.lose_entry(mapping)
            case Asked(request):
                self._sandbox.advance(300)
                self.ask(request)
            case _:
                self.write(event)

    def write(self, event: Wrote | Renamed | DeletedAction | Deleted) -> None:
        """Let somebody write."""
        match event:
            case Wrote(mapping, action, description):
                method, _, pattern = mapping.partition(" ")
                body = {"action_id": self._actions()[action], "description": description}
                if mapping in (ids := self._mappings()):
                    self._send("PUT", f"mappings/{ids[mapping]}", body)
                else:
                    self._send("POST", "mappings/", body | {"path_pattern": pattern, "method": method})
            case Renamed(action, name):
                self._send("PUT", f"actions/{self._actions()[action]}", {"name": name})
            case DeletedAction(action):
                self._send("DELETE", f"actions/{self._actions()[action]}")
            case Deleted(mapping):
                self._send("DELETE", f"mappings/{self._mappings()[mapping]}")

    def _send(self, method: str, path: str, body: object = None) -> None:
        answer = self._session.request(method, f"{self._sandbox.url}/api/v1/{path}", json=body, timeout=10)
        answer.raise_for_status()

    def _read(self, path: str) -> Any:
        answer = self._session.get(f"{self._sandbox.url}/api/v1/{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _actions(self) -> dict[str, int]:
        return {row["name"]: row["id"] for row in self._read("actions/?limit=100")["actions"]}

    def _mappings(self) -> dict[str, int]:
        rows = self._read("mappings/list")
        return {f"{row['method']} {row['path_pattern']}": row["id"] for row in rows}


def mappings_of(history: History) -> set[str]:
    """Return the names of all mappings that were there at some time."""
    return {event.mapping for event in (*history.beginning, *history.events) if isinstance(event, Wrote)}


def requests_of(*histories: History, paths: tuple[str, ...]) -> Iterator[str]:
    """Yield every path with every method that a mapping of these histories has; GET stands for all others."""
    methods = {name.partition(" ")[0] for history in histories for name in mappings_of(history)}
    for method in sorted((methods | {"GET"}) - {"ANY"}):
        yield from (f"{method} {path}" for path in paths)
