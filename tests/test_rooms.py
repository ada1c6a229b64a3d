"""Which room may import which: data flows one way, and a stranger can read a room without those above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SYNC = Path(__file__).parents[1] / "sync"

GROUND = {"__init__", "errors", "interruption", "ci", "disk", "program", "urls"}
"""Modules beside the rooms that every room may import."""

MAY_IMPORT = {
    "model": set[str](),
    "overlaps": {"model"},
    "snapshots": {"model", "overlaps"},
    "plan": {"model", "overlaps"},
    "heimdall": {"model", "overlaps"},
    "apply": {"model", "plan"},
    "report": {"model", "overlaps", "plan", "heimdall"},
    "github": {"model", "report"},
    "sandbox": {"model"},
    "run": {"model", "overlaps", "snapshots", "plan", "heimdall", "apply", "report", "github"},
    "cli": {"run", "report", "github"},
    "__main__": {"cli"},
}
"""What each room imports besides the ground floor. Every room is here, above those that it may import."""

EXCEPTIONS = {("run/demo.py", "sandbox")}
"""The demo starts two sandboxes."""


def imports_of(path: Path) -> Iterator[str]:
    """Yield the rooms, or modules beside them, that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "sync":
            for alias in node.names:
                stands = (SYNC / alias.name).is_dir() or (SYNC / f"{alias.name}.py").exists()
                yield alias.name if stands else "__init__"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sync."):
            yield (node.module or "").split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("sync."))


def room_of(path: Path) -> str:
    """Return the room in which a file stands, or its own name where it stands beside them."""
    return path.relative_to(SYNC).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(SYNC.rglob("*.py")), ids=lambda path: str(path.relative_to(SYNC)))
def test_a_room_imports_only_those_below_it(path: Path) -> None:
    room = room_of(path)
    allowed = GROUND if room in GROUND else GROUND | {room} | MAY_IMPORT[room]
    file = str(path.relative_to(SYNC))
    wrong = {other for other in imports_of(path) if other not in allowed and (file, other) not in EXCEPTIONS}
    assert not wrong, f"{file} must not import {wrong}"


def test_the_order_of_rooms_has_no_circle() -> None:
    above: set[str] = set()
    for room, below in MAY_IMPORT.items():
        assert below <= above, f"{room} stands before a room that it imports"
        above.add(room)


def test_every_exception_is_needed() -> None:
    for file, room in EXCEPTIONS:
        assert room in imports_of(SYNC / file)
