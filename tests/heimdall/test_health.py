from datetime import UTC, datetime, timedelta

import pytest

from sync.heimdall.health import Finding, Level, check_health
from sync.model.snapshot import Group, Role, Snapshot
from sync.sandbox.faults import Answer
from sync.sandbox.process import Sandbox
from sync.sandbox.tokens import make_token
from tests.conftest import Connect
from tests.servers import lent

PERSON = "47562396507"
ENVIRONMENT = Snapshot(roles=(Role(name="viewer"),), groups=(Group(name="team", roles=("viewer",)),))


def findings_of(
    sandbox: Sandbox | str, connect: Connect, token: str, *, must_write: bool = True, later: float = 0
) -> list[Finding]:
    """Check a pair whose target is the sandbox, and return what is said of the target."""
    found = both(sandbox, connect, token, must_write=must_write, later=later)
    return [finding for finding in found if finding.side == "target"]


def both(
    sandbox: Sandbox | str, connect: Connect, token: str, *, must_write: bool = True, later: float = 0
) -> tuple[Finding, ...]:
    return check_health(
        connect(sandbox, token=token, read_only=True),
        connect(sandbox, token=token),
        now=datetime.now(UTC) + timedelta(seconds=later),
        must_write=must_write,
    )


def lines(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level.value, finding.message) for finding in findings]


def test_all_is_well_and_nothing_is_changed(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.reset(ENVIRONMENT)
    before = sandbox.snapshot()
    assert lines(findings_of(sandbox, connect, make_token(PERSON))) == [
        ("passed", "API is healthy"),
        ("passed", "Authentication valid (user: 475******07)"),
        ("passed", "User has superadmin role"),
        ("passed", "Write permissions verified"),
    ]
    assert sandbox.snapshot() == before


def test_the_source_is_only_asked(connect: Connect) -> None:
    with lent(ENVIRONMENT) as source, lent(ENVIRONMENT) as target:
        check_health(
            connect(source, read_only=True),
            connect(target),
            now=datetime.now(UTC),
            must_write=True,
        )
        assert {record.method for record in source.requests()} == {"GET"}
        assert len(target.requests()) <= 10


def test_a_cpf_is_never_shown_whole(sandbox: Sandbox, connect: Connect) -> None:
    for token in (
        make_token(PERSON),
        make_token(PERSON, superadmin=False),
        make_token(PERSON, expires_in=-5),
    ):
        assert PERSON not in repr(both(sandbox, connect, token))


def test_who_is_no_superadmin_is_told_so(sandbox: Sandbox, connect: Connect) -> None:
    assert findings_of(sandbox, connect, make_token(PERSON, superadmin=False))[-1] == Finding(
        "target",
        "superadmin",
        Level.FAILED,
        "User does not have superadmin role",
        "give the token's user the role heimdall-admin in Keycloak, and get a new token",
    )


@pytest.mark.parametrize("token", ["", "nonsense", "not.a.jwt"])
def test_a_token_that_is_not_accepted(sandbox: Sandbox, connect: Connect, token: str) -> None:
    last = findings_of(sandbox, connect, token)[-1]
    assert last.level is Level.FAILED
    assert last.message.startswith("the token is not accepted: GET /api/v1/users/me answers 40")
    assert "HEIMDALL_TARGET_TOKEN" in last.remedy


def test_an_expired_token_is_told_since_when(sandbox: Sandbox, connect: Connect) -> None:
    token = make_token(PERSON, expires_in=3600)
    last = findings_of(sandbox, connect, token, later=3600 * 4)[-1]
    assert last.level is Level.FAILED
    assert last.message.startswith("the token expired at 20")
    assert last.message.endswith(" UTC, 3 h ago")
    assert last.remedy == "get a new token and set HEIMDALL_TARGET_TOKEN"


def test_a_token_that_ends_soon_is_a_warning(sandbox: Sandbox, connect: Connect) -> None:
    found = findings_of(sandbox, connect, make_token(PERSON, expires_in=400))
    assert [finding.level.value for finding in found].count("warning") == 1
    assert found[1].message.startswith("the token ends in 6 min, at ")


def test_a_service_account_is_judged_by_what_it_may_do(sandbox: Sandbox, connect: Connect) -> None:
    found = both(sandbox, connect, make_token(subject="service-account-sync"))
    assert [f"{f.side} {f.level} {f.message}" for f in found] == [
        "source passed API is healthy",
        "source warning the server can't show this token's user; it may be a service account",
        "source passed Read permissions verified",
        "target passed API is healthy",
        "target warning the server can't show this token's user; it may be a service account",
        "target passed Read permissions verified",
        "target passed Write permissions verified, except the permission to create roles",
    ]


def test_a_service_account_without_the_role_may_not_read(sandbox: Sandbox, connect: Connect) -> None:
    last = findings_of(sandbox, connect, make_token(subject="service-account-x", superadmin=False))[-1]
    assert last.level is Level.FAILED
    assert last.message.startswith("Read permission test failed")


@pytest.mark.parametrize(("must_write", "level"), [(True, Level.FAILED), (False, Level.WARNING)])
def test_each_missing_permission_is_named(
    sandbox: Sandbox, connect: Connect, must_write: bool, level: Level
) -> None:
    denied = Answer(status=403, body='{"error": "Insufficient permissions", "status_code": 403}')
    sandbox.add_fault(denied, methods=["DELETE"], path="^/api/v1/mappings/")
    sandbox.add_fault(denied, methods=["DELETE"], path="^/api/v1/groups/")
    last = findings_of(sandbox, connect, make_token(PERSON), must_write=must_write)[-1]
    assert last == Finding(
        "target",
        "write permission",
        level,
        "Write permission test failed: mappings (403 Insufficient permissions), "
        "groups (403 Insufficient permissions)",
        "check that the user has the superadmin role and that the token is valid and not expired",
    )


def test_a_server_that_is_not_ready_says_why(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Answer(status=503), path="healthz", times=None)
    sandbox.add_fault(Answer(status=503, body='{"cerbos": "down"}'), path="readyz", times=None)
    found = findings_of(sandbox, connect, make_token(PERSON))
    assert len(found) == 1
    assert found[0].level is Level.FAILED
    assert '{"cerbos": "down"}' in found[0].message


def test_a_policy_engine_that_is_down_is_found_out(connect: Connect) -> None:
    with lent(ENVIRONMENT, cerbos_down=True) as sandbox:
        last = findings_of(sandbox, connect, make_token(PERSON))[-1]
    assert last.level is Level.FAILED
    assert "answered 503" in last.message
    assert "readyz" in last.message


def test_a_server_that_is_no_heimdall(sandbox: Sandbox, connect: Connect) -> None:
    sandbox.add_fault(Answer(body='{"hello": "world"}'), path="users/me", times=None)
    assert "with JSON that is not a user" in findings_of(sandbox, connect, make_token(PERSON))[-1].message


def test_where_nobody_listens(connect: Connect) -> None:
    found = findings_of("http://127.0.0.1:1", connect, make_token(PERSON))
    assert [finding.level for finding in found] == [Level.FAILED]
    assert found[0].message.endswith(": no connection")
