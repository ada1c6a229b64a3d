"""What the images hold, and what they say about themselves."""

import json
import re
import subprocess
from pathlib import Path

import pytest

import sync
from sync.program import this_program
from tests.image.containers import ACTION, PLAIN, config_of, docker, python
from tests.test_repository import pins_of

pytestmark = pytest.mark.container
ROOT = Path(__file__).parents[2]
INSIDE = """
import json
from importlib import metadata, util
from pathlib import Path

files = [*Path("/opt/venv/lib").rglob("*.py")]
print(json.dumps({
    "installed": {d.name.lower().replace("_", "-"): d.version for d in metadata.distributions()},
    "tools": [name for name in ("pip", "setuptools", "wheel", "hatchling") if util.find_spec(name)],
    "files": len(files),
    "uncompiled": [str(file) for file in files if not Path(util.cache_from_source(file)).exists()],
}))
"""
IMAGES = pytest.mark.parametrize("image", [PLAIN, ACTION], ids=["plain", "action"])


@IMAGES
def test_the_command_is_the_entry_point_and_plans_unless_told_otherwise(image: str) -> None:
    config = config_of(image)
    assert config["Entrypoint"] == ["/opt/venv/bin/heimdall-sync"]
    assert config["Cmd"] == ["plan"]


def test_who_it_runs_as() -> None:
    """The runner's contract wants root; everywhere else nothing does."""
    assert config_of(PLAIN)["User"] == "1001:1001"
    assert config_of(PLAIN)["WorkingDir"] == "/work"
    assert config_of(ACTION)["User"] == "0"


def test_the_last_stage_is_the_plain_one() -> None:
    """A runner that builds `image: Dockerfile` can't name a target."""
    stages = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert stages == ["base", "build", "runtime", "action", "plain"]


@IMAGES
def test_the_labels(image: str) -> None:
    labels = {
        name.removeprefix("org.opencontainers.image."): value
        for name, value in config_of(image)["Labels"].items()
        if name.startswith("org.opencontainers.image.")
    }
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert labels["version"] == sync.__version__
    assert labels["revision"] == commit.strip()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", labels["created"])
    assert re.fullmatch(r"https://github\.com/[^/]+/heimdall-sync", labels["source"])
    assert labels["licenses"] == "MIT"
    assert labels["base.name"].startswith("docker.io/library/python:")
    assert labels["title"] == "heimdall-sync"
    assert labels["description"]


@IMAGES
def test_what_is_pinned_is_inside_compiled_and_nothing_else(image: str) -> None:
    """No pip, no setuptools, nothing that builds: the environment has never had any."""
    inside = json.loads(python(INSIDE, image))
    assert inside["installed"].pop("heimdall-sync") == sync.__version__
    assert inside["installed"] == pins_of("sandbox")
    assert inside["tools"] == []
    assert inside["files"] > 1000
    assert inside["uncompiled"] == []


@IMAGES
def test_it_knows_what_it_was_built_of(image: str) -> None:
    """A plan says so: its labels say the same, but a program can't read these."""
    said = python("from sync.program import this_program; print(*this_program())", image)
    here = this_program({})
    labels = config_of(image)["Labels"]
    assert said.split() == [here.version, here.code, labels["org.opencontainers.image.revision"]]


def test_the_image_was_made_of_no_secret() -> None:
    config = config_of(PLAIN)
    assert [line for line in config["Env"] if "HEIMDALL" in line] == []
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", PLAIN)
    assert not re.search(r"token|secret|password", history, re.IGNORECASE)
