"""The folder of a run's reports."""

from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import BaseModel, ValidationError

from sync.errors import HeimdallSyncError, ReadError
from sync.plan.model import Snapshot
from sync.report import junit, markdown
from sync.report.document import Document

_READABLE_BY_ALL = 0o644


def write_reports(document: Document, directory: Path) -> tuple[Path, ...]:
    """Write what a run found out into a folder, and return the files.

    These are `summary.md` and `junit.xml` and, as far as the run came to them, `plan.json`,
    `snapshot-source.json` and `snapshot-target.json`. The folder is made where there is none; other
    files in it stay as they are. Each file is there completely or not at all.

    Raises `HeimdallSyncError` where the folder can't be written.
    """
    texts = {"summary.md": markdown.render(document), "junit.xml": junit.render(document)}
    models: dict[str, BaseModel | None] = {
        "plan.json": document.plan,
        "snapshot-source.json": document.source,
        "snapshot-target.json": document.target,
    }
    texts |= {name: _json(model) for name, model in models.items() if model is not None}
    return tuple(_write(directory / name, text) for name, text in texts.items())


def write_model(path: Path, model: BaseModel) -> None:
    """Write a model as JSON, completely or not at all. Raises `HeimdallSyncError` where it can't."""
    _write(path, _json(model))


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot that a file holds: an export, a backup or a report's. Raises `ReadError`."""
    try:
        return Snapshot.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not whole, or of another version"
        raise ReadError(
            f"{path} is no snapshot: {why}", "take a file that export or apply has written"
        ) from None


def _json(model: BaseModel) -> str:
    return model.model_dump_json(by_alias=True, indent=2) + "\n"


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _replace(path, text)
    except OSError as error:
        raise HeimdallSyncError(
            f"the reports can't be written to {path.parent}: {error.strerror}",
            "choose another folder with --output-dir, or make this one writable",
        ) from error


def _replace(path: Path, text: str) -> Path:
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text.encode())
            file.flush()
            temporary.chmod(_READABLE_BY_ALL)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return path
