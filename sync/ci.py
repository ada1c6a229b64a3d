"""Where a run happens: as a step of a workflow, in another CI system, or on a person's machine."""

import os
from collections.abc import Mapping
from typing import NamedTuple

CI_VARIABLES = (
    "CI",
    "CODEBUILD_BUILD_ID",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
)
"""What CI systems set. Most set `CI`; the others are known by a variable of their own."""

INPUT = "INPUT_"
"""How the variables begin in which a runner gives an action its inputs."""

INPUT_COMMAND = f"{INPUT}COMMAND"
"""The input that every step has: a runner sets what `action.yml` declares, also where it is empty."""


def in_workflow(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether this is a step of a workflow of GitHub.

    The input of the command shows it as well: some runners on Kubernetes don't set `GITHUB_ACTIONS` for an
    action's container. Other variables may begin like an input on any machine: `INPUT_METHOD` on a desktop.
    """
    return environ.get("GITHUB_ACTIONS") == "true" or INPUT_COMMAND in environ


def how_to_finish(environ: Mapping[str, str] = os.environ) -> str:
    """Return what a person does to have the rest of an apply done."""
    return "use Re-run failed jobs" if in_workflow(environ) else "run the same command again with --resume"


def how_to_go_on(environ: Mapping[str, str] = os.environ) -> str:
    """Return what a person does where a plan is carried out whole, and another one is needed."""
    if in_workflow(environ):
        return "run the workflow again, for a new plan: Re-run failed jobs would use the old one"
    return "make a new plan and apply it: the old one is carried out"


def how_to_go_back(environ: Mapping[str, str] = os.environ) -> str:
    """Return how a person undoes this run at the same gate, empty outside a workflow of GitHub."""
    if not in_workflow(environ):
        return ""
    run = environ.get("GITHUB_RUN_ID", "")
    return f"start the workflow rollback with run {run}; it waits for the same approval as a promotion"


class CiRun(NamedTuple):
    """A run of a CI system: its page, who started it, and what it runs; empty outside CI."""

    page: str = ""
    actor: str = ""
    commit: str = ""


def ci_run(environ: Mapping[str, str] = os.environ) -> CiRun:
    """Return which run of GitHub's or GitLab's this is."""
    run = environ.get("GITHUB_RUN_ID")
    if run and in_workflow(environ):
        server, repository = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY"))
        actor = environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR", "")
        page = f"{server}/{repository}/actions/runs/{run}" if server and repository else ""
        return CiRun(page, actor, environ.get("GITHUB_SHA", ""))
    names = ("CI_PIPELINE_URL", "GITLAB_USER_LOGIN", "CI_COMMIT_SHA")
    return CiRun(*(environ.get(name, "") for name in names)) if environ.get("GITLAB_CI") else CiRun()


def in_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a CI system runs this, a workflow of GitHub included: nobody looks on."""
    return in_workflow(environ) or any(
        environ.get(name, "").strip().lower() not in {"", "0", "false", "no"} for name in CI_VARIABLES
    )
