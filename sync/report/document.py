"""What a run found out, as one value that every format tells in its own way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sync import __version__
from sync.ci import how_to_finish
from sync.errors import HeimdallSyncError
from sync.heimdall.health import Finding, Level
from sync.model.impact import Impact
from sync.model.outcome import Outcome, Status, Verification
from sync.model.plan import Blocked, Operation, Plan, Rules
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.answers import Remark
from sync.overlaps.lint import Flaw
from sync.plan.approval import Deviated
from sync.plan.drift import Moved
from sync.plan.guardrails import Objection
from sync.plan.three_ways import ThreeWay


@dataclass(frozen=True, slots=True)
class Backup:
    """The file that a rollback takes as its source.

    `line` is the command line that does it, empty where nobody could run it; it is for the folder of the
    downloaded reports, if `elsewhere`. `remark` is what must be known. `workflow` is what a person does in
    place of such a line, where a workflow asks for approval.
    """

    path: str
    line: str = ""
    remark: str = ""
    elsewhere: bool = False
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback undoes: a plan, None where it is not known.

    `rules` are those that it was asked to plan by; what its plan allows beyond them undoing the other one
    explains. `since` are the operations that take back what has changed since that plan was applied.
    """

    plan: Plan | None
    rules: Rules
    since: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything a run found out.

    What is None was not reached or not asked for: no `outcomes` means that nothing was applied (a dry
    run, or a run that ended before), no `verification` that nobody looked afterwards. `error` is what
    ended the run early. `requests` counts what was sent to both environments; the run began at `started`
    and took `seconds`. `how_to_finish` is what a person does to have the rest of an apply done.

    It `is_proposal` where the command only plans: then people may talk about it before it is approved.
    `source_name` and `target_name` are what people call the two, empty where nobody said.

    `rules` are what the run was asked to plan by. `objections` are those of the guardrails, allowed ones
    included. `deviations` tell how what is there differs from what was approved, where the run was refused
    for it. `done_before` are the operations that an earlier run (or somebody else) had done, `ours` those of
    them that the checkpoint knows to be ours. `drift` tells of a drift check which side has moved since
    the last apply; it is None for every other command, and empty where no receipt was given;
    `drift_impact` tells who can reach what because of what the target's side has moved since then.
    `three_ways` tells what is not alike in git and both sides, None where that was not asked for; `git` is
    what the snapshot in git is called.

    `remarks` are answers of the servers about overlaps that are not what their lists show, by the
    last reading; `flaws` are what is wrong with the mappings themselves.

    So many questions who wins were `asked`, and so many answers `followed` without one. So many
    `actions_left_out` may have been renamed without an answer that shows it.

    `notes` tell which files were there and are left out, and whether another program made the plan.
    `next_line` is the command line that applies this plan, empty where there is none to tell; `backup` is
    there once there is something to go back from. `rollback` is None for every run that is none.
    """

    source_url: str
    target_url: str
    source_name: str = ""
    target_name: str = ""
    findings: tuple[Finding, ...] = ()
    source: Snapshot | None = None
    target: Snapshot | None = None
    plan: Plan | None = None
    outcomes: tuple[Outcome, ...] | None = None
    verification: Verification | None = None
    rules: Rules = Rules()  # noqa: RUF009 - immutable
    objections: tuple[Objection, ...] = ()
    deviations: tuple[Deviated, ...] = ()
    done_before: tuple[Operation, ...] = ()
    ours: frozenset[Operation] = frozenset()
    drift: Mapping[Operation, Moved] | None = None
    drift_impact: Impact | None = None
    is_proposal: bool = False
    git: str = ""
    three_ways: tuple[ThreeWay, ...] | None = None
    notes: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()
    exported_to: str = ""
    next_line: str = ""
    backup: Backup | None = None
    rollback: Rollback | None = None
    remarks: tuple[Remark, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    error: HeimdallSyncError | None = None
    requests: int = 0
    asked: int = 0
    followed: int = 0
    actions_left_out: int = 0
    started: datetime | None = None
    seconds: float = 0.0
    how_to_finish: str = how_to_finish({})
    version: str = __version__

    def ended(self, status: Status) -> tuple[Outcome, ...]:
        """Return the outcomes of one status; none where nothing was applied."""
        return tuple(outcome for outcome in self.outcomes or () if outcome.status is status)

    @property
    def undone(self) -> tuple[Outcome, ...]:
        """Return the outcomes of the changes that were not made."""
        return tuple(outcome for outcome in self.outcomes or () if outcome.status is not Status.DONE)

    @property
    def changes(self) -> tuple[Operation, ...]:
        """Return what the figures are about: the operations planned and left or, in an apply, those done."""
        if self.outcomes is not None:
            return tuple(outcome.operation for outcome in self.ended(Status.DONE))
        before = {*self.done_before}
        return tuple(op for op in self.plan.operations if op not in before) if self.plan else ()

    @property
    def agreed(self) -> Rules:
        """Return what the run goes by: the plan's rules, and before there is one what was asked for."""
        return self.plan.rules if self.plan else self.rules

    @property
    def not_tried(self) -> tuple[Operation, ...]:
        """Return the operations that an apply planned and never came to."""
        if self.plan is None or self.outcomes is None:
            return ()
        tried = {outcome.operation for outcome in self.outcomes} | {*self.done_before}
        return tuple(operation for operation in self.plan.operations if operation not in tried)

    @property
    def differences(self) -> tuple[Blocked, ...]:
        """Return the differences that stay: as planned or, once both sides were read again, as found."""
        if self.verification is not None and not self.verification.error:
            return self.verification.blocked
        return self.plan.blocked if self.plan else ()

    @property
    def differs(self) -> bool:
        """Tell whether a difference was planned for or found, from git as well, that is not accepted."""
        from_git = any(not each.known for each in self.three_ways or ())
        return from_git or bool(self.plan and (self.plan.operations or self.plan.open_differences))

    @property
    def not_compared(self) -> tuple[str, ...]:
        """Return the mappings of which it is not known what they match, as planned or as found afterwards."""
        if self.verification is not None and not self.verification.error:
            return self.verification.not_compared
        return self.plan.not_compared if self.plan else ()

    @property
    def target_untouched(self) -> bool:
        """Tell whether it is certain that nothing was changed in the target."""
        return not any(outcome.status is Status.DONE or outcome.unsettled for outcome in self.outcomes or ())

    @property
    def unfinished(self) -> bool:
        """Tell whether an apply ended with changes left to do, or without knowing that there are none."""
        found = self.verification
        return self.outcomes is not None and (found is None or bool(found.error or found.remaining))

    @property
    def carried_out(self) -> bool:
        """Tell whether an apply has made every change of its plan."""
        return self.outcomes is not None and not self.undone and not self.not_tried

    @property
    def needs_another_run(self) -> bool:
        """Tell whether another run is needed after this plan; of an apply, if it has made all its changes."""
        if self.error or self.plan is None or (self.plan.runs or 1) == 1:
            return False
        return self.outcomes is None or (self.carried_out and self.unequal)

    @property
    def unequal(self) -> bool:
        """Tell whether both sides were read again after an apply, and differ."""
        found = self.verification
        return found is not None and not found.error and not found.identical

    @property
    def exported(self) -> Snapshot | None:
        """Return the snapshot of a run that was only about that one, None where there is none."""
        if self.error or (self.source_url and self.target_url):
            return None
        return self.source if self.source_url else self.target

    @property
    def unhealthy(self) -> bool:
        """Tell whether the healthcheck found a reason not to go on."""
        return any(finding.level is Level.FAILED for finding in self.findings)

    def unchanged(self, kind: Kind) -> int | None:
        """Count what stands on both sides and has neither an operation nor a blocked difference.

        None where not both sides were read and compared.
        """
        if self.source is None or self.target is None or self.plan is None:
            return None
        differing = {operation.name for operation in self.plan.operations if operation.kind is kind}
        differing |= {blocked.name for blocked in self.plan.blocked if blocked.kind is kind}
        in_both = {entity.name for entity in self.source.of(kind)} & {
            entity.name for entity in self.target.of(kind)
        }
        return len(in_both - differing)
