"""What a run finds out: shown as it comes, and kept for the reports, however the run ends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rich.text import Text

from sync.errors import RefusedError
from sync.plan.approval import MAKE_ANOTHER
from sync.plan.guardrails import Objection
from sync.report import messages
from sync.report.checks import way_out
from sync.report.console import Console
from sync.report.document import Document
from sync.report.files import ReportFolder
from sync.report.terminal import Printer


@dataclass(slots=True)
class Record:
    """The one thing in a run that changes: each stage puts into `document` what it has found.

    An error that ends a stage leaves it as it is by then, and the reports are written from it.
    """

    document: Document
    folder: ReportFolder
    printer: Printer

    def show(self, *parts: Callable[[Console], Iterable[Text]], fold: str = "") -> None:
        """Show parts of the document; with a title, as what one may want to unfold."""
        for part in parts:
            self.printer.show(part(Console(self.document)), fold=fold)

    def note(self, message: str) -> None:
        """Show something that a person should know and that stops nothing."""
        self.printer.show(messages.note(message))

    def warn(self, message: str) -> None:
        """Show something, and keep it for the reports: what was there and is left out."""
        self.document = replace(self.document, notes=(*self.document.notes, message))
        self.note(message)

    def weigh(self, objections: Iterable[Objection]) -> None:
        """Show and keep what guardrails object to. Raises `RefusedError` where no setting allows it."""
        found = tuple(objections)
        self.document = replace(self.document, objections=(*self.document.objections, *found))
        self.printer.show(Console(replace(self.document, objections=found)).guardrails())
        refused = [objection for objection in found if not objection.allowed]
        if refused:
            raise RefusedError(refused[0].message, way_out(refused[0]) or MAKE_ANOTHER)
