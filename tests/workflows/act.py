"""Workflows run for real: jobs on this machine, the action in a container, GitHub's actions by stand-ins."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sync.sandbox.process import Sandbox
from tests.github_api import TOKEN, GitHub

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).parent / "stand_ins"
ACTION = "THE_OWNER/heimdall-sync"
NAME = "THE_OWNER/deployments"
RUNNER = "ubuntu-24.04"

_VARIABLE = re.compile(r"vars\.(HEIMDALL_(?:SOURCE|TARGET)_URL)")
_CALLED = ("promote.yml", "rollback.yml", "drift.yml")
_USES = re.compile(r"uses: ([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@([\w.]+)")


@dataclass(frozen=True)
class Run:
    """What a run left behind. Jobs and steps are named by their ids, steps without one by their names."""

    code: int
    records: tuple[Mapping[str, Any], ...]

    @property
    def log(self) -> str:
        return "\n".join(record.get("msg", "") for record in self.records)

    @property
    def jobs(self) -> dict[str, str]:
        """Return how each job ended; one that was skipped is not there."""
        return {record["jobID"]: record["jobResult"] for record in self.records if "jobResult" in record}

    def steps(self, job: str) -> dict[str, str]:
        """Return how each step of a job ended, by name."""
        return {
            record["step"]: record["stepResult"]
            for record in self.records
            if record.get("jobID") == job and record.get("stage") == "Main" and "stepResult" in record
        }

    def outputs(self, job: str, step: str) -> dict[str, str]:
        """Return what a step put out, by the id of the step."""
        return {
            record["name"]: record["arg"]
            for record in self.records
            if record.get("command") == "set-output" and (record["jobID"], record["stepID"]) == (job, [step])
        }


class Repository:
    """A repository that uses the action, between two environments, with its artifacts and its cache.

    One runs at a time: act names containers after workflow, job and step.
    """

    def __init__(self, folder: Path, image: str, source: Sandbox, target: Sandbox, github: GitHub) -> None:
        self.github = github
        self.store = folder / "store"
        self.store.mkdir()
        self._checkout = folder / "checkout"
        self._released = folder / "released"
        self._cache = folder / "act"
        self._secrets = folder / "secrets"
        self._event = folder / "event.json"
        self._source, self._target = source, target
        _release(self._released, image)
        (self._checkout / ".github" / "workflows").mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", f"https://github.com/{NAME}")
        self.commit("A")

    @property
    def checkout(self) -> Path:
        """Return the folder whose commit a run is about."""
        return self._checkout

    def git(self, *command: str) -> str:
        """Run git in the checkout, and return what it prints."""
        named = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        ended = subprocess.run(
            ["git", *named, *command], cwd=self._checkout, check=True, capture_output=True, text=True
        )
        return ended.stdout.strip()

    def commit(self, message: str) -> None:
        """Commit all that the checkout holds, but for the workflows that run."""
        self.git("add", "--all", "--", ".", ":!.github")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def merge(self, number: int, *, fork: bool = False) -> dict[str, Any]:
        """Commit what is edited as a pull request that is merged for a trial, and return its event."""
        self.git("checkout", "--quiet", "-B", f"pull-{number}")
        self.commit("an edit")
        head = {"ref": f"pull-{number}", "sha": self.git("rev-parse", "HEAD")}
        self.git("checkout", "--quiet", "main")
        base = {"ref": "main", "sha": self.git("rev-parse", "HEAD")}
        self.git("checkout", "--quiet", "--detach")
        self.git("merge", "--quiet", "--no-ff", "--message", "a trial", f"pull-{number}")
        repository = {"full_name": "elsewhere/deployments" if fork else NAME}
        pull = {"number": number, "head": {**head, "repo": repository}, "base": base}
        return {"action": "synchronize", "number": number, "pull_request": pull}

    def run(
        self,
        workflow: Path,
        *,
        run_id: int = 1,
        attempt: int = 1,
        inputs: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        kept: Mapping[str, Mapping[str, str]] | None = None,
        environments: Mapping[str, Mapping[str, str]] | None = None,
        more_secrets: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        event: str = "workflow_dispatch",
        payload: Mapping[str, Any] | None = None,
    ) -> Run:
        """Run a workflow, by hand unless an `event` is named. Secrets are the sandboxes' tokens unless given.

        `kept` are the outputs, by job, of jobs that succeeded in an earlier attempt: as when failed jobs are
        re-run, these jobs do not run, and the others find what they put out. `environments` are the URLs of
        targets that have others than the two sandboxes. `environ` is what the steps find besides, `payload`
        what the event says.
        """
        if secrets is None:
            secrets = {
                "HEIMDALL_SOURCE_TOKEN": self._source.token,
                "HEIMDALL_TARGET_TOKEN": self._target.token,
                "GITHUB_TOKEN": TOKEN,
                **(more_secrets or {}),
            }
        else:
            secrets = {"GITHUB_TOKEN": TOKEN, **secrets}
        # in a file: what is in act's own environment reaches the steps without being asked for
        self._secrets.write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
        if payload is not None:
            self._event.write_text(json.dumps(payload))
        text = workflow.read_text()
        copy = self._checkout / ".github" / "workflows" / workflow.name
        copy.write_text(_for_act(_with_results(text, kept) if kept else text))
        named = {
            "--env": {
                "GITHUB_RUN_ATTEMPT": attempt,
                "GITHUB_RUN_ID": run_id,
                "GH_STORE": self.store / "issues.json",
                "STAND_INS_STORE": self.store,
                "GITHUB_API_URL": self.github.url,
                **(environ or {}),
            },
            "--input": inputs or {},
            "--local-repository": self._repositories_for(text),
            "--var": {
                "HEIMDALL_SOURCE_URL": self._source.url,
                "HEIMDALL_TARGET_URL": self._target.url,
                **(variables or {}),
                **{
                    f"{name}_{variable}": value
                    for name, values in (environments or {}).items()
                    for variable, value in values.items()
                },
            },
        }
        ended = subprocess.run(
            [
                *(Path(sys.executable).parent / "act", event, "--workflows", copy, "--json"),
                *(("--eventpath", self._event) if payload is not None else ()),
                *("--platform", f"{RUNNER}=-self-hosted", "--pull=false", "--no-cache-server"),
                *("--defaultbranch", "main"),
                *("--action-cache-path", self._cache, "--secret-file", self._secrets),
                *("--container-options", f"--network=host -v {self._cache}:{self._cache}"),
                *(
                    f"{flag}={name}={value}"
                    for flag, values in named.items()
                    for name, value in values.items()
                ),
            ],
            cwd=self._checkout,
            env=self._environ(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        records = tuple(json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{"))
        assert any("jobResult" in record for record in records), ended.stdout + ended.stderr
        return Run(ended.returncode, records)

    def artifacts(self) -> dict[str, Path]:
        """Return the folders that were uploaded, by the names of the artifacts."""
        return {folder.name: folder for folder in self.store.glob("artifacts/*/*/*")}

    def waited_in(self) -> dict[str, str]:
        """Return the environments of the jobs that uploaded artifacts, by the names of these."""
        return dict(json.loads((self.store / "environments.json").read_text()))

    def cached(self) -> list[str]:
        """Return the keys in the cache, the oldest first."""
        entries = sorted(self.store.glob("cache/*/entry.json"))
        return [json.loads(entry.read_text())["key"] for entry in entries]

    def _repositories_for(self, text: str) -> dict[str, Path]:
        """Return where act finds what a workflow uses, and what the workflows use that it may call."""
        texts = [text, *(path.read_text() for path in self._released.glob(".github/workflows/*"))]
        return {
            f"{name}@{ref}": self._released if name == ACTION else STAND_INS / name.partition("/")[2]
            for name, ref in _USES.findall("\n".join(texts))
        }

    def _environ(self) -> dict[str, str]:
        """Return an environment with nothing of this machine's about Heimdall, nor about act."""
        here = {name: value for name, value in os.environ.items() if not name.startswith("HEIMDALL_")}
        path = f"{STAND_INS / 'gh'}:{STAND_INS / 'date'}:{here['PATH']}"
        return {**here, "PATH": path, "XDG_CONFIG_HOME": str(self._cache)}


def _release(folder: Path, image: str) -> None:
    """Make what is released: the action with its image's name, as a release does it, and the workflows."""
    folder.mkdir()
    text = (ROOT / "action.yml").read_text()
    assert "image: Dockerfile" in text
    (folder / "action.yml").write_text(text.replace("image: Dockerfile", f"image: docker://{image}"))
    shutil.copytree(ROOT / ".github" / "workflows", folder / ".github" / "workflows")
    # act knows no variables of environments: those of a target are found by its name
    for path in (folder / ".github" / "workflows" / name for name in _CALLED):
        scoped = r"(vars[format('{0}_\1', inputs.target)] || \g<0>)"
        path.write_text(_for_act(_VARIABLE.sub(scoped, path.read_text())))


def _for_act(text: str) -> str:
    """Leave out what GitHub knows and act does not, and let steps know the environment of their job."""
    known = re.sub(r"^ +(deployment: false|queue: max)( #.*)?\n", "", text, flags=re.MULTILINE)
    environment = r"^(    environment:.*\n      name: (.+)\n)"
    return re.sub(environment, r"    env:\n      STAND_INS_ENVIRONMENT: \2\n\1", known, flags=re.MULTILINE)


def _with_results(text: str, kept: Mapping[str, Mapping[str, str]]) -> str:
    """Put jobs that have nothing to do but to put out the same in the place of jobs."""
    workflow = yaml.safe_load(text)
    workflow["on"] = workflow.pop(True)  # what YAML 1.1 makes of the word
    for job, outputs in kept.items():
        workflow["jobs"][job] = {
            "runs-on": RUNNER,
            "outputs": dict(outputs),
            "steps": [{"name": "Succeeded in an earlier attempt", "run": "true"}],
        }
    return yaml.safe_dump(workflow, sort_keys=False, width=10_000)  # a value in a line, as it was written


def outputs_of_job(workflow: Path, job: str, run: Run) -> dict[str, str]:
    """Return what a job put out in a run."""
    declared = yaml.safe_load(workflow.read_text())["jobs"][job]["outputs"]
    single = re.compile(r"\$\{\{ steps\.([\w-]+)\.outputs\.([\w-]+) \}\}")
    found = {name: single.fullmatch(expression) for name, expression in declared.items()}
    return {name: run.outputs(job, each[1])[each[2]] for name, each in found.items() if each}
