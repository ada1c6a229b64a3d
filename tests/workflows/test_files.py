"""What workflows, examples and their stand-ins must be, read from the files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sync.run.options import options
from tests.workflows.act import ACTION, ROOT, STAND_INS

SHIPPED = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXAMPLES = [path for path in sorted((ROOT / "examples").glob("*.yml")) if "\njobs:\n" in path.read_text()]
WORKFLOWS = pytest.mark.parametrize(
    "path", [*SHIPPED, *EXAMPLES], ids=lambda path: f"{path.parent.name}/{path.name}"
)

RELEASED = re.compile(rf"{ACTION}(/\.github/workflows/[\w-]+\.yml)?@v1")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OUTPUT = re.compile(r"steps\.([\w-]+)\.outputs\.([\w-]+)")


def words(text: str) -> Any:
    """Return what YAML says, every scalar as it is written: `on` is a key, and a version no number."""
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506 - makes nothing but strings


def read(path: Path) -> Any:
    return words(path.read_text())


def jobs_of(path: Path) -> dict[str, Any]:
    jobs = read(path)["jobs"]
    assert isinstance(jobs, dict)
    return jobs


def steps_of(path: Path) -> Iterator[Any]:
    for job in jobs_of(path).values():
        yield from job.get("steps", ())


def uses_of(path: Path) -> list[str]:
    return re.findall(r"^ +(?:- )?uses: (.+)$", path.read_text(), re.MULTILINE)


def promote(name: str) -> Path:
    return ROOT / name / "promote.yml"


CALLED = pytest.mark.parametrize("name", ["promote.yml", "rollback.yml", "drift.yml"])
"""Workflows for others to call."""

GATED = pytest.mark.parametrize("name", ["promote.yml", "rollback.yml"])
"""Those that change a target: plan, approval, apply."""


@WORKFLOWS
def test_nothing_is_permitted_but_what_a_job_asks_for(path: Path) -> None:
    assert read(path)["permissions"] == {}
    for name, job in jobs_of(path).items():
        # one that has no step but a script needs nothing
        assert job["permissions"] or all("run" in step for step in job["steps"]), name


@WORKFLOWS
def test_every_permission_has_its_reason(path: Path) -> None:
    lines = path.read_text().splitlines()
    asked = re.findall(r"^ {6}([a-z-]+: (?:read|write))( # .+)?$", "\n".join(lines), re.MULTILINE)
    explained = {permission for permission, reason in asked if reason}
    assert {permission for permission, _ in asked} == explained


@WORKFLOWS
def test_every_job_ends_some_day(path: Path) -> None:
    for name, job in jobs_of(path).items():
        assert "uses" in job or int(job["timeout-minutes"]) <= 60, name


@WORKFLOWS
def test_every_action_is_pinned(path: Path) -> None:
    for used in uses_of(path):
        assert used.startswith("./") or RELEASED.fullmatch(used) or PINNED.fullmatch(used), used


def test_an_action_is_pinned_to_one_version() -> None:
    pins: dict[str, set[str]] = {}
    for path in (*SHIPPED, *EXAMPLES):
        for used in filter(PINNED.fullmatch, uses_of(path)):
            name, _, version = used.partition("@")
            pins.setdefault("/".join(name.split("/")[:2]), set()).add(version)
    assert {name for name, versions in pins.items() if len(versions) > 1} == set()
    assert pins


@WORKFLOWS
def test_a_checkout_leaves_no_credentials(path: Path) -> None:
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@WORKFLOWS
def test_no_value_is_put_into_a_script(path: Path) -> None:
    for step in steps_of(path):
        assert "${{" not in step.get("run", "")


@WORKFLOWS
def test_what_is_given_to_the_action_exists(path: Path) -> None:
    action = read(ROOT / "action.yml")
    for job in jobs_of(path).values():
        ours = [step for step in job.get("steps", ()) if RELEASED.fullmatch(step.get("uses", ""))]
        for step in ours:
            assert set(step["with"]) <= set(action["inputs"])
        names = {step["id"] for step in ours if "id" in step}
        for name, output in OUTPUT.findall(str(job)):
            assert name not in names or output in action["outputs"]


@WORKFLOWS
def test_what_is_given_to_a_reusable_workflow_exists(path: Path) -> None:
    for job in jobs_of(path).values():
        found = re.fullmatch(rf"{ACTION}/(.+)@v1", job.get("uses", ""))
        if not found:
            continue
        called = read(ROOT / found[1])
        inputs = called["on"]["workflow_call"]["inputs"]
        assert set(job["with"]) <= set(inputs)
        assert {name for name, each in inputs.items() if each.get("required") == "true"} <= set(job["with"])
        asked = {item for inner in called["jobs"].values() for item in inner["permissions"].items()}
        assert asked == set(job["permissions"].items()), "else the platform does not load the caller"
        secrets = called["on"]["workflow_call"]["secrets"]
        assert job["secrets"] == {name: f"${{{{ secrets.{name} }}}}" for name in secrets}


@WORKFLOWS
def test_schedules_avoid_the_busy_minutes(path: Path) -> None:
    for schedule in read(path)["on"].get("schedule", ()):
        assert int(schedule["cron"].split()[0]) % 2 == 1
        assert int(schedule["cron"].split()[0]) % 5 != 0


@CALLED
def test_a_reusable_workflow_takes_the_same_by_hand(name: str) -> None:
    text = (ROOT / ".github" / "workflows" / name).read_text()
    triggers = words(text)["on"]
    assert triggers["workflow_dispatch"]["inputs"] == triggers["workflow_call"]["inputs"]
    aliases = [token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken)]
    assert not aliases, "not every program that reads workflows knows them"


@CALLED
def test_a_reusable_workflow_declares_every_secret_that_it_uses(name: str) -> None:
    text = (ROOT / ".github" / "workflows" / name).read_text()
    declared = words(text)["on"]["workflow_call"]["secrets"]
    assert set(re.findall(r"secrets\.([A-Z_]+)", text)) == set(declared)
    assert {each["required"] for each in declared.values()} == {"false"}, "which of them, each sets itself"


@GATED
def test_it_ends_with_a_job_that_always_runs(name: str) -> None:
    jobs = jobs_of(ROOT / ".github" / "workflows" / name)
    last = jobs.pop("result")
    assert last["if"] == "always()"
    assert last["needs"] == list(jobs)


def test_a_promotion_is_not_skipped_where_a_job_before_its_caller_is() -> None:
    """A condition without a status function is one with `success()`, which looks at jobs transitively."""
    jobs = jobs_of(promote(".github/workflows"))
    assert jobs["plan"]["if"] == "${{ !cancelled() }}"
    planned = "needs.plan.result == 'success' && needs.plan.outputs.changes > 0"
    condition = f"!cancelled() && {planned} && needs.plan.outputs.refused == 'false'"
    assert jobs["apply"]["if"] == f"${{{{ {condition} }}}}"


@WORKFLOWS
def test_a_job_after_a_called_workflow_is_not_skipped_where_a_job_in_there_is(path: Path) -> None:
    jobs = jobs_of(path)
    for job in jobs.values():
        needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        for name in needed:
            if "uses" in jobs[name]:
                condition = f"!cancelled() && !failure() && needs.{name}.result == 'success'"
                assert job["if"] == f"${{{{ {condition} }}}}"


@GATED
def test_the_workflow_to_copy_is_the_reusable_one(name: str) -> None:
    copied, reusable = read(ROOT / "examples" / name), read(ROOT / ".github" / "workflows" / name)
    assert copied["jobs"] == reusable["jobs"]
    inputs = reusable["on"]["workflow_call"]["inputs"]
    offered = copied["on"]["workflow_dispatch"]["inputs"]
    assert list(offered) == list(inputs)
    assert {**offered, "target": inputs["target"]} == inputs


def test_every_input_of_the_promotion_reaches_the_action() -> None:
    inputs = read(promote("examples"))["on"]["workflow_dispatch"]["inputs"]
    given = [item for step in steps_of(promote("examples")) for item in step.get("with", {}).items()]
    place = ("source-url", "${{ inputs.source || vars.HEIMDALL_SOURCE_URL }}")
    assert given.count(place) == 2, "what is planned is what is applied"
    for name in inputs.keys() - {"target", "source", "breakglass"}:
        jobs = 2 if name == "ask" else 1  # a plan does not say how to ask
        assert given.count((name, f"${{{{ inputs.{name} }}}}")) == jobs, name
    assert len(inputs) <= 25, "more of them the platform does not take"


def test_a_plan_names_every_environment_that_its_apply_may_wait_in() -> None:
    jobs = jobs_of(promote("examples"))
    [gate] = [
        step["with"]["gate"] for step in steps_of(promote("examples")) if "gate" in step.get("with", {})
    ]
    waits_in = jobs["apply"]["environment"]["name"]
    assert waits_in == "${{ needs.plan.outputs.dangerous == 'true' && inputs.breakglass || inputs.target }}"
    assert gate.split("\n") == ["${{ inputs.target }}", "${{ inputs.breakglass }}", ""]


@WORKFLOWS
def test_only_an_apply_counts_as_a_deployment_and_none_is_lost_in_the_queue(path: Path) -> None:
    for name, job in jobs_of(path).items():
        environment = job.get("environment")
        if name == "apply":
            assert environment["url"].endswith("/attempts/${{ github.run_attempt }}")
            assert job["concurrency"]["queue"] == "max"
            assert job["concurrency"]["cancel-in-progress"] == "false"
        elif environment and path.name != "release.yml":  # which deploys nothing to a Heimdall
            assert (environment["name"][-5:], environment["deployment"]) == ("-plan", "false")


@WORKFLOWS
def test_nothing_is_kept_under_a_name_that_the_platform_refuses(path: Path) -> None:
    """An environment may be called `prod/eu: west`: artifacts may not."""
    named = [
        value
        for step in steps_of(path)
        for key, value in step.get("with", {}).items()
        if step["uses"].startswith(("actions/cache/", "actions/upload-artifact@"))
        and key in {"key", "name", "restore-keys"}
    ]
    assert not [name for name in named if "inputs.target" in name]


@WORKFLOWS
def test_only_what_is_there_goes_into_the_cache(path: Path) -> None:
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/cache/save@"):
            first = step["with"]["path"].split()[0]
            assert step["if"].endswith(f" && hashFiles('{first}') != ''")


def test_every_name_and_every_notice_is_made_in_one_way() -> None:
    scripts: dict[str, set[str]] = {}
    for path in (*SHIPPED, *EXAMPLES):
        for step in steps_of(path):
            if step.get("name", "").startswith(("Name artifacts", "Tell that")):
                scripts.setdefault(step["name"][:4], set()).add(step["run"])
                assert step["name"][:4] == "Name" or step["continue-on-error"] == "true"
    assert {begin: len(found) for begin, found in scripts.items()} == {"Name": 1, "Tell": 1}


def test_defaults_of_the_promotion_are_those_of_the_action() -> None:
    """A value that is given counts as chosen: it must not choose something else."""
    inputs = read(promote("examples"))["on"]["workflow_dispatch"]["inputs"]
    described = read(ROOT / "action.yml")["inputs"]
    for name in ("strategy", "max-delete-percent", "delete-guard-minimum"):
        assert f"(default: {inputs[name]['default']})" in described[name]["description"]
    assert {each["default"] for each in inputs.values() if each["type"] == "boolean"} == {"false"}


def test_a_plan_with_nothing_to_apply_fails_last_and_only_where_something_is_left() -> None:
    """What it found is kept first, and where changes are planned the apply tells how it ends."""
    last = jobs_of(promote("examples"))["plan"]["steps"][-1]
    assert last["if"] == "steps.plan.outputs.changes == '0' && steps.plan.outputs.open != '0'"
    assert last["env"] == {"OPEN": "${{ steps.plan.outputs.open }}"}


def test_a_change_window_is_one_more_step() -> None:
    with_window = read(ROOT / "examples" / "promote-change-window.yml")
    assert with_window["jobs"]["apply"]["steps"].pop(0)["name"] == "Only within the change window"
    plain = read(promote("examples"))
    assert with_window["jobs"] == plain["jobs"]
    assert with_window["on"] == plain["on"]


def test_the_drift_job_to_copy_is_the_reusable_one() -> None:
    copied = jobs_of(ROOT / "examples" / "drift-issue.yml")["drift"]
    reusable = jobs_of(ROOT / ".github" / "workflows" / "drift.yml")["drift"]
    for step in reusable["steps"]:
        for name in ("accept", "protect", "ignore", "against-git"):
            either = f"inputs.{name} || vars.HEIMDALL_{name.upper().replace('-', '_')}"
            if name in step.get("with", {}):
                step["with"][name] = f"${{{{ {either} }}}}"  # a schedule gives no inputs
            if step.get("if") == f"!inputs.{name}":
                step["if"] = f"!({either})"
    text = yaml.safe_dump(reusable, width=10_000).replace("${{ inputs.target }}", "production")
    assert copied == words(text)


def test_only_jobs_that_touch_no_repository_hold_secrets_of_heimdall() -> None:
    """And what a pull request holds is never with a token that may write."""
    assert "secrets." not in (ROOT / "examples" / "git-pull-request.yml").read_text()
    for name in ("git-pull-request.yml", "git-export.yml"):
        for job in jobs_of(ROOT / "examples" / name).values():
            writes = "write" in job["permissions"].values()
            uses = " ".join(step.get("uses", "") for step in job["steps"])
            assert not (writes and ("secrets." in str(job) or ACTION in uses or "environment" in job))
    comment = jobs_of(ROOT / "examples" / "git-pull-request.yml")["comment"]
    assert "actions/checkout@" not in str(comment)
    assert "head.repo.full_name == github.repository" in comment["if"]


def test_the_recipes_for_git_are_about_one_folder() -> None:
    review, promotion, export = (
        read(ROOT / "examples" / f"git-{name}.yml") for name in ("pull-request", "promote", "export")
    )
    folder = review["env"]["FOLDER"]
    assert folder == export["env"]["FOLDER"] == promotion["jobs"]["promote"]["with"]["source"]
    paths = [review["on"]["pull_request"]["paths"], promotion["on"]["push"]["paths"]]
    assert paths == [[f"{folder}/**"]] * 2


@GATED
def test_it_and_drift_use_the_same_places(name: str) -> None:
    """A cache is found by its path and its key: the receipt that is saved is the one that is restored."""
    path = ROOT / "examples" / name
    saved = next(step for step in steps_of(path) if step["name"] == "Keep the receipt for the drift check")
    restored = next(
        step
        for step in steps_of(ROOT / ".github" / "workflows" / "drift.yml")
        if step["name"] == "Restore the receipt of the last apply"
    )
    assert saved["with"]["path"] == restored["with"]["path"]
    place = restored["with"]["restore-keys"].replace("steps.name.", "needs.plan.")
    assert saved["with"]["key"].startswith(place)
    assert jobs_of(path)["plan"]["outputs"]["name"] == "${{ steps.name.outputs.name }}"


@GATED
def test_a_backup_outlives_the_plan_also_where_the_apply_failed(name: str) -> None:
    apply = jobs_of(ROOT / "examples" / name)["apply"]["steps"]
    [kept] = [step for step in apply if step["name"] == "Keep the backup for a rollback"]
    assert kept["if"] == "always() && hashFiles('heimdall-sync-report/backup-*.json') != ''"
    assert kept["with"]["retention-days"] == "90"
    named = kept["with"]["name"].partition("${{")[0]
    given = [step.get("with", {}) for step in steps_of(ROOT / "examples" / "rollback.yml")]
    fetched = [each["pattern"] for each in given if "pattern" in each]
    assert len(fetched) == 2
    assert all(pattern.startswith(named) and pattern.endswith("-+([0-9])") for pattern in fetched)


def test_a_rollback_waits_in_the_queue_and_at_the_gate_of_a_promotion() -> None:
    plan, apply = (jobs_of(ROOT / "examples" / "rollback.yml")[name] for name in ("plan", "apply"))
    assert apply["concurrency"] == jobs_of(promote("examples"))["apply"]["concurrency"]
    assert apply["environment"]["name"] == "${{ inputs.target }}"
    [gate] = [step["with"]["gate"] for step in plan["steps"] if "gate" in step.get("with", {})]
    assert gate == apply["environment"]["name"]


@WORKFLOWS
def test_stand_ins_take_every_input(path: Path) -> None:
    """Act says nothing of an input that an action does not have."""
    for step in steps_of(path):
        name = step.get("uses", "").partition("@")[0].partition("/")[2]
        stand_in = STAND_INS / name / "action.yml"
        if name and stand_in.exists() and path.name != "release.yml":  # which act can't run
            assert set(step["with"]) <= set(read(stand_in)["inputs"])


def test_examples_that_the_readme_names_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    for name in re.findall(r"examples/[\w.-]+\.yml", readme):
        assert (ROOT / name).is_file(), name


def test_the_cronjob_may_do_nothing_but_its_work() -> None:
    job = yaml.safe_load((ROOT / "examples" / "kubernetes-cronjob.yml").read_text())["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["timeZone"] == "Etc/UTC"
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["args"] == ["drift", "--ask", "all"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert container["resources"]["limits"]["memory"]
    places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume.pop("name"): volume for volume in pod["volumes"]}
    assert "secret" in volumes[places["/run/secrets"]]
    written = {each["name"]: each["value"] for each in container["env"]}["HEIMDALL_OUTPUT_DIR"]
    assert "emptyDir" in volumes[places[written]]


def test_gitlab_plans_by_hand_and_on_schedule_only() -> None:
    rules = read(ROOT / "examples" / "gitlab-ci.yml")["workflow"]["rules"]
    begin = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE == "
    assert [rule["if"] for rule in rules] == [f'{begin}"web"', f'{begin}"schedule"']


def test_settings_named_in_other_systems_exist() -> None:
    known = {option.variable for option in options()}
    for name in ("gitlab-ci.yml", "kubernetes-cronjob.yml"):
        text = (ROOT / "examples" / name).read_text()
        assert set(re.findall(r"\bHEIMDALL_[A-Z_]+\b", text.upper())) - {"HEIMDALL_"} <= known
