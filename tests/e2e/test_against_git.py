"""A drift check that knows from a folder in git which side has changed, or both."""

from pathlib import Path

import pytest

from sync.model.snapshot import Action, Snapshot
from sync.sandbox.example import staging
from tests.e2e.shell import Pair, Shell

COMPARE = "heimdall-sync drift --against-git git"


def saying(snapshot: Snapshot, **described: str) -> Snapshot:
    """Return a snapshot with actions of these names (dots for colons) that say this; empty removes one."""
    names = {name.replace("_", ":"): text for name, text in described.items()}
    kept = [action for action in snapshot.actions if action.name not in names]
    return Snapshot(
        **{
            **dict(snapshot),
            "format": snapshot.format,
            "actions": (
                *kept,
                *(Action(name=name, description=text) for name, text in names.items() if text),
            ),
        }
    )


BASE = saying(staging(), x_source="old", x_target="old", x_both="old", x_each="old", x_gone="old")


@pytest.fixture
def shell(pair: Pair, tmp_path: Path) -> Shell:
    """Give a shell between two servers that hold the same, with a folder in git that does as well."""
    for server in pair:
        server.reset(BASE)
    shell = Shell(tmp_path, *pair)
    exported = shell.command("heimdall-sync export --layout folder --export-path git")
    assert exported.returncode == 0, exported.stdout
    return shell


def held(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def change_everything(shell: Shell) -> None:
    shell.source.reset(saying(BASE, x_source="new", x_both="new", x_each="one", x_gone="", x_more="new"))
    shell.target.reset(saying(BASE, x_target="", x_both="new", x_each="other", x_gone="", x_more="new"))


def test_every_way_to_have_changed_is_told(shell: Shell) -> None:
    change_everything(shell)
    before = held(shell.folder / "git")
    drifted = shell.command(COMPARE)
    assert drifted.returncode == 2, drifted.stdout
    assert "Git:    snapshot git\n" in drifted.stdout
    assert drifted.stdout.partition("\nDRIFT\n")[2].partition("\n\n===")[0].splitlines()[1:] == [
        "Changed in the source:",
        "  action 'x:source': the description differs",
        "Changed in the target:",
        "  action 'x:target': description 'old' in git and the source, missing in the target",
        "Changed in both alike, git lacks it:",
        "  action 'x:both': the description differs",
        "  action 'x:gone': description 'old' in git, missing in the source and the target",
        "  action 'x:more': missing in git, description 'new' in the source and the target",
        "Changed in each differently:",
        "  action 'x:each': the description differs",
    ]
    summary = (shell.report / "summary.md").read_text()
    assert summary.splitlines()[0].endswith(", compared with `snapshot git`")
    assert (
        "❌ **Drift: 6 differences.** 1 changed in the source; 1 changed in the target; 3 changed in both "
        "alike, git lacks it; 1 changed in each differently." in summary
    )
    assert "| what | in git | in the source | in the target |" in summary
    assert "| action `x:each` | description `old` | description `one` | description `other` |" in summary
    junit = (shell.report / "junit.xml").read_text()
    assert "action 'x:source': the description differs (changed in the source)" in junit
    assert "in git: description 'old'" in junit
    page = (shell.report / "report.html").read_text()
    assert "Changed in both alike, git lacks it (3)" in page
    assert '<th scope="col">in git</th>' in page
    assert held(shell.folder / "git") == before


def test_git_alone_may_be_behind(shell: Shell) -> None:
    same = shell.command(COMPARE)
    assert same.returncode == 0, same.stdout
    assert "✓ No drift: git and both sides were read, and nothing differs." in same.stdout
    for server in (shell.source, shell.target):
        server.reset(saying(BASE, x_both="new"))
    assert shell.command("heimdall-sync drift").returncode == 0
    behind = shell.command(COMPARE)
    assert behind.returncode == 2, behind.stdout
    assert (
        "Changed in both alike, git lacks it:\n  action 'x:both': the description differs\n" in behind.stdout
    )


def test_what_is_ignored_or_protected_does_not_count(shell: Shell) -> None:
    shell.source.reset(saying(BASE, x_both="new"))
    shell.target.reset(saying(BASE, x_both="new"))
    ignored = shell.command(f"{COMPARE} --ignore action:x:both")
    assert ignored.returncode == 0, ignored.stdout
    protected = shell.command(f"{COMPARE} --protect action:x:both")
    assert protected.returncode == 0, protected.stdout
    assert "nothing differs, except 1 protected difference." in protected.stdout
    assert (
        "| action `x:both` | description `old` | description `new` | description `new` |"
        in (shell.report / "summary.md").read_text()
    )


def test_all_three_may_be_files(shell: Shell) -> None:
    change_everything(shell)
    for side in ("source", "target"):
        exported = shell.command(f"heimdall-sync export --side {side} --export-path {side}.json")
        assert exported.returncode == 0, exported.stdout
    for server in (shell.source, shell.target):
        server.clear_requests()
    nobody = {f"HEIMDALL_{side}_TOKEN": "" for side in ("SOURCE", "TARGET")}
    drifted = shell.command(f"{COMPARE} --source-url source.json --target-url target.json", **nobody)
    assert drifted.returncode == 2, drifted.stdout
    assert "Changed in each differently:\n  action 'x:each': the description differs\n" in drifted.stdout
    assert shell.source.requests() == shell.target.requests() == ()


def test_it_takes_a_receipt_or_git(shell: Shell) -> None:
    (shell.folder / "receipt.json").write_text("{}")
    both = shell.command(f"{COMPARE} --receipt receipt.json")
    assert both.returncode == 64
    assert (
        "--against-git (HEIMDALL_AGAINST_GIT): contradicts --receipt; give only one of the two" in both.stdout
    )
    (shell.folder / "git" / "actions.toml").write_text("[[actions]]\nnam = 'x'\n")
    wrong = shell.command(COMPARE)
    assert wrong.returncode == 1
    assert "git/actions.toml:2" in wrong.stdout
