"""What each job may do, when it runs, what it is called and whom it tells, read from the files."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.model.plan import Provenance
from tests.workflows.act import ROOT
from tests.workflows.test_files import jobs_of, read, steps_of
from tests.workflows.test_scripts import run_step

SHIPPED, EXAMPLES = ROOT / ".github" / "workflows", ROOT / "examples"
PROMOTIONS = [SHIPPED / "promote.yml", EXAMPLES / "promote.yml", EXAMPLES / "promote-change-window.yml"]

CODE, PACKAGES = {"contents": "read"}, {"packages": "write"}
ASKS_GITHUB = {"actions": "read", **CODE}
PERMISSIONS: dict[str, dict[str, dict[str, str]]] = {
    # the plan asks for the gate, and the apply fetches its plan the second way
    "promote": {"plan": ASKS_GITHUB, "apply": ASKS_GITHUB, "result": {}},
    "promote-change-window": {"plan": ASKS_GITHUB, "apply": ASKS_GITHUB, "result": {}},
    "promote-chain": {"staging": ASKS_GITHUB, "production": ASKS_GITHUB},
    "promote-several": {"promote": ASKS_GITHUB},
    "rollback": {"plan": ASKS_GITHUB, "apply": ASKS_GITHUB, "result": {}},
    "git-promote": {"promote": ASKS_GITHUB},
    "git-pull-request": {"plan": CODE, "comment": {"pull-requests": "write"}},
    "git-export": {"export": CODE, "propose": {"contents": "write", "pull-requests": "write"}},
    "drift": {"drift": CODE},
    "drift-issue": {"drift": CODE, "issue": {"issues": "write"}},
    "image-scan": {"scan": CODE},
    "smoke": {"smoke": CODE},
    "release": {
        "check": ASKS_GITHUB,
        "build": {**CODE, **PACKAGES},
        "merge": PACKAGES,
        "try": CODE,
        "attest": {"attestations": "write", "id-token": "write", **PACKAGES},
        "publish": {"contents": "write", **PACKAGES},
        "smoke": CODE,
    },
}


@pytest.mark.parametrize(
    "path",
    [path for path in (*SHIPPED.glob("*.yml"), *EXAMPLES.glob("*.yml")) if path.stem in PERMISSIONS],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_a_job_may_do_what_it_needs_and_no_more(path: Path) -> None:
    assert {name: job["permissions"] for name, job in jobs_of(path).items()} == PERMISSIONS[path.stem]


def test_what_checks_a_commit_may_only_read_it() -> None:
    assert {str(job["permissions"]) for job in jobs_of(SHIPPED / "ci.yml").values()} == {str(CODE)}


def test_a_run_is_known_by_its_target() -> None:
    named = {path: read(path).get("run-name") for path in (*PROMOTIONS, SHIPPED / "drift.yml")}
    assert set(map(named.pop, PROMOTIONS)) == {"Promote to ${{ inputs.target }}"}
    assert set(named.values()) == {"Drift of ${{ inputs.target }}"}
    assert read(SHIPPED / "release.yml")["run-name"] == "Release ${{ inputs.version }}"


@pytest.mark.parametrize("path", PROMOTIONS, ids=str)
def test_who_approves_an_apply_sees_how_many_changes_it_makes(path: Path) -> None:
    """A run gets its name before that is known."""
    counted = "${{ needs.plan.outputs.changes || 'no' }}"
    assert jobs_of(path)["apply"]["name"] == f"Apply {counted} changes to ${{{{ inputs.target }}}}"


@pytest.mark.parametrize("path", PROMOTIONS, ids=str)
def test_a_dangerous_plan_is_one_that_can_not_be_undone_or_opens_or_gives_everything(path: Path) -> None:
    ways = ("destructive == 'true'", "opened > 0", "superadmin-granted > 0")
    either = " || ".join(f"steps.plan.outputs.{way}" for way in ways)
    assert jobs_of(path)["plan"]["outputs"]["dangerous"] == f"${{{{ {either} }}}}"


PLANNED = "steps.plan.outputs.changes > 0 && steps.plan.outputs.refused == 'false'"
ENDED_BADLY = "always() && steps.judge.outputs.result != 'promoted' && steps.judge.outputs.result != 'equal'"


@pytest.mark.parametrize(
    ("path", "when"),
    [
        *((path, {"plan": PLANNED, "result": ENDED_BADLY}) for path in PROMOTIONS),
        (SHIPPED / "drift.yml", {"drift": "failure()"}),
        (EXAMPLES / "drift-issue.yml", {"drift": "failure()"}),
    ],
    ids=str,
)
def test_a_webhook_hears_of_what_waits_and_of_what_ends_badly(path: Path, when: Mapping[str, str]) -> None:
    found = {
        name: step["if"]
        for name, job in jobs_of(path).items()
        for step in job["steps"]
        if step["name"].startswith("Tell that")
    }
    assert found == when


def test_the_released_action_is_tried_as_its_users_use_it() -> None:
    smoke = read(SHIPPED / "smoke.yml")
    assert set(smoke["on"]) == {"workflow_call", "workflow_dispatch"}
    steps = {step.get("id", step["name"]): step for step in steps_of(SHIPPED / "smoke.yml")}
    assert [step["with"]["command"] for step in steps.values() if "command" in step.get("with", {})] == [
        "plan",
        "apply",
    ]
    assert steps["plan"]["uses"] == steps["apply"]["uses"]
    assert re.fullmatch(r"\w+/heimdall-sync@v\d+", steps["plan"]["uses"]), "the tag that workflows name"
    assert steps["apply"]["with"]["expect-digest"] == "${{ steps.plan.outputs.digest }}"
    assert steps["Both are equal"]["env"] == {"IDENTICAL": "${{ steps.apply.outputs.identical }}"}
    assert steps["Both are equal"]["run"] == 'test "$IDENTICAL" = true'
    released = read(SHIPPED / "release.yml")["jobs"]["smoke"]
    assert released["uses"] == "./.github/workflows/smoke.yml"
    assert released["with"] == {"version": "${{ inputs.version }}"}


@pytest.mark.parametrize(
    ("made", "good"),
    [
        ({"version": "1.2.3", "image": f"sha256:{'0' * 64}"}, True),
        ({"version": "1.2.2", "image": f"sha256:{'0' * 64}"}, False),
        ({"version": "1.2.3", "image": ""}, False),  # built from a checkout, or not in a container
    ],
)
def test_a_release_is_what_its_tag_runs(tmp_path: Path, made: Any, *, good: bool) -> None:
    (tmp_path / "planned").mkdir()
    provenance = Provenance(at=datetime.now(UTC), **made)
    plan = {"made": json.loads(provenance.model_dump_json())}
    (tmp_path / "planned" / "plan.json").write_text(json.dumps(plan))
    name = "It is the released version, from its image"
    ended = run_step(SHIPPED / "smoke.yml", "smoke", name, VERSION="1.2.3", cwd=tmp_path)
    assert (ended.returncode == 0) is good


def test_who_may_merge_is_said_to_hold_the_token_of_the_plan() -> None:
    """Nobody reviews the environment of a plan: what guards it is who may change the default branch."""
    security = (ROOT / "SECURITY.md").read_text()
    [row] = re.findall(r"^\| \*\*Whoever may merge to the default branch\*\* .*$", security, re.MULTILINE)
    assert "the plan's token, which is as powerful as that of an apply" in row
    assert "protect that branch" in row
    assert "`CODEOWNERS`" in row
    for path in PROMOTIONS:
        assert jobs_of(path)["plan"]["environment"]["name"] == "${{ inputs.target }}-plan"
