"""The stages of a run that writes: approved → applied → verified."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sync.apply.carry_out import Execution, guarantee_of
from sync.apply.checkpoint import Checkpoint
from sync.apply.receipt import Receipt
from sync.ci import how_to_go_back, how_to_go_on, in_ci
from sync.errors import RemoteError
from sync.heimdall.auth import ends_before
from sync.heimdall.writer import Writer
from sync.model.outcome import Outcome, Status, Verification, settled
from sync.model.scope import named
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.answers import CACHE_SECONDS, Doubt
from sync.plan.planned_winners import WRITES
from sync.report import messages
from sync.report.console import Console
from sync.report.document import Backup
from sync.report.files import RECEIPT
from sync.report.progress import Standing
from sync.run.backup import keep_backup, keep_plan, record_stem
from sync.run.next_steps import line_to_go_back
from sync.run.planning import Approved, Read, compare, read_again
from sync.run.rollback import taken_back


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the work that was left."""

    approved: Approved
    outcomes: tuple[Outcome, ...]


def apply(approved: Approved) -> Applied:
    """Back the target up, then carry out what is left of a plan.

    A person has the time to cancel before the first write. Raises `HeimdallSyncError` where nothing can be
    written any more: the outcomes until then are in the record.
    """
    work = approved.work
    if work.left:
        _warn_of_token(approved)
        _count_down(approved)
    if work.left or work.done:
        _back_up(approved)
    return Applied(approved, _carry_out(approved))


def _warn_of_token(approved: Approved) -> None:
    """Say that a token is likely to end before the run does."""
    connected = approved.read.connected
    left = sum(len(wave.operations) for wave in approved.work.left)
    # the source's is needed once more, for the verification
    for side, transport in reversed(connected.transports.items()):
        end = transport.tokens.ends()
        if end and ends_before(end, datetime.now(UTC), left, approved.read.pace):
            connected.record.note(
                f"The {side}'s token ends at {end:%H:%M:%S} UTC, likely before {left} changes are made."
            )


def _count_down(approved: Approved) -> None:
    """Give a person the time to cancel with Ctrl-C."""
    connected, printer = approved.read.connected, approved.read.connected.record.printer
    seconds = connected.settings.countdown_seconds(terminal=printer.is_terminal)
    if seconds:
        printer.show(messages.countdown(seconds))
        connected.interruption.sleep(seconds)


def _back_up(approved: Approved) -> None:
    """Keep what the target held before the plan's first change; a resume finds the first attempt's."""
    settings, record = approved.read.connected.settings, approved.read.connected.record
    elsewhere = settings.checkpoint_file.parent if settings.resume else None
    target = approved.read.target.snapshot
    path, remark = keep_backup(approved.work, target, record.folder, elsewhere)
    keep_plan(approved.work.plan, record.folder)
    line, workflow = line_to_go_back(settings, approved.work.plan, path), how_to_go_back()
    record.document = replace(record.document, backup=Backup(str(path), line, remark, in_ci(), workflow))
    record.show(Console.backup)


def _carry_out(approved: Approved) -> tuple[Outcome, ...]:
    read, work = approved.read, approved.work
    connected, record = read.connected, read.connected.record
    writer = Writer(connected.writable, read.contract, read.target.ids)
    source, _ = read.environments
    guarantee = guarantee_of(work.plan, source.enforced, work.before, work.done)
    changes = sum(len(wave.operations) for wave in work.left)
    record.folder.prepare(record.document, changes)
    checkpoint = Checkpoint(connected.settings.checkpoint_file, work.plan, work.ours, record.folder.mode)
    execution = Execution(writer.execute, guarantee, connected.settings.concurrency, checkpoint.note)

    def look() -> Standing:
        outcomes = execution.outcomes
        failed = sum(outcome.status is Status.FAILED for outcome in outcomes)
        wave = f"wave {execution.wave} of {len(work.left)}"
        return Standing(
            len(outcomes), "change", changes, stage=wave, failed=failed, waiting=connected.waiting
        )

    with record.printer.progress("Applying", look):
        try:
            execution.carry_out(work.left, checkpoint.sync)
        finally:
            record.document = replace(record.document, outcomes=execution.outcomes)
            checkpoint.close()
            record.show(Console.outcomes)
    return execution.outcomes


def verify(applied: Applied) -> Verification:
    """Return what differs now, after the receipt is written and the checkpoint of a success is deleted.

    Both environments are read again for it, unless nothing was left to do: then they have just been read.
    """
    read, plan = applied.approved.read, applied.approved.work.plan
    record = read.connected.record
    snapshot: Snapshot | None = None
    try:
        read = _wait_for_caches(_read_again(read, applied) if applied.outcomes else read, applied)
        found = compare(read)
        # how something ignored stands is no difference, that this plan has overtaken it is
        overtaken = [b for b in plan.blocked if named(plan.rules.ignore, b.kind, b.name)]
        blocked = (*found.blocked, *(b for b in overtaken if b not in found.blocked))
        verification = Verification(found.operations, blocked, found.not_compared)
        snapshot = read.target.snapshot
    except RemoteError as error:
        verification = Verification(error=error.message)
    outcomes = settled(applied.outcomes, verification)
    document = replace(record.document, outcomes=outcomes, verification=verification, remarks=read.remarks)
    if verification.remaining and not document.undone and not document.not_tried:
        document = replace(document, how_to_finish=how_to_go_on())
    record.document = document
    record.show(Console.verification, Console.remarks)
    ended, done_before = datetime.now(UTC), len(applied.approved.work.done)
    back = taken_back(read.connected.settings, read.connected.files.undone, plan)
    receipt = Receipt.of(plan, outcomes, verification, snapshot, ended, done_before, back)
    record.folder.write(RECEIPT, receipt)
    if outcomes:  # the next run replaces the one above, and a later drift check wants one
        record.folder.keep(record_stem("receipt", plan, ended), receipt)
    if verification.identical:
        read.connected.settings.checkpoint_file.unlink(missing_ok=True)
    return verification


def _read_again(read: Read, applied: Applied) -> Read:
    sent = {outcome.operation for outcome in applied.outcomes}
    return read_again(read, {op.name for op in sent if op.kind is Kind.MAPPING and op.verb in WRITES})


def _wait_for_caches(read: Read, applied: Applied) -> Read:
    """Where that was asked for, read both again when no cache holds an answer any longer."""
    connected = read.connected
    cached = [remark for remark in read.remarks if remark.doubt is Doubt.CACHED]
    if not cached or not connected.settings.wait_for_caches:
        return read
    connected.record.note(
        f"Waiting {CACHE_SECONDS} s for caches to expire: {len(cached)} of the answers may come from one."
    )
    with connected.record.printer.progress("Waiting for the caches"):
        connected.interruption.sleep(CACHE_SECONDS)
    return _read_again(read, applied)
