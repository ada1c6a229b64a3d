"""The healthcheck: alive, token, superadmin and permissions, without changing anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from pydantic import ValidationError

from sync.errors import GivenUpError, Result, TokenError, UnavailableError
from sync.heimdall.answers import Answer
from sync.heimdall.auth import masked_cpf
from sync.heimdall.rows import Me
from sync.heimdall.transport import Transport
from sync.interruption import Threads
from sync.model.snapshot import SUPERADMIN

SOON = timedelta(minutes=10)

_NO_ID = 2147483647
_NO_GROUP = "__no_such_group__"
_NO_ROLE = "__no_such_role__"
_NO_ACTION = "__no_such_action__"

PROBES: tuple[tuple[str, str, int], ...] = (
    ("actions", f"/api/v1/actions/{_NO_ID}", HTTPStatus.BAD_REQUEST),
    ("mappings", f"/api/v1/mappings/{_NO_ID}", HTTPStatus.NO_CONTENT),
    ("groups", f"/api/v1/groups/{_NO_GROUP}", HTTPStatus.NOT_FOUND),
    ("roles of groups", f"/api/v1/roles/groups/{_NO_GROUP}/roles/{_NO_ROLE}", HTTPStatus.NO_CONTENT),
    ("actions of roles", f"/api/v1/roles/{_NO_ROLE}/actions/{_NO_ACTION}", HTTPStatus.NOT_FOUND),
)
"""What may be written, the `DELETE` of something that is not there, and its answer where it may.

The server checks the permission before it looks for the thing, so nothing is ever changed.
"""

_READ_PROBE = f"/api/v1/roles/groups/{_NO_GROUP}/roles"
"""A `GET` that takes superadmin, of something that is not there."""


class Level(StrEnum):
    """How bad a finding is."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `message` in one line, `remedy` what to do about it (empty where all is well).

    `side` is `source` or `target`; `check` names what was looked at: `API`, `token`, `superadmin`, …
    """

    side: str
    check: str
    level: Level
    message: str
    remedy: str = ""


def check_health(
    source: Transport | None,
    target: Transport | None,
    *,
    now: datetime,
    must_write: bool,
    probe_writes: bool = True,
) -> tuple[Finding, ...]:
    """Check the environments that there are at the same time.

    `must_write` makes a missing permission to write to the target a failure. Without `probe_writes` it is
    only read.
    """
    with Threads(2) as threads:
        checks = []
        if source:
            checkup = _Checkup("source", source, now)
            checks.append(threads.submit(checkup.findings))
        if target:
            checkup = _Checkup("target", target, now)
            checks.append(threads.submit(checkup.findings, probe_writes=probe_writes, must_write=must_write))
        return tuple(finding for check in checks for finding in check.result())


@dataclass(frozen=True, slots=True)
class _Checkup:
    """One environment's checks. What fails ends the rest, which could say nothing more."""

    side: str
    transport: Transport
    now: datetime

    def findings(self, *, probe_writes: bool = False, must_write: bool = False) -> list[Finding]:
        found: list[Finding] = []
        try:
            for finding in self._in_order(probe_writes=probe_writes, must_write=must_write):
                found.append(finding)
                if finding.level is Level.FAILED:
                    break
        except (UnavailableError, GivenUpError) as error:
            connected = isinstance(error, GivenUpError) or error.result is Result.UNKNOWN
            reason = self._not_ready() if connected else ""
            found.append(self._failed("API", f"{error.message}{reason}", error.hint))
        except TokenError as error:
            found.append(self._failed("token", error.message, error.hint))
        return found

    def _in_order(self, *, probe_writes: bool, must_write: bool) -> Iterator[Finding]:
        with Threads(2) as threads:
            alive = threads.submit(self._alive)
            asked = threads.submit(self.transport.send, "GET", "/api/v1/users/me")
            yield alive.result()
            yield from self._expiry()
            me = asked.result()
        yield from self._who(me)
        shown = me.status == HTTPStatus.OK
        if not shown or not probe_writes:
            yield self._may_read()
        if probe_writes:
            yield self._may_write(Level.FAILED if must_write else Level.WARNING, role_shown=shown)

    def _alive(self) -> Finding:
        answer = self.transport.send("GET", "/api/v1/healthz")
        if answer.ok:
            return self._passed("API", "API is healthy")
        return self._failed(
            "API",
            f"GET {self.transport.url}/api/v1/healthz answers {answer.message}{self._not_ready()}",
            "check that the URL is the URL of a Heimdall, and that the server is up",
        )

    def _not_ready(self) -> str:
        """Return what the server says of its database, cache and policy engine, if it is not well."""
        try:
            answer = self.transport.ask_once("/api/v1/readyz")
        except UnavailableError as error:
            return f" (GET /api/v1/readyz: {error.said})" if error.said else ""
        return "" if answer.ok else f" (GET /api/v1/readyz answers {answer.message})"

    def _expiry(self) -> Iterator[Finding]:
        end = self.transport.tokens.ends()
        if end is None:
            return
        if end <= self.now:
            yield self._failed(
                "token",
                f"the token expired at {end:%Y-%m-%d %H:%M} UTC, {_ago(self.now - end)} ago",
                f"get a new token and set {self._setting}",
            )
        elif end - self.now < SOON:
            yield Finding(
                self.side,
                "token",
                Level.WARNING,
                f"the token ends in {_ago(end - self.now)}, at {end:%H:%M} UTC",
                "get a new token if the run is long or someone has to approve it first",
            )

    def _who(self, me: Answer) -> Iterator[Finding]:
        if me.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            yield self._failed(
                "token",
                f"the token is not accepted: GET /api/v1/users/me answers {me.message}",
                f"check that {self._setting} gives a complete JWT of this environment's Keycloak",
            )
        elif me.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            yield Finding(
                self.side,
                "token",
                Level.WARNING,
                "the server can't show this token's user; it may be a service account",
                "its permissions are tested instead, except the permission to create roles",
            )
        else:
            yield from self._superadmin(me)

    def _superadmin(self, me: Answer) -> Iterator[Finding]:
        try:
            user = Me.model_validate(me.content if me.ok else None)
        except ValidationError:
            yield self._failed(
                "token",
                f"GET /api/v1/users/me answers {me.message} with JSON that is not a user",
                "check that the URL is the URL of a Heimdall",
            )
            return
        yield self._passed("token", f"Authentication valid (user: {masked_cpf(user.cpf)})")
        if SUPERADMIN in user.roles:
            yield self._passed(SUPERADMIN, "User has superadmin role")
        else:
            yield self._failed(
                SUPERADMIN,
                "User does not have superadmin role",
                "give the token's user the role heimdall-admin in Keycloak, and get a new token",
            )

    def _may_read(self) -> Finding:
        answer = self.transport.send("GET", _READ_PROBE)
        if answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
            return self._passed("read permission", "Read permissions verified")
        return self._failed(
            "read permission",
            f"Read permission test failed: GET {_READ_PROBE} answers {answer.message}",
            "give the token's user the role heimdall-admin in Keycloak, and get a new token",
        )

    def _may_write(self, level: Level, *, role_shown: bool) -> Finding:
        with Threads(len(PROBES)) as threads:
            answers = threads.map(lambda probe: self.transport.send("DELETE", probe[1]), PROBES)
            denied = [
                f"{what} ({answer.message})"
                for (what, _, allowed), answer in zip(PROBES, answers, strict=True)
                if answer.status != allowed
            ]
        if denied:
            return Finding(
                self.side,
                "write permission",
                level,
                f"Write permission test failed: {', '.join(denied)}",
                "check that the user has the superadmin role and that the token is valid and not expired",
            )
        but = "" if role_shown else ", except the permission to create roles"
        return self._passed("write permission", f"Write permissions verified{but}")

    @property
    def _setting(self) -> str:
        return f"HEIMDALL_{self.side.upper()}_{self.transport.tokens.setting}"

    def _passed(self, check: str, message: str) -> Finding:
        return Finding(self.side, check, Level.PASSED, message)

    def _failed(self, check: str, message: str, remedy: str) -> Finding:
        return Finding(self.side, check, Level.FAILED, message, remedy)


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return f"{int(span.total_seconds())} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 - minutes
