"""What the tests share: hypothesis profiles, and sandboxes that end with the test that started them."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import ceil

import pytest
from hypothesis import HealthCheck, settings
from pydantic import SecretStr

from sync.ci import CI_VARIABLES
from sync.heimdall.retries import Patience
from sync.heimdall.transport import Transport
from sync.interruption import Interruption
from sync.sandbox.process import Sandbox
from tests.servers import stop_idle

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("quick", parent=settings.get_profile("default"), max_examples=20)
settings.register_profile("glance", parent=settings.get_profile("default"), max_examples=5)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

Connect = Callable[..., Transport]

SAMPLE = 6
"""Of a table that is `sampled`, one case in so many is run; `make slow` runs the others."""


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most of each sampled table to `make slow`, the same cases each time."""
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for name, cases in tables.items():
        # not each sixth: of a table with two sides that would always be the same side
        for item in random.Random(name).sample(cases, len(cases) - ceil(len(cases) / SAMPLE)):
            item.add_marker("slow")


def no_sleep(_: float) -> None:
    """Stand in for `time.sleep`: no test waits."""


class Impatient(Interruption):
    """An interruption that lets nobody wait in the meantime."""

    def sleep(self, seconds: float) -> None:
        """Return at once."""


@pytest.fixture(scope="session", autouse=True)
def _stopping_servers() -> Iterator[None]:
    """Stop what tests have used one after another."""
    yield
    stop_idle()


@pytest.fixture(autouse=True)
def _on_a_persons_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no command under test see that a CI system runs the tests."""
    for name in CI_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a function that opens a transport to a sandbox, closed when the test ends."""
    with ExitStack() as stack:

        def opened(
            sandbox: Sandbox | str,
            *,
            token: str | None = None,
            read_only: bool = False,
            tries: int = 3,
            **options: float,
        ) -> Transport:
            url = sandbox if isinstance(sandbox, str) else sandbox.url
            own_token = "" if isinstance(sandbox, str) else sandbox.token
            patience = Patience(
                timeout=options.pop("timeout", 10.0),
                tries=tries,
                sleep=no_sleep,
                give_up_after=options.pop("give_up_after", 0.2),
            )
            return stack.enter_context(
                Transport(
                    url,
                    SecretStr(token if token is not None else own_token),
                    read_only=read_only,
                    concurrency=int(options.pop("concurrency", 8)),
                    patience=patience,
                )
            )

        yield opened
