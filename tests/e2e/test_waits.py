"""What a run need not wait for: requests travel side by side, and what is read again is asked about again."""

from sync.model.snapshot import Action, Mapping, Role, Snapshot
from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.faults import Answer, Hang
from sync.sandbox.log import RequestRecord
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import RunCommand
from tests.servers import lent

QUESTION = "/api/v1/mappings/?path="
PROBE = "2147483647"


def first(sandbox: Sandbox, part: str) -> RequestRecord:
    """Return the first request whose path has this part."""
    return next(record for record in sandbox.requests() if part in record.path)


def test_what_can_travel_at_the_same_time_does(run: RunCommand) -> None:
    slow = {"healthz$": 0.3, f"{PROBE}$": 0.3, "openapi": 1.0, "groups/finance/roles$": 1.0}
    with lent(staging()) as source, lent(production(), people=PEOPLE, first_id=1000) as target:
        for path, seconds in slow.items():
            target.add_fault(Hang(seconds=seconds), path=path)
        assert run(source, target, "plan").code == 0
        assert first(target, "users/me").started < (first(target, "healthz").ended or 0)
        probes = [record.started for record in target.requests() if record.method == "DELETE"]
        assert max(probes) < (first(target, PROBE).ended or 0)
        assert first(target, "/mappings/list").started < (first(target, "openapi").ended or 0)
        assert first(target, QUESTION).started < (first(target, "groups/finance/roles").ended or 0)


def test_what_is_read_again_is_asked_about_again(run: RunCommand) -> None:
    names = ("GET /users/([^/]+)$", "GET /users/me$")
    snapshot = Snapshot(
        actions=(Action(name="a"), Action(name="b")),
        roles=(Role(name="r", actions=("a",)), Role(name="superadmin")),
        mappings=tuple(Mapping.named(name, action) for name, action in zip(names, "ab", strict=True)),
        precedence=names,
    )
    with lent(snapshot) as source, lent(snapshot, first_id=1000) as target:
        assert run(source, target, "plan", "--detailed-exitcode").code == 0
        once = [record.path for record in source.requests() if QUESTION in record.path]
        source.clear_requests()
        unlisted = Answer(body='[{"id": 999, "name": "unlisted", "description": null}]')
        source.add_fault(unlisted, path="^/api/v1/roles/r/actions")
        assert run(source, target, "plan", "--detailed-exitcode").code == 0
        twice = [record.path for record in source.requests() if QUESTION in record.path]
    assert once
    assert len(twice) == 2 * len(once)
