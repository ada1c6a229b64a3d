"""A sandbox that differs from a plain server."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sync.model.snapshot import Action, Snapshot
from sync.sandbox.options import Shift
from sync.sandbox.process import Sandbox, launch

from .world import ENVIRONMENT, Api, ordinary, shows, superadmin

ACTIONS = 5
LARGE = Snapshot(actions=tuple(Action(name=f"a{number}") for number in range(ACTIONS)))


def _ask_at_once(sandbox: Sandbox, count: int) -> None:
    api = superadmin(sandbox)
    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(api, ["GET /api/v1/groups/"] * count))
    assert [answer.status_code for answer in answers] == [200] * count


def test_ids_begin_where_they_are_told_to() -> None:
    with launch(ENVIRONMENT, first_id=700) as sandbox:
        api = superadmin(sandbox)

        assert [row["id"] for row in api.get("/api/v1/actions/")["actions"]] == [700, 701, 702]
        assert [row["id"] for row in api.get("/api/v1/groups/")] == [700, 701]
        assert [row["id"] for row in api.get("/api/v1/mappings/list")] == [700, 701, 702]


def test_answers_take_their_time_side_by_side() -> None:
    with launch(Snapshot(), delay=0.5) as sandbox:
        _ask_at_once(sandbox, 3)
        records = sandbox.requests()

    assert all(record.ended is not None and record.ended - record.started >= 0.5 for record in records)
    assert max(record.started for record in records) < min(record.ended or 0 for record in records)


@pytest.mark.parametrize(
    ("asked", "work"), [("GET /api/v1/groups/", 0.1), ("DELETE /api/v1/groups/nobody", 0.2)]
)
def test_a_server_works_for_one_request_after_another_however_long_they_travel(
    asked: str, work: float
) -> None:
    with launch(Snapshot(), delay=0.5, serial=True, read_time=0.1, write_time=0.2) as sandbox:
        api = superadmin(sandbox)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(api, [asked] * 3))
        records = sandbox.requests()

    ends = sorted(record.ended or 0 for record in records)
    assert ends[0] - records[0].started >= 0.5 + work
    assert min(ends[1] - ends[0], ends[2] - ends[1]) >= work * 0.99  # the loop wakes a little early
    assert max(record.started for record in records) < ends[0], "all of them travelled at once"


def test_updates_of_roles_and_groups() -> None:
    with launch(ENVIRONMENT, publish_updates=True) as sandbox:
        api, body = superadmin(sandbox), {"description": "Described anew"}

        for thing in ("roles/reader", "groups/staff"):
            assert shows(api(f"PUT /api/v1/{thing}", body).json(), body)
            assert api(f"PUT /api/v1/{thing}", {"description": ""}).status_code == 422
            assert ordinary(sandbox)(f"PUT /api/v1/{thing}", body).status_code == 403
        assert api("PUT /api/v1/roles/superadmin", body).status_code == 403
        assert api("PUT /api/v1/roles/x", body).status_code == 404
        assert api("PUT /api/v1/groups/x", body).status_code == 404
        snapshot = sandbox.snapshot()

    roles = [role.name for role in snapshot.roles if role.description == body["description"]]
    groups = [group.name for group in snapshot.groups if group.description == body["description"]]
    assert (roles, groups) == (["reader"], ["staff"])


def test_a_schema_that_is_not_published() -> None:
    with launch(Snapshot(), no_openapi=True) as sandbox:
        assert superadmin(sandbox)("GET /openapi.json").status_code == 404
        assert superadmin(sandbox)("GET /api/v1/groups/").status_code == 200


def _reading(api: Api) -> list[str]:
    return [
        name for skip in range(0, ACTIONS, 2) for name in api.names(f"/api/v1/actions/?skip={skip}&limit=2")
    ]


@pytest.mark.parametrize(
    ("shift", "seen"),
    [(Shift.REPEAT, ["a0", "a1", "a1", "a2", "a3"]), (Shift.DROP, ["a0", "a1", "a3", "a4"])],
)
def test_a_list_that_shifts_while_it_is_read(shift: Shift, seen: list[str]) -> None:
    with launch(LARGE, shifting_list=shift, shifting_readings=2) as sandbox:
        api = superadmin(sandbox)

        assert _reading(api) == seen
        assert _reading(api) == seen
        assert _reading(api) == ["a0", "a1", "a2", "a3", "a4"]
        assert api.get("/api/v1/actions/?skip=2")["total"] == ACTIONS


def test_nobody_to_decide_about_permissions() -> None:
    with launch(ENVIRONMENT, cerbos_down=True) as sandbox:
        api = superadmin(sandbox)

        assert api("GET /api/v1/readyz").status_code == 503
        assert api("GET /api/v1/readyz").json()["dependencies"]["cerbos"] == "unhealthy"
        assert api("GET /api/v1/healthz").status_code == 200
        assert api("GET /api/v1/groups/").status_code == 200
        assert api("GET /api/v1/roles/reader/actions").status_code == 503
        assert api("DELETE /api/v1/actions/99").status_code == 503


@pytest.mark.parametrize("told", [True, False])
def test_a_rate_limit_lets_a_burst_through_and_then_so_many_a_second(told: bool) -> None:
    with launch(ENVIRONMENT, rate=0.1, burst=3, no_retry_after=not told) as sandbox:
        api = superadmin(sandbox)
        answers = [api("GET /api/v1/groups/") for _ in range(4)]
        sandbox.reset(ENVIRONMENT)
        assert api("GET /api/v1/groups/").status_code == 200

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json() == {"error": "Rate limit exceeded", "status_code": 429}
    waits = [answer.headers.get("Retry-After") for answer in answers]
    assert waits == [None, None, None, "10" if told else None]
