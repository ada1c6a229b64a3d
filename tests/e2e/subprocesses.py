"""The command as a process of its own, which something may happen to."""

import os
import subprocess
import sys
from pathlib import Path

from sync.sandbox.process import Sandbox

WAIT_FOR_A_LINE = 'read -r _ && exec "$@"'


class Command:
    """A command between two sandboxes that begins when it is told to: its process id is known before."""

    def __init__(
        self, source: Sandbox, target: Sandbox, folder: Path, *argv: str, process_one: bool = False
    ) -> None:
        environ = {
            "HEIMDALL_SOURCE_URL": source.url,
            "HEIMDALL_SOURCE_TOKEN": source.token,
            "HEIMDALL_TARGET_URL": target.url,
            "HEIMDALL_TARGET_TOKEN": target.token,
            "HEIMDALL_OUTPUT_DIR": str(folder / "report"),
            "HEIMDALL_CHECKPOINT_FILE": str(folder / "sync_checkpoint.json"),
        }
        command = [sys.executable, "-m", "sync", *argv]
        alone = ["unshare", "--pid", "--fork", "--kill-child"] if process_one else []
        self._process = subprocess.Popen(
            [*alone, "/bin/sh", "-c", WAIT_FOR_A_LINE, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=os.environ | environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )

        self.pid = _only_child_of(self._process.pid) if process_one else self._process.pid

    def finish(self, timeout: float = 60) -> tuple[int, str]:
        """Begin, and return the exit code (negative: the signal that ended it) and what was printed."""
        out, _ = self._process.communicate("go\n", timeout=timeout)
        return self._process.returncode, out


def _only_child_of(pid: int) -> int:
    """Return the process id, as it is out here, of the process 1 that `unshare` forks."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (found := children.read_text().split()):
        os.sched_yield()
    return int(found[0])
