"""The command lines of the README, run as they stand by somebody who has read it up to there."""

import json
import re
from pathlib import Path

from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import launch
from tests.e2e.shell import Shell

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LINE = re.compile(r"^(heimdall-sync(?: [^#\n`]*)?)(?:#.*)?$|`(heimdall-sync(?: [^`\n]+)?)`", re.MULTILINE)
PLACEHOLDERS = ("sha256:…", "backup-….json")


def lines() -> list[str]:
    """Return the command lines in the order of the page, comments left out."""
    return [(block or inline).strip() for block, inline in LINE.findall(README)]


def filled(line: str, shell: Shell) -> str:
    """Put what its reader sees in the place of a placeholder."""
    if PLACEHOLDERS[0] in line:
        digest = json.loads((shell.report / "plan.json").read_text())["digest"]
        line = line.replace(PLACEHOLDERS[0], digest)
    return line.replace(PLACEHOLDERS[1], shell.backups[-1].name if shell.backups else PLACEHOLDERS[1])


def test_the_readme_has_them_all() -> None:
    found = lines()
    for needed in (
        "heimdall-sync plan",
        "heimdall-sync apply",
        "--expect-digest",
        "--resume",
        "backup-….json",
    ):
        assert any(needed in line for line in found), needed


def test_each_works_as_it_stands(tmp_path: Path) -> None:
    with launch(staging()) as source, launch(production(), people=PEOPLE, first_id=1000) as target:
        shell = Shell(tmp_path, source, target)
        for line in lines():
            if not any(placeholder in line for placeholder in PLACEHOLDERS):
                target.reset(production(), people=PEOPLE)
            ended = shell(filled(line, shell))
            assert ended.returncode == 0, f"{line}\n{ended.stdout}"
