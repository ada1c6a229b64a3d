"""The command `heimdall-sync`: arguments in, an exit code out."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from sync.interruption import Interruption
from sync.run.help import answer

SWITCH_SECONDS = 0.001
"""How long a thread that computes may keep waiting those whose answers have come (Python's own: 0.005)."""


def main(argv: Sequence[str] | None = None, interruption: Interruption | None = None) -> int:
    """Run a command line, or answer `--help` and `--version`, and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if said := answer(arguments):
        with suppress(OSError):  # whoever asked may have gone
            print(said, end="", flush=True)  # noqa: T201 - unlike write, it takes a missing stdout
        return 0
    # not above: it takes most of the packages that are installed, and who asks for help would wait for them
    from sync.run.processing import process  # noqa: PLC0415

    return process(arguments, interruption or Interruption())


def entry() -> None:
    """Run as a process, and end it at once: a request may hang, and nothing is left to tidy up."""
    sys.setswitchinterval(SWITCH_SECONDS)
    interruption = Interruption()
    code = main(interruption=interruption)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
