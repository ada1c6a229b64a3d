"""The command as a process under the eyes of a witness, and everything that it has left."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sync import cli
from sync.sandbox.example import production, staging
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from tests.conftest import Impatient
from tests.e2e.leaks.secrets_in_use import (
    HOLDER,
    MEMBER,
    PASSWORD,
    PROXY_USER,
    SOURCE_TOKEN,
    TARGET_TOKEN,
    contents_of,
)
from tests.servers import lent

REPOSITORY = Path(__file__).parents[3]
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


@pytest.fixture(scope="package")
def shared_pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
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


@pytest.fixture
def here(
    environ: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Process:
    """Return a function that runs a command in this process, which is quicker and nothing else."""

    def run_here(*argv: str, **more: str) -> Left:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        folder = tmp_path / "cwd"
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        code = cli.main(argv, Impatient())
        out, err = capfd.readouterr()
        return Left(code, {"stdout": out.encode(), "stderr": err.encode(), **contents_of([folder])})

    return run_here
