"""That a plan is refused where nobody would have to approve it, before either environment is asked."""

from collections.abc import Iterator
from typing import Any

import pytest

from sync.errors import ExitCode
from tests.e2e.conftest import RunCommand
from tests.e2e.shell import Pair
from tests.github_api import TOKEN, GitHub, gated

GATE = ("plan", "--gate", "production")


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    with GitHub(production=gated()) as api:
        for name, value in api.environ.items():
            monkeypatch.setenv(name, value)
        yield api


def nothing_asked(pair: Pair) -> bool:
    return not any(sandbox.requests() for sandbox in pair)


def test_a_gate_that_holds_says_nothing(run: RunCommand, pair: Pair, github: GitHub) -> None:
    ended = run(*pair, *GATE)
    assert ended.code == ExitCode.DONE, ended.err
    assert ended.plan["digest"]
    assert "pproval" not in ended.summary
    assert len(github.asked) == 1


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (None, "does not exist on GitHub"),
        (gated(reviewers=0), "has no required reviewers"),
        (gated(self_review=True), "lets the person who started a run approve it"),
        (gated(bypass=True), "lets administrators start an apply that nobody has approved"),
        # what an older server does not say counts as open
        ({"protection_rules": [{"type": "required_reviewers", "reviewers": [1]}]}, "lets the person who"),
    ],
)
def test_a_gate_that_does_not_hold_is_refused_by_name_before_anything_is_read(
    run: RunCommand, pair: Pair, github: GitHub, environment: dict[str, Any] | None, said: str
) -> None:
    github.environments = {} if environment is None else {"production": environment}
    for sandbox in pair:
        sandbox.clear_requests()

    ended = run(*pair, *GATE)

    assert ended.code == ExitCode.REFUSED
    assert f"'production' {said}" in ended.out
    assert "--accept-ungated" in ended.out
    assert said in ended.summary
    assert nothing_asked(pair)

    accepted = run(*pair, *GATE, "--accept-ungated")

    assert accepted.code == ExitCode.DONE
    assert accepted.plan["digest"]
    assert said in accepted.summary
    assert "--accept-ungated" in accepted.summary


def test_each_weak_point_is_named(run: RunCommand, pair: Pair, github: GitHub) -> None:
    github.environments["production"] = gated(self_review=True, bypass=True)
    ended = run(*pair, *GATE)
    assert "approve it" in ended.summary
    assert "administrators" in ended.summary


def test_every_environment_is_asked_for_whatever_its_name(
    run: RunCommand, pair: Pair, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.environments["prod/eu west"] = gated()
    monkeypatch.setenv("HEIMDALL_GATE", "\nproduction\nprod/eu west\n\n")
    assert run(*pair, "plan").code == ExitCode.DONE
    assert [path.rpartition("/")[2] for path in github.asked] == ["production", "prod%2Feu%20west"]


@pytest.mark.parametrize("accepted", [False, True])
def test_a_job_that_may_not_ask(run: RunCommand, pair: Pair, github: GitHub, *, accepted: bool) -> None:
    github.permitted = False
    ended = run(*pair, *GATE, *(["--accept-ungated"] if accepted else []))
    assert ended.code == (ExitCode.DONE if accepted else ExitCode.FAILED)
    assert "answered 403" in ended.summary
    assert ("actions: read" in ended.summary) is not accepted
    assert TOKEN not in ended.out + ended.err + ended.summary


def test_a_token_that_is_wrong(
    run: RunCommand, pair: Pair, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    assert "answered 401" in run(*pair, *GATE).summary
    assert github.asked


def test_a_moment_of_trouble_is_waited_for(run: RunCommand, pair: Pair, github: GitHub) -> None:
    github.next_answers.extend([502, 429])
    assert run(*pair, *GATE).code == ExitCode.DONE
    assert len(github.asked) == 3


def test_an_answer_that_is_no_environment(run: RunCommand, pair: Pair, github: GitHub) -> None:
    github.environments["production"] = {"message": "moved"}
    ended = run(*pair, *GATE)
    assert ended.code == ExitCode.FAILED
    assert "without an environment" in ended.summary


def test_nobody_answers(run: RunCommand, pair: Pair, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with GitHub() as gone:
        monkeypatch.setenv("GITHUB_API_URL", gone.url)
    ended = run(*pair, *GATE, "--retries", "2")
    assert ended.code == ExitCode.FAILED
    assert "the approval was not checked" in ended.summary
    assert "no connection" in ended.summary
    assert not github.asked


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"])
def test_what_is_missing_is_named(
    run: RunCommand, pair: Pair, github: GitHub, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    ended = run(*pair, *GATE)
    assert ended.code == ExitCode.USAGE
    assert name in ended.err
    assert not github.asked


def test_the_token_does_not_cross_a_network_unencrypted(
    run: RunCommand, pair: Pair, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://github.example/api/v3")
    ended = run(*pair, *GATE)
    assert ended.code == ExitCode.USAGE
    assert "unencrypted" in ended.err
    assert not github.asked
