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

from tests.github_api import TOKEN, GitHub, run_of
from tests.workflows.act import ROOT, STAND_INS
from tests.workflows.webhook import Webhook


def run_step(
    path: Path, job: str, name: str, cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a step's script with the variables that the file gives it as they are written, and with these."""
    workflow = yaml.safe_load(path.read_text())
    [step] = [step for step in workflow["jobs"][job]["steps"] if step["name"] == name]
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=cwd,
        env={
            **workflow.get("env", {}),
            **step["env"],
            "PATH": f"{STAND_INS / 'gh'}:{STAND_INS / 'date'}:{os.environ['PATH']}",
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
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


@pytest.mark.slow
class TestOneComment:
    """The comment and the label on a pull request."""

    PATH = ROOT / "examples" / "git-pull-request.yml"

    def tell(self, folder: Path, severity: str, text: str | None, number: str = "7") -> Any:
        """Tell the scripts what a plan has found, and return what GitHub keeps after it."""
        (folder / "report").mkdir(exist_ok=True)
        comment = folder / "report" / "comment.md"
        comment.unlink(missing_ok=True)
        if text is not None:
            comment.write_text(f"<!-- heimdall-sync:production -->\n\n{text}\n")
        environ = {"GH_STORE": str(folder / "store.json"), "GH_REPO": "O/r", "NUMBER": number, "RUN": "run/1"}
        for step in ("Write or update the comment", "Set the label"):
            ended = run_step(self.PATH, "comment", step, folder, **environ, SEVERITY=severity)
            assert (ended.returncode, ended.stderr) == (0, "")
        return json.loads((folder / "store.json").read_text())

    def test_is_updated_in_place_with_the_only_label(self, tmp_path: Path) -> None:
        kept = self.tell(tmp_path, "opens", "first $(id) `id` ${GH_TOKEN}")
        assert [each["body"].splitlines()[2] for each in kept["comments"]] == ["first $(id) `id` ${GH_TOKEN}"]
        assert kept["labelled"] == {"7": ["heimdall: opens"]}
        kept["labelled"]["7"].append("bug")
        (tmp_path / "store.json").write_text(json.dumps(kept))
        kept = self.tell(tmp_path, "harmless", "second")
        assert [each["body"].splitlines()[2] for each in kept["comments"]] == ["second"]
        assert sorted(kept["labelled"]["7"]) == ["bug", "heimdall: harmless"]
        assert kept["labels"] == ["heimdall: harmless", "heimdall: opens"]

    def test_without_a_plan_it_says_so_and_there_is_no_label(self, tmp_path: Path) -> None:
        self.tell(tmp_path, "destructive", "first")
        kept = self.tell(tmp_path, "", None)
        [comment] = kept["comments"]
        assert comment["body"].endswith("**There is no plan:** the run ended before it: run/1\n")
        assert kept["labelled"] == {"7": []}

    def test_comments_of_others_are_left_alone(self, tmp_path: Path) -> None:
        marker = "<!-- heimdall-sync:production -->\n"
        others = [
            {"id": 1, "issue": 7, "body": f"{marker}mine", "user": {"login": "somebody"}},
            {"id": 2, "issue": 7, "body": f"> {marker}", "user": {"login": "github-actions[bot]"}},
            {"id": 3, "issue": 8, "body": marker, "user": {"login": "github-actions[bot]"}},
        ]
        (tmp_path / "store.json").write_text(json.dumps({"comments": others}))
        kept = self.tell(tmp_path, "grants", "first")
        assert kept["comments"][:3] == others
        assert self.tell(tmp_path, "grants", "second")["comments"][3]["body"] == f"{marker}\nsecond\n"


@pytest.mark.slow
class TestOnePullRequest:
    """The pull request that is open while the folder lacks what people have changed."""

    @pytest.fixture
    def clone(self, tmp_path: Path) -> Path:
        """Return a clone with a folder in it, as of the default branch."""
        clone = tmp_path / "clone"
        self.git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin")
        self.git(tmp_path, "clone", "--quiet", "origin", "clone")
        self.git(clone, "checkout", "--quiet", "-B", "main")
        for name in ("README.md", ".kept/x.toml", "actions.toml", "roles/gone.toml"):
            (clone / "heimdall" / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / "heimdall" / name).write_text(name)
        self.git(clone, "add", "--all")
        self.git(clone, "commit", "--quiet", "--message", "A")
        self.git(clone, "push", "--quiet", "origin", "main")
        return clone

    def git(self, folder: Path, *command: str) -> str:
        named = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        ended = subprocess.run(
            ["git", *named, *command], cwd=folder, check=True, capture_output=True, text=True
        )
        return ended.stdout

    def export(self, clone: Path, actions: str, run: str) -> Any:
        """Hand over what an export has made of the folder, and return the pull requests after it."""
        self.git(clone, "checkout", "--quiet", "--force", "--detach", "origin/main")
        exported = clone / "exported"
        (exported / "groups").mkdir(parents=True, exist_ok=True)
        files = {"README.md": "README.md", "actions.toml": actions}
        files |= (
            {"roles/gone.toml": "roles/gone.toml"} if actions == "actions.toml" else {"groups/g.toml": "g"}
        )
        for name in ("roles/gone.toml", "groups/g.toml"):
            (exported / name).unlink(missing_ok=True)
        for name, text in files.items():
            (exported / name).parent.mkdir(exist_ok=True)
            (exported / name).write_text(text)
        ended = run_step(
            ROOT / "examples" / "git-export.yml",
            "propose",
            "Open, update or close the pull request",
            clone,
            BASE="main",
            GH_STORE=str(clone.parent / "store.json"),
            GH_REPO="O/r",
            RUN=run,
            HOME=str(clone.parent),
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads((clone.parent / "store.json").read_text())["pulls"]

    def test_is_opened_updated_and_closed_as_changes_come_and_go(self, clone: Path) -> None:
        assert self.export(clone, "actions.toml", "run/1") == []
        [opened] = self.export(clone, "changed", "run/2")
        assert (opened["state"], opened["head"], opened["base"]) == ("open", "heimdall-export", "main")
        assert "run/2" in opened["body"]
        origin = clone.parent / "origin"
        changed = self.git(origin, "diff", "--name-status", "main", "heimdall-export").split()
        assert changed == [
            *("M", "heimdall/actions.toml", "A", "heimdall/groups/g.toml"),
            *("D", "heimdall/roles/gone.toml"),
        ]
        first = self.git(origin, "rev-parse", "heimdall-export")
        assert self.export(clone, "changed", "run/3") == [opened]
        assert self.git(origin, "rev-parse", "heimdall-export") == first, "nothing new, nothing pushed"
        assert self.export(clone, "changed again", "run/4") == [opened]
        assert self.git(origin, "show", "heimdall-export:heimdall/actions.toml") == "changed again"
        assert self.git(origin, "rev-list", "--count", "main..heimdall-export") == "1\n"
        [closed] = self.export(clone, "actions.toml", "run/5")
        assert (closed["state"], "run/5" in closed["comments"][0]) == ("closed", True)

    def test_that_of_a_fork_is_left_alone(self, clone: Path) -> None:
        fork = {"head": "heimdall-export", "state": "open", "fork": True, "comments": []}
        (clone.parent / "store.json").write_text(json.dumps({"pulls": [fork]}))
        assert [pull["fork"] for pull in self.export(clone, "changed", "run/1")] == [True, False]
        assert self.export(clone, "actions.toml", "run/2")[0] == fork


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


def judged(tmp_path: Path, **found: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the step that judges a promotion; return it, and the result that it publishes."""
    output = tmp_path / "output"
    promote = ROOT / "examples" / "promote.yml"
    environ = {"GITHUB_OUTPUT": str(output), **found}
    ended = run_step(promote, "result", "Judge plan and apply", cwd=tmp_path, **environ)
    return ended, output.read_text().removeprefix("result=").rstrip("\n")


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
    ended, published = judged(tmp_path, PLAN=plan, APPLY=apply, CHANGES=changes, REFUSED=refused)
    assert published == result
    assert (ended.returncode == 0) is (result in {"promoted", "equal"})
    assert ended.stdout.startswith("::error::") is (ended.returncode != 0)


def test_a_promotion_whose_plan_is_no_longer_right_is_stale(tmp_path: Path) -> None:
    found = {"PLAN": "success", "APPLY": "failure", "CHANGES": "3", "REFUSED": "true", "STALE": "true"}
    ended, published = judged(tmp_path, **found)
    assert (ended.returncode, published) == (1, "stale")
    assert ended.stdout.startswith("::error::The promotion is stale")


@pytest.mark.parametrize("refused", ["false", "true"])
def test_an_apply_that_another_run_follows_says_where_to_start_it(tmp_path: Path, refused: str) -> None:
    ended, published = judged(
        tmp_path,
        PLAN="success",
        APPLY="failure",
        CHANGES="3",
        REFUSED=refused,
        ANOTHER_RUN="true",
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
        GITHUB_SERVER_URL="https://github.example",
        GITHUB_REPOSITORY="owner/access",
        GITHUB_WORKFLOW_REF="owner/access/.github/workflows/promote.yml@refs/heads/a@b",
    )
    assert ended.returncode == 1, "a chain must not go on to the next target"
    if refused == "true":
        assert published == "refused"
        return
    assert published == "another-run"
    start = "https://github.example/owner/access/actions/workflows/promote.yml"
    assert f"[Start it]({start})" in (tmp_path / "summary").read_text()
    assert ended.stdout.rstrip().endswith(start)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("1", ""),
        ("2", "Run 2 was not started on the branch main of this repository"),
        ("3", "Run 3 was not started on the branch main of this repository"),
        ("4", "curl: (22)"),
        ("1/artifacts", "The input run should be the number of a run"),
        ("", "The input run should be the number of a run"),
    ],
)
def test_only_a_run_of_the_default_branch_is_undone(run: str, said: str) -> None:
    with GitHub() as api:
        api.runs = {"1": run_of(), "2": run_of("a-branch"), "3": run_of(repository="somebody/fork")}
        environ = {**api.environ, "BRANCH": "main", "RUN": run, "TOKEN": TOKEN}
        name = "Check that the run to undo was one of the default branch"
        ended = run_step(ROOT / "examples" / "rollback.yml", "plan", name, None, **environ)
    assert (ended.returncode == 0) is (not said)
    assert said in ended.stdout + ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr


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
