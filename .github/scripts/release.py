"""What a release does besides building images: is it allowed, what does it say, what does it tag.

    release.py check VERSION          refuse what can't be released; print outputs for the jobs after it
    release.py green                  refuse a commit that is not the default branch's, tested and found good
    release.py notes VERSION          print the version's section of CHANGELOG.md
    release.py pin IMAGE@DIGEST       name the image in action.yml
    release.py tag VERSION            commit action.yml, tag that commit, move the major tag, push the tags

Runs in the root of a clone, with git and the standard library. Ends with 1 and a line about what is wrong.
"""

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# semver, with those pre-releases only that Python's packaging knows too; no `+`, which no tag of an image has
VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(?:alpha|beta|rc)\.(?:0|[1-9]\d*))?", re.ASCII
)
IMAGE = re.compile(r"[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
UNPINNED = re.compile(r"^(  image:) Dockerfile$", re.MULTILINE)
WORKFLOW = "ci.yml"
AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


class RefusedError(Exception):
    """Say why there is no release."""


@dataclass(frozen=True, order=True)
class Version:
    """A version. Only those that are no pre-releases are compared."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Read `1.2.3` or `1.2.3-rc.1`. Raises `RefusedError`."""
        match = VERSION.fullmatch(text)
        if not match:
            raise RefusedError(f"{text!r} is no version: 1.2.3, or 1.2.3-rc.1 with alpha, beta or rc")
        major, minor, patch, prerelease = match.groups()
        return cls(int(major), int(minor), int(patch), prerelease or "")

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}{self.prerelease}"

    @property
    def tag(self) -> str:
        """Return the tag that stays."""
        return f"v{self}"

    def is_newest(self, released: set[str]) -> bool:
        """Tell whether the major tag belongs to it: no pre-release, and nothing newer of its major."""
        others = [Version.of(tag[1:]) for tag in released if re.fullmatch(f"v{VERSION.pattern}", tag)]
        same = [other for other in others if other.major == self.major and not other.prerelease]
        return not self.prerelease and all(other <= self for other in same)


def check(version: Version) -> None:
    """Print `prerelease=` and `major=`, which is empty where the major tag stays. Raises `RefusedError`."""
    stated = re.search(r'^__version__ = "(.+)"$', Path("sync/__init__.py").read_text(), re.MULTILINE)
    if not stated or stated[1] != str(version):
        found = stated[1] if stated else "no version"
        raise RefusedError(f"sync/__init__.py says {found}, not {version}: change it there first")
    released = released_tags()
    if version.tag in released:
        raise RefusedError(f"{version.tag} has been released: a version is released once")
    notes(version)
    print(f"prerelease={str(bool(version.prerelease)).lower()}")
    print(f"major={version.major if version.is_newest(released) else ''}")


def green() -> None:
    """Ask GitHub about the commit that the workflow runs on. Raises `RefusedError`."""
    branch, ref = os.environ["DEFAULT_BRANCH"], os.environ["GITHUB_REF"]
    if ref != f"refs/heads/{branch}":
        raise RefusedError(f"{ref} is not the default branch, {branch}")
    commit = os.environ["GITHUB_SHA"]
    query = urllib.parse.urlencode({"head_sha": commit, "branch": branch, "event": "push"})
    path = f"repos/{os.environ['GITHUB_REPOSITORY']}/actions/workflows/{WORKFLOW}/runs?{query}"
    runs = _ask(path)["workflow_runs"]
    # the newest stands first
    if not runs or runs[0]["conclusion"] != "success":
        found = runs[0]["conclusion"] or runs[0]["status"] if runs else "not there"
        raise RefusedError(f"the run of {WORKFLOW} for {commit} is {found}: release a commit that is good")


def _ask(path: str) -> Any:
    request = urllib.request.Request(
        f"{os.environ['GITHUB_API_URL']}/{path}",
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except OSError as error:
        raise RefusedError(f"GitHub does not tell about {path}: {error}") from None


def notes(version: Version) -> str:
    """Return the version's section of the changelog, without its heading. Raises `RefusedError`."""
    sections = re.split(r"^## (.*)$", Path("CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    for heading, text in zip(sections[::2], sections[1::2], strict=True):
        name, _, remark = heading.partition(" ")
        if name != str(version):
            continue
        if not re.fullmatch(r"\(\d{4}-\d\d-\d\d\)", remark):
            raise RefusedError(f"CHANGELOG.md heads {version} with {remark!r}: put the date, (YYYY-MM-DD)")
        if not text.strip():
            raise RefusedError(f"CHANGELOG.md says nothing about {version}")
        return text.strip()
    raise RefusedError(f"CHANGELOG.md has no section about {version}")


def pin(image: str) -> None:
    """Name an image in action.yml, and leave the rest of the file as it is. Raises `RefusedError`."""
    if not IMAGE.fullmatch(image):
        raise RefusedError(f"{image!r} is no image by digest: ghcr.io/owner/name@sha256:...")
    path = Path("action.yml")
    text, count = UNPINNED.subn(rf"\1 docker://{image}", path.read_bytes().decode())
    if count != 1:
        raise RefusedError(f"action.yml has the line 'image: Dockerfile' {count} times, not once")
    path.write_bytes(text.encode())


def tag(version: Version) -> None:
    """Commit action.yml and tag that commit, here and in the remote; no branch is moved.

    The remote takes all of it or nothing, and refuses a version that is there. Raises `RefusedError`.
    """
    released = released_tags()
    if version.tag in released:
        raise RefusedError(f"{version.tag} has been released: a version is released once")
    if UNPINNED.search(Path("action.yml").read_text()):
        raise RefusedError("action.yml names no image by digest: pin it first")
    name, email = AUTHOR
    by = ["-c", f"user.name={name}", "-c", f"user.email={email}"]
    _git("checkout", "--quiet", "--detach")
    _git(*by, "commit", "--quiet", "--message", f"Release {version.tag}", "--", "action.yml")
    _git(*by, "tag", "--annotate", "--message", version.tag, version.tag)
    pushed = [f"refs/tags/{version.tag}"]
    if version.is_newest(released):
        pushed.append(f"+HEAD:refs/tags/v{version.major}")
    _git("push", "--quiet", "--atomic", "origin", *pushed)


def released_tags() -> set[str]:
    """Return the remote's tags."""
    lines = _git("ls-remote", "--tags", "--refs", "origin").splitlines()
    return {line.partition("\trefs/tags/")[2] for line in lines}


def _git(*argv: str) -> str:
    ended = subprocess.run(["git", *argv], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RefusedError(f"git {' '.join(argv)}: {ended.stderr.strip()}")
    return ended.stdout


def main(argv: list[str]) -> int:
    """Run one of the commands and return the exit code."""
    try:
        match argv:
            case ["check", version]:
                check(Version.of(version))
            case ["green"]:
                green()
            case ["notes", version]:
                print(notes(Version.of(version)))
            case ["pin", image]:
                pin(image)
            case ["tag", version]:
                tag(Version.of(version))
            case _:
                print(__doc__, file=sys.stderr)
                return 64
    except RefusedError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
