"""The image through a registry: what action.yml then names is what was pushed, and anybody can pull it."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
PRIVATE = "auth: {silly: {realm: private, service: private}}\n"
"""Whoever sends no login is refused."""

MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@contextmanager
def served(folder: Path, more: str = "") -> Iterator[str]:
    """Serve the images in a folder; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    configuration = folder / "registry.yml"
    configuration.write_text(CONFIGURATION % (folder / "registry", address) + more)
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


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[str]:
    """Return an image by digest, pushed to a registry of its own, and no longer here."""
    with served(tmp_path) as address:
        name = f"{address}/owner/heimdall-sync"
        docker("tag", ACTION, f"{name}:release")
        transfer("push", f"{name}:release")
        docker("rmi", f"{name}:release")
        manifests = f"http://{address}/v2/owner/heimdall-sync/manifests"
        answer = requests.get(f"{manifests}/release", headers={"Accept": MANIFESTS}, timeout=30)
        digest = answer.headers["Docker-Content-Digest"]
        assert digest == f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        yield f"{name}@{digest}"


def is_podman() -> bool:
    return "podman" in docker("version").lower()


def transfer(direction: str, reference: str) -> None:
    """Push or pull without TLS, which Docker does on loopback and podman where it is told to."""
    if is_podman():
        command = ["podman", "--url", docker_host(), direction, "--tls-verify=false", reference]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    else:
        docker(direction, reference)


def docker_host() -> str:
    return docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()


def test_what_is_pinned_is_what_was_pushed(pushed: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "action.yml", tmp_path)
    ended = Clone(tmp_path).release("pin", pushed)
    assert ended.returncode == 0, ended.stderr
    pinned = re.findall(r"^  image: docker://(\S+)$", (tmp_path / "action.yml").read_text(), re.MULTILINE)
    assert pinned == [pushed]
    transfer("pull", pushed)
    said = run("--version", image=pushed, options=["--network=none"])
    docker("rmi", pushed)
    assert (said.code, said.out) == (0, f"heimdall-sync {sync.__version__}\n")


def tried(image: str, folder: Path, version: str = sync.__version__) -> tuple[int, str]:
    """Try an image out as a release does; where podman stands in for Docker, it is told about plain HTTP."""
    place, client = folder / "bin", shutil.which("docker")
    place.mkdir(exist_ok=True)
    pull = f'exec podman --url {docker_host()} pull --tls-verify=false "$@"' if is_podman() else ""
    shim = f'#!/bin/sh\nif [ "$1" = pull ]; then shift; {pull or ":"}; fi\nexec {client} "$@"\n'
    (place / "docker").write_text(shim)
    (place / "docker").chmod(0o755)
    ended = subprocess.run(
        [ROOT / ".ci" / "try-image", version, image],
        env=os.environ
        | {"DOCKER_HOST": docker_host()}
        | ({"PATH": f"{place}:{os.environ['PATH']}"} if pull else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return ended.returncode, ended.stdout


def test_what_anybody_can_pull_is_tried_out(pushed: str, tmp_path: Path) -> None:
    code, said = tried(pushed, tmp_path)
    assert code == 0, said
    assert "identical" in said
    code, said = tried(pushed, tmp_path, "9.8.7")
    assert code == 1
    assert (
        f"::error::{pushed} says that it is heimdall-sync {sync.__version__}, not heimdall-sync 9.8.7."
        in said
    )
    docker("rmi", pushed)


def test_what_only_its_owner_can_pull_is_refused_with_what_to_switch(pushed: str, tmp_path: Path) -> None:
    with served(tmp_path, PRIVATE) as address:
        name = re.sub(r"^[^/]+", address, pushed)
        code, said = tried(name, tmp_path)
    assert code == 1
    assert f"::error::{name} can't be pulled without a login" in said
    assert "Change visibility, Public" in said
