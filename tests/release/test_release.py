"""What may be released, what a release says, and what it leaves in the repository."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.release.conftest import ACTION, ROOT, Clone

pytestmark = pytest.mark.slow

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
IMAGE = f"ghcr.io/owner/heimdall-sync@{DIGEST}"
OTHER_IMAGE = f"ghcr.io/owner/heimdall-sync@sha256:{'f' * 64}"


def test_what_can_be_released(clone: Clone) -> None:
    ended = clone.release("check", "1.2.3")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "prerelease=false\nmajor=1\n", "")


def test_a_prerelease_can_be_released(clone: Clone) -> None:
    ended = clone.at("2.0.0-rc.1").release("check", "2.0.0-rc.1")
    assert (ended.returncode, ended.stdout) == (0, "prerelease=true\nmajor=\n")


@pytest.mark.parametrize(
    "version",
    [
        *("", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3 ", "1.2.3\n", "1.2.3+build", "\u0661.2.3"),
        *("1.2.3-", "1.2.3-rc", "1.2.3-rc.01", "1.2.3-preview.1", "--help", "1.2.3;id", "$(id)"),
    ],
)
def test_what_is_no_version(tmp_path: Path, version: str) -> None:
    ended = Clone(tmp_path).release("check", version)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "is no version" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_version_that_the_code_does_not_have(clone: Clone) -> None:
    ended = clone.release("check", "1.2.4")
    assert ended.returncode == 1
    assert ended.stderr == "refused: sync/__init__.py says 1.2.3, not 1.2.4: change it there first\n"


def test_the_notes_are_the_versions_section(clone: Clone) -> None:
    ended = clone.release("notes", "1.2.3")
    assert ended.returncode == 0
    assert ended.stdout == "- Something for `users`.\n\n### More\n\n- And more.\n"


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("1.3.0", "CHANGELOG.md heads 1.3.0 with '(unreleased)'"),
        ("1.2.2", "CHANGELOG.md says nothing about 1.2.2"),
        ("1.2.1", "CHANGELOG.md has no section about 1.2.1"),
        ("1.2.3-rc.1", "CHANGELOG.md has no section about 1.2.3-rc.1"),
    ],
)
def test_nothing_is_released_without_a_word(clone: Clone, version: str, why: str) -> None:
    (clone.folder / "sync" / "__init__.py").write_text(f'__version__ = "{version}"\n')
    for command in ("notes", "check"):
        ended = clone.release(command, version)
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert why in ended.stderr


PINNED = f"  image: docker://{IMAGE}\n  env:\n    HEIMDALL_SYNC_IMAGE: {IMAGE}\n"
"""The action tells the program what it can't know: which image it is."""


def test_a_pin_changes_one_line(clone: Clone) -> None:
    assert clone.release("pin", IMAGE).returncode == 0
    head, image, tail = ACTION.rpartition("  image: Dockerfile\n")
    assert image
    assert (clone.folder / "action.yml").read_text() == head + PINNED + tail


def test_a_pin_in_the_action_of_this_project(clone: Clone) -> None:
    shutil.copy(ROOT / "action.yml", clone.folder)
    before = (clone.folder / "action.yml").read_bytes()
    assert clone.release("pin", IMAGE).returncode == 0
    after = (clone.folder / "action.yml").read_bytes()
    assert after == before.replace(b"  image: Dockerfile\n", PINNED.encode())
    assert after != before
    assert yaml.safe_load(after)["runs"]["env"] == {"HEIMDALL_SYNC_IMAGE": IMAGE}


@pytest.mark.parametrize(
    "image",
    [
        "",
        "@",
        "ghcr.io/owner/heimdall-sync",
        "ghcr.io/owner/heimdall-sync:1.2.3",
        f"ghcr.io/owner/heimdall-sync@{DIGEST[:-1]}",
        f"ghcr.io/owner/heimdall-sync@{DIGEST}0",
        f"ghcr.io/owner/heimdall-sync@{DIGEST.upper()}",
        f"ghcr.io/Owner/heimdall-sync@{DIGEST}",
        f"ghcr.io/owner/heimdall-sync@{DIGEST}\n  args: [demo]",
        f"ghcr.io/owner/heimdall-sync@{DIGEST}\n",
        f"heimdall-sync@{DIGEST}",
        f"@{DIGEST}",
        "ghcr.io/owner/heimdall-sync@",
    ],
)
def test_only_a_digest_is_pinned(tmp_path: Path, image: str) -> None:
    action = tmp_path / "action.yml"
    action.write_text(ACTION)
    ended = Clone(tmp_path).release("pin", image)
    assert ended.returncode == 1
    assert "is no image by digest" in ended.stderr
    assert action.read_text() == ACTION


@pytest.mark.parametrize(
    ("text", "count"),
    [(ACTION.replace("  image: Dockerfile\n", ""), 0), (ACTION + "  image: Dockerfile\n", 2)],
)
def test_an_action_that_is_not_as_expected(clone: Clone, text: str, count: int) -> None:
    (clone.folder / "action.yml").write_text(text)
    ended = clone.release("pin", IMAGE)
    assert ended.returncode == 1
    assert f"{count} times, not once" in ended.stderr
    assert (clone.folder / "action.yml").read_text() == text


def test_a_pin_is_not_pinned_again(clone: Clone) -> None:
    assert clone.release("pin", IMAGE).returncode == 0
    assert clone.release("pin", OTHER_IMAGE).returncode == 1
    assert OTHER_IMAGE not in (clone.folder / "action.yml").read_text()


def test_the_pinned_commit_lives_under_the_tags_only(clone: Clone) -> None:
    clone.released("1.2.4", IMAGE)
    clone.git("fetch", "--quiet", "--tags", "--force")
    for tag in ("v1.2.4", "v1"):
        assert f"  image: docker://{IMAGE}\n" in clone.git("show", f"{tag}:action.yml")
    assert clone.git("show", "origin/main:action.yml") == ACTION
    assert clone.git("rev-parse", "v1.2.4~").strip() == clone.git("rev-parse", "origin/main").strip()
    assert clone.git("diff", "--name-only", "origin/main", "v1.2.4").strip() == "action.yml"
    assert clone.git("cat-file", "-t", "v1.2.4").strip() == "tag"
    assert clone.git("rev-parse", "v1.2.4^{commit}") == clone.git("rev-parse", "v1^{commit}")
    assert clone.git("ls-remote", "--heads", "origin").count("\n") == 1


def test_a_job_that_failed_after_its_tag_runs_again(clone: Clone) -> None:
    """What comes after the tag can fail, such as a registry: a new checkout finds the tag and goes on."""
    clone.released("1.2.4", IMAGE)
    before = clone.git("ls-remote", "origin")
    again = clone.folder.parent / "again"
    clone.git("clone", "--quiet", "--depth=1", (clone.folder.parent / "remote.git").as_uri(), str(again))
    for command in (["pin", IMAGE], ["tag", "1.2.4"]):
        ended = Clone(again).release(*command)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert clone.git("ls-remote", "origin") == before


def test_workflows_that_are_no_branchs_are_refused_before_anything_is_pushed(clone: Clone) -> None:
    """GitHub refuses such a tag from the token of a workflow."""
    other = clone.folder.parent / "other"
    clone.git("clone", "--quiet", (clone.folder.parent / "remote.git").as_uri(), str(other))
    workflows = other / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "new.yml").write_text("on: push\n")
    elsewhere = Clone(other)
    elsewhere.git("add", ".")
    elsewhere.git("commit", "--quiet", "--message", "A workflow")
    elsewhere.git("push", "--quiet", "origin", "HEAD:main")
    clone.release("pin", IMAGE)
    for command in ("check", "tag"):
        ended = clone.release(command, "1.2.3")
        assert ended.returncode == 1
        assert "release its newest commit" in ended.stderr
    assert "refs/tags" not in clone.git("ls-remote", "origin")


def test_another_commit_of_the_branch_may_be_released(clone: Clone) -> None:
    clone.at("1.2.4")
    clone.git("checkout", "--quiet", "HEAD~")
    assert clone.release("check", "1.2.3").returncode == 0


def test_what_people_copy_names_the_tag_that_the_release_moves(clone: Clone) -> None:
    (clone.folder / "README.md").write_text("- uses: a/heimdall-sync/.github/workflows/drift.yml@v1\n")
    assert clone.release("check", "1.2.3").returncode == 0
    ended = clone.at("2.0.0").release("check", "2.0.0")
    assert ended.returncode == 1
    assert "README.md names @v1: 2.0.0 moves v2, name that" in ended.stderr


def test_a_version_is_released_once(clone: Clone) -> None:
    clone.released("1.2.4", IMAGE)
    before = clone.git("ls-remote", "origin")
    for command in ("check", "tag"):
        clone.release("pin", OTHER_IMAGE)
        ended = clone.release(command, "1.2.4")
        assert ended.returncode == 1
        assert "v1.2.4 has been released" in ended.stderr
    assert clone.git("ls-remote", "origin") == before


def test_nothing_is_tagged_that_names_no_digest(clone: Clone) -> None:
    ended = clone.release("tag", "1.2.3")
    assert ended.returncode == 1
    assert "names no image by digest" in ended.stderr
    assert "refs/tags" not in clone.git("ls-remote", "origin")


def test_a_remote_that_refuses_has_none_of_it(clone: Clone) -> None:
    """A tag that came in the meantime: neither it nor the major tag moves."""
    clone.released("1.2.4", IMAGE).at("1.2.5")
    clone.release("pin", OTHER_IMAGE)
    remote = clone.folder.parent / "remote.git"
    hook = remote / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/tags/v1.2.5 ]\n')
    hook.chmod(0o755)
    before = clone.git("ls-remote", "origin")
    ended = clone.release("tag", "1.2.5")
    assert ended.returncode == 1
    assert "refused: git push" in ended.stderr
    assert clone.git("ls-remote", "origin") == before


@pytest.mark.parametrize(
    ("version", "major", "at"),
    [
        ("1.3.0", "v1", "v1.3.0"),  # newer
        ("1.2.3", "v1", "v1.2.4"),  # older than what is there
        ("1.3.0-rc.1", "v1", "v1.2.4"),  # a pre-release
        ("2.0.0", "v1", "v1.2.4"),  # another major
        ("2.0.0", "v2", "v2.0.0"),
    ],
)
def test_where_the_major_tag_is_afterwards(clone: Clone, version: str, major: str, at: str) -> None:
    clone.released("1.2.4", IMAGE).released(version, OTHER_IMAGE)
    clone.git("fetch", "--quiet", "--tags", "--force")
    assert clone.git("rev-parse", f"{major}^{{commit}}") == clone.git("rev-parse", f"{at}^{{commit}}")


@contextmanager
def github(answer: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Answer every question like this; yield the address, and what was asked with which authorization."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200 if answer is not None else 403)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def run_of(conclusion: str | None, status: str = "completed") -> dict[str, str | None]:
    return {"status": status, "conclusion": conclusion}


def green(clone: Clone, url: str, ref: str = "refs/heads/main") -> tuple[int, str]:
    ended = clone.release(
        "green",
        DEFAULT_BRANCH="main",
        GITHUB_API_URL=url,
        GITHUB_REF=ref,
        GITHUB_REPOSITORY="owner/heimdall-sync",
        GITHUB_SHA="a" * 40,
        GITHUB_TOKEN="made-up",
    )
    return ended.returncode, ended.stderr


REVIEWERS = {"type": "required_reviewers", "reviewers": [{"type": "User"}]}


def gated(clone: Clone, url: str) -> tuple[int, str]:
    ended = clone.release(
        "gated", GITHUB_API_URL=url, GITHUB_REPOSITORY="owner/heimdall-sync", GITHUB_TOKEN="made-up"
    )
    return ended.returncode, ended.stderr


def test_a_release_that_somebody_has_to_approve(clone: Clone) -> None:
    with github({"protection_rules": [{"type": "branch_policy"}, REVIEWERS]}) as (url, asked):
        assert gated(clone, url) == (0, "")
    assert asked == [("/repos/owner/heimdall-sync/environments/release", "Bearer made-up")]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"protection_rules": []},
        {"protection_rules": [{"type": "wait_timer", "wait_timer": 30}]},
        {"protection_rules": [{"type": "required_reviewers", "reviewers": []}]},
        None,
    ],
)
def test_a_release_that_nobody_has_to_approve(clone: Clone, answer: Any) -> None:
    with github(answer) as (url, _):
        code, said = gated(clone, url)
    assert code == 1
    assert "required reviewers" in said or "403" in said


def test_a_commit_that_is_good(clone: Clone) -> None:
    with github({"workflow_runs": [run_of("success"), run_of("failure")]}) as (url, asked):
        assert green(clone, url) == (0, "")
    query = f"head_sha={'a' * 40}&branch=main&event=push"
    path = f"/repos/owner/heimdall-sync/actions/workflows/ci.yml/runs?{query}"
    assert asked == [(path, "Bearer made-up")]


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([], "not there"),
        ([run_of("failure"), run_of("success")], "failure"),
        ([run_of("cancelled")], "cancelled"),
        ([run_of(None, "in_progress")], "in_progress"),
    ],
)
def test_a_commit_that_is_not(clone: Clone, runs: list[dict[str, str | None]], found: str) -> None:
    with github({"workflow_runs": runs}) as (url, _):
        code, said = green(clone, url)
    assert code == 1
    assert f"is {found}: release a commit that is good" in said


def test_only_the_default_branch_is_released(clone: Clone) -> None:
    with github({"workflow_runs": [run_of("success")]}) as (url, asked):
        code, said = green(clone, url, "refs/heads/other")
    assert (code, asked) == (1, [])
    assert "refs/heads/other is not the default branch, main" in said


def test_a_platform_that_does_not_tell(clone: Clone) -> None:
    with github(None) as (url, _):
        code, said = green(clone, url)
    assert code == 1
    assert "403" in said
    assert "made-up" not in said
    assert "Traceback" not in said


def test_wrong_usage(clone: Clone) -> None:
    assert clone.release().returncode == 64
    assert clone.release("check").returncode == 64
