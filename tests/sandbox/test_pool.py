"""A server that too much at once silences, as a real one was seen to be."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sync.model.snapshot import Snapshot
from sync.sandbox.pool import PoolRecord
from sync.sandbox.process import launch

from .world import ENVIRONMENT, Api, superadmin

READ = "GET /api/v1/groups/"
WRITE = "POST /api/v1/groups/"
TEAM = {"name": "team", "description": "A team"}
FOR_GOOD = 3600.0


def at_once(api: Api, *asked: tuple[str, object]) -> list[int]:
    with ThreadPoolExecutor(len(asked)) as threads:
        return sorted(response.status_code for response in threads.map(lambda a: api(*a), asked))


def test_as_many_at_once_as_there_are_connections_and_different_writes() -> None:
    with launch(ENVIRONMENT, pool=3, delay=0.5, silence=FOR_GOOD) as sandbox:
        other = {"name": "other", "description": "Another"}
        assert at_once(superadmin(sandbox), (WRITE, TEAM), (WRITE, other), (READ, None)) == [200, 201, 201]
        assert sandbox.pool() == PoolRecord(most=3, refused=0, overlapping=0, silent=0)


def test_one_more_is_refused_and_then_nobody_is_answered() -> None:
    with launch(ENVIRONMENT, pool=2, delay=0.5, silence=FOR_GOOD) as sandbox:
        api = Api(sandbox.url, superadmin(sandbox).authorization, timeout=1.5)
        with ThreadPoolExecutor(3) as threads:
            asked = [threads.submit(api, READ) for _ in range(3)]
        refused = [future.result() for future in asked if not future.exception()]
        assert [(response.status_code, "QueuePool limit" in response.text) for response in refused] == [
            (500, True)
        ]
        with pytest.raises(requests.ReadTimeout):
            api("GET /api/v1/healthz")
        assert sandbox.pool() == PoolRecord(most=2, refused=1, overlapping=0, silent=1)


def test_two_tries_of_one_write_together_silence_it_until_it_has_come_to_itself() -> None:
    with launch(ENVIRONMENT, pool=15, delay=0.5, silence=0.2) as sandbox:
        api = superadmin(sandbox)
        assert at_once(api, (WRITE, TEAM), (WRITE, TEAM), ("GET /api/v1/healthz", None)) == [200, 201, 409]
        assert sandbox.pool() == PoolRecord(most=2, refused=0, overlapping=1, silent=1)


def test_without_a_pool_nothing_is_counted_as_too_much() -> None:
    with launch(Snapshot(), delay=0.2) as sandbox:
        assert at_once(superadmin(sandbox), (WRITE, TEAM), (WRITE, TEAM)) == [201, 409]
        assert sandbox.pool().silent == 0
