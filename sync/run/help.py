"""What `--help` and `--version` answer. It takes no more than the settings, so that nobody waits for it."""

import shutil
import textwrap
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from sync import __version__
from sync.run.option_table import Command
from sync.run.options import Option, options

SECRETS = Path("/run/secrets")

EXIT_CODES = {
    "0": "success: the plan is written, or the target equals the source",
    "1": "failed, or the target still differs from the source",
    "2": "`drift`, or `plan` with `--detailed-exitcode`, found differences",
    "3": "refused by a guardrail, or the plan is no longer the approved one",
    "4": "the healthcheck failed",
    "64": "wrong usage or settings",
    "130, 143": "cancelled by Ctrl-C, or by the platform",
}

_NARROWEST, _WIDEST = 45, 100
"""Between these, `--help` is as wide as the terminal: longer lines are harder to read."""


def answer(argv: Sequence[str]) -> str:
    """Return what someone gets who asks for help or the version, whatever else is wrong; empty for others."""
    if "--version" in argv:
        return f"heimdall-sync {__version__}\n"
    if {"-h", "--help"} & set(argv):
        return help_text(shutil.get_terminal_size((_WIDEST, 24)).columns)
    return ""


def help_text(width: int) -> str:
    """Return what `--help` shows on a terminal of so many columns."""
    width = max(_NARROWEST, min(width, _WIDEST))
    introduction = (
        "Make one Heimdall environment exactly equal to another. Each option is a flag, the environment "
        f"variable beside it, or a file in {SECRETS} named like the variable in lower case; the first of "
        "these that has a value wins."
    )
    usage = f"usage: heimdall-sync [{' | '.join(Command)}] [options]"
    lines = [_wrapped(usage, width, hanging=" " * 7), "", _wrapped(introduction, width)]
    for section, members in groupby(options(), key=lambda option: option.section):
        lines += ["", _wrapped(f"{section}:", width)]
        for option in members:
            default = f" (default: {option.default})" if option.default else ""
            text = f"{option.description.replace('`', '')}{default}"
            lines += [*_names(option, width), _wrapped(text, width, " " * 6)]
    lines += ["", "  -h, --help", "      This text", "  --version", "      The version", "", "exit codes:"]
    lines += [
        _wrapped(f"{code:<9}{meaning}", width, " " * 2, " " * 11) for code, meaning in EXIT_CODES.items()
    ]
    return "\n".join([*lines, ""])


def _names(option: Option, width: int) -> list[str]:
    """Return the flag and the variable of an option, side by side where there is room."""
    flag, variable = f"  {option.flag} {option.value}".rstrip(), option.variable
    line = f"{flag:<34}{variable}"
    return [line] if len(line) <= width else [flag, f"  {variable}"]


def _wrapped(text: str, width: int, indent: str = "", hanging: str = "") -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=hanging or indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
