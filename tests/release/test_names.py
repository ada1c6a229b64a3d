"""What a release needs to know by name: the account, and what the image is built on."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.release.conftest import ROOT, Clone
from tests.release.test_release import DIGEST

pytestmark = pytest.mark.slow


class TestTheAccount:
    """What stands for it until the repository has one."""

    STANDS = f"THE_{'OWNER'}"

    @pytest.fixture
    def unnamed(self, clone: Clone) -> Clone:
        (clone.folder / "README.md").write_text(
            f"`{self.STANDS}` on this page is the account.\n- uses: {self.STANDS}/heimdall-sync@v1\n"
        )
        (clone.folder / "job.yml").write_text(f"image: ghcr.io/{self.STANDS}/heimdall-sync:1\n")
        (clone.folder / "picture.png").write_bytes(b"\x89PNG\xff")
        clone.git("add", ".")
        return clone

    def test_is_no_account_that_anybody_can_have(self) -> None:
        assert not re.fullmatch(r"[A-Za-z0-9-]+", self.STANDS)

    def test_is_to_be_named_before_a_release(self, unnamed: Clone) -> None:
        ended = unnamed.release("check", "1.2.3")
        assert ended.returncode == 1
        assert f"{self.STANDS} stands in README.md, job.yml: run `release.py name ACCOUNT`" in ended.stderr

    def test_is_named_everywhere_at_once(self, unnamed: Clone) -> None:
        assert unnamed.release("name", "Some-Body").returncode == 0
        assert (unnamed.folder / "README.md").read_text() == "- uses: Some-Body/heimdall-sync@v1\n"
        assert (unnamed.folder / "job.yml").read_text() == "image: ghcr.io/some-body/heimdall-sync:1\n"
        assert unnamed.release("check", "1.2.3").returncode == 0

    def test_of_this_project_is_named_once_and_for_all(self, tmp_path: Path) -> None:
        subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "clone"], check=True)
        here = Clone(tmp_path / "clone")
        assert self.STANDS in (here.folder / "README.md").read_text()
        assert here.release("name", "Some-Body").returncode == 0
        texts = {
            name: (here.folder / name).read_bytes().decode(errors="replace")
            for name in here.git("ls-files").splitlines()
        }
        assert "uses: Some-Body/heimdall-sync@v1" in texts["examples/promote.yml"]
        assert "ghcr.io/some-body/heimdall-sync:1" in texts["examples/gitlab-ci.yml"]
        assert not [name for name, text in texts.items() if re.search(rf"{self.STANDS}|\bOWNER/", text)]

    @pytest.mark.parametrize("account", ["", "-a", "a-", "a--b", "a_b", "a/b", "a" * 40, "a b", "á"])
    def test_is_one_that_there_can_be(self, unnamed: Clone, account: str) -> None:
        ended = unnamed.release("name", account)
        assert ended.returncode == 1
        assert "is no account of GitHub" in ended.stderr
        assert self.STANDS in (unnamed.folder / "README.md").read_text()


class TestTheBase:
    """What the image is built on: named once, in a line that Dependabot follows."""

    LINE = "FROM docker.io/library/python:3.13-slim AS base\n"
    REST = "FROM base AS build\nFROM base AS runtime\n"

    def dockerfile(self, clone: Clone, text: str) -> Path:
        path = clone.folder / "Dockerfile"
        path.write_text(text)
        return path

    def test_is_printed(self, clone: Clone) -> None:
        self.dockerfile(clone, self.LINE + self.REST)
        assert clone.release("base").stdout == "docker.io/library/python:3.13-slim\n"

    def test_is_pinned_in_its_line_alone(self, clone: Clone) -> None:
        path = self.dockerfile(clone, self.LINE + self.REST)
        ended = clone.release("base", DIGEST)
        pinned = f"docker.io/library/python:3.13-slim@{DIGEST}"
        assert ended.stdout == f"{pinned}\n"
        assert path.read_text() == f"FROM {pinned} AS base\n{self.REST}"

    def test_that_is_pinned_stays(self, clone: Clone) -> None:
        before = f"FROM python:3.13@sha256:{'a' * 64} AS base\n"
        path = self.dockerfile(clone, before)
        assert clone.release("base", DIGEST).stdout == f"python:3.13@sha256:{'a' * 64}\n"
        assert path.read_text() == before

    @pytest.mark.parametrize("digest", ["", "latest", f"{DIGEST}0", f"{DIGEST} AS base"])
    def test_is_pinned_by_a_digest_only(self, clone: Clone, digest: str) -> None:
        path = self.dockerfile(clone, self.LINE)
        ended = clone.release("base", digest)
        assert (ended.returncode, path.read_text()) == (1, self.LINE)

    def test_of_this_project_is_found(self) -> None:
        assert Clone(ROOT).release("base").stdout.startswith("docker.io/library/python:")

    def test_that_is_not_as_expected_is_refused(self, clone: Clone) -> None:
        self.dockerfile(clone, "FROM a AS build\n")
        assert "0 times, not once" in clone.release("base").stderr
