"""What a straightforward script does: one request after another, one for each thing. It guarantees nothing.

It does not ask who wins, its writes are in no safe order, and it leaves descriptions of roles and groups.
"""

import sys
from typing import Any
from urllib.parse import quote

import requests

Edges = dict[str, set[str]]


class Side:
    """One environment, read one request at a time."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self.actions = {row["name"]: row for row in self._pages("actions", "actions")}
        self.roles = {row["name"]: row for row in self._pages("roles", "items")}
        self.mappings = {(r["method"], r["path_pattern"]): r for r in self.send("GET", "mappings/list")}
        self.groups = {row["name"]: row for row in self.send("GET", "groups/")}
        self.role_actions = self._edges("roles/{}/actions", self.roles)
        self.group_roles = self._edges("roles/groups/{}/roles", self.groups)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; return what its answer says."""
        answer = self._session.request(method, f"{self._url}/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _pages(self, path: str, key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self.send("GET", f"{path}/?skip={len(rows)}&limit=100")
            rows += page[key]
            if len(rows) >= page["total"]:
                return rows

    def _edges(self, path: str, holders: dict[str, Any]) -> Edges:
        named = {name: self.send("GET", path.format(quote(name, safe=""))) for name in holders}
        return {name: {row["name"] for row in rows} for name, rows in named.items()}


def differences(source: Side, target: Side) -> list[tuple[str, str, Any]]:
    """Return the requests that would make the target equal: method, path, body."""
    wanted: list[tuple[str, str, Any]] = []
    for kind, ours, theirs in (
        ("actions", source.actions, target.actions),
        ("roles", source.roles, target.roles),
        ("groups", source.groups, target.groups),
    ):
        new = (ours[name] for name in sorted(ours.keys() - theirs.keys()))
        wanted += [("POST", f"{kind}/", {key: row[key] for key in ("name", "description")}) for row in new]
    wanted += _edges("roles/{}/actions", "action_name", source.role_actions, target.role_actions)
    wanted += _edges("roles/groups/{}/roles", "role_name", source.group_roles, target.group_roles)
    wanted += [("DELETE", f"groups/{name}", None) for name in target.groups.keys() - source.groups.keys()]
    wanted += [("DELETE", f"roles/{name}", None) for name in target.roles.keys() - source.roles.keys()]
    for key in target.mappings.keys() - source.mappings.keys():
        wanted.append(("DELETE", f"mappings/{target.mappings[key]['id']}", None))
    for key, ours_row in source.mappings.items():
        content = {name: ours_row[name] for name in ("method", "path_pattern", "description", "action")}
        theirs_row = target.mappings.get(key)
        if theirs_row is None:
            wanted.append(("POST", "mappings/", content))
        elif any(theirs_row[name] != content[name] for name in ("action", "description")):
            wanted.append(("PUT", f"mappings/{theirs_row['id']}", content))
    for name, row in target.actions.items():
        if name not in source.actions:
            wanted.append(("DELETE", f"actions/{row['id']}", None))
        elif row["description"] != source.actions[name]["description"]:
            body = {"description": source.actions[name]["description"]}
            wanted.append(("PUT", f"actions/{row['id']}", body))
    return wanted


def _edges(path: str, key: str, ours: Edges, theirs: Edges) -> list[tuple[str, str, Any]]:
    wanted: list[tuple[str, str, Any]] = []
    for holder in sorted(ours.keys() | theirs.keys()):
        place, want, have = path.format(holder), ours.get(holder, set()), theirs.get(holder, set())
        wanted += [("POST", place, {key: name}) for name in sorted(want - have)]
        wanted += [("DELETE", f"{place}/{name}", None) for name in sorted(have - want)]
    return wanted


def main(command: str, source_url: str, source_token: str, target_url: str, target_token: str) -> None:
    """Read both; with `apply` write what differs, one request after another."""
    target = Side(target_url, target_token)
    wanted = differences(Side(source_url, source_token), target)
    sys.stdout.write(f"{len(wanted)} changes\n")
    if command != "apply":
        return
    ids = {name: row["id"] for name, row in target.actions.items()}
    for method, path, body in wanted:
        if body and "action" in body:  # a mapping, which names its action by the target's own id
            body["action_id"] = ids[body.pop("action")]
        answer = target.send(method, path, body)
        if path == "actions/":
            ids[answer["name"]] = answer["id"]


if __name__ == "__main__":
    main(*sys.argv[1:])
