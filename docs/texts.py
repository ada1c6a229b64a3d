"""Print every text that a user of the command can meet, file by file, to read them aloud: `make texts`.

A text is a string of several words in the code that is no docstring; `{}` stands for what is put in.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SYNC = ROOT / "sync"


def texts_of(code: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a Python file, each with its line."""
    tree = ast.parse(code)
    skipped = set(_parts_of(tree))
    for node in ast.walk(tree):
        if id(node) not in skipped and (text := _text(node)) and text.count(" ") > 1:
            yield node.lineno, text  # type: ignore[attr-defined] # every node with a text has a line


def _parts_of(tree: ast.AST) -> Iterator[int]:
    """Yield what is no text of its own: docstrings, the parts of f-strings, patterns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield id(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from (id(part) for part in ast.walk(node) if part is not node)


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "{}" for part in parts)
    return ""


def texts() -> Iterator[str]:
    """Yield every text as a line, after a line with the name of its file."""
    for path in sorted(SYNC.rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        found = sorted(set(texts_of(path.read_text(encoding="utf-8"))))
        if found:
            yield f"\n{path.relative_to(ROOT)}"
            yield from (f"  {line}: {' '.join(text.split())}" for line, text in found)
    yield "\naction.yml"
    for section in ("inputs", "outputs"):
        described: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))[section]
        yield from (f"  {name}: {each['description']}" for name, each in described.items())


if __name__ == "__main__":
    sys.stdout.write("\n".join([*texts(), ""]))
