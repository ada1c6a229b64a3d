"""What people name is what is meant, and what the tool proposes works where it is pasted, over real HTTP."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.process import Sandbox
from tests.e2e.conftest import Ended, RunCommand, writes
from tests.servers import lent

Pair = tuple[Sandbox, Sandbox]

SUPER = Role(name=SUPERADMIN, description="s")
A = Action(name="a", description="a")

PATTERNS = (
    "/v/([^/]+)$",
    "/v/(^+)$",
    "/x{1,2}$",
    "/docs/**",
    "/docs/a",
    "/one?",
    "/ones",
    "/it's",
    '/"quoted"',
    "/$HOME/`id`/!x",
    r"/back\slash\d+",
    "/list, role:b",
    "/list,@file",
    "/comma,",
    "/stop.",
    "/two  spaces",
    "/end ",
    "/# comment ##[error]x",
    "/a|b",
    "/über/日本",
    "/tab\there",
    "--dashes",
)
"""Of mappings for the method `ANY`, which no target takes: each stays different."""

NASTY = Snapshot(
    actions=(
        A,
        *(Action(name=name, description="d") for name in ("Old Action", "-dash", "A,action:b", "A1", "A[1]")),
    ),
    roles=(
        SUPER,
        *(Role(name=name, description="d") for name in ("Team[1]", "Team1", "r/2", "..", "", "R:")),
    ),
    mappings=tuple(Mapping(method="ANY", path_pattern=pattern, action="a") for pattern in PATTERNS),
    groups=tuple(Group(name=name, description="d") for name in ("G *", "G 1", "g/2", "'")),
)
EMPTY = Snapshot(actions=(A,), roles=(SUPER,))


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with lent(Snapshot()) as source, lent(Snapshot(), first_id=1000) as target:
        yield source, target


def begin(servers: Pair, wanted: Snapshot, before: Snapshot) -> None:
    servers[0].reset(wanted)
    servers[1].reset(before)


def things(ended: Ended, *, accepted: bool) -> list[tuple[str, str]]:
    """Return the kinds and names of what stays different."""
    return [(b["kind"], b["name"]) for b in ended.plan["blocked"] if b["accepted"] is accepted]


def proposals_in(text: str) -> list[str]:
    return [found[1] for line in text.splitlines() if (found := re.search(r"(--accept \S.*)$", line))]


def proposals_in_markdown(summary: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(summary)
    spans = [
        child.content for token in tokens for child in token.children or () if child.type == "code_inline"
    ]
    return [span for span in spans if span.startswith("--accept ")]


def in_bash(line: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a line in a shell, as a person who has pasted it does."""
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | environ
    return subprocess.run(
        ["/bin/bash", "-c", line], check=False, cwd=folder, env=environ, capture_output=True, text=True
    )


def test_every_format_proposes_the_same_for_each_difference(servers: Pair, run: RunCommand) -> None:
    begin(servers, NASTY, EMPTY)
    ended = run(*servers, "plan")
    assert ended.code == 0, ended.out
    proposed = proposals_in(ended.out)
    assert len(proposed) == len(set(proposed)) == len(things(ended, accepted=False)) == 5 + 6 + 22 + 4
    assert proposals_in_markdown(ended.summary) == proposed
    said = [skipped.get("message", "") for skipped in ended.junit.iter("skipped")]
    assert [line for text in said for line in proposals_in(text)] == proposed


@pytest.mark.slow
def test_each_proposal_accepts_its_difference_where_it_is_pasted(
    servers: Pair, run: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(servers, NASTY, EMPTY)
    planned = run(*servers, "plan")
    for proposal, thing in zip(proposals_in(planned.out), things(planned, accepted=False), strict=True):
        flags = in_bash(f"printf '%s\\0' {proposal}", tmp_path).stdout.split("\0")[:-1]
        assert things(run(*servers, "plan", *flags), accepted=True) == [thing]
        with monkeypatch.context() as patch:
            patch.setenv("HEIMDALL_ACCEPT", proposal.removeprefix("--accept "))
            assert things(run(*servers, "plan"), accepted=True) == [thing]


def test_all_proposals_together_on_a_command_line(servers: Pair, run: RunCommand, tmp_path: Path) -> None:
    begin(servers, NASTY, EMPTY)
    planned = run(*servers, "plan")  # its environment is the shell's as well
    command = f"{sys.executable} -m sync apply {' '.join(proposals_in(planned.out))}"
    applied = in_bash(command, tmp_path)
    assert applied.returncode == 0, applied.stdout
    assert things(planned, accepted=False) == []  # which reads the plan that is there by now


def test_all_proposals_together_in_a_variable_a_workflow_and_a_file(
    servers: Pair, run: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(servers, NASTY, EMPTY)
    proposed = [flag.removeprefix("--accept ") for flag in proposals_in(run(*servers, "plan").out)]
    indented = "".join(f"  {line}\n" for line in proposed)
    (tmp_path / "accepted.txt").write_text("# known\n" + "\n".join(proposed))
    for value in (", ".join(proposed), yaml.safe_load(f"accept: |\n{indented}")["accept"], "@accepted.txt"):
        monkeypatch.setenv("HEIMDALL_ACCEPT", value)
        ended = run(*servers, "apply")
        assert ended.code == 0, ended.out
        assert len(things(ended, accepted=True)) == len(proposed)
        assert ended.plan["unmatched"] == []


V = Mapping(method="GET", path_pattern="/v/([^/]+)$", action="a", description="before")


@pytest.mark.parametrize("setting", ["--protect", "--ignore"])
def test_a_name_as_it_is_printed_is_meant(servers: Pair, run: RunCommand, setting: str) -> None:
    changed = V.model_copy(update={"description": "after"})
    begin(
        servers,
        Snapshot(actions=(A,), roles=(SUPER,), mappings=(changed,)),
        Snapshot(actions=(A,), roles=(SUPER,), mappings=(V,)),
    )
    (printed,) = re.findall(r"\[UPDATE\] Mapping (.*) -> a", run(*servers, "plan").out)
    ended = run(*servers, "apply", setting, f"mapping:{printed}")
    assert ended.code == 0, ended.out
    assert servers[1].snapshot().mappings == (V,)
    assert writes(servers[1]) == []
    assert "names nothing" not in ended.out


def test_a_protection_stays_whatever_the_source_calls_a_mapping(servers: Pair, run: RunCommand) -> None:
    trap = Mapping(method="GET", path_pattern="*", action="a")
    begin(
        servers,
        Snapshot(actions=(A,), roles=(SUPER,), mappings=(trap,)),
        Snapshot(actions=(A,), roles=(SUPER,), mappings=(V,)),
    )
    run(*servers, "apply", "--protect", "mapping:GET *", "--allow-empty-source")
    assert V in servers[1].snapshot().mappings


def test_a_pattern_that_names_nothing_is_a_warning_and_protect_comes_first(
    servers: Pair, run: RunCommand
) -> None:
    begin(servers, NASTY, EMPTY)
    ended = run(
        *servers, "plan", "--accept", "role:nobody", "--protect", "group:of fice", "--ignore", "group:g*"
    )
    assert ended.code == 0
    said = "--protect 'group:of fice' names nothing on either side, so it protects nothing"
    assert f"⚠ {said}" in ended.out.splitlines()
    assert "⚠ --accept role:nobody names nothing on either side, so it accepts nothing" in ended.out
    assert "--ignore" not in ended.out
    alerts = [block for block in ended.summary.split("\n\n") if block.startswith("> [!")]
    assert "`--protect 'group:of fice'` names nothing on either side" in alerts[0]
    names = [case.get("name") for case in ended.junit.iter("testcase")]
    assert said in names
    assert said not in ended.cases("failure")
