"""The first stage of a run: both environments, connected, and nothing sent yet."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import SecretStr

from sync.ci import how_to_finish
from sync.heimdall.retries import Patience
from sync.heimdall.token_source import source_of
from sync.heimdall.transport import Transport
from sync.interruption import Interruption
from sync.model.plan import Rules
from sync.model.snapshot import Snapshot
from sync.plan.guardrails import Objection, objections_to_urls
from sync.report.console import Console, Mode
from sync.report.document import Document, Rollback
from sync.report.progress import Standing
from sync.run.gate import Gates
from sync.run.input_files import InputFiles
from sync.run.option_table import Command
from sync.run.record import Record
from sync.run.rollback import rules_of
from sync.run.settings import Settings, name_of_snapshot


@dataclass(frozen=True, slots=True)
class Connected:
    """Two environments that a run may talk to, and what it was given besides.

    A snapshot can stand for either. The other side of an export has no URL and is never asked.
    """

    settings: Settings
    files: InputFiles
    record: Record
    interruption: Interruption
    source: Transport | Snapshot
    target: Transport | Snapshot

    @property
    def writable(self) -> Transport:
        """Return the target of a run that writes: a snapshot never stands for it."""
        if isinstance(self.target, Snapshot):
            raise TypeError("a snapshot can't be changed")
        return self.target

    @property
    def rules(self) -> Rules:
        """Return the rules of the plan that is to be carried out, else those of the settings."""
        return self.files.rules or rules_of(self.settings, self.files.undone)

    @property
    def transports(self) -> dict[str, Transport]:
        """Return the connections, by side."""
        ends = {"source": self.source, "target": self.target}
        return {side: end for side, end in ends.items() if isinstance(end, Transport) and end.url}

    def asking(self, what: str) -> AbstractContextManager[None]:
        """Show how many requests a block has sent, and how many are known to follow."""
        ends = tuple(self.transports.values())
        before = sum(end.sent for end in ends)

        def look() -> Standing:
            sent = sum(end.sent for end in ends) - before
            total = sent + sum(end.queued for end in ends)
            return Standing(sent, "request", total, growing=True, waiting=self.waiting)

        return self.record.printer.progress(what, look)

    @property
    def waiting(self) -> str:
        """Return which environments a run waits for, empty where both answer."""
        return "; ".join(filter(None, (end.availability.waiting for end in self.transports.values())))


@contextmanager
def connect(
    settings: Settings, files: InputFiles, record: Record, interruption: Interruption
) -> Iterator[Connected]:
    """Connect both environments while the block runs. Raises `RefusedError` where a guardrail objects."""
    started = time.monotonic()
    exports = settings.command is Command.EXPORT
    # an export leaves the other side alone, also where one is configured for other commands
    sides = [settings.side.value] if exports else ["source", "target"]
    places = {side: settings.place(side) if side in sides else "" for side in ("source", "target")}
    urls = {side: "" if settings.is_file(side) else place for side, place in places.items()}
    with ExitStack() as connections:

        def transport(side: str) -> Transport:
            return connections.enter_context(
                _transport(settings, side, urls[side], interruption, record.note)
            )

        source, target = files.source or transport("source"), files.target or transport("target")
        connected = Connected(settings, files, record, interruption, source, target)
        made = files.approved.made if files.approved else None
        record.document = Document(
            source_url=places["source"],
            target_url=places["target"],
            source_name=settings.name_of_source or (made.source_name if made else ""),
            target_name=settings.target_name or (made.target_name if made else ""),
            git=name_of_snapshot(settings.against_git) if settings.against_git else "",
            rollback=_rollback(settings, files),
            rules=connected.rules,
            notes=files.notes,
            stand_ins=tuple(_stand_ins(settings, files)),
            started=datetime.now(UTC),
            how_to_finish=how_to_finish(),
        )
        mode = Mode[settings.effective_command.name] if settings.applies or not settings.backup else Mode.PLAN
        record.printer.show(Console(record.document).header(mode))
        record.show(Console.stand_ins)
        for note in files.notes:
            record.note(note)
        try:
            if settings.gate:
                record.weigh(_objections_to_gates(settings, interruption, record.note))
            record.weigh(objections_to_urls(urls["source"], urls["target"], connected.rules))
            yield connected
        finally:
            record.document = replace(
                record.document,
                requests=sum(each.sent for each in connected.transports.values()),
                seconds=time.monotonic() - started,
            )


def _rollback(settings: Settings, files: InputFiles) -> Rollback | None:
    if settings.command is not Command.ROLLBACK:
        return None
    return Rollback(files.undone.plan if files.undone else None, rules_of(settings, files.undone))


def _objections_to_gates(
    settings: Settings, interruption: Interruption, tell: Callable[[str], None]
) -> Iterator[Objection]:
    """Yield how an apply can pass the environments that should ask a person."""
    gates = Gates.of_workflow(
        Patience(settings.timeout, settings.retries, interruption.sleep, interruption.requested, tell=tell)
    )
    for name in settings.gate:
        yield from gates.objections(name, accepted=settings.accept_ungated)


def _stand_ins(settings: Settings, files: InputFiles) -> Iterator[str]:
    """Yield what a snapshot that stands for an environment leaves open."""
    for side, snapshot in (("source", files.source), ("target", files.target)):
        if snapshot:
            yield (
                f"{settings.place(side)} stands for the {side}: its own order decides which mapping wins; "
                "stale answers, leftovers and later changes of the server are unknown"
            )
    if files.target:
        yield (
            "a snapshot has neither users nor members: members of groups are not counted, and the guardrail "
            "of --allow-self-lockout can't look"
        )
        yield (
            f"the plan goes by the API schema in {settings.contract.name}"
            if settings.contract
            else "the plan goes by the API schema that heimdall-sync knows; give the target's with --contract"
        )


def _transport(
    settings: Settings, side: str, url: str, interruption: Interruption, tell: Callable[[str], None]
) -> Transport:
    """Return a connection that is not open yet.

    `tell` is told when the environment stops answering, and when it answers again.
    """
    patience = Patience(
        settings.timeout,
        settings.retries,
        interruption.sleep,
        interruption.requested,
        settings.give_up_after,
        tell,
    )
    tokens = (
        source_of(
            settings.credentials(side), patience, allow_http=settings.allow_http, ca_file=settings.ca_file
        )
        if url
        else SecretStr("")  # nobody gave a token for what is never asked
    )
    return Transport(
        url,
        tokens,
        read_only=side == "source" or settings.command is Command.EXPORT,
        concurrency=settings.concurrency,
        patience=patience,
        ca_file=settings.ca_file,
    )
