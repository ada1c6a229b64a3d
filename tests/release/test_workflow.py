"""In which order a release happens, read from its workflow: nothing gets a tag that was not tried."""

import re
from typing import Any

import pytest
import yaml

from tests.release.conftest import ROOT

JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]


def needed(name: str) -> set[str]:
    """Return every job that must have succeeded before one."""
    needs = JOBS[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*map(needed, direct))


def scripts(name: str) -> str:
    return "\n".join(step.get("run", "") for step in JOBS[name].get("steps", ()))


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("build", {"check"}),
        ("merge", {"build"}),
        ("try", {"merge"}),
        ("attest", {"try"}),
        ("publish", {"attest"}),
        ("smoke", {"publish"}),
    ],
)
def test_what_comes_after_what(name: str, after: set[str]) -> None:
    assert after <= needed(name)


def test_only_what_somebody_approves_may_write_to_the_repository() -> None:
    writers = {name for name, job in JOBS.items() if job["permissions"].get("contents") == "write"}
    assert writers == {"publish"}
    assert JOBS["publish"]["environment"] == "release"


def test_who_pulls_without_a_login_has_none() -> None:
    assert JOBS["try"]["permissions"] == {"contents": "read"}
    assert "login" not in str(JOBS["try"]["steps"][:-1])
    assert ".ci/try-image" in scripts("try")


def test_each_architecture_is_built_and_tried_where_it_is_native() -> None:
    for name in ("build", "try"):
        assert JOBS[name]["strategy"]["matrix"]["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    assert "qemu" not in str(JOBS)


def test_images_are_pushed_by_digest_and_tags_come_last() -> None:
    builds = [step for step in JOBS["build"]["steps"] if "build-push-action" in step.get("uses", "")]
    assert len(builds) == 2
    for step in builds:
        assert "push-by-digest=true" in step["with"]["outputs"]
        assert "tags" not in step["with"]
    assert re.findall(r'imagetools create --tag "(\S+)"', scripts("publish")) == ["$IMAGE:$tag"]
    git, image = scripts("publish").index("release.py tag"), scripts("publish").index("imagetools create")
    assert git < image < scripts("publish").index("gh release create")


def test_it_is_checked_before_anything_is_built() -> None:
    for command in ("green", "gated", "check", "base"):
        assert f"release.py {command}" in scripts("check")
