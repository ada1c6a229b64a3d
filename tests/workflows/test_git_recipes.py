"""The recipes for snapshots in git, and those that no other test runs, from end to end by act."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.process import Sandbox, launch
from sync.snapshots.folder import read_snapshot, write_folder
from tests.e2e.conftest import equal, writes
from tests.github_api import gated
from tests.workflows.act import NAME, ROOT, Repository, Run

pytestmark = pytest.mark.container

EXAMPLES = ROOT / "examples"
REVIEW, PROMOTE, EXPORT = (EXAMPLES / f"git-{name}.yml" for name in ("pull-request", "promote", "export"))
WINDOW, SEVERAL = (EXAMPLES / f"promote-{name}.yml" for name in ("change-window", "several"))
MARKER = "<!-- heimdall-sync:production -->\n"


def kept(repository: Repository) -> Any:
    """Return what GitHub keeps beside the repository: comments, labels, pull requests."""
    return json.loads((repository.store / "issues.json").read_text())


def operations_in(artifact: Path) -> list[tuple[str, ...]]:
    """Return what the plan in an artifact changes."""
    waves = json.loads((artifact / "plan.json").read_text())["waves"]
    keys = ("verb", "kind", "name", "member")
    return [tuple(map(operation.get, keys)) for wave in waves for operation in wave["operations"]]


@pytest.fixture
def folder(repository: Repository) -> Path:
    """Return the folder of a repository that holds what production holds."""
    folder = repository.checkout / "heimdall"
    write_folder(folder, production(), 0o644)
    repository.commit("The folder")
    return folder


def review(repository: Repository, run_id: int, *, fork: bool = False) -> Run:
    """Run the review of what is edited, as the pull request's workflow does."""
    payload = repository.merge(7, fork=fork)
    ran = repository.run(
        REVIEW, event="pull_request", payload=payload, run_id=run_id, secrets={}, variables=None
    )
    repository.git("checkout", "--quiet", "pull-7")
    return ran


class TestPullRequest:
    def test_a_line_is_a_change_and_a_comment_that_is_updated_in_place(
        self, repository: Repository, folder: Path, source: Sandbox, target: Sandbox
    ) -> None:
        role = next(role for role in production().roles if role.actions)
        other = next(each.name for each in production().actions if each.name not in (role.actions or ()))
        file = folder / "roles" / f"{role.name}.toml"
        unedited = file.read_text()
        file.write_text(unedited.replace("actions = [\n", f'actions = [\n  "{other}",\n'))

        first = review(repository, 1)

        assert first.jobs == {"plan": "success", "comment": "success"}, first.log
        [artifact] = repository.artifacts().values()
        assert operations_in(artifact) == [("assign", "role", role.name, other)]
        [comment] = kept(repository)["comments"]
        assert comment["body"] == (artifact / "comment.md").read_text()
        assert comment["body"].startswith(MARKER)
        assert "`production` (`snapshot base/heimdall`) equal to `snapshot heimdall`" in comment["body"]
        severity = first.outputs("plan", "plan")["severity"]
        assert kept(repository)["labelled"] == {"7": [f"heimdall: {severity}"]}

        file.write_text(unedited)
        hostile = '[[actions]]\nname = "@octocat <!-- x --> $(id) `id` | #1"\ndescription = "::error::x"\n'
        (folder / "more.toml").write_text(hostile)
        second = review(repository, 2)

        assert second.jobs == {"plan": "success", "comment": "success"}, second.log
        [updated] = kept(repository)["comments"]
        assert updated["id"] == comment["id"]
        assert "``@octocat <!-- x --> $(id) `id` \\| #1``" in updated["body"]
        assert kept(repository)["labelled"] == {"7": ["heimdall: harmless"]}
        assert source.requests() == target.requests() == ()

        (folder / "more.toml").write_text('[[actions]]\nnaem = "x"\n')
        third = review(repository, 3)

        assert third.jobs == {"plan": "failure", "comment": "success"}, third.log
        assert "::error file=heimdall/more.toml,line=2,title=heimdall-sync::the key 'naem'" in third.log
        [updated] = kept(repository)["comments"]
        assert "`heimdall/more.toml:2`: the key `naem` is unknown" in updated["body"]
        assert kept(repository)["labelled"] == {"7": []}

    def test_the_first_of_a_fork_is_planned_and_has_no_comment(self, repository: Repository) -> None:
        write_folder(repository.checkout / "heimdall", staging(), 0o644)
        ran = review(repository, 1, fork=True)
        assert ran.jobs == {"plan": "success"}, ran.log
        assert not (repository.store / "issues.json").exists()
        [artifact] = repository.artifacts().values()
        assert len(operations_in(artifact)) > len(staging().actions)


def test_a_merge_promotes_the_folder_behind_the_gate(
    repository: Repository, folder: Path, source: Sandbox, target: Sandbox
) -> None:
    write_folder(folder, staging(), 0o644)
    repository.commit("A merge")
    secrets = {"HEIMDALL_TARGET_TOKEN": target.token}
    ran = repository.run(PROMOTE, event="push", secrets=secrets)
    assert ran.code == 0, ran.log
    assert set(repository.artifacts()) == {
        f"heimdall-sync-{done}-production-1" for done in ("plan", "apply", "backup")
    }
    assert equal(target.snapshot(), staging())
    assert source.requests() == ()
    assert len(repository.github.asked) == 1, "the gate was looked at"


def test_the_nightly_export_becomes_a_pull_request(
    repository: Repository, folder: Path, target: Sandbox, tmp_path: Path
) -> None:
    origin = tmp_path / "origin"
    subprocess.run(["git", "clone", "--quiet", "--bare", repository.checkout, origin], check=True)
    elsewhere = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{origin}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{NAME}",
    }
    (folder / "README.md").write_text("Ask security before you change this.")
    repository.commit("A note")
    secrets = {"HEIMDALL_TARGET_TOKEN": target.token}

    same = repository.run(EXPORT, event="schedule", secrets=secrets, environ=elsewhere)

    assert same.jobs == {"export": "success", "propose": "success"}, same.log
    assert kept(repository)["pulls"] == []

    target.reset(staging())
    changed = repository.run(EXPORT, event="schedule", run_id=2, secrets=secrets, environ=elsewhere)

    assert changed.jobs == {"export": "success", "propose": "success"}, changed.log
    [pull] = kept(repository)["pulls"]
    assert (pull["head"], pull["state"]) == ("heimdall-export", "open")
    proposed = tmp_path / "proposed"
    subprocess.run(["git", "clone", "-qb", "heimdall-export", origin, proposed], check=True)
    assert equal(read_snapshot(proposed / "heimdall"), staging())
    assert (proposed / "heimdall" / "README.md").exists()
    assert writes(target) == []


def test_several_targets_are_promoted_each_by_itself(
    repository: Repository, source: Sandbox, target: Sandbox
) -> None:
    repository.github.environments |= {f"production-{name}": gated() for name in ("north", "south")}
    with launch(production(), people=PEOPLE, first_id=2000) as south:
        urls = {"production-north": target.url, "production-south": south.url}
        both = {
            name: {"HEIMDALL_SOURCE_URL": source.url, "HEIMDALL_TARGET_URL": url}
            for name, url in urls.items()
        }
        ran = repository.run(SEVERAL, environments=both)
        assert ran.code == 0, ran.log
        assert equal(target.snapshot(), source.snapshot())
        assert equal(south.snapshot(), source.snapshot())
    assert set(repository.artifacts()) == {
        f"heimdall-sync-{done}-{name}-1" for done in ("plan", "apply", "backup") for name in both
    }


def test_outside_the_change_window_nothing_is_applied(repository: Repository, target: Sandbox) -> None:
    ran = repository.run(WINDOW, inputs={"target": "production"}, environ={"NOW": "7 10:00"})
    assert ran.jobs == {"plan": "success", "apply": "failure", "result": "failure"}, ran.log
    assert "it is day 7, 10:00" in ran.log
    assert writes(target) == []
