"""The folder of a run's reports."""

from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import BaseModel

from sync.errors import HeimdallSyncError
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
    texts |= {
        name: model.model_dump_json(by_alias=True, indent=2) + "\n"
        for name, model in models.items()
        if model is not None
    }
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return tuple(_write(directory / name, text) for name, text in texts.items())
    except OSError as error:
        raise HeimdallSyncError(
            f"the reports can't be written to {directory}: {error.strerror}",
            "choose another folder with --output-dir, or make this one writable",
        ) from error


def _write(path: Path, text: str) -> Path:
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
