"""Tokens that end, and tokens that are renewed, in the middle of a run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest

from sync.sandbox.example import production, staging
from sync.sandbox.faults import WRITES, Answer
from sync.sandbox.process import Sandbox
from sync.sandbox.token_endpoint import TokenServer
from sync.sandbox.tokens import make_token
from tests.e2e.conftest import HARMLESS, RunCommand, equal
from tests.servers import lent

SECRET = "the-secret-of-a-client"
REFUSED = Answer(status=401, body='{"error": "expired", "status_code": 401}')


@pytest.fixture
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        yield source, target


def test_a_token_that_ends_in_the_middle_is_one_reason_and_resumable(
    pair: tuple[Sandbox, Sandbox], run: RunCommand
) -> None:
    source, target = pair
    target.add_fault(REFUSED, methods=WRITES, path=HARMLESS, nth=6, times=None)
    ended = run(source, target, "apply")
    assert ended.code == 1
    assert "the target no longer accepts its token" in ended.out
    assert ended.out.count("[FAILED]") <= 8
    assert "\nTo finish: run the same command again with --resume.\n" in ended.out
    target.clear_faults()
    resumed = run(source, target, "apply", "--resume")
    assert resumed.code == 0, resumed.out
    assert "changes were done before, all of them by an earlier run of this plan" in resumed.out
    assert equal(target.snapshot(), staging())


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_token_that_is_likely_to_end_too_soon_is_said_before_the_first_write(
    pair: tuple[Sandbox, Sandbox], run: RunCommand, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    """The source's as well: the verification reads it once more."""
    source, target = pair
    short = make_token(expires_in=900)
    ends = datetime.fromtimestamp(jwt.decode(short, options={"verify_signature": False})["exp"], UTC)
    asked = []

    def likely(end: datetime, _: datetime, left: int, pace: float) -> bool:
        asked.append((left, pace > 0))
        return end == ends

    monkeypatch.setattr("sync.run.applying.ends_before", likely)
    ended = run(source, target, "apply", f"--{side}-token", short)
    assert ended.code == 0
    assert ended.out.count("likely before") == 1
    assert ended.out.index(f"The {side}'s token ends at {ends:%H:%M:%S} UTC") < ended.out.index("RESULT")
    assert asked == [(sum(len(wave["operations"]) for wave in ended.plan["waves"]), True)] * 2


def test_tokens_of_two_seconds_are_renewed_in_the_middle(
    pair: tuple[Sandbox, Sandbox], run: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = pair
    with TokenServer("sync", SECRET, lifetime=2) as endpoint:
        for side in ("SOURCE", "TARGET"):
            monkeypatch.setenv(f"HEIMDALL_{side}_TOKEN_URL", endpoint.url)
            monkeypatch.setenv(f"HEIMDALL_{side}_CLIENT_ID", "sync")
            monkeypatch.setenv(f"HEIMDALL_{side}_CLIENT_SECRET", SECRET)
        # one refusal: of several, the same request could meet two, and the second of these is an answer
        target.add_fault(REFUSED, methods=WRITES, path=HARMLESS, nth=6)
        ended = run(source, target, "apply", tokens=False)
        assert ended.code == 0, ended.out
        assert len(endpoint.issued) >= 3
    assert equal(target.snapshot(), staging())


def test_a_token_may_stand_in_a_file(
    pair: tuple[Sandbox, Sandbox], run: RunCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source, target = pair
    for side, sandbox in (("SOURCE", source), ("TARGET", target)):
        path = tmp_path / side
        path.write_text(f"{sandbox.token}\n")
        monkeypatch.setenv(f"HEIMDALL_{side}_TOKEN_FILE", str(path))
    assert run(source, target, "apply", tokens=False).code == 0
