"""The gate of a promotion: what GitHub says of the environment in which an apply waits for a person.

It is asked before anything is planned. An environment that is not there, or that asks nobody, looks in a
workflow like one that does: GitHub makes an unknown one on the spot, without reviewers.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests

from sync.errors import HeimdallSyncError, UnavailableError, UsageError
from sync.heimdall.exchange import exchange
from sync.heimdall.retries import Patience
from sync.heimdall.session import new_session
from sync.plan.guardrails import Objection
from sync.urls import is_plain_http

SETTING = "--accept-ungated"

_MOST_BYTES = 2**20
_NEEDED = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")


@dataclass(frozen=True, slots=True)
class Gates:
    """The environments of one repository, as GitHub's REST API shows them to a job's token."""

    api_url: str
    repository: str
    token: str
    patience: Patience

    @classmethod
    def of_workflow(cls, patience: Patience, environ: Mapping[str, str] = os.environ) -> "Gates":
        """Return those of the repository whose workflow this is. Raises `UsageError` outside of one."""
        missing = [name for name in _NEEDED if not environ.get(name)]
        if missing:
            raise UsageError(f"--gate (HEIMDALL_GATE): asks GitHub, and needs {' and '.join(missing)}")
        api_url, repository, token = (environ[name] for name in _NEEDED)
        if is_plain_http(api_url):
            raise UsageError("GITHUB_API_URL: the job's token would cross the network unencrypted")
        return cls(api_url.rstrip("/"), repository, token, patience)

    def objections(self, name: str, *, accepted: bool) -> Iterator[Objection]:
        """Yield what lets an apply run without another person's approval.

        Raises `HeimdallSyncError` where GitHub does not tell, unless that is `accepted`.
        """
        try:
            found = [*_weak_points(self._environment(name))]
        except HeimdallSyncError as error:
            if not accepted:
                raise
            found = [f"is unknown: {error.message}"]
        for message in found:
            yield Objection("approval", f"environment {name!r} {message}", SETTING, accepted)

    def _environment(self, name: str) -> Mapping[str, Any] | None:
        """Return what GitHub knows of an environment, None where there is none."""
        url = f"{self.api_url}/repos/{self.repository}/environments/{quote(name, safe='')}"
        try:
            status, text = self.patience.retrying()(self._ask, url)
        except UnavailableError as error:
            raise HeimdallSyncError(
                f"the approval was not checked: {error.message}", f"{error.hint}, or add {SETTING}"
            ) from None
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise HeimdallSyncError(
                f"the approval was not checked: GET {url} answered {status}",
                "give the job the permission actions: read",
            )
        answer = _object(text) if status == HTTPStatus.OK else None
        if answer is None:
            raise HeimdallSyncError(
                f"the approval was not checked: GET {url} answered {status} without an environment",
                f"check that GITHUB_API_URL is GitHub's, or add {SETTING}",
            )
        return answer

    def _ask(self, url: str) -> tuple[int, bytes]:
        with new_session() as session:
            status, _, text = exchange(
                session,
                "GET",
                url,
                auth=self._authorize,
                seconds=self.patience.timeout,
                most=_MOST_BYTES,
                ca_file=None,  # that of Heimdall's private authority is not GitHub's
                headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise UnavailableError(f"GET {url} answered {status}", "run again later")
        return status, bytes(text)

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _object(text: bytes) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    rules = answer.get("protection_rules") if isinstance(answer, dict) else None
    usable = isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)
    return answer if usable else None


def _weak_points(environment: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield how an apply can pass an environment without another person; what is not said counts as a way."""
    if environment is None:
        yield "does not exist on GitHub, which would make it without reviewers"
        return
    rules = [rule for rule in environment["protection_rules"] if rule.get("type") == "required_reviewers"]
    if not any(rule.get("reviewers") for rule in rules):
        yield "has no required reviewers, so an apply asks nobody"
        return
    if not all(rule.get("prevent_self_review") is True for rule in rules):
        yield "lets the person who started a run approve it: Prevent self-review is off"
    if environment.get("can_admins_bypass") is not False:
        yield "lets administrators start an apply that nobody has approved"
