"""What CONTRIBUTING says to type, typed."""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_two_sandboxes_are_started_asked_made_equal_and_stopped(tmp_path: Path) -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Two Heimdalls")[2]
    [lines] = re.findall(r"```bash\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with Path(gettempdir(), "heimdall-sync-ports").open("w", encoding="utf-8") as ports:
        fcntl.flock(ports, fcntl.LOCK_EX)  # the lines name them, and another test run may be at it
        ended = subprocess.run(
            ["bash", "-c", f"{lines}wait\n"],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if not name.startswith("HEIMDALL_")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert '"name":"contractor"' in ended.stdout
    assert "✓ Verified: the target is identical to the source" in ended.stdout
    assert (tmp_path / "heimdall-sync-report" / "receipt.json").exists()
