"""Start, ask, disturb and stop a sandbox: a server in a process of its own.

Importable without the extra `sandbox`; launching is what takes it.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import requests
from pydantic import TypeAdapter

import sync
from sync.errors import HeimdallSyncError
from sync.model.snapshot import Snapshot
from sync.sandbox.faults import AnyEffect, Fault
from sync.sandbox.log import RequestRecord
from sync.sandbox.options import Options, People, Shift
from sync.sandbox.pool import PoolRecord
from sync.sandbox.resolver import Decision
from sync.sandbox.tokens import make_token
from sync.sandbox.watch import Moment

PATIENCE = 30.0
"""Seconds after which a process that does not start, answer or stop is given up."""

_RECORDS = TypeAdapter(tuple[RequestRecord, ...])
_FAULTS = TypeAdapter(tuple[Fault, ...])
_MOMENTS = TypeAdapter(tuple[Moment, ...])
_DECISIONS = TypeAdapter(tuple[Decision | None, ...])


class Sandbox:
    """A sandbox that runs, until it is stopped, killed, or the process that launched it ends."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url
        self.token = make_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Return the process's id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether the process has not ended, be it by a fault."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process. Nothing happens where it has ended."""
        _let_go(self._process)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()
        _let_go(self._process)

    def requests(self) -> tuple[RequestRecord, ...]:
        """Return the requests that the API got, in the order of their arrival."""
        return _RECORDS.validate_json(self._control("GET", "requests"))

    def pool(self) -> PoolRecord:
        """Return what the server's connections to its database went through."""
        return PoolRecord.model_validate_json(self._control("GET", "pool"))

    def clear_requests(self) -> None:
        """Forget the requests; the next one is number 1."""
        self._control("DELETE", "requests")

    def snapshot(self) -> Snapshot:
        """Return what the environment holds, with no order of the mappings: see `write_order`."""
        return Snapshot.model_validate_json(self._control("GET", "snapshot"))

    def write_order(self) -> tuple[str, ...]:
        """Return the names of all mappings (`GET /users$`), the one written first standing first."""
        return TypeAdapter(tuple[str, ...]).validate_json(self._control("GET", "write-order"))

    def people(self) -> People:
        """Return who is in which group, and who holds which role directly."""
        return People.model_validate_json(self._control("GET", "people"))

    def users(self) -> tuple[str, ...]:
        """Return everyone who is known, be it by a single request: CPFs and names of service accounts."""
        return TypeAdapter(tuple[str, ...]).validate_json(self._control("GET", "users"))

    def reset(
        self, snapshot: Snapshot, *, people: People | None = None, faults: Iterable[Fault] = ()
    ) -> None:
        """Begin again with another state, an empty log, the right time and these faults only.

        The connections of requests that are under way are cut.
        """
        self._control(
            "PUT",
            "state",
            {
                "snapshot": snapshot.model_dump(mode="json", by_alias=True),
                "people": (people or People()).model_dump(mode="json"),
                "faults": [fault.model_dump(mode="json") for fault in faults],
            },
        )

    def add_fault(
        self,
        effect: AnyEffect,
        *,
        methods: Iterable[str] = (),
        path: str = "",
        nth: int = 1,
        times: int | None = 1,
    ) -> None:
        """Let requests go wrong from now on, as `Fault` says."""
        fault = Fault(effect=effect, methods=frozenset(methods), path=path, nth=nth, times=times)
        self._control("POST", "faults", fault.model_dump(mode="json"))

    def clear_faults(self) -> None:
        """Let everything go well again."""
        self._control("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Let time pass for the caches and for what is written from now on."""
        self._control("POST", "clock", {"seconds": seconds})

    def restart(self) -> None:
        """Do what a restart of the server does: caches and the cascades' leftovers are gone."""
        self._control("POST", "restart")

    def order_rows(self, names: Iterable[str]) -> None:
        """Let the database return these mappings (`GET /users$`) last, in this order, until one is written.

        The layer in front learns of it by a restart.
        """
        self._control("PUT", "row-order", list(names))

    def look(self, requests: Iterable[str]) -> tuple[Decision | None, ...]:
        """Return what decides requests (`GET /users/me`) past every cache, and let nothing move by asking."""
        return _DECISIONS.validate_json(self._control("POST", "decisions", list(requests)))

    def watch(self, requests: Iterable[str]) -> None:
        """Note from now on, at each write, what decides these requests and what each group may do."""
        self._control("PUT", "watch", list(requests))

    def moments(self) -> tuple[Moment, ...]:
        """Return what was noted at each write since `watch`."""
        return _MOMENTS.validate_json(self._control("GET", "watch"))

    def flush_redis(self) -> None:
        """Empty Redis: the database decides until mappings are written or asked for."""
        self._control("DELETE", "redis/entries")

    def lose_entry(self, name: str) -> None:
        """Let Redis lose the entry of one mapping (`GET /users$`)."""
        self._control("DELETE", f"redis/entries?{urlencode({'name': name})}")

    def answer_from_redis(self, *, answering: bool) -> None:
        """Take Redis down, or up again as it was."""
        self._control("PUT", "redis", {"answering": answering})

    def _control(self, method: str, path: str, body: Any = None) -> bytes:
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=PATIENCE)
        response.raise_for_status()
        return response.content


def require_extra() -> None:
    """Raise `HeimdallSyncError` where what the server is made of is not installed."""
    if any(find_spec(name) is None for name in ("fastapi", "httptools", "uvicorn")):
        raise HeimdallSyncError(
            "the sandbox needs FastAPI, httptools and uvicorn", hint="pip install 'heimdall-sync[sandbox]'"
        )


def launch(  # noqa: PLR0913 - one keyword for each option of the server
    snapshot: Snapshot,
    *,
    people: People | None = None,
    faults: Iterable[Fault] = (),
    port: int = 0,
    first_id: int = 1,
    delay: float = 0.0,
    serial: bool = False,
    read_time: float = 0.0,
    write_time: float = 0.0,
    publish_updates: bool = False,
    no_openapi: bool = False,
    shifting_list: Shift | None = None,
    shifting_readings: int = 1,
    cerbos_down: bool = False,
    pool: int = 0,
    silence: float = 223.0,
    no_cache: bool = False,
    rate: float = 0.0,
    burst: int = 1,
    no_retry_after: bool = False,
) -> Sandbox:
    """Start a sandbox that holds a snapshot, and return it once it can be asked. `Options` says what is what.

    Raises `HeimdallSyncError` where the extra `sandbox` is missing or the server does not start.
    """
    require_extra()
    options = Options(
        first_id=first_id,
        delay=delay,
        serial=serial,
        read_time=read_time,
        write_time=write_time,
        publish_updates=publish_updates,
        no_openapi=no_openapi,
        shifting_list=shifting_list,
        shifting_readings=shifting_readings,
        cerbos_down=cerbos_down,
        pool=pool,
        silence=silence,
        no_cache=no_cache,
        rate=rate,
        burst=burst,
        no_retry_after=no_retry_after,
    )
    with TemporaryDirectory(prefix="heimdall-sandbox-") as folder:
        files = {
            "state": snapshot.canonical_json().encode(),
            "people": (people or People()).canonical_json().encode(),
            "faults": _FAULTS.dump_json(tuple(faults)),
        }
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        flags = [f"--{name}={Path(folder, name)}" for name in files]
        process = _start([*flags, *options.flags(), f"--port={port}", "--stop-with-stdin"])
        return Sandbox(process, _url(process))


def _start(flags: list[str]) -> subprocess.Popen[str]:
    """Start the server out of reach of a Ctrl-C in the terminal, with this very package."""
    places = [str(Path(sync.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
        [sys.executable, "-P", "-m", "sync.sandbox", *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=_without_secrets(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, places))},
        start_new_session=True,
    )


def _without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out the tokens of real environments, and the passwords of proxies: a sandbox needs neither."""
    secret = re.compile("HEIMDALL_|.*_PROXY$", re.IGNORECASE)
    return {name: value for name, value in environ.items() if not secret.match(name)}


def _let_go(process: subprocess.Popen[str]) -> None:
    """Close what the server watches: it ends when that does."""
    assert process.stdin is not None
    process.stdin.close()


def _url(process: subprocess.Popen[str]) -> str:
    """Return the line that the server prints when it listens."""
    assert process.stdout is not None
    deadline = threading.Timer(PATIENCE, process.kill)
    deadline.start()
    with process.stdout:
        url = process.stdout.readline().strip()
    deadline.cancel()
    if not url:
        _let_go(process)
        raise HeimdallSyncError(f"the sandbox ended with exit code {process.wait()} before it listened")
    return url
