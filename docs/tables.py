"""Print the tables of options and outputs that the README has: `python docs/tables.py`."""

import sys
from itertools import groupby

from sync.github import OUTPUTS
from sync.run.inputs import inputs
from sync.run.settings import Command, Settings, options, problems_of


def markdown_tables() -> str:
    """Return the options, section by section, and the outputs of a step, as tables for the README."""
    needed = {name for name, _ in problems_of(Settings(command=Command.APPLY))}
    names = {option.name: f"`{name}`" for name, option in inputs()}
    lines = []
    for section, members in groupby(options(), key=lambda option: option.section):
        lines += [
            f"**{section.capitalize()}**",
            "",
            "| input | flag, variable | default | |",
            "| --- " * 4 + "|",
        ]
        for option in members:
            default = "*needed*" if option.name in needed else option.default and f"`{option.default}`"
            places = f"`{option.flag}`<br>`{option.variable}`"
            lines.append(f"| {names.get(option.name, '')} | {places} | {default} | {option.description} |")
        lines.append("")
    lines += ["**Outputs of a step**", "", "| output | |", "| --- | --- |"]
    lines += [f"| `{name}` | {description} |" for name, description in OUTPUTS.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(markdown_tables())
