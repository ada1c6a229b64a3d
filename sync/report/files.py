"""The folder of a run's reports: those of one run alone, beside what is kept for good."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile

from pydantic import BaseModel

from sync.disk import Room, is_same, write_whole
from sync.errors import HeimdallSyncError
from sync.report.comment import Comment
from sync.report.document import Document
from sync.report.markdown import Markdown

PLAN, RECEIPT = "plan.json", "receipt.json"
SOURCE, TARGET = "snapshot-source.json", "snapshot-target.json"
REPORTS = ("summary.md", "comment.md", "report.html", "junit.xml", PLAN, SOURCE, TARGET, RECEIPT)
"""What a run may write about itself; the next one replaces all of it."""

_ROOM_FOR_A_CHANGE = 2048
"""Bytes that what became of one may take in all reports: a failure, its reason, and what to do."""

_ROOM_FOR_THE_REST = 1 << 16


class ReportFolder:
    """The folder that a run writes its reports to, in place of all that the run before has written.

    `inputs` are the files that the run reads. They stay as they are; a report of the same name gets another
    (`snapshot-target-2.json`). What is kept for good and whatever else is in the folder stay as well. Only
    their owner may read the files, unless they are `shared`: with a runner's other users.

    Every method raises `HeimdallSyncError` where the folder can't be written.
    """

    def __init__(self, path: Path, inputs: Iterable[Path] = (), *, shared: bool = False) -> None:
        self.path = path
        self.mode = 0o644 if shared else 0o600
        self._inputs = tuple(inputs)
        self._written: set[Path] = set()
        self._room: Room | None = None

    def begin(self) -> None:
        """Make the folder, try to write to it, and remove the reports of the run before."""
        with _explained(self.path):
            self._make()
            with TemporaryFile(dir=self.path) as file:
                file.write(b"x")
            self._remove_others()

    def prepare(self, document: Document, changes: int) -> None:
        """Write what will not change any more, and hold room for all that so many changes may leave.

        After the first of them it is too late to find out that it can't be written.
        """
        final = self._final(document)
        for name, text in final.items():
            self._write(self.place(name), text)
        told = sum(map(len, _told(document).values()))
        # a file is written beside the one that it replaces; a receipt, written twice, holds a snapshot
        size = (
            2 * told + 4 * sum(map(len, final.values())) + _ROOM_FOR_A_CHANGE * changes + _ROOM_FOR_THE_REST
        )
        with _explained(self.path):
            self._room = Room(self.path, size)

    def write_reports(self, document: Document) -> tuple[Path, ...]:
        """Write what a run found out, remove what it did not come to, and return the files.

        These are `summary.md`, `report.html` and `junit.xml`, of a plan `comment.md` as well and, as far as
        the run came to them, `plan.json`, `snapshot-source.json` and `snapshot-target.json`. Each file is
        there completely or not at all.
        """
        texts = _told(document) | self._final(document)
        with _explained(self.path):
            self._make()
        files = tuple(self._write(self.place(name), text) for name, text in texts.items())
        with _explained(self.path):
            self._remove_others()
        return files

    def write(self, name: str, model: BaseModel) -> Path:
        """Write a report as JSON, completely or not at all, and return the file."""
        return self._write(self.place(name), as_json(model))

    def keep(self, stem: str, model: BaseModel) -> Path:
        """Write a file that no run will ever replace, and return it. A name that is taken gets a number."""
        for number in count(1):
            path = self.path / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
            with _explained(self.path):
                try:
                    # from here on the name is ours: only then it is safe to replace what has it
                    path.open("x").close()
                except FileExistsError:
                    continue
            try:
                return self._write(path, as_json(model))
            except HeimdallSyncError:
                path.unlink(missing_ok=True)
                raise
        raise AssertionError  # numbers don't end

    def place(self, name: str) -> Path:
        """Return where a report is written to."""
        path = self.path / name
        return _second(path) if self._is_input(path) else path

    def _make(self) -> None:
        if not self.path.is_dir():
            self.path.mkdir(parents=True)
            # who may read the files must find them
            self.path.chmod(self.mode | (self.mode & 0o444) >> 2)

    def _final(self, document: Document) -> dict[str, str]:
        models: dict[str, BaseModel | None] = {
            PLAN: document.plan,
            SOURCE: document.source,
            TARGET: document.target,
        }
        if document.plan and self._holds_plan(document.plan.digest):
            del models[PLAN]
        return {name: as_json(model) for name, model in models.items() if model is not None}

    def _is_input(self, path: Path) -> bool:
        return any(is_same(path, read) for read in self._inputs)

    def _holds_plan(self, digest: str) -> bool:
        """Tell whether the plan that the run was given is the one that it would write in its place."""
        path = self.path / PLAN
        return self._is_input(path) and digest.encode() in path.read_bytes()

    def _remove_others(self) -> None:
        for name in REPORTS:
            for path in (self.path / name, _second(self.path / name)):
                if path not in self._written and not self._is_input(path):
                    path.unlink(missing_ok=True)

    def _write(self, path: Path, text: str) -> Path:
        if self._room:
            self._room.release()
        with _explained(self.path):
            write_whole(path, text, self.mode)
        self._written.add(path)
        return path


def _told(document: Document) -> dict[str, str]:
    """Return what people and other programs read of a run, by the name of its file."""
    # not above: see `load_formats`
    from sync.report.junit import JUnit  # noqa: PLC0415
    from sync.report.page.rendering import Page  # noqa: PLC0415

    return {
        "summary.md": Markdown(document).render(),
        **({"comment.md": Comment(document).render()} if document.is_proposal else {}),
        "report.html": Page(document).render(),
        "junit.xml": JUnit(document).render(),
    }


def load_formats() -> None:
    """Load what reports are written with: a run that does it while requests travel does not wait for it."""
    import sync.report.junit  # noqa: F401, PLC0415 - to load it late is the point
    from sync.report.page.rendering import template  # noqa: PLC0415 - so it is with this one

    template()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HeimdallSyncError(
            f"the reports can't be written to {folder}: {error.strerror}",
            "choose another folder with --output-dir, or make this one writable",
        ) from error


def _second(path: Path) -> Path:
    return path.with_stem(f"{path.stem}-2")


def as_json(model: BaseModel) -> str:
    """Return the canonical text of a report."""
    return model.model_dump_json(by_alias=True, indent=2) + "\n"
