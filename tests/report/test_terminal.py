"""What a terminal gets, and what a pipe gets."""

import io
import itertools
import re
import threading

import pytest
from rich.text import Text

from sync.report.console import Console, Mode
from sync.report.lines import RULE
from sync.report.progress import Standing
from sync.report.terminal import EVERY_SECONDS, Printer
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
    with printer.progress("Applying", lambda: Standing(1, "change", 1)):
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
    lines = [
        *Console(PLANNED).render(Mode.PLAN),
        Text("      → take --accept 'mapping:GET /v/[(][^/]+[)]$' " * 2),
    ]
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


APPLYING = Standing(1200, "change", 3000, stage="wave 2 of 5", failed=3)
READING = Standing(340, "request", 560, growing=True, waiting="the target has not answered for 34 s")


@pytest.mark.parametrize(
    ("standing", "seconds", "words"),
    [
        (
            APPLYING,
            100,
            "wave 2 of 5, 1,200 of 3,000 changes, 12.0 a second, 2 min 30 s left, 3 failed",
        ),
        (
            READING,
            10,
            "340 of at least 560 requests, 34.0 a second, at least 6 s left; " + READING.waiting,
        ),
        (Standing(1, "request"), 10, "1 request, 0.1 a second"),
        (Standing(0, "change", 1, stage="wave 1 of 1"), 10, "wave 1 of 1, 0 of 1 change"),
    ],
)
def test_how_far_it_has_come_in_words(standing: Standing, seconds: float, words: str) -> None:
    assert standing.words(seconds) == words


def test_a_terminal_gets_a_bar_that_looks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    stream, looked = Terminal(), threading.Event()

    def look() -> Standing:
        looked.set()
        return APPLYING

    with Printer(stream, {"NO_COLOR": "1"}).progress("Applying [all]", look):
        assert looked.wait(60)
    assert "Applying [all]" in stream.getvalue()
    assert "wave 2 of 5, 1,200 of 3,000 changes" in stream.getvalue()
    assert "3 failed" in stream.getvalue()


def test_progress_of_which_nothing_is_known() -> None:
    stream = Terminal()
    with Printer(stream, {"NO_COLOR": "1"}).progress("Comparing [both]"):
        pass
    assert "Comparing [both]" in stream.getvalue()


class Lines(io.StringIO):
    """A stream that says when it has got so many lines."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count
        self.enough = threading.Event()

    def write(self, text: str) -> int:
        self._left -= text.count("\n")
        if self._left <= 0:
            self.enough.set()
        return super().write(text)


def test_everything_else_gets_a_line_again_and_again() -> None:
    stream, done = Lines(3), itertools.count(1)
    printer = Printer(stream, {}, every=0.01)
    with printer.progress("Applying", lambda: Standing(next(done), "change", 1000, stage="wave 1 of 2")):
        assert stream.enough.wait(60)
    lines = stream.getvalue().splitlines()
    for number, line in enumerate(lines, start=1):
        assert line.startswith(f"Applying: wave 1 of 2, {number} of 1,000 changes, ")
        assert re.search(r", [0-9,.]+ a second, (\d+ min )?\d+ s left$", line)


def test_nobody_waits_longer_than_ten_seconds_for_a_line() -> None:
    assert EVERY_SECONDS <= 10


def test_whether_a_person_may_be_looking_on() -> None:
    assert Printer(Terminal(), {}).is_terminal
    assert not Printer(io.StringIO(), {}).is_terminal


def test_a_dumb_terminal_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Printer(stream, {}).progress("Applying", lambda: APPLYING):
        pass
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
