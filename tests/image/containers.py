"""The images that `make image` has built, run as people and runners run them."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sync.sandbox.process import Sandbox

PLAIN = os.environ.get("IMAGE", "heimdall-sync")
ACTION = f"{PLAIN}:action"
USER = 1001
"""The plain image's user."""

LOCKED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
ON_THE_HOST = ("--network=host",)
"""For what talks to sandboxes on this machine."""


@dataclass(frozen=True)
class Ended:
    """What became of a container; `out` is what it printed on both streams."""

    code: int
    out: str


def run(
    *argv: str, options: Iterable[str] = (), image: str = PLAIN, variables: Mapping[str, str] | None = None
) -> Ended:
    """Run a container to its end."""
    with Container(*argv, options=options, image=image, variables=variables) as container:
        return container.run()


class Container:
    """A container that is removed when the block ends: not by the engine, some lose the exit code with it.

    Values of variables are what the client takes from its own environment.
    """

    def __init__(
        self,
        *argv: str,
        options: Iterable[str] = (),
        image: str = PLAIN,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        names = [f"--env={name}" for name in variables or {}]
        self._id = docker("create", *options, *names, image, *argv, variables=variables).strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", self._id)

    def run(self) -> Ended:
        """Run it to its end."""
        ended = subprocess.run(
            ["docker", "start", "--attach", self._id],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout)

    def start(self) -> None:
        """Let it run in the background."""
        docker("start", self._id)

    def inspect(self) -> str:
        """Return all that the engine tells about it."""
        return docker("inspect", self._id)

    def stop(self) -> Ended:
        """Stop it as a person would: SIGTERM, and in half a minute an end."""
        docker("stop", "--time=30", self._id)
        code = docker("inspect", "--format", "{{.State.ExitCode}}", self._id)
        return Ended(int(code), docker("logs", self._id))


def docker(*argv: str, variables: Mapping[str, str] | None = None) -> str:
    """Return what the client prints, on either stream. Raises `CalledProcessError` where it fails."""
    return subprocess.run(
        ["docker", *argv],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | (variables or {}),
        timeout=120,
    ).stdout


def config_of(image: str) -> Any:
    """Return an image's configuration."""
    return json.loads(docker("image", "inspect", image))[0]["Config"]


def python(program: str, image: str = PLAIN) -> str:
    """Return what a program prints that the image's own interpreter runs."""
    ended = run("-c", program, options=["--entrypoint=/opt/venv/bin/python", "--network=none"], image=image)
    assert ended.code == 0, ended.out
    return ended.out


def mount(folder: Path, place: str = "/work", *, writable: bool = True) -> str:
    """Return the option that mounts a folder of this machine."""
    return f"--volume={folder}:{place}{'' if writable else ':ro'}"


def environments(source: Sandbox, target: Sandbox, *, tokens: bool = True) -> dict[str, str]:
    """Return the variables that name two sandboxes."""
    urls = {"HEIMDALL_SOURCE_URL": source.url, "HEIMDALL_TARGET_URL": target.url}
    if not tokens:
        return urls
    return urls | {"HEIMDALL_SOURCE_TOKEN": source.token, "HEIMDALL_TARGET_TOKEN": target.token}
