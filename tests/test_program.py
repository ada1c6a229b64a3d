"""Which program made a plan: told by everything that both sides know."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sync
from sync.program import IMAGE, Program, this_program

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
OLD = Program("1.2.3", code="sha256:1111111111111111", revision="a" * 40, image="sha256:2222222222222222")
PRINT = "import json; from sync.program import this_program; print(json.dumps(this_program()))"


def in_a_copy(folder: Path) -> Program:
    """Return what a copy of the program says about itself."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", PRINT],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Program(*json.loads(ended.stdout))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(Path(sync.__file__).parent, tmp_path / "sync", ignore=shutil.ignore_patterns("*.pyc"))
    return tmp_path


def test_a_copy_is_the_same_program(copy: Path) -> None:
    assert in_a_copy(copy) == this_program({})


@pytest.mark.parametrize("file", ["plan/planner.py", "heimdall/contract.json"])
def test_whatever_is_changed_makes_it_another(copy: Path, file: str) -> None:
    before = in_a_copy(copy)
    with (copy / "sync" / file).open("a") as changed:
        changed.write("\n")
    after = in_a_copy(copy)
    assert after.differs(before)
    assert after.version == before.version
    assert after.told_from(before) == (
        f"heimdall-sync {sync.__version__} (code {after.code.removeprefix('sha256:')[:12]})"
    )


def test_what_was_compiled_meanwhile_changes_nothing(copy: Path) -> None:
    before = in_a_copy(copy)
    (copy / "sync" / "__pycache__").mkdir(exist_ok=True)
    (copy / "sync" / "__pycache__" / "left.cpython-311.pyc").write_bytes(b"x")
    assert in_a_copy(copy) == before


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        (f"ghcr.io/owner/heimdall-sync@{DIGEST}", DIGEST),
        ("ghcr.io/owner/heimdall-sync:1", ""),
        (f"{DIGEST}", ""),
        (f"ghcr.io/owner/heimdall-sync@{DIGEST}0", ""),
        ("", ""),
    ],
)
def test_the_image_is_what_the_action_says(image: str, digest: str) -> None:
    assert this_program({IMAGE: image}).image == digest


@pytest.mark.parametrize(
    ("new", "differs", "called"),
    [
        (OLD, False, "heimdall-sync 1.2.3"),
        (OLD._replace(version="1.3.0"), True, "heimdall-sync 1.3.0"),
        (OLD._replace(image="sha256:3333333333333333"), True, "heimdall-sync 1.2.3 (image 333333333333)"),
        (OLD._replace(revision="b" * 40), True, "heimdall-sync 1.2.3 (revision bbbbbbbbbbbb)"),
        (Program("1.2.3"), False, "heimdall-sync 1.2.3"),  # as little as an old plan tells
        (OLD._replace(image=""), False, "heimdall-sync 1.2.3"),
    ],
)
def test_only_what_both_know_is_compared(new: Program, differs: bool, called: str) -> None:
    assert new.differs(OLD) is differs
    assert OLD.differs(new) is differs
    assert new.told_from(OLD) == called
