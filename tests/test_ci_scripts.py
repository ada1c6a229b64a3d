"""What decides whether a commit is good: the scripts in .ci, and the workflow that does the same."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"


def workflow(name: str) -> Any:
    """Return a workflow, every scalar as it is written."""
    return yaml.load((WORKFLOWS / name).read_text(), yaml.BaseLoader)  # noqa: S506 - nothing but strings


def in_a_clone(
    folder: Path, script: str, programs: dict[str, str], **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in a clone that stands alone, where programs do this; a name may have folders."""
    clone = folder / "here" / "clone"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    for name, does in programs.items():
        program = folder / "programs" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
    given = {**os.environ, "PATH": f"{folder / 'programs'}:{os.environ['PATH']}", **environ}
    return subprocess.run(
        ["bash", "-euc", script], cwd=clone, env=given, capture_output=True, text=True, check=False
    )


def test_the_check_of_a_commit_says_in_a_sentence_what_it_needs(tmp_path: Path) -> None:
    ended = in_a_clone(tmp_path, ".ci/run", {"docker": "exit 1"})
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "This needs a container engine: start Docker, or let DOCKER_HOST name an engine.\n",
    )


def test_the_check_of_a_commit_needs_nothing_else_where_docker_is_there(tmp_path: Path) -> None:
    script = "source .ci/engine; start_engine; require docker-registry shellcheck"
    programs = dict.fromkeys(("docker", "docker-registry", "shellcheck"), "exit 0")
    ended = in_a_clone(tmp_path, script, programs)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


class TestPythons:
    """The Pythons that everything has to work on."""

    def test_ci_has_a_job_for_each(self) -> None:
        [line] = re.findall(r"^PYTHONS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert workflow("ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == line.split()
        assert line.split() == ["3.11", "3.12", "3.13", "3.14"]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert project["requires-python"] == f">={line.split()[0]}"

    def test_the_others_that_a_machine_has_run_the_tests_as_well(self, tmp_path: Path) -> None:
        """Whether they are on the path, or pyenv keeps them: what it puts there may refuse to start."""
        ended = in_a_clone(
            tmp_path,
            ".ci/test-pythons 3.95 3.96 3.97 3.98",
            {
                "python": "echo 3.95",
                "python3.96": "echo 3.96",
                "python3.97": "exit 127",
                "pyenv/versions/3.97.0/bin/python": "echo 3.97",
                "make": 'echo "$@"',
            },
            PYTHON="python",
            PYENV_ROOT=str(tmp_path / "programs" / "pyenv"),
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        said = "Found: Python 3.95 3.96 3.97 (3.95 runs in make test). Missing: 3.98.\n"
        assert ended.stdout.startswith(said)
        programs = tmp_path / "programs"
        assert re.findall(r"VENV=(.+) PYTHON=(.+) test-python", ended.stdout) == [
            (".venv-3.96", f"{programs}/python3.96"),
            (".venv-3.97", f"{programs}/pyenv/versions/3.97.0/bin/python"),
        ]

    def test_without_any_other_nothing_is_shown(self, tmp_path: Path) -> None:
        programs = {"python": "echo 3.95", "make": "exit 0"}
        script = ".ci/test-pythons 3.95 3.98"
        ended = in_a_clone(tmp_path, script, programs, PYTHON="python", PYENV_ROOT=str(tmp_path))
        assert ended.returncode == 1
        assert "install one of 3.98" in ended.stderr


def test_what_makes_a_commit_good_here_does_so_on_github() -> None:
    """A release asks whether ci.yml found its commit good."""
    ci = workflow("ci.yml")
    scripts = "\n".join(step.get("run", "") for job in ci["jobs"].values() for step in job.get("steps", ()))
    made = set(re.findall(r"[a-z][a-z-]+", " ".join(re.findall(r"\bmake (.+)", scripts))))
    run = (ROOT / ".ci" / "run").read_text()
    here = set(re.findall(r"^ *(?:\w+=\S+ )*timeout \S+ make ([a-z-]+)", run, re.MULTILINE))
    assert {"test", "image", "test-workflows"} <= here
    # of Pythons there is a job each
    assert here - {"test-pythons"} <= made
    assert set(re.findall(r"\.ci/try-\w+", run)) <= set(re.findall(r"\.ci/try-\w+", scripts))
    assert [job["uses"] for job in ci["jobs"].values() if "uses" in job] == [
        "./.github/workflows/image-scan.yml"
    ]


class TestScan:
    """What looks for vulnerabilities in the images."""

    DOCKER = """
case "$1" in
    build) exit 0 ;;
    save) echo "$4" > "$3" ;;
    run) echo "$@"; grep -q bad "${4%%:*}/image.tar" && exit "$CODE"; exit 0 ;;
esac
"""

    def scan(self, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        script = ".ci/scan-images bad:action good"
        return in_a_clone(folder, script, {"docker": self.DOCKER}, CODE=str(code))

    def test_each_image_is_scanned_from_a_file_and_only_what_can_be_mended_counts(
        self, tmp_path: Path
    ) -> None:
        ended = self.scan(tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")
        runs = [line for line in ended.stdout.splitlines() if line.startswith("run ")]
        assert len(runs) == 2
        for line in runs:
            assert "--scanners vuln --ignore-unfixed --exit-code 10" in line
            assert "--input /scanned/image.tar" in line
            assert ":/scanned:ro " in line
            assert "docker.sock" not in line

    @pytest.mark.parametrize(
        ("code", "said"),
        [(10, "vulnerabilities that newer packages mend"), (1, "the scanner ended with exit code 1")],
    )
    def test_it_fails_and_says_why(self, tmp_path: Path, code: int, said: str) -> None:
        ended = self.scan(tmp_path, code)
        assert ended.returncode != 0
        assert f"::error::bad:action {'has' if code == 10 else 'was not scanned'}" in ended.stdout
        assert said in ended.stdout

    def test_it_is_made_every_week_and_with_a_scanner_that_is_kept_new(self) -> None:
        [schedule] = workflow("image-scan.yml")["on"]["schedule"]
        assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])
        [*_, step] = workflow("image-scan.yml")["jobs"]["scan"]["steps"]
        assert step["run"] == "make scan"
        updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
        [docker] = [each for each in updates if each["package-ecosystem"] == "docker"]
        assert docker["directories"] == ["/", "/.ci/scanner"]
        for folder in docker["directories"]:
            lines = (ROOT / folder.strip("/") / "Dockerfile").read_text()
            # by an argument, or in a script, it would find none
            assert re.search(
                r"^FROM [a-z0-9.-]+/[a-z0-9./-]+:[\w.-]+(@sha256:[0-9a-f]{64})?", lines, re.MULTILINE
            )
