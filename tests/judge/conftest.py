"""Two sandboxes for all that is judged, and the command as a user runs it between them."""

import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest

from sync import cli
from sync.model.snapshot import Snapshot
from sync.sandbox.process import Sandbox
from tests.conftest import Impatient
from tests.servers import lent


@dataclass(frozen=True)
class Ended:
    """What a run left behind. A report that it did not write is None."""

    code: int
    out: str
    reports: dict[str, Any]

    @property
    def plan(self) -> Any:
        return self.reports.get("plan")


@dataclass(frozen=True)
class Servers:
    """The source and the target, whose tables count from different ids."""

    source: Sandbox
    target: Sandbox

    def run(self, *argv: str) -> Ended:
        """Run a command from the source to the target in a folder of its own."""
        sides = {"SOURCE": self.source, "TARGET": self.target}
        environ = {f"HEIMDALL_{side}_URL": sandbox.url for side, sandbox in sides.items()}
        environ |= {f"HEIMDALL_{side}_TOKEN": sandbox.token for side, sandbox in sides.items()}
        out = io.StringIO()
        with (
            TemporaryDirectory() as folder,
            mock.patch.dict(os.environ, environ | {"HEIMDALL_OUTPUT_DIR": f"{folder}/report"}),
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            code = cli.main(argv, Impatient())
            files = Path(folder, "report").glob("*.json")
            reports = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
        return Ended(code, out.getvalue(), reports)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with lent(Snapshot()) as source, lent(Snapshot(), first_id=1000) as target:
        yield Servers(source, target)
