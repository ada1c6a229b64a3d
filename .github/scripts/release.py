"""What a release does besides building images: is it allowed, what does it say, what does it tag.

    release.py name ACCOUNT           put the account in the place of what stands for it, once and for all
    release.py check VERSION          refuse what can't be released; print outputs for the jobs after it
    release.py green                  refuse a commit that is not the default branch's, tested and found good
    release.py gated                  refuse where nobody has to approve the release
    release.py base [DIGEST]          print what the Dockerfile builds on; with a digest, pin it there
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
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BASE = re.compile(r"^FROM (\S+?)(@sha256:[0-9a-f]{64})? AS base$", re.MULTILINE)
ACCOUNT = re.compile(r"(?=.{1,39}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
# What stands for the account: no login has an underscore. In two parts, or it would stand here too.
PLACEHOLDER = f"THE_{'OWNER'}"
USED = re.compile(r"/heimdall-sync(?:/[\w./-]+)?@v(\d+)\b")
ENVIRONMENT = "release"
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
    if version.tag in (released := released_tags()):
        raise RefusedError(f"{version.tag} has been released: a version is released once")
    notes(version)
    if found := _with_placeholder():
        raise RefusedError(
            f"{PLACEHOLDER} stands in {', '.join(map(str, found[:5]))}: "
            "run `release.py name ACCOUNT` with the account of this repository, and commit that first"
        )
    _uses_its_major(version)
    _workflows_are_the_branchs()
    print(f"prerelease={str(bool(version.prerelease)).lower()}")
    print(f"major={version.major if version.is_newest(released) else ''}")


def name(account: str) -> None:
    """Put an account in the place of what stands for it; in an image's name in lower case."""
    if not ACCOUNT.fullmatch(account):
        raise RefusedError(f"{account!r} is no account of GitHub")
    for path in _with_placeholder():
        text = path.read_bytes().decode()
        # what only explains the placeholder goes with it
        text = "".join(
            line for line in text.splitlines(keepends=True) if not line.startswith(f"`{PLACEHOLDER}` ")
        )
        text = text.replace(f"ghcr.io/{PLACEHOLDER}", f"ghcr.io/{account.lower()}")
        path.write_bytes(text.replace(PLACEHOLDER, account).encode())


def _with_placeholder() -> list[Path]:
    """Return the files of the repository in which the account is still to be named."""
    paths = [Path(path) for path in _git("ls-files", "-z").split("\0") if path]
    return [path for path in paths if path.is_file() and PLACEHOLDER.encode() in path.read_bytes()]


def _uses_its_major(version: Version) -> None:
    """Raise `RefusedError` where what people copy names another major tag than the version moves."""
    copied = (Path("README.md"), *Path("examples").glob("*.yml"), *Path(".github/workflows").glob("*.yml"))
    for path in filter(Path.exists, copied):
        others = {major for major in USED.findall(path.read_text()) if major != str(version.major)}
        if others:
            raise RefusedError(f"{path} names @v{min(others)}: {version} moves v{version.major}, name that")


def _workflows_are_the_branchs() -> None:
    """Raise `RefusedError` where GitHub would not take the tag.

    The token of a workflow may push a tag only if some branch has the same files of workflows.
    """
    _git("fetch", "--quiet", "--depth=1", "origin", "HEAD")
    if _git("diff", "--name-only", "FETCH_HEAD", "HEAD", "--", ".github/workflows"):
        raise RefusedError(
            "the default branch has other workflows by now, so GitHub would not take the tag: "
            "release its newest commit"
        )


def gated() -> None:
    """Ask GitHub who has to approve a release. Raises `RefusedError` where nobody has to."""
    path = f"repos/{os.environ['GITHUB_REPOSITORY']}/environments/{ENVIRONMENT}"
    rules = _ask(path).get("protection_rules") or []
    if not any(rule.get("type") == "required_reviewers" and rule.get("reviewers") for rule in rules):
        raise RefusedError(
            f"nobody has to approve a release: add required reviewers to the environment {ENVIRONMENT} "
            "(Settings, Environments), and limit it to the default branch"
        )


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


def base(digest: str | None) -> None:
    """Print the image that the Dockerfile builds on; with a digest, have it build on exactly that."""
    path = Path("Dockerfile")
    text = path.read_bytes().decode()
    found = BASE.findall(text)
    if len(found) != 1:
        raise RefusedError(f"the Dockerfile has the line 'FROM ... AS base' {len(found)} times, not once")
    image, pinned = found[0]
    if digest is not None and not DIGEST.fullmatch(digest):
        raise RefusedError(f"{digest!r} is no digest: sha256:...")
    if digest and not pinned:
        pinned = f"@{digest}"
        path.write_bytes(BASE.sub(rf"FROM \1{pinned} AS base", text).encode())
    print(image + pinned)


def pin(image: str) -> None:
    """Name an image in action.yml, and leave the rest of the file as it is. Raises `RefusedError`.

    The program can't know by which digest it was pulled, so the action tells it.
    """
    if not IMAGE.fullmatch(image):
        raise RefusedError(f"{image!r} is no image by digest: ghcr.io/owner/name@sha256:...")
    path = Path("action.yml")
    text, count = UNPINNED.subn(
        rf"\1 docker://{image}\n  env:\n    HEIMDALL_SYNC_IMAGE: {image}", path.read_bytes().decode()
    )
    if count != 1:
        raise RefusedError(f"action.yml has the line 'image: Dockerfile' {count} times, not once")
    path.write_bytes(text.encode())


def tag(version: Version) -> None:
    """Commit action.yml and tag that commit, here and in the remote; no branch is moved.

    The remote takes all of it or nothing, and refuses a version that is there. Nothing happens if that is
    just this one: then something failed after it, and the job runs again. Raises `RefusedError`.
    """
    released = released_tags()
    if version.tag in released and _is_tagged(version):
        return
    if version.tag in released:
        raise RefusedError(f"{version.tag} has been released: a version is released once")
    _workflows_are_the_branchs()
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


def _is_tagged(version: Version) -> bool:
    """Tell whether the remote's tag is this commit with this action.yml."""
    _git("fetch", "--quiet", "--depth=2", "origin", f"refs/tags/{version.tag}")
    parent = _git("rev-parse", "FETCH_HEAD^{commit}^").strip()
    return parent == _git("rev-parse", "HEAD").strip() and not _git("diff", "--name-only", "FETCH_HEAD")


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
            case ["name", account]:
                name(account)
            case ["green"]:
                green()
            case ["gated"]:
                gated()
            case ["base", *digest] if len(digest) <= 1:
                base(next(iter(digest), None))
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
