"""The image under test, and a repository that uses it between two sandboxes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import Sandbox, launch
from tests.workflows.act import ROOT, Repository

IMAGE = "localhost/heimdall-sync:workflows"


@pytest.fixture(scope="session")
def image() -> str:
    """Build the stage of the image that the action uses, and return its name."""
    subprocess.run(["docker", "build", "--target", "action", "--tag", IMAGE, str(ROOT)], check=True)
    return IMAGE


@pytest.fixture
def source() -> Iterator[Sandbox]:
    with launch(staging()) as sandbox:
        yield sandbox


@pytest.fixture
def target() -> Iterator[Sandbox]:
    with launch(production(), people=PEOPLE, first_id=1000) as sandbox:
        yield sandbox


@pytest.fixture
def repository(tmp_path: Path, image: str, source: Sandbox, target: Sandbox) -> Repository:
    return Repository(tmp_path, image, source, target)
