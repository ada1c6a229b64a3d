"""What an apply has done, taken back: by the command, from a backup alone or with the plan beside it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.example import staging
from sync.sandbox.faults import Answer, Interrupt
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import HARMLESS, equal, writes
from tests.e2e.shell import TO_APPLY, TO_GO_BACK, Pair, Shell, proposed
from tests.e2e.subprocesses import Command
from tests.servers import lent

WRITES = ["POST", "PUT", "DELETE"]
ANYONE, ME, EVERYTHING = "GET /users/([^/]+)$", "GET /users/me$", "GET /users/(.*)"
DOCS, PRIVATE = "GET /docs/**", "GET /docs/private/**"
LEGACY = (Action(name="Old-Action", description="o"), Action(name="bare"))
"""Names and descriptions that no request makes any more: both sides have them, so nothing touches them."""

BEFORE = Snapshot(
    actions=(*LEGACY, *(Action(name=name, description=name) for name in ("read", "write", "own", "docs"))),
    roles=(
        Role(name="data-scientist", description="", actions=("Old-Action", "bare")),
        Role(name="viewer", description="v", actions=("read", "docs")),
        Role(name="doomed", description="d", actions=("own", "write")),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(
        Mapping.named(EVERYTHING, "read", "Everything"),
        Mapping.named(ANYONE, "write"),
        Mapping.named(ME, "own"),
        Mapping.named(DOCS, "docs"),
        Mapping.named(PRIVATE, "own"),
        Mapping.named("ANY /old", "Old-Action"),
        Mapping.named("GET /n", "bare", ""),
    ),
    groups=(
        Group(name="Old Group", description="", roles=("data-scientist",)),
        Group(name="team", description="t", roles=("viewer", "doomed")),
        Group(name="operators", description="o", roles=(SUPERADMIN,)),
        Group(name="empty", description="e"),
    ),
    precedence=(EVERYTHING, ANYONE, ME, "ANY /old"),
    rows=(PRIVATE, DOCS),
)
WRECKED = Snapshot(
    actions=(*LEGACY, *(Action(name=name, description="new") for name in ("read", "docs", "added"))),
    roles=(
        Role(name="data-scientist", description="", actions=("Old-Action", "bare")),
        Role(name="viewer", description="v", actions=("added",)),
        Role(name=SUPERADMIN, description="s"),
    ),
    mappings=(
        Mapping.named(EVERYTHING, "docs", "new"),
        Mapping.named(ANYONE, "read"),
        Mapping.named(DOCS, "docs"),
        Mapping.named("POST /added$", "added"),
        Mapping.named("ANY /old", "Old-Action"),
        Mapping.named("GET /n", "bare", ""),
    ),
    groups=(
        Group(name="Old Group", description="", roles=("data-scientist",)),
        Group(name="operators", description="o", roles=("viewer",)),
        Group(name="added", description="a", roles=(SUPERADMIN,)),
    ),
    precedence=(ANYONE, EVERYTHING, "ANY /old"),
)
PEOPLE = People(members={"team": ["12345678901", "12345678902"], "operators": ["12345678903"]})
EXPORT = "heimdall-sync export --side target --layout folder --export-path"
WRECK = "heimdall-sync apply --max-delete-percent 100 --allow-superadmin-grant --allow-empty-source"


@pytest.fixture(scope="module")
def everything() -> Iterator[Pair]:
    with lent(Snapshot()) as source, lent(Snapshot(), first_id=1000) as target:
        yield source, target


@pytest.fixture
def wrecked(everything: Pair, tmp_path: Path) -> Shell:
    """Give a shell after an apply that left little in place, with an export from before it in `before`."""
    everything[0].reset(WRECKED)
    everything[1].reset(BEFORE, people=PEOPLE)
    shell = Shell(tmp_path, *everything)
    assert shell.command(f"{EXPORT} before").returncode == 0
    applied = shell.command(WRECK)
    assert applied.returncode == 0, applied.stdout
    return shell


def exported(shell: Shell, name: str) -> dict[str, bytes]:
    """Return the files of an export that has been made, or is made now."""
    folder = shell.folder / name
    if not folder.exists():
        assert shell.command(f"{EXPORT} {name}").returncode == 0
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def artifact(shell: Shell) -> Path:
    """Return a folder with what a workflow keeps of an apply."""
    folder = shell.folder / "undone"
    folder.mkdir()
    for pattern in ("backup-*.json", "plan-*.json", "receipt-*.json"):
        for path in shell.report.glob(pattern):
            shutil.move(path, folder)
    return folder


def add_by_hand(sandbox: Sandbox, name: str) -> None:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    body = {"name": name, "description": "Added in a hurry"}
    for kind in ("actions", "groups"):
        url = f"{sandbox.url}/api/v1/{kind}/"
        requests.post(url, json=body, headers=headers, timeout=10).raise_for_status()


NO_SOURCE = {"HEIMDALL_SOURCE_URL": "no such folder", "HEIMDALL_SOURCE_TOKEN": ""}


def test_the_same_bytes_as_before(wrecked: Shell) -> None:
    folder = artifact(wrecked)
    [backup] = folder.glob("backup-*.json")
    held = backup.read_bytes()
    planned = wrecked.command("heimdall-sync rollback --dry-run --backup undone", **NO_SOURCE)
    assert planned.returncode == 0, planned.stdout
    assert "Mode: DRY RUN" in planned.stdout
    applied = wrecked.command(proposed(planned.stdout, TO_APPLY), **NO_SOURCE)
    assert applied.returncode == 0, applied.stdout
    assert "Mode: LIVE ROLLBACK" in applied.stdout
    assert exported(wrecked, "after") == exported(wrecked, "before")
    assert backup.read_bytes() == held
    assert writes(wrecked.target) != []
    [own] = wrecked.backups
    forward = wrecked.command(f"heimdall-sync rollback --backup {own}", **NO_SOURCE)
    assert forward.returncode == 0, forward.stdout
    assert wrecked.command("heimdall-sync plan --detailed-exitcode").returncode == 0


def test_a_backup_is_read_once(wrecked: Shell) -> None:
    """What is planned is what is applied and verified, whatever becomes of the folder in the meantime."""
    artifact(wrecked)
    done = wrecked(
        "(until grep -q 'Fetching everything' log 2>/dev/null; do :; done; rm -r undone) & "
        "heimdall-sync rollback --backup undone > log; wait"
    )
    assert done.returncode == 0, (wrecked.folder / "log").read_text()
    assert not (wrecked.folder / "undone").exists()
    assert exported(wrecked, "after") == exported(wrecked, "before")


def test_what_it_is_and_what_does_not_come_back_is_told_before_the_approval(wrecked: Shell) -> None:
    artifact(wrecked)
    names = {"HEIMDALL_SOURCE_NAME": "staging", "HEIMDALL_TARGET_NAME": "production"}
    planned = wrecked.command("heimdall-sync rollback --dry-run --backup undone", **names)
    summary = (wrecked.report / "summary.md").read_text()
    digest = json.loads(next((wrecked.folder / "undone").glob("plan-*.json")).read_text())["digest"]
    assert summary.startswith(f"## Roll back `production` (`{wrecked.target.url}`)\n")
    assert "staging" not in summary + planned.stdout
    for told in (planned.stdout, summary.replace("`", "'")):
        assert digest in told
        assert "group 'team' is created again, without the 2 members that it had" in told
        assert "role 'doomed' is created again; users who held one directly don't get it back" in told
        assert "group 'empty' is created again" not in told, "nobody was in it"
    assert "undoing the plan explains it" in summary
    assert "Changed since that plan" not in summary
    for name in ("junit.xml", "report.html"):
        assert "without the 2 members" in (wrecked.report / name).read_text()
    step = {
        "INPUT_BACKUP": "undone",
        "INPUT_COMMAND": "rollback",
        "INPUT_DRY-RUN": "true",
        "GITHUB_OUTPUT": "/dev/null",
        "GITHUB_STEP_SUMMARY": "/dev/null",
    }
    shown = wrecked.command("heimdall-sync rollback", **step)
    assert "::warning title=heimdall-sync::Does not come back: group 'team' is created again" in shown.stdout


@pytest.mark.parametrize("receipt", [True, False], ids=["with a receipt", "killed before one"])
def test_what_has_changed_since_is_told_and_taken_back_too(wrecked: Shell, *, receipt: bool) -> None:
    folder = artifact(wrecked)
    if not receipt:
        next(folder.glob("receipt-*.json")).unlink()
    add_by_hand(wrecked.target, "by_hand")
    planned = wrecked.command("heimdall-sync rollback --dry-run --backup undone")
    assert planned.returncode == 0, planned.stdout
    [_, told] = planned.stdout.split("Changed since that plan, and taken back too:\n")
    since = sorted(line for line in told.splitlines() if line.startswith("  [SINCE]"))
    assert since == ["  [SINCE] delete action 'by_hand'", "  [SINCE] delete group 'by_hand'"]
    assert "Changed since that plan, and taken back too" in (wrecked.report / "summary.md").read_text()
    assert wrecked.command("heimdall-sync rollback --backup undone").returncode == 0
    assert exported(wrecked, "after") == exported(wrecked, "before")


def test_only_what_undoing_explains_is_allowed(wrecked: Shell) -> None:
    """Somebody took the role from a group since, so to give it back is not a matter of the undone plan."""
    artifact(wrecked)
    more = Group(name="trusted", description="t", roles=(SUPERADMIN,))
    backup = next((wrecked.folder / "undone").glob("backup-*.json"))
    state = Snapshot.model_validate_json(backup.read_bytes())
    backup.write_text(state.model_copy(update={"groups": (*state.groups, more)}).canonical_json())
    refused = wrecked.command("heimdall-sync rollback --backup undone")
    assert refused.returncode == 3, refused.stdout
    assert "group 'trusted' would get every permission" in refused.stdout
    assert "to allow it, add --allow-superadmin-grant" in refused.stdout
    given = "--allow-superadmin-grant --dry-run"
    assert wrecked.command(f"heimdall-sync rollback --backup undone {given}").returncode == 0


def test_a_bare_backup_is_held_to_the_usual_guardrails(wrecked: Shell) -> None:
    [backup] = wrecked.backups
    shutil.move(backup, wrecked.folder / "before.json")
    refused = wrecked.command("heimdall-sync rollback --backup before.json --output-dir other")
    assert refused.returncode == 3, refused.stdout
    assert "The undone plan is unknown" in refused.stdout
    assert "to allow it, add --allow-superadmin-grant" in refused.stdout
    given = "--allow-superadmin-grant --max-delete-percent 100"
    applied = wrecked.command(f"heimdall-sync rollback --backup before.json --output-dir other {given}")
    assert applied.returncode == 0, applied.stdout
    assert exported(wrecked, "after") == exported(wrecked, "before")


def test_what_the_plan_left_alone_the_rollback_leaves_alone(everything: Pair, tmp_path: Path) -> None:
    everything[0].reset(WRECKED)
    everything[1].reset(BEFORE)
    shell = Shell(tmp_path, *everything)
    scope = "--ignore action:by_* --ignore group:by_* --protect group:empty"
    applied = shell.command(f"{WRECK} {scope}")
    assert applied.returncode == 0, applied.stdout
    add_by_hand(shell.target, "by_hand")
    assert shell.command("heimdall-sync plan").returncode == 0  # whatever runs since
    back = shell.command(proposed(applied.stdout, TO_GO_BACK))
    assert back.returncode == 0, back.stdout
    left = shell.target.snapshot()
    assert "by_hand" in {group.name for group in left.groups}
    assert "by_hand" in {action.name for action in left.actions}
    assert json.loads((shell.report / "plan.json").read_text())["rules"]["protect"] == ["group:empty"]


def test_an_apply_that_failed_half_way(wrecked: Shell) -> None:
    wrecked.target.reset(BEFORE, people=PEOPLE)
    shutil.rmtree(wrecked.report)
    wrecked.target.add_fault(Answer(status=500), methods=WRITES, path=HARMLESS, nth=9, times=None)
    failed = wrecked.command(WRECK)
    wrecked.target.clear_faults()
    assert failed.returncode == 1
    assert not equal(wrecked.target.snapshot(), BEFORE)
    back = wrecked.command(proposed(failed.stdout, TO_GO_BACK))
    assert back.returncode == 0, back.stdout
    assert "Changed since that plan" not in back.stdout
    assert exported(wrecked, "after") == exported(wrecked, "before")


def test_a_killed_rollback_is_resumed(wrecked: Shell) -> None:
    folder = artifact(wrecked)
    back = ("rollback", "--backup", str(folder))
    command = Command(wrecked.source, wrecked.target, wrecked.folder, *back, "--concurrency", "1")
    wrecked.target.add_fault(Interrupt(pid=command.pid, done=True), methods=WRITES, path=HARMLESS, nth=8)
    assert command.finish()[0] == -9
    code, out = Command(wrecked.source, wrecked.target, wrecked.folder, *back, "--resume").finish()
    assert code == 0, out
    assert "8 of " in out
    assert exported(wrecked, "after") == exported(wrecked, "before")
    [receipt] = (wrecked.folder / "report").glob("receipt-*.json")
    assert json.loads(receipt.read_text())["rolled_back"]["plan"].startswith("sha256:")


def test_drift_afterwards_knows_that_it_was_taken_back(wrecked: Shell) -> None:
    assert wrecked.command(f"heimdall-sync rollback --backup {wrecked.backups[0]}").returncode == 0
    drift = "heimdall-sync drift --receipt heimdall-sync-report/receipt.json"
    shutil.copy(wrecked.report / "receipt.json", wrecked.folder)
    told = wrecked.command(drift)
    assert told.returncode == 2
    assert "\nTaken back by a rollback:\n" in told.stdout
    assert "Waiting in the source" not in told.stdout
    assert "Changed in the target by hand" not in told.stdout
    add_by_hand(wrecked.target, "by_hand")
    add_by_hand(wrecked.source, "in_source")
    told = wrecked.command("heimdall-sync drift --receipt receipt.json")
    sides = told.stdout.partition("DRIFT\n=")[2]
    assert "Changed in the target by hand:\n  action 'by_hand': only in the target" in sides
    assert "Waiting in the source:\n  action 'in_source': missing in the target" in sides
    assert "Taken back by a rollback:\n" in sides


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("rollback", 64, "--backup (HEIMDALL_BACKUP): missing: backup to restore"),
        ("rollback --backup nowhere", 64, "--backup (HEIMDALL_BACKUP): should be an existing file or folder"),
        ("rollback --backup before", 64, "the folder holds no backup-….json"),
        ("rollback --backup two", 64, "the folder holds 2 backups of different plans"),
        ("plan --backup undone", 64, "--backup (HEIMDALL_BACKUP): goes with the command rollback"),
        ("rollback --backup undone --dry-run --resume", 64, "--resume (HEIMDALL_RESUME): goes with"),
        ("rollback --backup undone --target-url http://127.0.0.1:1", 3, "is a backup of another target"),
        ("rollback --backup edited --dry-run", 3, "was edited: its digest does not match its content; this"),
    ],
)
def test_what_can_not_be_rolled_back_is_refused(wrecked: Shell, line: str, code: int, said: str) -> None:
    folder = artifact(wrecked)
    shutil.copytree(folder, wrecked.folder / "edited")
    plan = next((wrecked.folder / "edited").glob("plan-*.json"))
    plan.write_text(plan.read_text().replace("POST /added$", "POST /other$"))
    shutil.copytree(folder, wrecked.folder / "two")
    backup = next(folder.glob("backup-*.json"))
    shutil.copy(backup, wrecked.folder / "two" / f"{backup.stem[:-12]}0123456789ab.json")
    ended = wrecked.command(f"heimdall-sync {line}")
    assert ended.returncode == code, ended.stdout
    assert said in ended.stdout


def test_of_two_attempts_the_first_backup_counts(wrecked: Shell) -> None:
    """As where artifacts of several attempts are downloaded into one folder."""
    folder = artifact(wrecked)
    backup = next(folder.glob("backup-*.json"))
    later = folder / backup.name.replace("-20", "-30", 1)
    later.write_text(Snapshot().canonical_json())
    assert wrecked.command("heimdall-sync rollback --backup undone").returncode == 0
    assert exported(wrecked, "after") == exported(wrecked, "before")


def test_a_report_folder_is_a_backup_that_stays(shell: Shell) -> None:
    applied = shell.command("heimdall-sync apply")
    assert applied.returncode == 0, applied.stdout
    shutil.copytree(shell.report, shell.folder / "kept")
    held = {path: path.read_bytes() for path in (shell.folder / "kept").iterdir()}
    back = shell.command("heimdall-sync rollback --backup kept --output-dir kept")
    assert back.returncode == 0, back.stdout
    records = [path for path in held if path.name.startswith(("backup-", "plan-", "receipt-"))]
    assert {path: path.read_bytes() for path in records} == {path: held[path] for path in records}
    assert not equal(shell.target.snapshot(), staging())
