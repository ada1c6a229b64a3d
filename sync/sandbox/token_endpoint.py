"""An OAuth 2 token endpoint to talk to: a thread on loopback that issues tokens as Keycloak does.

The sandbox accepts these tokens, like any others, and does not look at their end.
"""

import contextlib
import json
import threading
from collections import deque
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

import jwt

from sync.sandbox.faults import Answer
from sync.sandbox.tokens import make_token

_KEY = "nobody checks the signature: any key will do"


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client asked: its form, and its header `Authorization`."""

    form: dict[str, str]
    authorization: str | None


class TokenServer:
    """A token endpoint that runs while it is used as a context manager.

    It knows one client, public where `client_secret` is empty, and the refresh tokens in `refresh_tokens`.
    A `rotating` one takes each of them once and issues the next with each token. Tokens last `lifetime`
    seconds; where that is None, the answer does not say how long, and neither does the token.
    """

    def __init__(
        self,
        client_id: str = "heimdall-sync",
        client_secret: str = "",
        *,
        refresh_token: str = "",
        rotating: bool = False,
        lifetime: int | None = 2,
    ) -> None:
        self.refresh_tokens = {refresh_token} - {""}
        self.requests: list[TokenRequest] = []
        self.issued: list[str] = []
        self._client = (client_id, client_secret)
        self._rotating = rotating
        self._lifetime = lifetime
        self._answers: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/realms/sandbox/protocol/openid-connect/token"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer_next(self, *answers: Answer) -> None:
        """Let the next requests be answered with these, one each."""
        self._answers.extend(answers)

    def answer(self, request: TokenRequest) -> Answer:
        """Return what a request is answered (RFC 6749, 5)."""
        with self._lock:
            self.requests.append(request)
            if self._answers:
                return self._answers.popleft()
            form = request.form
            if (form.get("client_id"), form.get("client_secret", "")) != self._client:
                return _refusal(HTTPStatus.UNAUTHORIZED, "invalid_client", "Invalid client credentials")
            match form.get("grant_type"):
                case "client_credentials" if self._client[1]:
                    return _answer(self._token())
                case "refresh_token" if form.get("refresh_token") in self.refresh_tokens:
                    return _answer(self._token() | {"refresh_token": self._following(form["refresh_token"])})
                case "refresh_token":
                    return _refusal(HTTPStatus.BAD_REQUEST, "invalid_grant", "Token is not active")
                case _:
                    return _refusal(HTTPStatus.BAD_REQUEST, "unauthorized_client", "Not enabled for it")

    def _token(self) -> dict[str, object]:
        """Issue a token. Its number tells it from others of the same second."""
        claims = jwt.decode(make_token(expires_in=self._lifetime), options={"verify_signature": False})
        token = jwt.encode(claims | {"jti": str(len(self.issued))}, _KEY, algorithm="HS256")
        self.issued.append(token)
        told = {} if self._lifetime is None else {"expires_in": self._lifetime}
        return {"access_token": token, "token_type": "Bearer", **told}

    def _following(self, refresh_token: str) -> str:
        if not self._rotating:
            return refresh_token
        self.refresh_tokens.remove(refresh_token)
        following = f"{refresh_token}-{len(self.issued)}"
        self.refresh_tokens.add(following)
        return following


class _Handler(BaseHTTPRequestHandler):
    """One connection to a token endpoint."""

    def __init__(self, endpoint: TokenServer, *connection: Any) -> None:
        self._endpoint = endpoint
        super().__init__(*connection)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = self._endpoint.answer(TokenRequest(dict(parse_qsl(text)), self.headers["Authorization"]))
        body = answer.body.encode()
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(body))}
        with contextlib.suppress(ConnectionError):  # the client may have heard enough
            self.send_response(answer.status)
            for name, value in (headers | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what was asked is in the endpoint's `requests`."""


def _answer(content: dict[str, object], status: int = HTTPStatus.OK) -> Answer:
    return Answer(status=status, body=json.dumps(content), headers={"Cache-Control": "no-store"})


def _refusal(status: int, error: str, description: str) -> Answer:
    return _answer({"error": error, "error_description": description}, status)
