from collections.abc import Iterator

import pytest

from sync.model.snapshot import Snapshot
from sync.sandbox.process import Sandbox
from tests.servers import lent

from .world import ENVIRONMENT, PEOPLE, Api, superadmin


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with lent(Snapshot()) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """One server for all tests, which begins again for each of them."""
    server.reset(ENVIRONMENT, people=PEOPLE)
    return server


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    return superadmin(sandbox)
