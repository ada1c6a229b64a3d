"""Where lines meet a terminal, or a pipe that gets the same lines without anything around them."""

import io
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.text import Text

from sync.report.lines import RULE
from sync.report.progress import Look, bar, lines
from sync.report.wording import FLAG

EVERY_SECONDS = 10.0
"""How often a log tells that something goes on."""

_HANGING = 2

_NO_BREAK = "\N{NO-BREAK SPACE}"
"""A text that is shown holds none: it is escaped."""

_FLAG = re.compile(rf"{FLAG}(?=\s|$)")


class _Console(Console):
    """A console that does not end the process when nobody reads along any more."""

    def on_broken_pipe(self) -> None:
        """Leave it to whoever prints."""
        raise BrokenPipeError


class Printer:
    """Show lines and progress on a stream.

    A terminal gets colours, unless `NO_COLOR` is set, progress bars, and lines that break between words:
    never within one, nor between a flag and its value, and not at all in a line that says `no_wrap`, a
    command to copy. Everything else gets plain lines: not wrapped, not cut, without escape sequences. A
    stream that takes nothing any more (a closed pipe, a full disk) gets nothing any more: the run goes on,
    and its reports hold everything. `fold` puts lines under a title that unfolds them, where there is such a
    thing.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
        fold: Callable[[str, list[Text]], list[Text]] | None = None,
        every: float | None = None,
    ) -> None:
        """Take the stream, else standard output; `every` so many seconds progress gets a line."""
        self._fold = fold
        self._every = every
        stream = stream or sys.stdout or io.StringIO()  # a process can be started without any
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that can't show a character must not end the run that it reports on.
            stream.reconfigure(errors="backslashreplace")
        terminal = stream.isatty()
        self._console = _Console(
            file=stream,
            force_terminal=terminal,
            color_system="auto" if terminal and not environ.get("NO_COLOR") else None,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
        )

    @property
    def is_terminal(self) -> bool:
        """Tell whether a person may be looking on."""
        return self._console.is_terminal

    def show(self, lines: Iterable[Text], fold: str = "") -> None:
        """Write lines as they are, one below another; with a title, as what one may want to unfold."""
        shown = list(lines)
        try:
            for line in self._fold(fold, shown) if self._fold and fold and shown else shown:
                for row in self._rows(line) if self.is_terminal else [line]:
                    self._console.print(row)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._console.file.fileno())
            os.close(nowhere)

    def _rows(self, line: Text) -> Iterator[Text]:
        """Yield a line as rows of the terminal's width, those after the first a little to the right."""
        width = self._console.width
        if line.plain == RULE:
            yield line[:width]
            return
        if line.no_wrap or line.cell_len <= width:
            yield line
            return
        indent = len(line.plain) - len(line.plain.lstrip(" ")) + _HANGING
        # it breaks at a space, and not at one that can't be seen apart from it
        whole = _FLAG.sub(lambda flag: flag[0].replace(" ", _NO_BREAK), line.plain)
        for row in textwrap.wrap(
            whole,
            width,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        ):
            yield Text(row.replace(_NO_BREAK, " "), line.style)

    @contextmanager
    def progress(self, description: str, look: Look | None = None) -> Iterator[None]:
        """Show that something goes on while the block runs, and how far it has come if `look` tells that.

        A terminal gets a bar; everything else gets a line when there has been time for one.
        """
        if self.is_terminal and not self._console.is_dumb_terminal:
            with bar(self._console, description, look):
                yield
        else:
            every = EVERY_SECONDS if self._every is None else self._every
            with lines(lambda line: self.show([Text(line)]), description, look, every):
                yield
