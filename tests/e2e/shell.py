"""A person's shell: a folder, the two environments in variables, and command lines as they are written."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from sync import cli
from sync.sandbox.process import Sandbox
from tests.conftest import Impatient

Pair = tuple[Sandbox, Sandbox]


@dataclass(frozen=True)
class Shell:
    """A shell in a folder, between two sandboxes, with the command on its path."""

    folder: Path
    source: Sandbox
    target: Sandbox

    def __call__(self, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a line, and return its exit code with all that it printed as `stdout`."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env=os.environ | self._environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

    def command(self, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Do the same with a line that is one command of ours, quicker: in this process."""
        name, *argv = shlex.split(line)
        assert name == "heimdall-sync"
        out = io.StringIO()
        with (
            mock.patch.dict(os.environ, self._environ | environ),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            code = cli.main(argv, Impatient())
        return subprocess.CompletedProcess(argv, code, out.getvalue())

    @property
    def _environ(self) -> dict[str, str]:
        return {
            "HEIMDALL_SOURCE_URL": self.source.url,
            "HEIMDALL_SOURCE_TOKEN": self.source.token,
            "HEIMDALL_TARGET_URL": self.target.url,
            "HEIMDALL_TARGET_TOKEN": self.target.token,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    @property
    def report(self) -> Path:
        return self.folder / "heimdall-sync-report"

    @property
    def backups(self) -> list[Path]:
        return sorted(self.report.glob("backup-*.json"))


def proposed(printed: str, before: str) -> str:
    """Return the one command line that follows these words."""
    [line] = re.findall(rf"^{re.escape(before)} (heimdall-sync .+)$", printed, re.MULTILINE)
    return str(line)


TO_APPLY, TO_GO_BACK = "To apply exactly this:", "To go back:"
