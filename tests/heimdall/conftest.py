from collections.abc import Iterator

import pytest

from sync.model.snapshot import Snapshot
from sync.sandbox.process import Sandbox
from tests.servers import lent


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with lent(Snapshot()) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """One server for all tests, which begins again, empty, for each of them."""
    server.reset(Snapshot())
    return server
