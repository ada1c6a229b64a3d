"""The workflow files that ship, run from end to end by act between two sandboxes."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from sync.model.snapshot import Snapshot
from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.faults import Answer
from sync.sandbox.process import Sandbox, launch
from sync.sandbox.token_endpoint import TokenServer
from tests.e2e.conftest import writes
from tests.github_api import gated, run_of
from tests.image.containers import ON_THE_HOST, mount, run
from tests.workflows.act import ROOT, Repository, outputs_of_job
from tests.workflows.webhook import Webhook

pytestmark = pytest.mark.container

ROLLBACK = ROOT / "examples" / "rollback.yml"
PROMOTE = ROOT / "examples" / "promote.yml"
ISSUE = ROOT / "examples" / "drift-issue.yml"
CHAIN = ROOT / "examples" / "promote-chain.yml"
DRIFT = ROOT / ".github" / "workflows" / "drift.yml"
SCHEDULED_DRIFT = ROOT / "examples" / "drift.yml"
TARGET = {"target": "production"}
PROBES = "^(?!.*(__no_such|2147483647))"


def contents(snapshot: Snapshot) -> Any:
    """Return what an environment holds, but for the order of its mappings."""
    return snapshot.model_copy(update={"precedence": ()})


def operations_of(plan: Any) -> int:
    return sum(len(wave["operations"]) for wave in plan["waves"])


def change_by_hand(sandbox: Sandbox) -> None:
    changed = requests.post(
        f"{sandbox.url}/api/v1/actions/",
        json={"name": "by:hand", "description": "Added in a hurry"},
        headers={"Authorization": f"Bearer {sandbox.token}"},
        timeout=10,
    )
    assert changed.ok, changed.text


def chained(first: Sandbox, second: Sandbox, third: Sandbox) -> dict[str, dict[str, str]]:
    """Return the environments of a chain: dev → staging → production."""
    return {
        name: {"HEIMDALL_SOURCE_URL": source.url, "HEIMDALL_TARGET_URL": target.url}
        for name, source, target in (("staging", first, second), ("production", second, third))
    }


def backup_in(artifact: Path) -> Snapshot:
    """Return what the only backup in an artifact holds."""
    [backup] = artifact.glob("backup-*.json")
    return Snapshot.model_validate_json(backup.read_bytes())


def test_a_promotion_and_the_drift_after_it(repository: Repository, source: Sandbox, target: Sandbox) -> None:
    with Webhook() as webhook:
        promoted = repository.run(PROMOTE, inputs=TARGET, more_secrets={"HEIMDALL_NOTICE_URL": webhook.url})

    assert promoted.jobs == {"plan": "success", "apply": "success", "result": "success"}, promoted.log
    assert contents(target.snapshot()) == contents(source.snapshot())
    [notice] = webhook.heard
    changes = promoted.outputs("plan", "plan")["changes"]
    assert notice["text"].startswith(f"Heimdall: {changes} changes to production wait for approval: https://")
    assert promoted.outputs("result", "judge")["result"] == "promoted"
    assert len(repository.github.asked) == 1, "the gate was looked at once"
    assert "Path Validation Error" not in promoted.log
    artifacts = repository.artifacts()
    assert set(artifacts) == {f"heimdall-sync-{what}-production-1" for what in ("plan", "apply", "backup")}
    planned = artifacts["heimdall-sync-plan-production-1"]
    applied = artifacts["heimdall-sync-apply-production-1"]
    assert {"plan.json", "summary.md", "junit.xml"} <= {file.name for file in planned.iterdir()}
    assert {"receipt.json", "summary.md"} <= {file.name for file in applied.iterdir()}
    assert contents(backup_in(applied)) == contents(production())
    digest = json.loads((planned / "plan.json").read_text())["digest"]
    assert json.loads((applied / "receipt.json").read_text())["plan"] == digest
    assert promoted.outputs("plan", "plan")["digest"] == digest
    assert promoted.outputs("apply", "apply")["identical"] == "true"
    assert repository.cached() == ["heimdall-sync/receipt/production/1-1"]
    assert source.token not in promoted.log
    assert target.token not in promoted.log

    equal = repository.run(DRIFT, inputs=TARGET, run_id=2)

    assert (equal.code, equal.jobs) == (0, {"drift": "success"}), equal.log
    assert equal.outputs("drift", "drift")["drift"] == "false"

    change_by_hand(target)
    with Webhook() as webhook:
        drifted = repository.run(
            DRIFT, inputs=TARGET, run_id=3, more_secrets={"HEIMDALL_NOTICE_URL": webhook.url}
        )

    assert drifted.code != 0
    [notice] = webhook.heard
    assert notice["text"].startswith("Heimdall: production differs from its source")
    assert f"equal to its source: {drifted.outputs('drift', 'drift')['changes']}. https://" in notice["text"]
    assert drifted.jobs == {"drift": "failure"}, drifted.log
    assert drifted.outputs("drift", "drift")["drift"] == "true"
    # the receipt of the promotion tells who it was
    assert "changed in the target by hand" in drifted.log.lower()
    assert "heimdall-sync-drift-production-1" in repository.artifacts()


def test_a_target_that_fails_in_the_middle_and_the_failed_job_again(
    repository: Repository, source: Sandbox, target: Sandbox
) -> None:
    target.add_fault(
        Answer(status=500, body='{"error": "dying"}'),
        methods=["POST", "PUT", "DELETE"],
        path=PROBES,
        nth=9,
        times=None,
    )

    with Webhook() as webhook:
        first = repository.run(PROMOTE, inputs=TARGET, more_secrets={"HEIMDALL_NOTICE_URL": webhook.url})

    assert first.code != 0
    told = [notice["text"].partition(": https://")[0] for notice in webhook.heard]
    assert told == [
        f"Heimdall: {first.outputs('plan', 'plan')['changes']} changes to production wait for approval",
        "Heimdall: the promotion to production is failed",
    ]
    assert first.jobs == {"plan": "success", "apply": "failure", "result": "failure"}, first.log
    plan = json.loads((repository.artifacts()["heimdall-sync-plan-production-1"] / "plan.json").read_text())
    checkpoint = f"heimdall-sync/checkpoint/production/{plan['digest']}/1-1"
    assert checkpoint in repository.cached()
    assert "heimdall-sync-apply-production-1" in repository.artifacts()
    done = [
        f"{record.method} {record.path}"
        for record in target.requests()
        if f"{record.method} {record.path}" in writes(target) and record.status in {200, 201, 204}
    ]
    assert len(done) == 8

    target.clear_faults()
    target.clear_requests()
    again = repository.run(
        PROMOTE,
        inputs=TARGET,
        attempt=2,
        kept={"plan": outputs_of_job(PROMOTE, "plan", first)},
        environ={"STAND_INS_LISTING": "broken"},
    )

    assert (again.code, again.jobs) == (0, {"plan": "success", "apply": "success", "result": "success"}), (
        again.log
    )
    assert contents(target.snapshot()) == contents(source.snapshot())
    # the list of artifacts lacked those of the first attempt
    assert again.steps("apply")["Fetch the approved plan by the run"] == "success"
    assert "heimdall-sync-apply-production-2" in repository.artifacts()
    receipt = json.loads(
        (repository.artifacts()["heimdall-sync-apply-production-2"] / "receipt.json").read_text()
    )
    assert (receipt["done_before"], receipt["identical"]) == (8, True)
    # what was there before the first attempt, not what it left
    backups = [
        backup_in(repository.artifacts()[f"heimdall-sync-apply-production-{attempt}"]) for attempt in (1, 2)
    ]
    assert contents(backups[0]) == contents(backups[1]) == contents(production())
    assert "rebuilt from the plan" not in again.log
    # every operation once, over both attempts
    assert len(done) + len(writes(target)) == operations_of(plan)
    assert not Counter(done) & Counter(writes(target))


def test_a_promotion_that_failed_twice_is_rolled_back_and_drift_knows_it(
    repository: Repository, target: Sandbox
) -> None:
    """Each attempt keeps the backup of the first. The rollback fails as well, and its job is run again."""

    def fail_from(number: int) -> None:
        failing = Answer(status=500, body='{"error": "dying"}')
        target.add_fault(failing, methods=["POST", "PUT", "DELETE"], path=PROBES, nth=number, times=None)

    fail_from(9)
    first = repository.run(PROMOTE, inputs=TARGET)
    assert first.jobs == {"plan": "success", "apply": "failure", "result": "failure"}, first.log
    kept = {"plan": outputs_of_job(PROMOTE, "plan", first)}
    second = repository.run(PROMOTE, inputs=TARGET, attempt=2, kept=kept)
    assert second.jobs["apply"] == "failure", second.log
    target.clear_faults()
    artifacts = repository.artifacts()
    backups = [artifacts[f"heimdall-sync-backup-production-{attempt}"] for attempt in (1, 2)]
    assert contents(backup_in(backups[0])) == contents(backup_in(backups[1])) == contents(production())
    for each in backups:
        assert {"backup", "plan"} <= {file.name.partition("-")[0] for file in each.iterdir()}

    inputs = {**TARGET, "run": "1"}
    repository.github.runs["1"] = run_of("a-branch")
    refused = repository.run(ROLLBACK, inputs=inputs, run_id=2)
    assert refused.jobs == {"plan": "failure", "result": "failure"}, refused.log
    assert "Run 1 was not started on the branch main of this repository" in refused.log
    repository.github.runs["1"] = run_of()
    fail_from(3)
    half = repository.run(ROLLBACK, inputs=inputs, run_id=3)
    assert half.jobs == {"plan": "success", "apply": "failure", "result": "failure"}, half.log
    assert "It undoes the plan" in half.log
    target.clear_faults()
    kept = {"plan": outputs_of_job(ROLLBACK, "plan", half)}
    back = repository.run(ROLLBACK, inputs=inputs, run_id=3, attempt=2, kept=kept)
    assert back.jobs == {"plan": "success", "apply": "success", "result": "success"}, back.log
    assert back.outputs("result", "judge")["result"] == "rolled-back"
    assert contents(target.snapshot()) == contents(production())
    assert repository.cached()[-1] == "heimdall-sync/receipt/production/3-2"

    drifted = repository.run(DRIFT, inputs=TARGET, run_id=4)
    assert drifted.outputs("drift", "drift")["drift"] == "true"
    assert "Taken back by a rollback:" in drifted.log
    assert "Waiting in the source" not in drifted.log
    assert "Changed in the target by hand" not in drifted.log


def test_without_secrets_nothing_is_sent(repository: Repository, source: Sandbox, target: Sandbox) -> None:
    run = repository.run(PROMOTE, inputs=TARGET, secrets={})
    assert run.code != 0
    assert run.jobs == {"plan": "failure", "result": "failure"}, run.log
    assert "HEIMDALL_SOURCE_TOKEN" in run.log
    assert "HEIMDALL_TARGET_TOKEN" in run.log
    assert run.steps("plan")["Keep the plan"] == "success"
    assert source.requests() == target.requests() == ()


def test_a_gate_that_asks_nobody_is_refused_under_any_name(
    repository: Repository, source: Sandbox, target: Sandbox
) -> None:
    repository.github.environments |= {"prod/eu": gated(), "break:glass": gated(reviewers=0)}
    inputs = {"target": "prod/eu", "breakglass": "break:glass"}
    with Webhook() as webhook:
        run = repository.run(
            PROMOTE,
            inputs=inputs,
            more_secrets={"HEIMDALL_NOTICE_URL": webhook.url},
        )
    assert run.jobs == {"plan": "failure", "result": "failure"}, run.log
    assert run.outputs("plan", "plan")["refused"] == "true"
    assert run.outputs("result", "judge")["result"] == "refused"
    assert "'break:glass' has no required reviewers" in run.log
    assert [path.rpartition("/")[2] for path in repository.github.asked] == ["prod%2Feu", "break%3Aglass"]
    [notice] = webhook.heard
    assert notice["text"].startswith("Heimdall: the promotion to prod/eu is refused: https://")
    [artifact] = repository.artifacts()
    assert artifact.startswith("heimdall-sync-plan-prod_eu-")
    assert source.requests() == target.requests() == ()


def test_a_dangerous_plan_waits_for_other_people_under_a_name_of_any_length(
    repository: Repository, source: Sandbox, target: Sandbox
) -> None:
    """The example deletes a group with members; an action more is harmless."""
    long = "production of the customers / " * 4
    inputs = {"target": long.strip(), "breakglass": "break/glass"}
    repository.github.environments |= dict.fromkeys(inputs.values(), gated())

    dangerous = repository.run(PROMOTE, inputs=inputs)

    assert dangerous.jobs == {"plan": "success", "apply": "success", "result": "success"}, dangerous.log
    assert contents(target.snapshot()) == contents(source.snapshot())
    counts = dangerous.outputs("plan", "plan")
    assert counts["destructive"] == "true"
    # what an approver sees beside the environment
    named = f"Apply {counts['changes']} changes to {inputs['target']}"
    assert any(record.get("job", "").endswith(named) for record in dangerous.records)
    waited = {name.split("-")[2]: environment for name, environment in repository.waited_in().items()}
    other = "break/glass"
    assert waited == {"plan": f"{inputs['target']}-plan", "apply": other, "backup": other}

    change_by_hand(source)
    harmless = repository.run(PROMOTE, inputs=inputs, run_id=2)

    assert harmless.code == 0, harmless.log
    waited = {name.split("-")[2]: environment for name, environment in repository.waited_in().items()}
    assert waited["apply"] == inputs["target"]


def test_what_is_refused_is_not_applied(repository: Repository, target: Sandbox) -> None:
    run = repository.run(PROMOTE, inputs={**TARGET, "fail-on-unprotected": "true"})
    assert run.code != 0
    assert run.jobs == {"plan": "failure", "result": "failure"}, run.log
    assert run.outputs("plan", "plan")["refused"] == "true"
    assert "heimdall-sync-plan-production-1" in repository.artifacts()
    assert writes(target) == []


def test_a_chain_promotes_to_each_target(repository: Repository, source: Sandbox, target: Sandbox) -> None:
    with launch(production(), people=PEOPLE, first_id=2000) as last:
        run = repository.run(CHAIN, environments=chained(source, target, last))
        assert run.code == 0, run.log
        assert contents(last.snapshot()) == contents(target.snapshot()) == contents(source.snapshot())
    assert set(repository.artifacts()) == {
        f"heimdall-sync-{done}-{name}-1"
        for done in ("plan", "apply", "backup")
        for name in ("staging", "production")
    }


def test_a_chain_goes_on_where_a_target_was_equal_already(repository: Repository, source: Sandbox) -> None:
    with launch(staging()) as equal, launch(production(), people=PEOPLE, first_id=2000) as last:
        run = repository.run(CHAIN, environments=chained(source, equal, last))
        assert run.code == 0, run.log
        assert contents(last.snapshot()) == contents(source.snapshot())
    assert set(repository.artifacts()) == {
        "heimdall-sync-plan-staging-1",
        "heimdall-sync-plan-production-1",
        "heimdall-sync-apply-production-1",
        "heimdall-sync-backup-production-1",
    }


def test_a_chain_ends_where_a_target_fails(repository: Repository, source: Sandbox, target: Sandbox) -> None:
    with launch(production(), people=PEOPLE, first_id=2000) as last:
        target.add_fault(
            Answer(status=500, body='{"error": "dying"}'),
            methods=["POST", "PUT", "DELETE"],
            path=PROBES,
            nth=9,
            times=None,
        )
        run = repository.run(CHAIN, environments=chained(source, target, last))
        assert run.code != 0
        assert last.requests() == ()


def test_scheduled_drift_calls_the_reusable_workflow(repository: Repository, target: Sandbox) -> None:
    run = repository.run(SCHEDULED_DRIFT)
    assert run.code != 0
    assert "heimdall-sync-drift-production-1" in repository.artifacts()
    assert writes(target) == []


def test_clients_in_place_of_tokens(repository: Repository) -> None:
    with TokenServer("reader", "one-of-them") as source, TokenServer("writer", "the-other") as target:
        run = repository.run(
            DRIFT,
            inputs=TARGET,
            variables={
                "HEIMDALL_SOURCE_TOKEN_URL": source.url,
                "HEIMDALL_SOURCE_CLIENT_ID": "reader",
                "HEIMDALL_TARGET_TOKEN_URL": target.url,
                "HEIMDALL_TARGET_CLIENT_ID": "writer",
            },
            secrets={
                "HEIMDALL_SOURCE_CLIENT_SECRET": "one-of-them",
                "HEIMDALL_TARGET_CLIENT_SECRET": "the-other",
            },
        )
        assert run.outputs("drift", "drift")["drift"] == "true"
        assert source.issued
        assert target.issued


def test_drift_opens_an_issue(repository: Repository) -> None:
    run = repository.run(ISSUE)
    assert run.jobs == {"drift": "failure", "issue": "success"}, run.log
    [issue] = json.loads((repository.store / "issues.json").read_text())["issues"]
    assert f": {run.outputs('drift', 'drift')['changes']}." in issue["body"]


def test_the_gitlab_jobs_in_the_image(tmp_path: Path, source: Sandbox, target: Sandbox) -> None:
    tmp_path.chmod(0o777)  # as GitLab's runner leaves it to the image's user
    jobs = yaml.safe_load((ROOT / "examples" / "gitlab-ci.yml").read_text())
    given = {
        **jobs[".heimdall-sync"]["variables"],
        "HEIMDALL_SOURCE_URL": source.url,
        "HEIMDALL_SOURCE_TOKEN": source.token,
        "HEIMDALL_TARGET_URL": target.url,
        "HEIMDALL_TARGET_TOKEN": target.token,
    }
    for job in ("plan", "apply"):
        script = "\n".join(jobs[job]["script"])
        shell = [*ON_THE_HOST, mount(tmp_path, "/builds"), "--workdir=/builds", "--entrypoint=sh"]
        ended = run("-ec", script, options=shell, variables=given)
        assert ended.code == 0, ended.out
        dotenv = (tmp_path / "plan.env").read_text()
        given |= dict(line.split("=", 1) for line in dotenv.splitlines())
        # what somebody might type in who starts the next job by hand
        given |= {"HEIMDALL_PLAN": "other.json", "HEIMDALL_EXPECT_DIGEST": f"sha256:{'0' * 64}"}
    assert contents(target.snapshot()) == contents(source.snapshot())
    assert (tmp_path / "heimdall-sync-report" / "receipt.json").is_file()
