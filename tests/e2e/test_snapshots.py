"""Snapshots in the place of environments: compared without a server, exported, edited, applied."""

import json
import re
import shutil
from pathlib import Path

import pytest

from sync.model.snapshot import Mapping, Snapshot
from sync.sandbox.example import production, staging
from tests.e2e.shell import Pair, Shell

OFFLINE = {f"HEIMDALL_{side}_{what}": "" for side in ("SOURCE", "TARGET") for what in ("URL", "TOKEN")}
OVERLAPPING = ("GET /api/v1/users/me$", "GET /api/v1/users/([^/]+)$", "GET /api/v1/(.*)")


def with_overlaps(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with overlapping mappings, of which the widest wins."""
    action = snapshot.actions[0].name
    more = [
        Mapping.named(name, action) for name in OVERLAPPING if name not in {m.name for m in snapshot.mappings}
    ]
    order = (*(name for name in snapshot.precedence if name not in OVERLAPPING), *OVERLAPPING)
    mappings = (*snapshot.mappings, *more)
    return Snapshot(
        **{**dict(snapshot), "format": snapshot.format, "mappings": mappings, "precedence": order}
    )


@pytest.fixture
def shell(pair: Pair, tmp_path: Path) -> Shell:
    """Give a shell between two servers whose mappings overlap."""
    pair[0].reset(with_overlaps(staging()))
    return Shell(tmp_path, *pair)


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def plan_in(shell: Shell) -> dict[str, object]:
    found: dict[str, object] = json.loads((shell.report / "plan.json").read_text())
    return found


class TestOffline:
    @pytest.fixture
    def files(self, shell: Shell) -> Shell:
        for side in ("source", "target"):
            done = shell.command(
                f"heimdall-sync export --side {side} --layout folder --export-path git/{side}"
            )
            assert done.returncode == 0, done.stdout
        assert shell.command("heimdall-sync plan").returncode == 0
        shutil.copytree(shell.report, shell.folder / "online")
        for server in (shell.source, shell.target):
            server.clear_requests()
        return shell

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("git/source", "git/target"),
            ("git/source", "online/snapshot-target.json"),
        ],
    )
    def test_a_plan_between_files_is_the_plan_between_their_environments(
        self, files: Shell, source: str, target: str
    ) -> None:
        planned = files(
            f"heimdall-sync plan --source-url {source} --target-url {target} --detailed-exitcode", **OFFLINE
        )
        assert planned.returncode == 2, planned.stdout
        online = json.loads((files.folder / "online" / "plan.json").read_text())
        assert plan_in(files)["waves"] == online["waves"]
        assert plan_in(files)["blocked"] == online["blocked"]
        assert files.source.requests() == files.target.requests() == ()
        for told in (planned.stdout, (files.report / "summary.md").read_text()):
            assert "stands for the source: its own order decides which mapping wins" in told
            assert "stands for the target: its own order decides which mapping wins" in told
            assert "members of groups are not counted" in told
            assert "the plan goes by the API schema that heimdall-sync knows" in told
        assert "HEALTHCHECK" not in planned.stdout
        assert "To apply exactly this" not in planned.stdout

    def test_drift_too(self, files: Shell) -> None:
        drifted = files("heimdall-sync drift --source-url git/source --target-url git/target", **OFFLINE)
        assert drifted.returncode == 2, drifted.stdout
        shutil.rmtree(files.folder / "git" / "target")
        shutil.copytree(files.folder / "git" / "source", files.folder / "git" / "target")
        same = files("heimdall-sync drift --source-url git/source --target-url git/target", **OFFLINE)
        assert same.returncode == 0, same.stdout
        assert files.source.requests() == files.target.requests() == ()

    def test_two_of_one_name_are_told_apart_wherever_they_are(self, files: Shell) -> None:
        digests = set()
        for root in ("here", "there"):
            for side, state in (("source", "head"), ("target", "base")):
                shutil.copytree(files.folder / "git" / side, files.folder / root / state / "heimdall")
            head, base = (files.folder / root / state / "heimdall" for state in ("head", "base"))
            planned = files(f"heimdall-sync plan --source-url {head} --target-url {base}", **OFFLINE)
            assert planned.returncode == 0, planned.stdout
            title = "## Plan: make `snapshot base/heimdall` equal to `snapshot head/heimdall`\n"
            assert (files.report / "summary.md").read_text().startswith(title)
            digests.add(plan_in(files)["digest"])
        assert len(digests) == 1, "where the folders are is no part of what is approved"
        shutil.copytree(files.folder / "here" / "head" / "heimdall", files.folder / "heimdall")
        files("heimdall-sync plan --source-url heimdall --target-url here/base/heimdall", **OFFLINE)
        title = "## Plan: make `snapshot base/heimdall` equal to `snapshot heimdall`\n"
        assert (files.report / "summary.md").read_text().startswith(title)

    def test_one_side_may_be_an_environment(self, files: Shell) -> None:
        planned = files("heimdall-sync plan --target-url git/target", HEIMDALL_TARGET_TOKEN="")
        assert planned.returncode == 0, planned.stdout
        assert "Checking SOURCE environment" in planned.stdout
        assert "Checking TARGET environment" not in planned.stdout
        assert files.target.requests() == ()

    def test_the_schema_of_the_target_can_be_given(self, files: Shell) -> None:
        document = json.loads((Path(__file__).parents[1] / "sandbox" / "openapi.json").read_text())
        for schema in document["components"]["schemas"].values():
            for name, field in schema.get("properties", {}).items():
                if name == "name":
                    field["maxLength"] = 3
        (files.folder / "openapi.json").write_text(json.dumps(document))
        both = "--source-url git/source --target-url git/target"
        planned = files(f"heimdall-sync plan {both} --contract openapi.json", **OFFLINE)
        assert planned.returncode == 0, planned.stdout
        assert "the target does not accept its name" in planned.stdout
        assert "the plan goes by the API schema in openapi.json" in planned.stdout
        (files.folder / "openapi.json").write_text("[]")
        failed = files(f"heimdall-sync plan {both} --contract openapi.json", **OFFLINE)
        assert failed.returncode == 1, failed.stdout
        assert "openapi.json is not an OpenAPI document" in failed.stdout

    def test_a_snapshot_is_never_applied_to(self, files: Shell) -> None:
        refused = files("heimdall-sync apply --target-url git/target")
        assert refused.returncode == 64, refused.stdout
        assert (
            "--target-url (HEIMDALL_TARGET_URL): a snapshot can't be changed; give the URL of an environment"
            in refused.stdout
        )
        assert files.source.requests() == files.target.requests() == ()

    def test_mistakes_are_told_in_every_report(self, files: Shell) -> None:
        role = next((files.folder / "git" / "source" / "roles").glob("*.toml"))
        role.write_text(role.read_text().replace("[\n", '[\n  "no:such",\n', 1))
        action = files.folder / "git" / "source" / "actions.toml"
        action.write_text(action.read_text() + "[[actions]]\nnaem = 'x'\n")
        for problem in ("the key 'naem' is unknown; did you mean 'name'?", "refers to action 'no:such'"):
            failed = files("heimdall-sync plan --source-url git/source --target-url git/target", **OFFLINE)
            assert failed.returncode == 1, failed.stdout
            assert re.search(rf"git/source/\S+\.toml:\d+: .*{re.escape(problem)}", failed.stdout)
            for report in ("summary.md", "comment.md"):
                text = (files.report / report).read_text()
                assert "mistake" in text
                assert problem.split("'")[1] in text
            action.write_text(action.read_text().replace("[[actions]]\nnaem = 'x'\n", ""))

    def test_mistakes_of_both_sides_are_told_in_one_run(self, files: Shell) -> None:
        for side in ("source", "target"):
            (files.folder / "git" / side / "more.toml").write_text(f"[[actions]]\nnaem = '{side}'\n")
        failed = files("heimdall-sync plan --source-url git/source --target-url git/target", **OFFLINE)
        assert failed.returncode == 1, failed.stdout
        for side in ("source", "target"):
            assert f"git/{side}/more.toml:2: the key 'naem' is unknown" in failed.stdout
        summary = (files.report / "summary.md").read_text()
        assert "`git/source` has 2 mistakes and `git/target` has 2 mistakes" in summary


class TestExport:
    def test_wrecked_and_restored_from_a_folder_it_is_what_it_was(self, shell: Shell) -> None:
        """Overlaps and their order included: the source has both, and wins otherwise."""
        shell.target.reset(with_overlaps(production()))
        export = "heimdall-sync export --side target --layout folder --export-path"
        assert shell.command(f"{export} git").returncode == 0
        kept = bytes_in(shell.folder / "git")
        wins = (
            kept["mappings.toml"].decode().partition(f'endpoint = "{OVERLAPPING[2]}"')[2].partition("[[")[0]
        )
        assert OVERLAPPING[0] in wins
        assert OVERLAPPING[1] in wins
        wrecked = shell.command("heimdall-sync apply --max-delete-percent 100")
        assert wrecked.returncode == 0, wrecked.stdout
        assert shell.command(f"{export} after").returncode == 0
        assert bytes_in(shell.folder / "after") != kept
        restored = shell.command(
            "heimdall-sync apply --source-url git --max-delete-percent 100", HEIMDALL_SOURCE_TOKEN=""
        )
        assert restored.returncode == 0, restored.stdout
        assert shell.command(f"{export} after").returncode == 0
        assert bytes_in(shell.folder / "after") == kept
        assert bytes_in(shell.folder / "git") == kept

    def test_the_target_is_only_read(self, shell: Shell) -> None:
        shell.target.clear_requests()
        done = shell.command(
            "heimdall-sync export --side target", HEIMDALL_SOURCE_URL="", HEIMDALL_SOURCE_TOKEN=""
        )
        assert done.returncode == 0, done.stdout
        assert {request.method for request in shell.target.requests()} <= {"GET", "POST"}
        assert "Checking TARGET environment" in done.stdout
        assert "Snapshot: heimdall-sync-report/snapshot-target.json" in done.stdout
        assert not (shell.report / "snapshot-source.json").exists()
        summary = (shell.report / "summary.md").read_text()
        assert summary.startswith("## Snapshot of")
        assert "`snapshot-target.json` holds" in summary

    def test_a_folder_among_the_reports_unless_another_is_named(self, shell: Shell) -> None:
        done = shell.command("heimdall-sync export --layout folder")
        assert done.returncode == 0, done.stdout
        assert "Snapshot: heimdall-sync-report/snapshot-source" in done.stdout
        assert (shell.report / "snapshot-source" / "mappings.toml").exists()

    def test_a_file_becomes_a_folder_and_a_folder_a_file(self, shell: Shell) -> None:
        assert shell.command("heimdall-sync export --export-path one.json").returncode == 0
        export = "heimdall-sync export"
        assert (
            shell.command(
                f"{export} --source-url one.json --layout folder --export-path f", **OFFLINE
            ).returncode
            == 0
        )
        assert shell.command(f"{export} --source-url f --export-path two.json", **OFFLINE).returncode == 0
        assert (shell.folder / "two.json").read_bytes() == (shell.folder / "one.json").read_bytes()

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ("--export-path notes.txt", "is not a snapshot, and would be overwritten"),
            ("--export-path notes.txt --layout folder", "is a file; name a folder"),
            ("--export-path folder", "is a folder; name a file"),
            ("--export-path x.toml", "should end in .json"),
            (
                "--source-url f --export-path f --layout folder",
                "is the path of a file or folder that this run",
            ),
            (
                "--source-url f --export-path f/g --layout folder",
                "is the path of a file or folder that this run",
            ),
        ],
    )
    def test_nothing_else_is_overwritten(self, shell: Shell, options: str, problem: str) -> None:
        (shell.folder / "notes.txt").write_text("mine")
        (shell.folder / "folder").mkdir()
        assert shell.command("heimdall-sync export --layout folder --export-path f").returncode == 0
        before = bytes_in(shell.folder / "f")
        refused = shell.command(f"heimdall-sync export {options}")
        assert refused.returncode == 64, refused.stdout
        assert f"--export-path (HEIMDALL_EXPORT_PATH): {problem}" in refused.stdout
        assert (shell.folder / "notes.txt").read_text() == "mine"
        assert bytes_in(shell.folder / "f") == before

    def test_its_options_are_for_it_alone(self, shell: Shell) -> None:
        refused = shell.command("heimdall-sync plan --layout folder --side target --contract git")
        assert refused.returncode == 64
        for option in ("--layout (HEIMDALL_LAYOUT)", "--side (HEIMDALL_SIDE)"):
            assert f"{option}: goes with the command export" in refused.stdout


class TestEditing:
    """A pull request that edits a folder: its plan is the edit, and nothing else."""

    @pytest.fixture
    def folder(self, shell: Shell) -> Path:
        shell.target.reset(with_overlaps(production()))
        done = shell.command("heimdall-sync export --side target --layout folder --export-path git")
        assert done.returncode == 0, done.stdout
        return shell.folder / "git"

    def operations(self, shell: Shell) -> list[tuple[object, ...]]:
        planned = shell.command("heimdall-sync plan --source-url git")
        assert planned.returncode == 0, planned.stdout
        waves = plan_in(shell)["waves"]
        assert isinstance(waves, list)
        operations = [operation for wave in waves for operation in wave["operations"]]
        return [(each["verb"], each["kind"], each["name"], each.get("member")) for each in operations]

    def test_an_untouched_folder_plans_nothing(self, shell: Shell, folder: Path) -> None:
        assert folder.exists()
        assert self.operations(shell) == []

    def test_a_line_is_a_change(self, shell: Shell, folder: Path) -> None:
        role = next(role for role in production().roles if role.actions)
        other = next(a.name for a in production().actions if a.name not in (role.actions or ()))
        file = folder / "roles" / f"{role.name}.toml"
        file.write_text(file.read_text().replace("actions = [\n", f'actions = [\n  "{other}",\n'))
        assert self.operations(shell) == [("assign", "role", role.name, other)]

    def test_another_winner_is_a_reorder(self, shell: Shell, folder: Path) -> None:
        first, second, widest = OVERLAPPING
        file = folder / "mappings.toml"
        text = file.read_text()
        blocks = text.split("\n\n")
        for at, block in enumerate(blocks):
            if f'endpoint = "{widest}"' in block:
                blocks[at] = block.replace(f'  "{first}",\n', "")
            elif f'endpoint = "{first}"' in block:
                wins = "wins_over = [\n"
                assert wins in block or block.endswith('"')
                blocks[at] = (
                    block.replace(wins, f'{wins}  "{widest}",\n')
                    if wins in block
                    else f'{block}\nwins_over = ["{widest}", "{second}"]'
                )
        file.write_text("\n\n".join(blocks))
        found = self.operations(shell)
        assert ("reorder", "mapping", first, None) in found
        assert {verb for verb, *_ in found} == {"reorder"}


def test_a_source_is_read_once(shell: Shell) -> None:
    """What is planned is what is applied and verified, whatever becomes of the file in the meantime."""
    assert shell.command("heimdall-sync export --layout folder --export-path git").returncode == 0
    shell.target.clear_requests()
    done = shell(
        "(until grep -q 'Fetching everything' log 2>/dev/null; do :; done; rm -r git) & "
        "heimdall-sync apply --source-url git --max-delete-percent 100 > log; wait"
    )
    log = (shell.folder / "log").read_text()
    assert done.returncode == 0, log
    assert not (shell.folder / "git").exists()
    assert "erified" in log


def test_a_mistake_shows_beside_its_line_of_a_pull_request(shell: Shell) -> None:
    assert shell.command("heimdall-sync export --layout folder --export-path 'git, 1:1'").returncode == 0
    file = shell.folder / "git, 1:1" / "more.toml"
    file.write_text('[[roles]]\nname = "r"\nactions = ["no::such"]\n')
    failed = shell.command(
        "heimdall-sync plan --source-url 'git, 1:1'",
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT="/dev/null",
        GITHUB_STEP_SUMMARY="/dev/null",
        GITHUB_STATE="/dev/null",
    )
    assert failed.returncode == 1, failed.stdout
    wanted = (
        "::error file=git%2C 1%3A1/more.toml,line=3,title=heimdall-sync::role 'r' refers to action 'no::such'"
    )
    assert wanted in failed.stdout
