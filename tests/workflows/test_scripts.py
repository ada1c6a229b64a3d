"""The scripts in examples, run as a runner runs them."""

import json
import os
import re
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows.act import ROOT, STAND_INS
from tests.workflows.webhook import Webhook


def run_step(
    path: Path, job: str, name: str, folder: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a step's script with the variables that the step gives it as they are written, and with these."""
    steps = yaml.safe_load(path.read_text())["jobs"][job]["steps"]
    [step] = [step for step in steps if step["name"] == name]
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={
            **step["env"],
            "PATH": f"{STAND_INS / 'gh'}:{STAND_INS / 'date'}:{os.environ['PATH']}",
            **environ,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


class TestOneIssue:
    """The issue that is there while there is drift."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Path:
        return tmp_path / "issues.json"

    def notice(
        self, store: Path, drift: str, run: str, changes: str = "3", target: str = "production"
    ) -> list[Any]:
        """Tell the script what a check has found, and return the issues after it."""
        ended = run_step(
            ROOT / "examples" / "drift-issue.yml",
            "issue",
            "Open, update or close the issue",
            DRIFT=drift,
            CHANGES=changes,
            RUN=run,
            TARGET=target,
            GH_STORE=str(store),
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        issues = json.loads(store.read_text())["issues"]
        assert isinstance(issues, list)
        return issues

    def test_is_opened_updated_and_closed_as_drift_comes_and_goes(self, store: Path) -> None:
        assert self.notice(store, "false", "run/1") == []
        [opened] = self.notice(store, "true", "run/2")
        assert opened["state"] == "open"
        assert "production" in opened["title"]
        assert "run/2" in opened["body"]
        [updated] = self.notice(store, "true", "run/3", changes="5")
        assert updated["state"] == "open"
        assert "run/3" in updated["body"]
        assert ": 5." in updated["body"]
        [closed] = self.notice(store, "false", "run/4")
        assert closed["state"] == "closed"
        assert "run/4" in closed["comments"][0]
        assert self.notice(store, "false", "run/5") == [closed]
        assert [issue["state"] for issue in self.notice(store, "true", "run/6")] == ["closed", "open"]

    def test_each_target_has_its_own(self, store: Path) -> None:
        self.notice(store, "true", "run/1")
        self.notice(store, "true", "run/2", target='the "other"')
        first, second = self.notice(store, "false", "run/3")
        assert (first["state"], second["state"]) == ("closed", "open")
        assert 'the "other"' in second["title"]
        assert "run/2" in second["body"]

    def test_others_are_left_alone(self, store: Path) -> None:
        other = {"title": "Other", "body": "", "label": "bug", "state": "open", "comments": []}
        store.write_text(json.dumps({"labels": ["bug"], "issues": [other]}))
        assert self.notice(store, "false", "run/1") == [other]
        assert self.notice(store, "true", "run/2")[0] == other


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        ("2 09:00", True),
        ("4 11:59", True),
        ("2 08:59", False),
        ("3 12:00", False),
        ("1 10:00", False),
        ("5 10:00", False),
    ],
)
def test_nothing_is_applied_outside_the_change_window(now: str, *, inside: bool) -> None:
    path = ROOT / "examples" / "promote-change-window.yml"
    ended = run_step(path, "apply", "Only within the change window", NOW=now)
    assert (ended.returncode == 0) is inside
    assert (
        ended.stdout.startswith("::error::Changes are made on days 2 3 4 from 09:00 to 12:00") is not inside
    )


@pytest.mark.parametrize(
    ("plan", "apply", "changes", "refused", "result"),
    [
        ("success", "success", "3", "false", "promoted"),
        ("success", "skipped", "0", "false", "equal"),
        ("failure", "skipped", "0", "false", "failed"),  # only what no change can remove is left
        ("failure", "skipped", "", "false", "failed"),
        ("failure", "skipped", "3", "true", "refused"),
        ("success", "failure", "3", "false", "failed"),
        ("success", "failure", "3", "true", "refused"),
        ("success", "cancelled", "3", "false", "cancelled"),
        ("cancelled", "skipped", "", "false", "cancelled"),
        ("success", "skipped", "3", "false", "failed"),
        ("success", "skipped", "", "false", "failed"),
        ("skipped", "skipped", "", "false", "failed"),
    ],
)
def test_a_promotion_succeeds_where_it_was_applied_or_had_nothing_to_apply(
    tmp_path: Path, plan: str, apply: str, changes: str, refused: str, result: str
) -> None:
    ended = run_step(
        ROOT / "examples" / "promote.yml",
        "result",
        "Judge plan and apply",
        PLAN=plan,
        APPLY=apply,
        CHANGES=changes,
        REFUSED=refused,
        GITHUB_OUTPUT=str(tmp_path / "output"),
    )
    assert (tmp_path / "output").read_text() == f"result={result}\n"
    assert (ended.returncode == 0) is (result in {"promoted", "equal"})
    assert ended.stdout.startswith("::error::") is (ended.returncode != 0)


def test_a_promotion_whose_plan_is_no_longer_right_is_stale(tmp_path: Path) -> None:
    output = tmp_path / "output"
    ended = run_step(
        ROOT / "examples" / "promote.yml",
        "result",
        "Judge plan and apply",
        PLAN="success",
        APPLY="failure",
        CHANGES="3",
        REFUSED="true",
        STALE="true",
        GITHUB_OUTPUT=str(output),
    )
    assert (ended.returncode, output.read_text()) == (1, "result=stale\n")
    assert ended.stdout.startswith("::error::The promotion is stale")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("production", "production"),
        ("prod-eu_1.2", "prod-eu_1.2"),
        ("prod/eu: west", "prod_eu__west-"),
        ("prod/eu? west", "prod_eu__west-"),
        ("Produção", "Produ"),
        ("p" * 60, "p" * 60),
        ("production-" * 23, "production-" * 5),
    ],
)
def test_a_name_that_every_artifact_may_have(tmp_path: Path, target: str, name: str) -> None:
    path = ROOT / "examples" / "promote.yml"
    output = tmp_path / "output"
    ended = run_step(
        path, "plan", "Name artifacts and cache entries", TARGET=target, GITHUB_OUTPUT=str(output)
    )
    assert ended.returncode == 0
    found = re.fullmatch(r"name=([A-Za-z0-9._-]+)\n", output.read_text())
    assert found
    assert found[1].startswith(name)
    assert len(found[1]) < 70
    # two targets never share one
    assert (found[1] == target) or found[1].endswith(sha256(target.encode()).hexdigest()[:8])


class TestNotices:
    """What a webhook hears."""

    NAME = "Tell that a plan waits for approval"

    def tell(self, url: str, text: str) -> subprocess.CompletedProcess[str]:
        return run_step(ROOT / "examples" / "promote.yml", "plan", self.NAME, NOTICE_URL=url, TEXT=text)

    def test_a_webhook_hears_the_text_as_it_is(self) -> None:
        with Webhook() as webhook:
            ended = self.tell(f"{webhook.url}?key=secret", 'Heimdall: 3 changes to "prod" \\ wait')
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
        assert webhook.heard == [{"text": 'Heimdall: 3 changes to "prod" \\ wait'}]

    def test_without_a_webhook_nothing_is_sent(self) -> None:
        ended = self.tell("", "Heimdall")
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")

    def test_a_webhook_that_is_gone_says_so_without_its_url(self) -> None:
        with Webhook() as gone:
            pass
        ended = self.tell(f"{gone.url}?key=secret", "Heimdall")
        assert ended.returncode != 0
        assert "secret" not in ended.stdout + ended.stderr


def test_a_plan_that_can_not_make_both_equal_says_so_and_fails() -> None:
    name = "Fail if only differences are left that no change can remove"
    ended = run_step(ROOT / "examples" / "promote.yml", "plan", name, OPEN="2")
    assert ended.returncode == 1
    [line] = ended.stdout.splitlines()
    assert line.startswith("::error::")
    assert "(2): see the summary" in line


def test_the_gitlab_plan_passes_on_its_own_digest(tmp_path: Path) -> None:
    """Not one of the other digests in the file: those of the snapshots."""
    script = yaml.safe_load((ROOT / "examples" / "gitlab-ci.yml").read_text())["plan"]["script"]
    plan = {"source": {"digest": "sha256:a"}, "digest": "sha256:b", "target": {"digest": "sha256:c"}}
    (tmp_path / "heimdall-sync-report").mkdir()
    (tmp_path / "heimdall-sync-report" / "plan.json").write_text(json.dumps(plan))
    subprocess.run(["sh", "-ec", "\n".join(script[1:])], cwd=tmp_path, check=True)
    assert (tmp_path / "plan.env").read_text() == "PLAN=b\n"
    assert (tmp_path / "heimdall-sync-report" / "digest").read_text() == "sha256:b\n"


def test_the_gitlab_apply_keeps_the_first_backup_beside_the_checkpoint(tmp_path: Path) -> None:
    job = yaml.safe_load((ROOT / "examples" / "gitlab-ci.yml").read_text())["apply"]
    script = "\n".join(job["after_script"])
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True)
    report, kept = tmp_path / "heimdall-sync-report", tmp_path / job["cache"]["paths"][0]
    report.mkdir()
    kept.mkdir()
    for text in ("first", "later"):
        (report / "backup-a.json").write_text(text)
        subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True)
    assert (kept / "backup-a.json").read_text() == "first"
