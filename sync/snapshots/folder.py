"""A snapshot on the disk: read from a file or a folder, and a folder written as a whole."""

import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sync.disk import write_whole
from sync.errors import HeimdallSyncError, MistakesError, ReadError, RefusedError
from sync.model.snapshot import Kind, Snapshot
from sync.snapshots.entries import SCHEMA, folder_schema
from sync.snapshots.json_lines import JsonLines
from sync.snapshots.reading import SHOWN, STAGE, read_toml, toml_files
from sync.snapshots.toml import files_of

_NOTE = "An export into this folder was interrupted, and the folder is half-written. Run the export again.\n"


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot of a folder, or of a file: an export, a backup, a report's, or one in TOML.

    Raises `ReadError`; where it is in TOML, with everything that is wrong with it.
    """
    if path.is_dir() or path.suffix == ".toml":
        return read_toml(path)
    held = b""
    try:
        held = path.read_bytes()
        return Snapshot.model_validate_json(held)
    except OSError as error:
        raise _no_snapshot(path, error.strerror) from None
    except ValidationError as error:
        found = [each for each in error.errors() if each["loc"] != ("schema",)]
        if len(found) < error.error_count() or found[0]["type"] == "json_invalid":
            raise _no_snapshot(path, "it is damaged, or another version of heimdall-sync wrote it") from None
        lines = JsonLines(held.decode())
        said = tuple(_mistake(path, lines, each) for each in found[:SHOWN])
        raise MistakesError.at(str(path), said, len(found)) from None


def _no_snapshot(path: Path, why: str | None) -> ReadError:
    return ReadError(f"{path} is not a snapshot: {why}", "take a file that export or apply has written")


def _mistake(path: Path, lines: JsonLines, error: ErrorDetails) -> str:
    """Return what is wrong, with its line where it is about a part of the file."""
    said, location = error["msg"].removeprefix("Value error, "), error["loc"]
    if not location:
        return f"{path}: {said}"
    return f"{path}:{lines.of(location)}: {'.'.join(map(str, location))}: {said}"


def write_folder(path: Path, snapshot: Snapshot, mode: int) -> None:
    """Make a folder hold a snapshot and no other; what is equal already is not touched.

    Everything is on the disk before the first file of the folder is replaced. Where it is interrupted after
    that, whoever reads the folder is told, and the next export goes through with it. Files of the snapshot
    before are removed, and all others that are not TOML are left.

    Raises `RefusedError` where a TOML file in the folder is not of an export: it would be read with the rest.
    Raises `HeimdallSyncError` where the folder can't be written.
    """
    with _explained(path):
        texts = {**files_of(snapshot), SCHEMA: folder_schema()}
        there = {file.relative_to(path).as_posix(): file for file in toml_files(path)}
        foreign = [str(file) for name, file in there.items() if not _is_ours(name, file)]
        if foreign:
            more = f" and {len(foreign) - 1:,} more" if len(foreign) > 1 else ""
            raise RefusedError(
                f"{foreign[0]}{more}: the export would leave this file among its own, and it would be read "
                "as a part of the snapshot",
                "move it out of the folder, or export to another folder",
            )
        stage = path / STAGE
        changed = {name: text for name, text in texts.items() if not _holds(path / name, text)}
        stale = [file for name, file in there.items() if name not in texts]
        if changed or stale or stage.exists():
            _make(path, mode)
            _replace(path, changed, stale, mode)


def _replace(path: Path, changed: dict[str, str], stale: list[Path], mode: int) -> None:
    stage, is_moving = path / STAGE, path / STAGE / "README"
    begun = is_moving.exists()
    try:
        for name, text in changed.items():
            _make((stage / name).parent, mode)
            write_whole(stage / name, text, mode)
    except OSError:
        if not begun:
            shutil.rmtree(stage, ignore_errors=True)
        raise
    _make(stage, mode)
    write_whole(is_moving, _NOTE, mode)
    for name in changed:
        _make((path / name).parent, mode)
        (stage / name).replace(path / name)
    for file in stale:
        file.unlink()
    shutil.rmtree(stage)


def _make(folder: Path, mode: int) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True)
        # who may read the files must find them
        folder.chmod(mode | (mode & 0o444) >> 2)


def _is_ours(name: str, file: Path) -> bool:
    """Tell whether a file stands where an export writes, and holds a part of a snapshot."""
    parent, _, leaf = name.rpartition("/")
    if parent not in {Kind.ROLE.plural, Kind.GROUP.plural} and name not in {"actions.toml", "mappings.toml"}:
        return False
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return bool(leaf) and held.keys() <= {kind.plural for kind in Kind}


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_bytes() == text.encode()
    except FileNotFoundError:
        return False


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HeimdallSyncError(
            f"the snapshot can't be written to {path}: {error.strerror}",
            "choose another folder with --export-path, or make this one writable",
        ) from error
