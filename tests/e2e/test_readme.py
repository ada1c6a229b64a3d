"""The command lines of the pages, run as they stand by somebody who reads them from top to bottom."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import equal
from tests.e2e.shell import Shell
from tests.servers import lent

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(heimdall-sync(?: [^`\n]+)?|curl [^`\n]+)`")
WITH_LINES = [page for page in PAGES if INLINE.search(page.read_text(encoding="utf-8"))]
NEED_THE_IMAGE = ("docker run", "mkdir -p reports\ndocker run")
"""How blocks begin that need the image: `tests/image` runs it with these options."""

SEEN = """
digest() { sed -n 's/^  "digest": "\\(.*\\)".*/\\1/p' heimdall-sync-report/plan.json; }
backup() { basename heimdall-sync-report/backup-*.json; }
"""
"""How a reader finds what the pages leave open."""


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def filled(block: str, source: Sandbox, target: Sandbox) -> str:
    """Put what a reader puts in the place of what the pages leave open, and nothing else."""
    for left_open, value in (
        ("https://heimdall.staging.example", source.url),
        ("https://heimdall.example", target.url),
        ("HEIMDALL_SOURCE_TOKEN=…", f"HEIMDALL_SOURCE_TOKEN={source.token}"),
        ("HEIMDALL_TARGET_TOKEN=…", f"HEIMDALL_TARGET_TOKEN={target.token}"),
        ("sha256:…", '"$(digest)"'),
        ("backup-….json", '"$(backup)"'),
    ):
        block = block.replace(left_open, value)
    return block


@pytest.fixture
def pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(staging()) as source, lent(production(), people=PEOPLE, first_id=1000) as target:
        yield source, target


def test_the_blocks_of_the_readme_run_one_after_another_in_one_shell(
    tmp_path: Path, pair: tuple[Sandbox, Sandbox]
) -> None:
    """From the clone to the rollback, in a folder that had nothing in it."""
    reader = "\n".join(filled(block, *pair) for block in blocks(README))
    assert "…" not in reader
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{SEEN}\n{reader}"],
        cwd=tmp_path,
        env=a_new_machine(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    [clone] = tmp_path.iterdir()
    applied = {"apply", "rollback"}
    assert len(list((clone / "heimdall-sync-report").glob("receipt-*.json"))) == len(applied)
    assert equal(pair[1].snapshot(), production())


def a_new_machine() -> dict[str, str]:
    """Return variables that let git clone this repository, and pip find its packages without a network."""
    git = {f"url.{ROOT}.insteadOf": "https://github.com/THE_OWNER/heimdall-sync", "safe.directory": "*"}
    given = {"GIT_CONFIG_COUNT": str(len(git)), "PYTHONPATH": sysconfig.get_path("purelib")}
    for number, (key, value) in enumerate(git.items()):
        given |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    known = {name: value for name, value in os.environ.items() if not name.startswith(("HEIMDALL_", "MAKE"))}
    return known | given | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_the_blocks_of_a_page_of_docs_are_run_too(page: Path) -> None:
    for block in blocks(page):
        assert block.startswith(NEED_THE_IMAGE), f"run this block here as well:\n{block}"


@pytest.mark.sampled
@pytest.mark.parametrize("page", WITH_LINES, ids=lambda page: page.name)
def test_each_command_line_in_a_sentence_works_as_it_stands(
    page: Path, tmp_path: Path, pair: tuple[Sandbox, Sandbox]
) -> None:
    for line in INLINE.findall(page.read_text(encoding="utf-8")):
        pair[1].reset(production(), people=PEOPLE)
        ended = Shell(tmp_path, *pair)(filled(line, *pair))
        assert ended.returncode == 0, f"{line}\n{ended.stdout}"
