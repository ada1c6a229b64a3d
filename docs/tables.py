"""Write the tables of options, outputs and exit codes into the pages that show them: `make tables`."""

import re
import sys
from itertools import groupby
from pathlib import Path

from sync.github import OUTPUTS
from sync.run.help import EXIT_CODES
from sync.run.inputs import inputs
from sync.run.option_table import Command
from sync.run.options import options, problems_of
from sync.run.settings import Settings

HERE = Path(__file__).parent


def tables() -> dict[str, str]:
    """Return the table of each page, by the page's name."""
    return {
        "options.md": option_tables(),
        "outputs.md": table("output", OUTPUTS),
        "exit-codes.md": table("code", EXIT_CODES),
    }


def option_tables() -> str:
    """Return the options, section by section."""
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
    return "\n".join(lines)


def table(head: str, rows: dict[str, str]) -> str:
    """Return what each of these names means, a row each."""
    lines = [f"| `{name}` | {meaning} |" for name, meaning in rows.items()]
    return "\n".join([f"| {head} | |", "| --- | --- |", *lines, ""])


def filled(page: str, content: str) -> str:
    """Return a page with this between its marks."""
    return re.sub(
        r"(<!-- table -->\n).*(<!-- /table -->)",
        lambda marks: f"{marks[1]}\n{content.strip()}\n\n{marks[2]}",
        page,
        flags=re.DOTALL,
    )


def main() -> int:
    """Write them all."""
    for name, content in tables().items():
        path = HERE / name
        path.write_text(filled(path.read_text(encoding="utf-8"), content), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
