"""Run the command as `python -m sync`."""

from sync.cli import entry

entry()
