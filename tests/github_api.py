"""GitHub's REST API for environments and runs: a thread on loopback, as strict as its documentation."""

import json
import threading
from collections import deque
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

BASE = "/api/v3"
REPOSITORY = "THE_OWNER/deployments"
TOKEN = "token-of-the-job"


def gated(*, self_review: bool = False, bypass: bool = False, reviewers: int = 1) -> dict[str, Any]:
    """Return an environment as GitHub shows it; without reviewers the rule for them is absent."""
    team = {"type": "Team", "reviewer": {"id": 1, "slug": "operators"}}
    rules: list[dict[str, Any]] = [{"id": 3736, "type": "wait_timer", "wait_timer": 30}]
    if reviewers:
        rules.append(
            {
                "id": 3755,
                "type": "required_reviewers",
                "prevent_self_review": not self_review,
                "reviewers": [team] * reviewers,
            }
        )
    return {"id": 1, "name": "production", "can_admins_bypass": bypass, "protection_rules": rules}


def run_of(branch: str = "main", repository: str = REPOSITORY) -> dict[str, Any]:
    """Return a run of a workflow as GitHub shows it."""
    return {"id": 1, "head_branch": branch, "head_repository": {"id": 2, "full_name": repository}}


class GitHub:
    """The API for one repository while it is used as a context manager; `environments` and `runs` may change.

    A token without `permitted` lacks `actions: read`. `next_answers` are statuses to answer with first.
    """

    def __init__(self, **environments: dict[str, Any]) -> None:
        self.environments = dict(environments)
        self.runs: dict[str, dict[str, Any]] = {}
        self.permitted = True
        self.next_answers: deque[int] = deque()
        self.asked: list[str] = []
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{BASE}"

    @property
    def environ(self) -> dict[str, str]:
        """Return what a workflow's step finds in its environment, and the token that it is given."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Any) -> tuple[int, Any]:
        """Return a status and what is said with it."""
        if self.next_answers:
            return self.next_answers.popleft(), {"message": "Server Error"}
        for fails, status, message in (
            (not headers["User-Agent"], 403, "Request forbidden by administrative rules"),
            (headers["Authorization"] != f"Bearer {TOKEN}", 401, "Bad credentials"),
            (headers["Accept"] != "application/vnd.github+json", 415, "Unsupported 'Accept' header"),
            (headers["X-GitHub-Api-Version"] != "2022-11-28", 400, "Invalid API version"),
            (not self.permitted, 403, "Resource not accessible by integration"),
        ):
            if fails:
                return status, {"message": message}
        number = path.removeprefix(f"{BASE}/repos/{REPOSITORY}/actions/runs/")
        if number in self.runs:
            return HTTPStatus.OK, self.runs[number]
        begin = f"{BASE}/repos/{REPOSITORY}/environments/"
        name = path.removeprefix(begin)
        # a slash in a name has to be escaped
        if not path.startswith(begin) or "/" in name or unquote(name) not in self.environments:
            return HTTPStatus.NOT_FOUND, {"message": "Not Found"}
        return HTTPStatus.OK, self.environments[unquote(name)]


class _Handler(BaseHTTPRequestHandler):
    api: GitHub

    def do_GET(self) -> None:
        self.api.asked.append(self.path)
        status, said = self.api.answer(self.path, self.headers)
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
