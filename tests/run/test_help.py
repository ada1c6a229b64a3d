"""What `--help` and `--version` answer, and what they wait for."""

import subprocess
import sys

import pytest

from sync import __version__
from sync.cli import main
from sync.errors import ExitCode
from sync.run.help import help_text
from sync.run.options import Option, options

NEEDED_BY_A_RUN = {"jinja2", "jsonschema", "junit_xml", "jwt", "oauthlib", "requests", "rich", "tenacity"}

every_option = pytest.mark.parametrize("option", list(options()), ids=lambda option: option.name)


@every_option
def test_names_every_option(option: Option) -> None:
    text = help_text(100)
    assert f"  {option.flag} {option.value}".rstrip() in text
    assert f" {option.variable}\n" in text
    assert option.default in text


def test_lists_every_section_once() -> None:
    lines = help_text(100).splitlines()
    assert all(lines.count(f"{option.section}:") == 1 for option in options())


@pytest.mark.parametrize(("columns", "widest"), [(45, 45), (60, 60), (100, 100), (300, 100)])
def test_is_as_wide_as_the_terminal_and_breaks_between_words(
    columns: int, widest: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert widest - 10 < max(map(len, shown.splitlines())) <= widest
    assert sorted(shown.split()) == sorted(help_text(100).split())


def test_names_every_exit_code() -> None:
    codes = help_text(100).partition("exit codes:")[2]
    assert all(f"{code.value}" in codes for code in ExitCode)


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["--help"], help_text(100)),
        (["plan", "--no-such-flag", "-h"], help_text(100)),
        (["--version"], f"heimdall-sync {__version__}\n"),
    ],
)
def test_is_given_whatever_else_is_wrong(
    argv: list[str],
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(argv) == 0
    assert capsys.readouterr().out == text


@pytest.mark.parametrize(
    "shell",
    ['"$@" >/dev/full', '"$@" >&-', 'set -o pipefail; "$@" | true'],
    ids=["full", "closed", "gone"],
)
@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_it_does_not_matter_whether_anybody_reads_it(shell: str, asked: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", shell, "bash", sys.executable, "-m", "sync", asked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_run_begins_without_what_only_some_need_or_what_its_reports_take() -> None:
    """Those are loaded while the first requests travel, or by the runs that need them."""
    listing = "import sys, sync.run.processing; print(*{name.partition('.')[0] for name in sys.modules})"
    told = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert {"requests", "rich"} <= {*told.stdout.split()}
    assert {"jinja2", "jsonschema", "junit_xml", "oauthlib", "regex"} & {*told.stdout.split()} == set()


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_waits_for_none_of_what_a_run_takes(asked: str) -> None:
    """Half a second went by, most of it in packages that write reports or speak HTTP."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sync", asked], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert {name.partition(".")[0] for name in loaded} & NEEDED_BY_A_RUN == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("sync.")}
    assert rooms & {"plan", "apply", "report", "github", "sandbox"} == set()
    assert "sync.run.settings" in loaded
