"""What a terminal gets, and what a pipe gets."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.text import Text

from sync.report.console import Mode, render
from sync.report.lines import RULE
from sync.report.terminal import Printer
from tests.report.examples import PLANNED

LINES = [Text("✓ done", "bold green"), Text("  [bold]:tada: 'x' 42 https://example " + "long " * 60), Text()]


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for variable in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(variable, raising=False)


def plain(lines: list[Text]) -> str:
    return "".join(f"{line.plain}\n" for line in lines)


def test_a_pipe_gets_the_lines_as_they_are() -> None:
    stream = io.StringIO()
    Printer(stream, {}).show(LINES)
    assert stream.getvalue() == plain(LINES)


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"])
def test_no_setting_puts_colours_or_bars_into_a_pipe(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    stream = io.StringIO()
    printer = Printer(stream, {})
    with printer.progress("Applying", total=1) as advance:
        advance()
        printer.show(LINES)
    assert stream.getvalue() == plain(LINES)


def test_a_terminal_gets_colours() -> None:
    stream = Terminal()
    Printer(stream, {}).show(LINES[:1])
    assert stream.getvalue() == "\x1b[1;32m✓ done\x1b[0m\n"


@pytest.mark.parametrize("columns", [30, 60, 100])
def test_a_narrow_terminal_gets_lines_that_break_between_words(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    lines = [*render(PLANNED, Mode.DRY_RUN), Text("      → take --accept 'mapping:GET /v/[(][^/]+[)]$' " * 2)]
    Printer(stream, {"NO_COLOR": "1"}).show(lines)
    rows = stream.getvalue().splitlines()
    flags = ("--accept role:auditor", "--accept 'mapping:GET /v/[(][^/]+[)]$'")
    assert all(len(row) <= columns or " " not in row.strip() or row.strip() in flags for row in rows)
    assert sum(row.count(flag) for row in rows for flag in flags) == 3
    rule = RULE[:columns]
    assert stream.getvalue().split() == plain(lines).replace(RULE, rule).split()


def test_what_goes_on_in_the_next_row_stands_further_to_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    stream = Terminal()
    digest = f"sha256:{'0' * 64}"
    lines = [
        Text("  → get a new token and set it"),
        Text(f"Plan: {digest}"),
        Text("heimdall-sync apply --resume", no_wrap=True),
    ]
    Printer(stream, {"NO_COLOR": "1"}).show(lines)
    assert stream.getvalue().splitlines() == [
        "  → get a new token and",
        "    set it",
        "Plan:",
        f"  {digest}",
        "heimdall-sync apply --resume",
    ]


def test_no_color_takes_them_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    stream = Terminal()
    Printer(stream, {"NO_COLOR": "1"}).show(LINES)
    assert stream.getvalue() == plain(LINES)


def test_progress_is_shown_on_a_terminal_and_counts_from_many_threads() -> None:
    stream = Terminal()
    printer = Printer(stream, {"NO_COLOR": "1"})
    with printer.progress("Applying", total=200) as advance, ThreadPoolExecutor(8) as threads:
        for _ in range(200):
            threads.submit(advance)
    assert "Applying" in stream.getvalue()
    assert "200/200" in stream.getvalue()


def test_progress_without_a_known_end() -> None:
    stream = Terminal()
    with Printer(stream, {"NO_COLOR": "1"}).progress("Reading [both]") as advance:
        advance()
    assert "Reading [both]" in stream.getvalue()
    assert "/?" not in stream.getvalue()


def test_whether_a_person_may_be_looking_on() -> None:
    assert Printer(Terminal(), {}).is_terminal
    assert not Printer(io.StringIO(), {}).is_terminal


def test_a_dumb_terminal_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Printer(stream, {}).progress("Applying", total=1) as advance:
        advance()
    assert stream.getvalue() == ""


def test_a_stream_that_can_not_write_a_character_shows_its_code() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    Printer(stream, {}).show(LINES[:1])
    stream.flush()
    assert raw.getvalue() == b"\\u2713 done\n"


def test_standard_output_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    Printer().show(LINES[:1])
    assert capsys.readouterr().out == "✓ done\n"
