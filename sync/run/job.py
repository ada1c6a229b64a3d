"""One run between two environments: healthcheck, reading, planning, applying and verifying, told as it goes.

A dry run and an apply are the same job; they differ in whether `apply` is called.
"""

import time
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

from sync.apply.carry_out import Run, guarantee_of
from sync.apply.checkpoint import Checkpoint, Memory
from sync.apply.receipt import Receipt
from sync.errors import ReadError, RefusedError, UnhealthyError
from sync.heimdall.auth import ends_before
from sync.heimdall.contract import read_contract
from sync.heimdall.health import check_health
from sync.heimdall.reader import Reading, count_members
from sync.heimdall.transport import Transport
from sync.heimdall.writer import Writer
from sync.interruption import Interruption
from sync.model.outcome import Verification, settled
from sync.model.plan import Plan
from sync.model.scope import named
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.answers import CACHE_SECONDS, Doubt
from sync.plan.approval import MAKE_ANOTHER, deviations, moved_side
from sync.plan.drift import moved_since
from sync.plan.environment import Environment
from sync.plan.guardrails import Objection, objections_to_plan, objections_to_urls, takes_superadmin
from sync.plan.planned_winners import WRITES
from sync.plan.planner import make_plan
from sync.plan.resume import Task, task_left
from sync.report import console
from sync.report.checks import way_out
from sync.report.document import Backup, Document
from sync.report.files import PLAN, RECEIPT, ReportFolder
from sync.report.terminal import Printer
from sync.run.backup import keep_backup, record_stem
from sync.run.connection import connect
from sync.run.next_steps import line_to_apply, line_to_go_back
from sync.run.past import Past
from sync.run.pulse import of_changes, of_requests
from sync.run.reading import Readings, read_both, read_source
from sync.run.settings import Command, Settings
from sync.runner import how_to_finish, in_ci

_MODES = {
    Command.CHECK: console.Mode.CHECK,
    Command.PLAN: console.Mode.DRY_RUN,
    Command.APPLY: console.Mode.LIVE,
    Command.DRIFT: console.Mode.DRIFT,
    Command.EXPORT: console.Mode.EXPORT,
}


class Job:
    """One run. Use it as a context manager: it owns the connections to both environments.

    Every method raises a `HeimdallSyncError` for what ends the run; `document` holds what was found by then.
    """

    def __init__(
        self,
        settings: Settings,
        past: Past,
        folder: ReportFolder,
        printer: Printer,
        interruption: Interruption,
    ) -> None:
        self._settings = settings
        self._snapshot = past.source
        self._rules = past.rules or settings.rules
        self._folder = folder
        self._printer = printer
        self._interruption = interruption
        self._started = time.monotonic()
        self._resources = ExitStack()
        self._source = None if past.source else self._connected("source", settings.source_url)
        # an export leaves the target alone, also where one is configured for other commands
        target_url = "" if settings.command is Command.EXPORT else settings.target_url
        self._target = self._connected("target", target_url)
        self._document = Document(
            source_url=settings.source_name,
            target_url=target_url,
            rules=self._rules,
            notes=past.notes,
            started=datetime.now(UTC),
            how_to_finish=how_to_finish(),
        )
        printer.show(console.header(self._document, _MODES[settings.effective_command]))
        for note in past.notes:
            self.note(note)

    def _connected(self, side: str, url: str) -> Transport:
        return self._resources.enter_context(
            connect(self._settings, side, url, self._interruption, self.note)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def document(self) -> Document:
        """Return what has been found out so far."""
        return replace(
            self._document,
            requests=self._target.sent + (self._source.sent if self._source else 0),
            seconds=time.monotonic() - self._started,
        )

    def note(self, message: str) -> None:
        """Show something that a person should know and that stops nothing."""
        self._printer.show(console.note(message))

    def check_urls(self) -> None:
        """Refuse, before any request, what can be seen from the URLs alone."""
        self._object(objections_to_urls(self._settings.source_name, self._target.url, self._rules))

    def check(self, *, must_write: bool) -> None:
        """Check both environments. Raises `UnhealthyError` where one of them fails.

        A missing permission to write is a failure where the run `must_write`, else a warning.
        """
        self._check(self._target, must_write=must_write)

    def _check(self, target: Transport | None, *, must_write: bool) -> None:
        with self._asking("Checking"):
            findings = check_health(self._source, target, now=datetime.now(UTC), must_write=must_write)
        self._document = replace(self._document, findings=findings)
        well = not self._document.unhealthy
        self._printer.show(console.healthcheck(self._document), fold="Healthcheck" if well else "")
        if self._document.unhealthy:
            raise UnhealthyError("the healthcheck failed", "see to what it found, then run again")

    def check_source(self) -> None:
        """Check the source alone. Raises `UnhealthyError` where it fails."""
        self._check(None, must_write=False)

    def export(self) -> None:
        """Read the source and keep its snapshot for the reports."""
        with self._asking("Reading the source"):
            reading = read_source(self._source_place)
        self._document = replace(self._document, source=reading.snapshot, remarks=reading.remarks)
        self._printer.show(console.remarks(self._document))

    def plan(self) -> Plan:
        """Read both environments and plan what makes the target equal to the source.

        Raises `RefusedError` where a guardrail objects; the plan is in the document all the same.
        """
        self._printer.show(console.reading())
        with self._asking("Reading what the target accepts"):
            self._contract = read_contract(self._target)
        if not self._contract.published:
            self.note("The target publishes no API schema: the known one is used.")
        self._readings = self._read()
        plan = self._plan_of(self._readings, self._count_lost_members(self._readings))
        self._document = replace(
            self._document,
            source=self._readings.source.snapshot,
            target=self._readings.target.snapshot,
            plan=plan,
            remarks=self._readings.remarks,
            flaws=self._readings.flaws,
        )
        self._printer.show(console.remarks(self._document))
        self._printer.show(console.unmatched(self._document))
        if self._readings.look_like_one:
            self.note("Both hold the same rows with the same ids: check that the URLs name two environments.")
        return plan

    def task(
        self,
        fresh: Plan,
        approved: Plan | None = None,
        memory: Memory | None = None,
        *,
        resume: bool = False,
    ) -> Task:
        """Return what is to be done: the plan that was approved, or what is left of it.

        Raises `RefusedError` where what is there is not what was approved, and no part of it is done.
        """
        source, target = self._environments(self._readings)
        plan = approved or (memory.plan if memory else None)
        if plan is None or plan.digest == fresh.digest:
            return Task(fresh, target.enforced)
        ours = memory.done if memory else frozenset()
        left = task_left(plan, fresh, source, target, ours) if resume else None
        if left:
            self._document = replace(self._document, plan=plan, done_before=left.done, ours=left.ours)
            self._printer.show(console.resumed(self._document))
            return left
        self._document = replace(self._document, plan=plan, deviations=tuple(deviations(plan, fresh)))
        self._printer.show(console.deviations(self._document))
        raise RefusedError(
            f"the plan is no longer what was approved ({moved_side(plan, fresh)} has changed since)",
            MAKE_ANOTHER,
        )

    def judge(self, task: Task) -> None:
        """Let the guardrails look at a plan. Raises `RefusedError` where one objects."""
        self._printer.show(console.plan_sections(self._document), fold="Changes, kind by kind")
        groups = self._own_groups() if takes_superadmin(task.plan) else ()
        source = self._readings.source.snapshot
        self._object(objections_to_plan(task.plan, source, task.before, groups))

    def propose(self, plan: Plan) -> None:
        """Say how a plan is applied, where there is something to apply."""
        if plan.operations:
            line = line_to_apply(self._settings, plan, self._folder.place(PLAN))
            self._document = replace(self._document, next_line=line)

    def _object(self, objections: Iterable[Objection]) -> None:
        found = tuple(objections)
        self._document = replace(self._document, objections=(*self._document.objections, *found))
        self._printer.show(console.objections(found))
        refused = [objection for objection in found if not objection.allowed]
        if refused:
            raise RefusedError(refused[0].message, way_out(refused[0]) or MAKE_ANOTHER)

    def countdown(self) -> None:
        """Give a person the time to cancel with Ctrl-C."""
        seconds = self._settings.countdown_seconds(terminal=self._printer.is_terminal)
        if seconds:
            self._printer.show(console.countdown(seconds))
            self._interruption.sleep(seconds)

    def warn_of_token(self, task: Task) -> None:
        """Say, before the first write, that a token is likely to end before the run does."""
        left = sum(len(wave.operations) for wave in task.left)
        # the source's is needed once more, for the verification
        for side, transport in (("target", self._target), ("source", self._source)):
            end = transport.tokens.ends() if transport else None
            if end and ends_before(end, datetime.now(UTC), left, self._pace):
                text = (
                    f"The {side}'s token ends at {end:%H:%M:%S} UTC, likely before {left} changes are done."
                )
                self.note(text)

    def back_up(self, task: Task) -> None:
        """Keep what the target held before the plan's first change; a resume finds the first attempt's."""
        settings = self._settings
        elsewhere = settings.checkpoint_file.parent if settings.resume else None
        path, before, remark = keep_backup(task, self._readings.target.snapshot, self._folder, elsewhere)
        line = line_to_go_back(settings, task.plan, before, path)
        self._document = replace(self._document, backup=Backup(str(path), line, remark, in_ci()))
        self._printer.show(console.backup(self._document))

    def apply(self, task: Task) -> None:
        """Carry out what is left of a plan; what failed is in the document's outcomes."""
        writer = Writer(self._target, self._contract, self._readings.target.ids)
        source, _ = self._environments(self._readings)
        guarantee = guarantee_of(task.plan, source.enforced, task.before, task.done)
        self._folder.prepare(self._document, sum(len(wave.operations) for wave in task.left))
        self._checkpoint = Checkpoint.create(
            self._settings.checkpoint_file, task.plan, task.ours, self._folder.mode
        )
        run = Run(writer.execute, guarantee, self._settings.concurrency, self._checkpoint.note)
        with self._printer.progress("Applying", of_changes(run, task.left, self._transports)):
            try:
                run.carry_out(task.left, self._checkpoint.sync)
            finally:
                self._document = replace(self._document, outcomes=run.outcomes)
                self._checkpoint.close()
                self._printer.show(console.outcomes(self._document))

    def verify(self, task: Task) -> bool:
        """Return whether nothing differs any more but what is known to.

        Both environments are read again for it, unless nothing was left to do: then they have just been read.
        The receipt is written, and the checkpoint of a run that succeeded is deleted.
        """
        try:
            self._readings = self._settled(
                self._read_again(self._readings) if self._document.outcomes else self._readings
            )
            found = self._plan_of(self._readings)
            # how something ignored stands is no difference, that this plan has overtaken it is
            overtaken = [b for b in task.plan.blocked if named(task.plan.rules.ignore, b.kind, b.name)]
            blocked = (*found.blocked, *(b for b in overtaken if b not in found.blocked))
            verification = Verification(found.operations, blocked, found.not_compared)
            snapshot: Snapshot | None = self._readings.target.snapshot
        except ReadError as error:
            verification, snapshot = Verification(error=error.message), None
        self._document = replace(
            self._document,
            outcomes=settled(self._document.outcomes or (), verification),
            verification=verification,
            remarks=self._readings.remarks,
        )
        self._printer.show(console.verification(self._document))
        self._printer.show(console.remarks(self._document))
        ended, outcomes = datetime.now(UTC), self._document.outcomes or ()
        receipt = Receipt.of(task.plan, outcomes, verification, snapshot, ended, len(task.done))
        self._folder.write(RECEIPT, receipt)
        if outcomes:  # the next run replaces the one above, and a later drift check wants one
            self._folder.keep(record_stem("receipt", task.plan, ended), receipt)
        if verification.identical:
            self._settings.checkpoint_file.unlink(missing_ok=True)
        return verification.identical

    def tell_drift(self, receipt: Receipt | None) -> None:
        """Say of each difference which side has moved since the last apply, as far as a receipt tells."""
        plan, moved = self._document.plan, {}
        if receipt and receipt.snapshot and plan:
            source, target = self._readings.source.snapshot, self._readings.target.snapshot
            blocked = [difference.operation for difference in plan.blocked if difference.operation]
            moved = moved_since(receipt.snapshot, source, target, (*plan.operations, *blocked))
        self._document = replace(self._document, drift=moved)
        self._printer.show(console.drift(self._document))
        self._printer.show(console.flaws(self._document))

    @property
    def _transports(self) -> list[Transport]:
        return [transport for transport in (self._source, self._target) if transport]

    def _asking(self, what: str) -> AbstractContextManager[None]:
        """Show how far the requests of a block have come."""
        return self._printer.progress(what, of_requests(self._transports))

    @property
    def _source_place(self) -> Transport | Snapshot:
        source = self._source or self._snapshot
        assert source is not None
        return source

    def _read_again(self, before: Readings) -> Readings:
        sent = {outcome.operation for outcome in self._document.outcomes or ()}
        return self._read(before, {op.name for op in sent if op.kind is Kind.MAPPING and op.verb in WRITES})

    def _read(self, before: Readings | None = None, wrote: Collection[str] = frozenset()) -> Readings:
        started, sent = time.monotonic(), self._target.sent
        with self._asking("Reading both environments"):
            readings = read_both(self._source_place, self._target, before, wrote)
        self._pace = (time.monotonic() - started) / (self._target.sent - sent)
        return readings

    def _settled(self, readings: Readings) -> Readings:
        """Where that was asked for, read both again when no cache holds an answer any longer."""
        cached = [remark for remark in readings.remarks if remark.doubt is Doubt.CACHED]
        if not cached or not self._settings.wait_for_caches:
            return readings
        self.note(f"Waiting {CACHE_SECONDS} s for the caches that may hold {len(cached)} of the answers.")
        with self._printer.progress("Waiting for the caches"):
            self._interruption.sleep(CACHE_SECONDS)
        return self._read_again(readings)

    def _environments(self, readings: Readings) -> tuple[Environment, Environment]:
        return (
            _environment(self._settings.source_name, readings.source),
            _environment(self._target.url, readings.target),
        )

    def _plan_of(self, readings: Readings, members: dict[str, int] | None = None) -> Plan:
        with self._printer.progress("Comparing both environments"):
            return make_plan(
                *self._environments(readings),
                refuses=self._contract.refuses,
                rules=self._rules,
                members=members,
            )

    def _count_lost_members(self, readings: Readings) -> dict[str, int]:
        kept = {group.name for group in readings.source.snapshot.groups}
        groups = [group for group in readings.target.snapshot.groups if group.readable]
        lost = [group.name for group in groups if group.name not in kept]
        return count_members(self._target, lost)

    def _own_groups(self) -> tuple[str, ...]:
        """Return the groups of the token's user; none where the server can't show the user."""
        with self._asking("Reading the groups of the token's user"):
            answer = self._target.send("GET", "/api/v1/users/me")
        return (
            tuple(answer.content.get("groups", ())) if answer.ok and isinstance(answer.content, dict) else ()
        )


def _environment(url: str, reading: Reading) -> Environment:
    return Environment(url, reading.snapshot, reading.order, reading.said, reading.stale, reading.leftovers)
