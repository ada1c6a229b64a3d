"""The release script, run in a clone of a real repository whose remote is a folder."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".github" / "scripts" / "release.py"
CHANGELOG = """\
# Changelog

## 1.3.0 (unreleased)

- Not yet.

## 1.2.3 (2030-01-02)

- Something for `users`.

### More

- And more.

## 1.2.2 (2030-01-01)

"""
ACTION = """\
# what a release does to it: image: Dockerfile
name: example

inputs:
  image:
    description: "image: Dockerfile"

runs:
  using: docker
  # a release names it by digest
  image: Dockerfile
"""


@dataclass(frozen=True)
class Clone:
    """A clone as a job's checkout leaves it, with one commit of history."""

    folder: Path

    def release(self, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        command = [sys.executable, str(SCRIPT), *argv]
        return subprocess.run(
            command, cwd=self.folder, env=ENVIRON | variables, capture_output=True, text=True, check=False
        )

    def git(self, *argv: str) -> str:
        """Return what git prints. Raises `CalledProcessError`."""
        return git(*argv, folder=self.folder)

    def at(self, version: str, date: str = "2030-01-02") -> "Clone":
        """Bring the default branch to the point where a version can be released."""
        (self.folder / "sync" / "__init__.py").write_text(f'"""Example."""\n\n__version__ = "{version}"\n')
        (self.folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version} ({date})\n\n- New.\n")
        self.git("checkout", "--quiet", "main", "--", "action.yml")
        self.git("commit", "--quiet", "--all", "--message", f"Version {version}")
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self

    def released(self, version: str, image: str) -> "Clone":
        """Release a version."""
        self.at(version)
        for argv in (["check", version], ["pin", image], ["tag", version]):
            ended = self.release(*argv)
            assert ended.returncode == 0, ended.stderr
        self.git("checkout", "--quiet", "main")
        return self


ENVIRON = os.environ | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_DATE": "2030-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2030-01-01T00:00:00Z",
}
PERSON = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]


def git(*argv: str, folder: Path) -> str:
    return subprocess.run(
        ["git", *PERSON, *argv], cwd=folder, env=ENVIRON, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Return a clone of a repository that is at 1.2.3 and has released nothing."""
    remote, first, checkout = tmp_path / "remote.git", tmp_path / "first", tmp_path / "checkout"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(remote), folder=tmp_path)
    git("clone", "--quiet", str(remote), str(first), folder=tmp_path)
    (first / "sync").mkdir()
    (first / "sync" / "__init__.py").write_text('"""Example."""\n\n__version__ = "1.2.3"\n')
    (first / "CHANGELOG.md").write_text(CHANGELOG)
    (first / "action.yml").write_text(ACTION)
    for message in ("One", "Another"):
        git("add", ".", folder=first)
        git("commit", "--quiet", "--allow-empty", "--message", message, folder=first)
    git("push", "--quiet", "origin", "HEAD:main", folder=first)
    git("clone", "--quiet", "--depth=1", remote.as_uri(), str(checkout), folder=tmp_path)
    return Clone(checkout)
