"""A person's shell: a folder, the two environments in variables, and command lines as they are written."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sync.sandbox.process import Sandbox

Pair = tuple[Sandbox, Sandbox]


@dataclass(frozen=True)
class Shell:
    """A shell in a folder, between two sandboxes, with the command on its path."""

    folder: Path
    source: Sandbox
    target: Sandbox

    def __call__(self, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a line, and return its exit code with all that it printed as `stdout`."""
        given = {
            "HEIMDALL_SOURCE_URL": self.source.url,
            "HEIMDALL_SOURCE_TOKEN": self.source.token,
            "HEIMDALL_TARGET_URL": self.target.url,
            "HEIMDALL_TARGET_TOKEN": self.target.token,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env=os.environ | given | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

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
