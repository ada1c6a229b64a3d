"""The stages of a run up to its plan: connected → checked → read → planned → approved.

Each is a value that only the function of its name makes, out of the one before.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sync.ci import ci_run, in_workflow
from sync.errors import StaleError, UnhealthyError
from sync.heimdall.contract import Contract, known_contract, load_schemas, read_contract
from sync.heimdall.health import check_health
from sync.heimdall.lists import count_members
from sync.heimdall.reader import Reading
from sync.interruption import Threads
from sync.model.plan import Plan, Provenance
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.answers import Remark
from sync.overlaps.lint import Flaw, blank_on_one_side, flaws_of
from sync.plan.approval import MAKE_ANOTHER, deviations, moved_side
from sync.plan.drift import changed_since
from sync.plan.guardrails import objections_to_plan, takes_superadmin
from sync.plan.planner import make_plan
from sync.plan.recreation import of_recreation
from sync.plan.resume import Work, work_left
from sync.plan.rollback import allowing_what_undoes, besides
from sync.plan.side import Environment
from sync.program import this_program
from sync.report import messages
from sync.report.console import Console
from sync.report.document import Document
from sync.report.files import PLAN, load_formats
from sync.run.connection import Connected
from sync.run.next_steps import line_to_apply
from sync.run.reading import read_both


@dataclass(frozen=True, slots=True)
class Checked:
    """Both environments are well."""

    connected: Connected


@dataclass(frozen=True, slots=True)
class Read:
    """Both environments as they are, and what the target accepts. A request took `pace` seconds."""

    connected: Connected
    contract: Contract
    source: Reading
    target: Reading
    pace: float

    @property
    def environments(self) -> tuple[Environment, Environment]:
        """Return the source and the target as a plan sees them."""
        urls = map(self.connected.settings.place, ("source", "target"))
        source, target = (
            Environment(url, side.snapshot, side.order, side.answered, side.stale, side.leftovers)
            for url, side in zip(urls, (self.source, self.target), strict=True)
        )
        return source, target

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """Return what is wrong with the mappings of either side."""
        source, target = self.source.snapshot, self.target.snapshot
        flaws = flaws_of(source, target)
        if self.source.blank is None or self.target.blank is None:
            return flaws
        return (*flaws, *blank_on_one_side(source, target, self.source.blank, self.target.blank))

    @property
    def look_like_one(self) -> bool:
        """Tell whether both may be one environment under two URLs: same ids, written at the same moments."""
        rows = [(side.ids, side.written) for side in (self.source, self.target)]
        return rows[0] == rows[1] and bool(self.target.ids)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Return what either server answered otherwise than its list shows."""
        return (*self.source.remarks, *self.target.remarks)


@dataclass(frozen=True, slots=True)
class Planned:
    """What would make the target equal to the source now."""

    read: Read
    plan: Plan


@dataclass(frozen=True, slots=True)
class Approved:
    """What may be done: the plan that was approved or what is left of it, and no guardrail objects."""

    read: Read
    work: Work


def check(connected: Connected, *, must_write: bool) -> Checked:
    """Check both environments. Raises `UnhealthyError` where one of them fails.

    A missing permission to write is a failure where the run `must_write`, else a warning.
    """
    check_ends(connected, must_write=must_write)
    return Checked(connected)


def check_ends(connected: Connected, *, must_write: bool, probe_writes: bool = True) -> None:
    """Check the environments that a run talks to. Raises `UnhealthyError` where one of them fails."""
    record, ends = connected.record, connected.transports
    if not ends:
        return
    with connected.asking("Checking"), Threads(1) as threads:
        threads.submit(load_schemas)
        findings = check_health(
            ends.get("source"),
            ends.get("target"),
            now=datetime.now(UTC),
            must_write=must_write,
            probe_writes=probe_writes,
        )
    record.document = replace(record.document, findings=findings)
    unhealthy = record.document.unhealthy
    record.show(Console.healthcheck, fold="" if unhealthy else "Healthcheck")
    if unhealthy:
        raise UnhealthyError(
            "the healthcheck failed", "follow the advice above for each failure, then run again"
        )


def read(checked: Checked) -> Read:
    """Read what the target accepts, then both environments. Raises `RemoteError`."""
    connected, record = checked.connected, checked.connected.record
    record.printer.show(messages.reading())
    if isinstance(connected.target, Snapshot):
        return _read(connected, lambda: connected.files.contract or known_contract())
    target = connected.target
    found = _read(connected, lambda: read_contract(target))
    if not found.contract.published:
        record.note("The target publishes no API schema: heimdall-sync uses the one that it knows.")
    return found


def read_again(before: Read, wrote: Collection[str]) -> Read:
    """Read both environments once more; the mappings that `wrote` names were put in front since."""
    return _read(before.connected, lambda: before.contract, (before.source, before.target), wrote)


def _read(
    connected: Connected,
    contract: Callable[[], Contract],
    before: tuple[Reading, Reading] | None = None,
    wrote: Collection[str] = (),
) -> Read:
    record, end = connected.record, connected.transports.get("target")
    started, sent = time.monotonic(), end.sent if end else 0
    with connected.asking("Reading both environments"), Threads(1) as threads:
        accepted = threads.submit(contract)
        source, target = read_both(connected.source, connected.target, connected.settings.ask, before, wrote)
        accepts = accepted.result()
    pace = (time.monotonic() - started) / (end.sent - sent) if end else 0.0
    asked = record.document.asked + source.asked + target.asked
    followed = record.document.followed + source.followed + target.followed
    left_out = source.actions_left_out + target.actions_left_out
    record.document = replace(record.document, asked=asked, followed=followed, actions_left_out=left_out)
    return Read(connected, accepts, source, target, pace)


def plan(read: Read) -> Planned:
    """Plan what makes the target equal to the source. Raises `RemoteError` where members can't be counted."""
    record, source, target = read.connected.record, read.source.snapshot, read.target.snapshot
    fresh = _as_rollback(read, compare(read))
    with Threads(1) as threads:
        flaws = threads.submit(lambda: read.flaws)  # while members are counted
        threads.submit(load_formats)
        members = _members(read, fresh)
    fresh = fresh.model_copy(update={"members": members, "made": _made(record.document)})
    found = replace(record.document, source=source, target=target, plan=fresh)
    record.document = replace(found, remarks=read.remarks, flaws=flaws.result())
    record.show(Console.remarks, Console.patterns, Console.rollback)
    if read.look_like_one:
        record.note("Both hold the same rows with the same IDs: check that the URLs name two environments.")
    return Planned(read, fresh)


def _as_rollback(read: Read, fresh: Plan) -> Plan:
    """Return a plan with what undoing another one explains allowed, and note what it takes back besides."""
    connected, record = read.connected, read.connected.record
    undone, told = connected.files.undone, record.document.rollback
    if undone is None or told is None:
        return fresh
    base = undone.receipt.snapshot if undone.receipt else None
    since = (
        changed_since(base, read.target.snapshot, fresh.operations) if base else besides(fresh, undone.plan)
    )
    record.document = replace(record.document, rollback=replace(told, since=since))
    if connected.files.rules:  # which were approved
        return fresh
    return allowing_what_undoes(fresh, undone.plan, *read.environments, read.contract.refuses)


def _made(document: Document) -> Provenance:
    """Return who or what makes a plan now."""
    run = ci_run()
    return Provenance(
        at=datetime.now(UTC).replace(microsecond=0),
        **this_program()._asdict(),
        run=run.page,
        actor=run.actor,
        commit=run.commit,
        source_name=document.source_name,
        target_name=document.target_name,
    )


def compare(read: Read) -> Plan:
    """Return what would make both sides equal. Members are not counted."""
    connected = read.connected
    with connected.record.printer.progress("Comparing both environments"):
        return make_plan(*read.environments, refuses=read.contract.refuses, rules=connected.rules)


def _members(read: Read, fresh: Plan) -> dict[str, int]:
    """Count the members of the groups that gain or lose access; a new group or a snapshot has none."""
    affected = fresh.impact.gaining | fresh.impact.losing
    affected |= {op.name for op in of_recreation(fresh.operations) if op.kind is Kind.GROUP}
    groups = [g.name for g in read.target.snapshot.groups if g.readable and g.name in affected]
    if isinstance(read.connected.target, Snapshot):
        return {}
    with read.connected.asking("Counting members"):
        return count_members(read.connected.target, groups)


def approve(planned: Planned) -> Approved:
    """Take the plan that was approved, or what is left of it, and let the guardrails look at it.

    Raises `RefusedError` where a guardrail objects, `StaleError` where the plan is not the approved one.
    """
    read, record = planned.read, planned.read.connected.record
    work = _work(planned)
    record.show(Console.changes, fold="Changes, kind by kind")
    record.show(Console.access)
    groups = _own_groups(read.connected) if takes_superadmin(work.plan) else ()
    record.weigh(objections_to_plan(work.plan, read.source.snapshot, work.before, groups))
    return Approved(read, work)


def _work(planned: Planned) -> Work:
    connected, fresh = planned.read.connected, planned.plan
    files, record = connected.files, connected.record
    source, target = planned.read.environments
    approved = files.approved or (files.earlier.plan if files.earlier else None)
    if approved and approved.digest == fresh.digest:
        fresh = fresh.model_copy(update={"made": approved.made})
        record.document = replace(record.document, plan=fresh)
    if approved is None or approved.digest == fresh.digest:
        return Work(fresh, target.enforced)
    ours = files.earlier.done if files.earlier else frozenset()
    left = work_left(approved, fresh, source, target, ours) if connected.settings.resume else None
    if left:
        record.document = replace(record.document, plan=approved, done_before=left.done, ours=left.ours)
        record.show(Console.resumed)
        return left
    if not files.approved and in_workflow():  # nobody approved it, and a cache would bring it back every time
        record.warn(
            f"the checkpoint {connected.settings.checkpoint_file} no longer fits "
            f"({_why(approved, fresh)}); this run goes on without it"
        )
        return Work(fresh, target.enforced)
    found = tuple(deviations(approved, fresh))
    record.document = replace(record.document, plan=approved, deviations=found)
    record.show(Console.deviations)
    raise StaleError(f"the plan is no longer what was approved ({_why(approved, fresh)})", MAKE_ANOTHER)


def _why(approved: Plan, fresh: Plan) -> str:
    """Return what has changed since a plan was approved: where neither side has, notes may say what else."""
    moved = moved_side(approved, fresh)
    return (
        "neither side has changed, but the plan has" if moved == "neither" else f"{moved} has changed since"
    )


def _own_groups(connected: Connected) -> tuple[str, ...]:
    """Return the groups of the token's user; none where no server can show the user."""
    if isinstance(connected.target, Snapshot):
        return ()
    with connected.asking("Reading the groups of the token's user"):
        answer = connected.target.send("GET", "/api/v1/users/me")
    return tuple(answer.content.get("groups", ())) if answer.ok and isinstance(answer.content, dict) else ()


def propose(approved: Approved) -> None:
    """Keep the command line that applies a plan, where there is something to apply."""
    settings, record = approved.read.connected.settings, approved.read.connected.record
    if approved.work.plan.operations and not settings.is_file("target"):
        line = line_to_apply(settings, approved.work.plan, record.folder.place(PLAN))
        record.document = replace(record.document, next_line=line)
