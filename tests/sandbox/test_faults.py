"""Requests that go wrong by rule."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sync.sandbox.faults import (
    WRITES,
    Answer,
    AnyEffect,
    Close,
    Die,
    DropRows,
    Fault,
    Faults,
    Hang,
    Huge,
    Truncate,
)
from sync.sandbox.process import Sandbox, launch

from .world import ENVIRONMENT, Api

NEW = {"name": "new", "description": "New"}
CREATE = "POST /api/v1/groups/"
READ = "GET /api/v1/groups/"


def _groups(sandbox: Sandbox) -> list[str]:
    return [group.name for group in sandbox.snapshot().groups]


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        (Fault(effect=Close()), [1]),
        (Fault(effect=Close(), times=None), [1, 2, 3, 4, 5]),
        (Fault(effect=Close(), methods=WRITES), [3]),
        (Fault(effect=Close(), methods=frozenset({"GET"}), times=None), [1, 2, 5]),
        (Fault(effect=Close(), path="^/roles", times=None), [2, 4]),
        (Fault(effect=Close(), path=r"\?skip=50$"), [2]),
        (Fault(effect=Close(), methods=WRITES, nth=2), [4]),
        (Fault(effect=Close(), nth=2, times=2), [2, 3]),
        (Fault(effect=Close(), path="^/nowhere"), []),
    ],
)
def test_which_requests_a_rule_hits(fault: Fault, hit: list[int]) -> None:
    faults = Faults((fault,))
    arrivals = [
        ("GET", "/groups"),
        ("GET", "/roles?skip=50"),
        ("POST", "/groups"),
        ("DELETE", "/roles/x"),
        ("GET", "/"),
    ]

    assert [n for n, arrival in enumerate(arrivals, 1) if faults.effect_on(*arrival)] == hit


def test_of_two_rules_the_first_decides_and_both_count() -> None:
    faults = Faults((Fault(effect=Close()), Fault(effect=Huge(size=9), nth=2)))

    assert [faults.effect_on("GET", "/") for _ in range(3)] == [Close(), Huge(size=9), None]


def test_an_answer_instead_of_the_change(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(Answer(status=503, headers={"Retry-After": "7"}, body="[]"), methods=WRITES)

    response = api(CREATE, NEW)

    assert (response.status_code, response.headers["Retry-After"], response.text) == (503, "7", "[]")
    assert "new" not in _groups(sandbox)
    assert api(CREATE, NEW).status_code == 201


def test_an_answer_that_hides_the_change(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(Answer(status=504, body="<html>", content_type="text/html", done=True), methods=WRITES)

    response = api(CREATE, NEW)

    assert response.status_code == 504
    assert response.headers["Content-Type"].startswith("text/html")
    assert "new" in _groups(sandbox)


@pytest.mark.parametrize("done", [False, True])
def test_a_connection_closed_without_an_answer(api: Api, sandbox: Sandbox, *, done: bool) -> None:
    sandbox.add_fault(Close(done=done), methods=WRITES)

    with pytest.raises(requests.ConnectionError):
        api(CREATE, NEW)

    assert ("new" in _groups(sandbox)) is done
    assert [record.status for record in sandbox.requests()] == [None]
    assert api(READ).status_code == 200


def test_an_answer_that_breaks_off(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(Truncate())

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api(READ)

    assert api(READ).status_code == 200


def test_an_answer_that_breaks_off_after_the_change(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(Truncate(), methods=WRITES)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api(CREATE, NEW)

    assert "new" in _groups(sandbox)


def test_an_answer_that_does_not_come(api: Api) -> None:
    endless = [
        Fault(effect=Hang(seconds=60, done=False), path="/nobody$"),
        Fault(effect=Hang(seconds=60, done=True), path="/staff$"),
    ]
    with launch(ENVIRONMENT, faults=endless) as sandbox:
        impatient = Api(sandbox.url, api.authorization, timeout=0.2)

        with pytest.raises(requests.ReadTimeout):
            impatient("DELETE /api/v1/groups/nobody")
        with pytest.raises(requests.ReadTimeout):
            impatient("DELETE /api/v1/groups/staff")

        assert _groups(sandbox) == ["nobody"]
        assert [record.ended for record in sandbox.requests()] == [None, None]


def test_a_new_state_cuts_off_what_is_under_way(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(Hang(seconds=60, done=False))
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(api, CREATE, NEW)
        while not sandbox.requests():
            pass
        sandbox.reset(ENVIRONMENT)
        with pytest.raises(requests.ConnectionError):
            cut.result()
    assert "new" not in _groups(sandbox)
    assert sandbox.requests() == ()


@pytest.mark.parametrize("done", [False, True])
def test_an_answer_that_comes_late(api: Api, sandbox: Sandbox, *, done: bool) -> None:
    sandbox.add_fault(Hang(seconds=0.2, done=done))

    assert api(CREATE, NEW).status_code == 201

    (record,) = sandbox.requests()
    assert record.ended is not None
    assert record.ended - record.started >= 0.2


def test_a_list_without_its_last_rows(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(DropRows(rows=2), times=None)

    assert api.names("/api/v1/groups/") == []
    assert api.names("/api/v1/actions/") == ["Old-Action"]
    assert api.get("/api/v1/actions/")["total"] == 3
    assert len(api.get("/api/v1/roles/")["items"]) == 4


def test_an_answer_that_is_no_list_loses_nothing(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(DropRows())

    assert api.get("/api/v1/readyz")["status"] == "ready"


@pytest.mark.parametrize("size", [2, 1000, 200_000])
def test_a_huge_answer(api: Api, sandbox: Sandbox, size: int) -> None:
    sandbox.add_fault(Huge(size=size))

    response = api(READ)

    assert len(response.content) == size
    assert len(response.json()) == size - 2


@pytest.mark.parametrize("done", [False, True])
def test_a_process_that_dies(server: Sandbox, api: Api, *, done: bool) -> None:
    with launch(ENVIRONMENT, faults=[Fault(effect=Die(done=done), methods=WRITES, nth=2)]) as mortal:
        asker = Api(mortal.url, api.authorization)
        assert asker(CREATE, NEW).status_code == 201

        with pytest.raises(requests.ConnectionError):
            asker(CREATE, {**NEW, "name": "another"})

        mortal.stop()
        assert not mortal.running
    assert server.running


def test_faults_end(api: Api, sandbox: Sandbox) -> None:
    sandbox.add_fault(Answer(status=500), times=None)
    assert api(READ).status_code == 500

    sandbox.clear_faults()

    assert api(READ).status_code == 200


@pytest.mark.parametrize("effect", [Answer(status=429), Close(done=True), Truncate(), Huge(size=9)])
def test_a_rule_is_json(effect: AnyEffect) -> None:
    fault = Fault(effect=effect, methods=WRITES, path="^/", nth=2, times=None)

    assert Fault.model_validate_json(fault.model_dump_json()) == fault
