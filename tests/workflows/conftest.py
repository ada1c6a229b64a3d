"""The image under test, and a repository that uses it between two sandboxes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import Sandbox, launch
from tests.github_api import GitHub, gated
from tests.workflows.act import Repository

IMAGE = os.environ.get("IMAGE", "heimdall-sync")
"""What `make image` has built."""


@pytest.fixture
def source() -> Iterator[Sandbox]:
    with launch(staging()) as sandbox:
        yield sandbox


@pytest.fixture
def target() -> Iterator[Sandbox]:
    with launch(production(), people=PEOPLE, first_id=1000) as sandbox:
        yield sandbox


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub(staging=gated(), production=gated()) as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path, source: Sandbox, target: Sandbox, github: GitHub) -> Repository:
    return Repository(tmp_path, f"{IMAGE}:action", source, target, github)
