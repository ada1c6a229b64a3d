"""Nothing secret and nobody's number leaves the process, and no text of a server does anything."""

import json
import os
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from markdown_it import MarkdownIt

from sync import cli
from sync.plan.model import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.example import production, staging
from sync.sandbox.faults import WRITES, Answer, AnyEffect, Close, Hang
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox, launch
from sync.sandbox.token_endpoint import TokenServer
from tests.conftest import Impatient
from tests.e2e.secrets_in_use import (
    CLIENT_SECRET,
    CPFS,
    HOLDER,
    MEMBER,
    PASSWORD,
    PROXY_USER,
    REFRESH_TOKEN,
    SOURCE_OPERATOR,
    SOURCE_TOKEN,
    SPELLINGS,
    TARGET_OPERATOR,
    TARGET_TOKEN,
    contents_of,
    found_in,
    found_in_all,
)
from tests.e2e.test_faults import NO_PROBE, READ_IN_VAIN, WRITTEN_IN_VAIN, patience_for
from tests.report.examples import HOSTILE

REPOSITORY = Path(__file__).parents[2]
WITNESS = Path(__file__).parent / "witness"
PEOPLE = People(members={"legacy_team": (MEMBER, HOLDER)}, roles={"contractor": (HOLDER,)})
DEBUG = "--debug"


@dataclass(frozen=True)
class Left:
    """What a process has left: its exit code, and everything that it has written anywhere."""

    code: int
    places: dict[str, bytes]
    notes: tuple[tuple[str, Any], ...] = ()

    @property
    def text(self) -> str:
        return (self.places["stdout"] + self.places["stderr"]).decode()

    def noted(self, what: str) -> list[Any]:
        return [seen for kind, seen in self.notes if kind == what]


Process = Callable[..., Left]


@pytest.fixture(scope="module")
def shared_pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with launch(staging()) as source, launch(production(), first_id=1000) as target:
        yield source, target


@pytest.fixture
def pair(shared_pair: tuple[Sandbox, Sandbox]) -> tuple[Sandbox, Sandbox]:
    source, target = shared_pair
    source.reset(staging())
    target.reset(production(), people=PEOPLE)
    return shared_pair


@pytest.fixture
def environ(pair: tuple[Sandbox, Sandbox]) -> dict[str, str]:
    source, target = pair
    return {
        "HEIMDALL_SOURCE_URL": source.url,
        "HEIMDALL_SOURCE_TOKEN": SOURCE_TOKEN,
        "HEIMDALL_TARGET_URL": target.url,
        "HEIMDALL_TARGET_TOKEN": TARGET_TOKEN,
        "HTTPS_PROXY": f"http://{PROXY_USER}:{quote(PASSWORD, safe='')}@127.0.0.1:9",
    }


@pytest.fixture
def process(tmp_path: Path, environ: dict[str, str]) -> Process:
    """Return a function that runs a command as a process of its own, under the eyes of a witness."""

    def run_process(*argv: str, code: list[str] | None = None, **more: str) -> Left:
        folder, notes = tmp_path / "cwd", tmp_path / "notes"
        folder.mkdir(exist_ok=True)
        notes.unlink(missing_ok=True)
        places = os.pathsep.join(map(str, (WITNESS, REPOSITORY)))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        ended = subprocess.run(
            [sys.executable, *(code or ["-m", "sync"]), *argv],
            env=kept | environ | {"PYTHONPATH": places, "WITNESS": str(notes)} | more,
            cwd=folder,
            capture_output=True,
            check=False,
        )
        seen = tuple((kind, what) for kind, what in map(json.loads, notes.read_text().splitlines()))
        written = [folder / str(what) for kind, what in seen if kind == "file"]
        places_of = {"stdout": ended.stdout, "stderr": ended.stderr, **contents_of([folder, *written])}
        return Left(ended.returncode, places_of, seen)

    return run_process


COMMANDS: dict[str, tuple[int, list[str]]] = {
    "check": (0, ["check"]),
    "plan": (0, ["plan"]),
    "dry run": (0, ["--dry-run"]),
    "apply": (1, ["apply"]),
    "resume": (1, ["apply", "--resume"]),
    "drift": (2, ["drift"]),
    "export": (0, ["export"]),
    "help": (0, ["--help"]),
    "version": (0, ["--version"]),
    "wrong usage": (64, ["plan", "--source-tokn", SOURCE_TOKEN, "--concurrency", CLIENT_SECRET]),
    "tokens as flags": (0, ["plan", "--source-token", SOURCE_TOKEN, f"--target-token={TARGET_TOKEN}"]),
}
"""Each with its exit code: an apply fails, because somebody holds a role that is to be deleted."""


class TestTheSearch:
    """It can fail: what is planted is found, wherever it is planted."""

    @pytest.mark.parametrize("name", sorted(set(SPELLINGS.values())))
    def test_each_secret_is_found_in_what_holds_it(self, name: str) -> None:
        for spelling, its_name in SPELLINGS.items():
            if its_name == name:
                assert found_in(b"before " + spelling + b" after") == {name}

    def test_a_token_is_found_whole_and_in_part(self) -> None:
        assert found_in(SOURCE_TOKEN.encode()) == {
            "the source's token's payload",
            "the source's token's signature",
        }
        assert found_in(b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9") == set()

    def test_what_is_configured_is_found_in_every_place(
        self, pair: tuple[Sandbox, Sandbox], process: Process
    ) -> None:
        """A name that looks like a CPF is a name: that is how this shows where the search looks."""
        planted = Action(name=MEMBER, description=f"Signed {SOURCE_TOKEN}")
        pair[0].reset(staging().model_copy(update={"actions": (*staging().actions, planted)}))
        left = process("apply")
        places = {Path(place).name for place, _ in found_in_all(left.places)}
        assert places == {
            "stdout",
            "summary.md",
            "junit.xml",
            "plan.json",
            "snapshot-source.json",
            "sync_checkpoint.json",
            "receipt.json",
        }

    def test_the_witness_sees_files_children_and_connections(self, process: Process, tmp_path: Path) -> None:
        planted = (
            "import socket, subprocess, sys; open(sys.argv[1], 'w').write(sys.argv[2]);"
            "subprocess.run(['true'], env={'A': sys.argv[2]}); socket.socket().connect_ex(('127.0.0.1', 9))"
        )
        elsewhere = tmp_path / "elsewhere"
        left = process(str(elsewhere), MEMBER, code=["-c", planted])
        assert found_in_all(left.places) == {(str(elsewhere), "the CPF of a group's member")}
        assert found_in(json.dumps(left.noted("child")).encode()) == {"the CPF of a group's member"}
        assert left.noted("connection") == [["127.0.0.1", 9]]


class TestCommands:
    """As processes of their own, with a witness of everything that they write, reach and start."""

    @pytest.mark.parametrize("name", COMMANDS)
    def test_nothing_is_found(self, pair: tuple[Sandbox, Sandbox], process: Process, name: str) -> None:
        code, argv = COMMANDS[name]
        left = process(*argv, DEBUG)
        assert left.code == code, left.text
        assert found_in_all(left.places) == set()
        assert left.noted("child") == []
        hosts = {f"http://{host}:{port}" for host, port in left.noted("connection")}
        assert hosts <= {sandbox.url for sandbox in pair}

    def test_nothing_is_found_of_an_approved_plan_and_its_receipt(self, process: Process) -> None:
        report = "heimdall-sync-report"
        assert process("plan").code == 0
        left = process("apply", "--plan", f"{report}/plan.json", DEBUG)
        assert left.code == 1
        assert found_in_all(left.places) == set()
        left = process("drift", "--receipt", f"{report}/receipt.json", DEBUG)
        assert left.code == 2
        assert found_in_all(left.places) == set()

    def test_the_demo_does_not_hand_on_what_it_does_not_need(self, process: Process) -> None:
        """Its two sandboxes are children, which know nothing of the environments that are configured."""
        left = process("demo", DEBUG)
        assert left.code == 0, left.text
        assert len(left.noted("child")) == 2
        assert found_in(json.dumps(left.noted("child")).encode()) == set()
        assert found_in_all(left.places) == set()
