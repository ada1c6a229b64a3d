"""The image through a registry: what action.yml then names is what was pushed."""

import hashlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import sync
from tests.image.containers import ACTION, docker, run
from tests.release.conftest import ROOT, Clone

pytestmark = pytest.mark.container
CONFIGURATION = """\
version: 0.1
storage: {filesystem: {rootdirectory: %s}}
http: {addr: "%s"}
"""
MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Return where a registry of its own listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    configuration = tmp_path / "registry.yml"
    configuration.write_text(CONFIGURATION % (tmp_path / "registry", address))
    command = ["docker-registry", "serve", str(configuration)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "listening on" in line:
                break
        else:
            pytest.fail("the registry does not listen")
        yield address
        process.terminate()
        process.communicate()


def transfer(direction: str, reference: str) -> None:
    """Push or pull without TLS, which Docker does on loopback and podman where it is told to."""
    if "podman" in docker("version").lower():
        command = ["podman", "--url", docker_host(), direction, "--tls-verify=false", reference]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    else:
        docker(direction, reference)


def docker_host() -> str:
    return docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()


def test_what_is_pinned_is_what_was_pushed(registry: str, tmp_path: Path) -> None:
    name = f"{registry}/owner/heimdall-sync"
    docker("tag", ACTION, f"{name}:release")
    transfer("push", f"{name}:release")
    docker("rmi", f"{name}:release")
    manifests = f"http://{registry}/v2/owner/heimdall-sync/manifests"
    served = requests.get(f"{manifests}/release", headers={"Accept": MANIFESTS}, timeout=30)
    digest = served.headers["Docker-Content-Digest"]
    assert digest == f"sha256:{hashlib.sha256(served.content).hexdigest()}"

    shutil.copy(ROOT / "action.yml", tmp_path)
    ended = Clone(tmp_path).release("pin", f"{name}@{digest}")
    assert ended.returncode == 0, ended.stderr
    pinned = re.findall(r"^  image: docker://(\S+)$", (tmp_path / "action.yml").read_text(), re.MULTILINE)
    assert pinned == [f"{name}@{digest}"]
    transfer("pull", pinned[0])
    said = run("--version", image=pinned[0], options=["--network=none"])
    docker("rmi", pinned[0])
    assert (said.code, said.out) == (0, f"heimdall-sync {sync.__version__}\n")
