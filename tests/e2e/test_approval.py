"""What was approved is what runs, and what a guardrail objects to does not."""

import json
import re
from pathlib import Path

import pytest
import requests

from sync.cli import main
from sync.model.snapshot import SUPERADMIN, Action, Group, Role, Snapshot
from sync.sandbox.example import production, staging
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from sync.sandbox.tokens import INVENTED_CPF
from tests.e2e.conftest import Ended, RunCommand, equal, writes
from tests.e2e.shell import Pair


def approve(ended: Ended) -> list[str]:
    """Put the plan aside, as an artifact is, and return the flags that apply it."""
    approved = ended.folder.parent / "approved.json"
    approved.write_bytes((ended.folder / "plan.json").read_bytes())
    return ["--plan", str(approved), "--expect-digest", ended.plan["digest"]]


def change_by_hand(sandbox: Sandbox, name: str) -> None:
    requests.post(
        f"{sandbox.url}/api/v1/actions/",
        json={"name": name, "description": "by hand"},
        headers={"Authorization": f"Bearer {sandbox.token}"},
        timeout=10,
    ).raise_for_status()
    sandbox.clear_requests()


def test_the_approved_plan_runs(pair: Pair, run: RunCommand) -> None:
    planned = run(*pair, "plan")
    assert planned.plan["digest"] in planned.out
    assert planned.plan["digest"] in planned.summary
    applied = run(*pair, "apply", *approve(planned))
    assert applied.code == 0
    assert equal(pair[1].snapshot(), staging())
    receipt = json.loads((applied.folder / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["plan"] == planned.plan["digest"]
    assert (receipt["done"], receipt["failed"], receipt["identical"]) == (29, 0, True)


@pytest.mark.parametrize("moved", ["source", "target"])
def test_a_side_that_has_moved_since_is_refused_with_what_has_changed(
    pair: Pair, run: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: str
) -> None:
    flags = approve(run(*pair, "plan"))
    output = tmp_path / "output"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    change_by_hand(pair[0] if moved == "source" else pair[1], "new:action")
    for more in ([], ["--resume"]):
        refused = run(*pair, "apply", *flags, *more)
        assert refused.code == 3
        assert writes(pair[1]) == []
        assert f"the plan is no longer what was approved ({moved} has changed since)" in refused.out
        verb = "create" if moved == "source" else "delete"
        for told in (refused.out, refused.summary):
            assert "new since the approval" in told.lower()
            assert "new:action" in told
        assert any(verb in case and "new:action" in case for case in refused.cases("failure"))
        assert re.search(r"^stale<<(\S+)\ntrue\n\1$", output.read_text(), re.MULTILINE)


def test_an_edited_plan_is_refused(pair: Pair, run: RunCommand) -> None:
    flags = approve(run(*pair, "plan"))
    path = Path(flags[1])
    path.write_text(path.read_text(encoding="utf-8").replace("users:export", "users:other"), encoding="utf-8")
    refused = run(*pair, "apply", *flags)
    assert refused.code == 3
    assert "was edited: its digest does not match its content" in refused.out
    assert writes(pair[1]) == []


def test_a_plan_that_can_not_be_read_is_wrong_usage(pair: Pair, run: RunCommand) -> None:
    refused = run(*pair, "apply", "--plan", "/proc/self/mem")
    assert refused.code == 64
    assert "--plan (HEIMDALL_PLAN): can't be read: " in refused.err


def test_a_plan_for_another_pair_is_refused(pair: Pair, run: RunCommand) -> None:
    flags = approve(run(*pair, "plan"))
    refused = run(pair[1], pair[0], "apply", *flags)
    assert refused.code == 3
    assert f"is for another source: {pair[0].url}, not {pair[1].url}" in refused.out


def test_a_flag_that_says_otherwise_than_the_plan_is_wrong_usage(pair: Pair, run: RunCommand) -> None:
    flags = approve(run(*pair, "plan", "--strategy", "zero-downtime"))
    refused = run(*pair, "apply", *flags, "--strategy", "least-privilege")
    assert refused.code == 64
    assert "--strategy (HEIMDALL_STRATEGY): differs from the plan, which has" in refused.err
    refused = run(*pair, "apply", *flags, "--ignore", "role:a")
    assert "--ignore (HEIMDALL_IGNORE): differs from the plan, which has none; leave it out" in refused.err
    applied = run(*pair, "apply", *flags)
    assert applied.code == 0
    assert applied.plan["rules"]["strategy"] == "zero-downtime"


def test_a_first_run_with_resume_is_a_normal_run(pair: Pair, run: RunCommand) -> None:
    assert run(*pair, "apply", "--resume").code == 0
    assert equal(pair[1].snapshot(), staging())


def test_a_foreign_checkpoint_is_refused(pair: Pair, run: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "sync_checkpoint.json").write_text("{}")
    refused = run(*pair, "apply", "--resume")
    assert refused.code == 3
    assert "is damaged, or another version of heimdall-sync wrote it" in refused.out
    assert writes(pair[1]) == []


def test_the_backup_restores_what_was(pair: Pair, run: RunCommand) -> None:
    source, target = pair
    [backup] = run(source, target, "apply").folder.glob("backup-*.json")
    restored = run(source, target, "apply", "--source-url", str(backup), "--max-delete-percent", "100")
    assert restored.code == 0, restored.out
    assert equal(target.snapshot(), production())


def test_an_export_is_a_valid_source(pair: Pair, run: RunCommand) -> None:
    exported = run(*pair, "export")
    assert exported.code == 0
    assert pair[1].requests() == ()
    snapshot = exported.folder / "snapshot-source.json"
    holds = "25 actions, 9 roles with 44 assigned actions, 50 mappings, 5 groups with 9 assigned roles"
    assert f"\nSnapshot: {snapshot}\nIt holds {holds}.\n" in exported.out
    assert f"`snapshot-source.json` holds {holds}." in exported.summary
    assert equal(Snapshot.model_validate_json(snapshot.read_bytes()), staging())
    assert run(*pair, "apply", "--source-url", str(snapshot)).code == 0
    assert equal(pair[1].snapshot(), staging())


@pytest.mark.parametrize("target", ["", "https://target.invalid", "http://plain.invalid"])
def test_an_export_needs_no_target(
    pair: Pair,
    run: RunCommand,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: str,
) -> None:
    """Nor a token for the one that other commands have: whoever exports may know none."""
    run(*pair, "check")
    monkeypatch.setenv("HEIMDALL_TARGET_URL", target)
    monkeypatch.delenv("HEIMDALL_TARGET_TOKEN")
    assert main(["export"]) == 0
    assert "Source: " in capsys.readouterr().out


def test_drift_tells_which_side_has_moved(pair: Pair, run: RunCommand) -> None:
    source, target = pair
    receipt = run(source, target, "apply").folder / "receipt.json"
    assert run(source, target, "drift", "--receipt", str(receipt)).code == 0
    change_by_hand(source, "waits:here")
    change_by_hand(target, "made:by_hand")
    drifted = run(source, target, "drift", "--receipt", str(receipt))
    assert drifted.code == 2
    assert writes(target) == []
    for told in (drifted.out, drifted.summary):
        assert told.index("hanged in the target by hand") < told.index("made:by_hand")
        assert told.index("aiting in the source") < told.index("waits:here")
    assert len(drifted.cases("failure")) == 2


def test_drift_tells_who_can_reach_what_by_hand(pair: Pair, run: RunCommand) -> None:
    source, target = pair
    receipt = run(source, target, "apply").folder / "receipt.json"
    requests.post(
        f"{target.url}/api/v1/roles/groups/finance/roles",
        json={"role_name": "auditor"},
        headers={"Authorization": f"Bearer {target.token}"},
        timeout=10,
    ).raise_for_status()
    change_by_hand(source, "waits:here")
    drifted = run(source, target, "drift", "--receipt", str(receipt))
    assert "By hand in the target: gains access:" in drifted.out
    for told in (drifted.out, drifted.summary.replace("`", "'").replace("'", "")):
        assert "/api/v1/reports/{}" in told
        assert "actions reports:read, users:read; the group is given the role" in told.replace("'", "")
    assert "loses access" not in drifted.summary


def test_a_receipt_of_another_target_is_wrong_usage(pair: Pair, run: RunCommand) -> None:
    """What was changed there by hand says nothing of what was changed here."""
    source, target = pair
    receipt = run(source, target, "apply").folder / "receipt.json"
    ended = run(target, source, "drift", "--receipt", str(receipt))
    assert ended.code == 64
    assert f"is for another target: {target.url}, not {source.url}" in ended.err


def test_equal_snapshots_are_asked_about_where_they_may_be_one_environment(
    pair: Pair, run: RunCommand
) -> None:
    """The same ids, as behind two names of one server; it is a warning only."""
    question = "check that the URLs name two environments"
    assert run(*pair, "apply").code == 0
    for source, is_asked in ((pair[0], False), (pair[1], True)):
        for command in ("plan", "apply", "drift"):
            ended = run(source, pair[1], command, "--allow-same-environment")
            assert ended.code == 0
            assert (question in ended.out) is is_asked


def test_a_detailed_exit_code_tells_of_differences(pair: Pair, run: RunCommand) -> None:
    assert run(*pair, "plan", "--detailed-exitcode").code == 2
    assert run(*pair, "apply").code == 0
    assert run(*pair, "plan", "--detailed-exitcode").code == 0


SUPER = Role(name=SUPERADMIN, description="s")
OBJECTIONABLE = {
    "--allow-superadmin-grant": (
        Snapshot(roles=(SUPER,), groups=(Group(name="team", description="t", roles=(SUPERADMIN,)),)),
        Snapshot(roles=(SUPER,), groups=(Group(name="team", description="t"),)),
    ),
    "--allow-self-lockout": (
        Snapshot(roles=(SUPER,), groups=(Group(name="ours", description="o"),)),
        Snapshot(roles=(SUPER,), groups=(Group(name="ours", description="o", roles=(SUPERADMIN,)),)),
    ),
    "--allow-empty-source": (
        Snapshot(roles=(SUPER,)),
        Snapshot(roles=(SUPER,), actions=(Action(name="read", description="r"),)),
    ),
}


@pytest.mark.parametrize("setting", OBJECTIONABLE)
def test_what_a_guardrail_objects_to_is_seen_in_the_dry_run(
    pair: Pair, run: RunCommand, setting: str
) -> None:
    wanted, before = OBJECTIONABLE[setting]
    pair[0].reset(wanted)
    members = {group.name: (INVENTED_CPF,) for group in before.groups}
    pair[1].reset(before, people=People(members=members))
    for command in ("plan", "apply"):
        refused = run(*pair, command)
        assert refused.code == 3
        assert setting in refused.out
        assert setting in refused.summary
        assert refused.cases("failure")
    assert writes(pair[1]) == []
    allowed = run(*pair, "plan", setting)
    assert allowed.code == 0
    assert setting in "".join(allowed.summary.splitlines()[:12])
    assert run(*pair, "apply", setting).code == 0


def test_the_same_environment_is_refused_before_any_request(pair: Pair, run: RunCommand) -> None:
    refused = run(pair[0], pair[0], "plan")
    assert refused.code == 3
    assert "--allow-same-environment" in refused.out
    assert pair[0].requests() == ()


def test_plain_http_to_elsewhere_is_refused_before_any_request(pair: Pair, run: RunCommand) -> None:
    refused = run(*pair, "plan", "--target-url", "http://heimdall.invalid")
    assert refused.code == 3
    assert "--allow-http" in refused.out
    assert pair[0].requests() == ()


def test_what_is_protected_is_shown_and_never_changed(pair: Pair, run: RunCommand) -> None:
    flags = ("--protect", "group:legacy_team", "--protect", "action:users:read")
    dependent = run(*pair, "plan", *flags)
    assert "group 'legacy_team' still refers to it" in dependent.out
    protected = run(*pair, "apply", *flags, "--accept", "role:contractor")
    assert protected.code == 0
    after = pair[1].snapshot()
    assert "legacy_team" in {group.name for group in after.groups}
    assert {a.name: a.description for a in after.actions}["users:read"] == "Read users"
    assert "it is protected by a setting" in protected.out


def test_what_is_ignored_is_out_of_scope(pair: Pair, run: RunCommand, tmp_path: Path) -> None:
    patterns = tmp_path / "ignored.txt"
    patterns.write_text(
        "# what others look after\ngroup:legacy_*\n\nmapping:GET /api/v1/legacy$\naction:legacy:*\n"
    )
    ignoring = run(*pair, "apply", "--ignore", f"@{patterns}", "--ignore", "role:contractor")
    assert ignoring.code == 0, ignoring.out
    after = pair[1].snapshot()
    assert "legacy_team" in {group.name for group in after.groups}
    assert "contractor" in {role.name for role in after.roles}
    assert "legacy_team" not in json.dumps(ignoring.plan["waves"])
