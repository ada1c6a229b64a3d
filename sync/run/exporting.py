"""An export: one side, read and written where it was asked for."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sync.disk import is_same, write_whole
from sync.errors import HeimdallSyncError, ReadError, UsageError
from sync.model.snapshot import Snapshot
from sync.report.console import Console
from sync.report.files import SOURCE, TARGET, ReportFolder, as_json
from sync.run.connection import Connected
from sync.run.option_table import Command
from sync.run.option_types import ExportedSide, Layout
from sync.run.planning import check_ends
from sync.run.reading import read_one
from sync.run.settings import Settings
from sync.snapshots.folder import read_snapshot, write_folder


def export(connected: Connected) -> None:
    """Check one side alone, read it, and keep its snapshot for the reports and where it was asked for."""
    check_ends(connected, must_write=False, probe_writes=False)
    record, settings = connected.record, connected.settings
    side = settings.side
    with connected.asking(f"Reading the {side}"):
        end = connected.source if side is ExportedSide.SOURCE else connected.target
        reading = read_one(side, end, settings.ask)
    found = replace(record.document, remarks=reading.remarks)
    record.document = (
        replace(found, source=reading.snapshot)
        if side is ExportedSide.SOURCE
        else replace(found, target=reading.snapshot)
    )
    record.show(Console.remarks)
    written = write_export(settings, reading.snapshot, record.folder)
    record.document = replace(record.document, exported_to=str(written))


def keep_export_apart(settings: Settings, inputs: Iterable[Path]) -> None:
    """Raise `UsageError` where an export would take the place of what the run reads, or of another file."""
    if settings.command is not Command.EXPORT or settings.export_path is None:
        return
    path = settings.export_path
    if any(is_same(path, read) or path.resolve().is_relative_to(read.resolve()) for read in inputs):
        problem = "is the path of a file or folder that this run reads; name another path"
    elif settings.layout is Layout.FOLDER:
        problem = "is a file; name a folder, or give --layout file" if path.is_file() else ""
    elif path.is_dir():
        problem = "is a folder; name a file, or give --layout folder"
    else:
        problem = (
            "" if not path.exists() or _is_snapshot(path) else "is not a snapshot, and would be overwritten"
        )
    if problem:
        raise UsageError(f"--export-path (HEIMDALL_EXPORT_PATH): {problem}")


def _export_path(settings: Settings) -> Path:
    """Return what an export writes."""
    name = SOURCE if settings.side is ExportedSide.SOURCE else TARGET
    folder = settings.layout is Layout.FOLDER
    return settings.export_path or settings.output_dir / (name.removesuffix(".json") if folder else name)


def write_export(settings: Settings, snapshot: Snapshot, folder: ReportFolder) -> Path:
    """Write a snapshot where it was asked for, and return where it is.

    Its file is among the reports in any case, and is written with them. Raises `HeimdallSyncError`.
    """
    path = _export_path(settings)
    if settings.layout is Layout.FOLDER:
        write_folder(path, snapshot, folder.mode)
    elif settings.export_path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, as_json(snapshot), folder.mode)
        except OSError as error:
            raise HeimdallSyncError(
                f"the snapshot can't be written to {path}: {error.strerror}",
                "choose another path with --export-path, or make this one writable",
            ) from error
    else:
        return folder.place(path.name)
    return path


def _is_snapshot(path: Path) -> bool:
    try:
        read_snapshot(path)
    except ReadError:
        return False
    return True
