"""What the console says beside a document: a note, a countdown, how a run failed before it had one."""

import traceback
from pathlib import Path

from rich.text import Text

from sync.errors import HeimdallSyncError, MistakesError, UsageError
from sync.heimdall.auth import redacted
from sync.report.lines import Lines, remedy
from sync.report.wording import plural, printable


def reading() -> Lines:
    """Return what is said before both environments are read."""
    return [Text(), Text("Fetching everything from source and target...")]


def note(message: str) -> Lines:
    """Return something that a person should know and that stops nothing."""
    return [Text(f"⚠ {printable(message)}", "yellow")]


def countdown(seconds: int) -> Lines:
    """Return the last words before the first write."""
    return [
        Text(),
        Text("⚠️  WARNING: This will modify the target environment!", "bold yellow"),
        Text(f"Press Ctrl+C within {plural(seconds, 'second')} to cancel..."),
    ]


def failure(error: HeimdallSyncError) -> Lines:
    """Return what ended a run, and what to do about it: wrong settings and mistakes one below another."""
    said = error.problems if isinstance(error, UsageError | MistakesError) else (error.message,)
    return [*(Text(f"✗ {printable(line)}", "bold red") for line in said), *remedy(error.hint)]


def trace(error: BaseException) -> Lines:
    """Return where an error comes from; no line begins with what it quotes of a server: a command, say."""
    text = redacted("".join(traceback.format_exception(error)))
    return [Text(f"| {printable(line)}") for line in text.splitlines()]


def step(number: int, total: int, title: str) -> Lines:
    """Return the heading of one of several runs."""
    return [Text(), Text(f"▶ Step {number} of {total}: {title}", "bold cyan")]


def demonstrated(changes: int, directory: Path) -> Lines:
    """Return what the demo has shown, and where to look at it again."""
    return [
        Text(),
        Text(
            f"✓ The demo is done: {plural(changes, 'change')} made one Heimdall equal to another, and "
            "reading both proved it.",
            "bold green",
        ),
        Text("Both Heimdalls ran on this machine and are stopped again. Each step left a folder of reports."),
        *reports(directory),
    ]


def reports(directory: Path) -> Lines:
    """Return where the reports of a run are."""
    return [Text(f"Reports: {printable(str(directory))}")]
