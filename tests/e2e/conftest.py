"""The command run as a user runs it, against sandboxes over sockets."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync import cli
from sync.errors import ExitCode
from sync.model.snapshot import Kind, Snapshot
from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import Sandbox
from tests.conftest import Impatient
from tests.e2e.shell import Pair, Shell
from tests.servers import lent

HARMLESS = r"^(?!.*(__no_such|2147483647))"
"""Every request but the healthcheck's probes."""


@dataclass(frozen=True)
class Ended:
    """What a run left behind."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text(encoding="utf-8")

    @property
    def plan(self) -> Any:
        return json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))

    @property
    def junit(self) -> ET.Element:
        return ET.fromstring((self.folder / "junit.xml").read_text(encoding="utf-8"))  # noqa: S314 - our own

    def cases(self, outcome: str) -> list[str]:
        """Return the names of the JUnit cases that are `failure` or `skipped`."""
        return [
            case.get("name", "") for case in self.junit.iter("testcase") if case.find(outcome) is not None
        ]


def written(ended: Ended) -> bool:
    """Tell whether the run came to its reports."""
    return ended.code != ExitCode.USAGE and (ended.folder / "junit.xml").exists()


RunCommand = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Return a function that runs a command between two sandboxes and returns what it left behind."""

    def run_command(source: Sandbox, target: Sandbox, *argv: str, tokens: bool = True) -> Ended:
        for side, sandbox in (("SOURCE", source), ("TARGET", target)):
            monkeypatch.setenv(f"HEIMDALL_{side}_URL", sandbox.url)
            monkeypatch.setenv(f"HEIMDALL_{side}_TOKEN", sandbox.token if tokens else "")
        monkeypatch.setenv("HEIMDALL_OUTPUT_DIR", str(tmp_path / "report"))
        monkeypatch.chdir(tmp_path)
        code = cli.main(argv, Impatient())
        captured = capsys.readouterr()
        ended = Ended(code, captured.out, captured.err, tmp_path / "report")
        if written(ended) and "--detailed-exitcode" not in argv:
            assert bool(ended.cases("failure")) is (code != 0)
        return ended

    return run_command


def writes(sandbox: Sandbox) -> list[str]:
    """Return the writes that a sandbox got, but for the healthcheck's probes."""
    return [
        f"{record.method} {record.path}"
        for record in sandbox.requests()
        if record.method != "GET" and "__no_such" not in record.path and "2147483647" not in record.path
    ]


def equal(one: Snapshot, other: Snapshot) -> bool:
    """Tell whether two environments hold the same, whatever the order in which it was written."""
    return all(one.of(kind) == other.of(kind) for kind in Kind)


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    """Start two servers for all tests of a file."""
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        yield source, target


@pytest.fixture
def pair(servers: Pair) -> Pair:
    """Give both servers what the example starts from."""
    servers[0].reset(staging())
    servers[1].reset(production(), people=PEOPLE)
    return servers


@pytest.fixture
def shell(pair: Pair, tmp_path: Path) -> Shell:
    """Give a person's shell in an empty folder, between two servers."""
    return Shell(tmp_path, *pair)
