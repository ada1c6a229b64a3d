"""What a run takes from files that were put down before it, each read once, before anything else happens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sync.apply.checkpoint import WHAT_NOW, EarlierRun, may_be_replaced, read_checkpoint
from sync.apply.receipt import Receipt, read_receipt
from sync.ci import in_workflow
from sync.disk import is_same
from sync.errors import MistakesError, RefusedError, UsageError
from sync.heimdall.contract import Contract, read_contract_file
from sync.model.plan import Plan, Rules
from sync.model.snapshot import Snapshot
from sync.plan.approval import MAKE_ANOTHER, plan_from
from sync.program import Program, this_program
from sync.report.files import REPORTS
from sync.run.option_table import Command
from sync.run.reading import read_file
from sync.run.rollback import Undone, paths_beside, read_undone, rules_of
from sync.run.settings import Settings


@dataclass(frozen=True, slots=True)
class InputFiles:
    """What was approved before this run, what earlier runs have left, and what stands for an environment.

    `contract` is what the target says that it accepts, where a snapshot stands for it; `git` is what a drift
    check compares both with. `undone` is what a rollback undoes, where that is known. `notes` tell what was
    there and is left out, and which other program made the plan.
    """

    approved: Plan | None = None
    earlier: EarlierRun | None = None
    source: Snapshot | None = None
    target: Snapshot | None = None
    contract: Contract | None = None
    receipt: Receipt | None = None
    undone: Undone | None = None
    git: Snapshot | None = None
    notes: tuple[str, ...] = ()

    @property
    def rules(self) -> Rules | None:
        """Return the rules that the run is bound to, None where it may choose."""
        plan = self.approved or (self.earlier and self.earlier.plan)
        return plan.rules if plan else None


def input_paths(settings: Settings) -> tuple[Path, ...]:
    """Return the files that a run reads: none of them may be written or removed by it."""
    paths = (
        settings.plan,
        settings.receipt if settings.effective_command is Command.DRIFT else None,
        *(settings.file(side) for side in _read_sides(settings)),
        *_paths_of_rollback(settings),
        settings.against_git,
        settings.contract,
        settings.source_token_file,
        settings.target_token_file,
        settings.ca_file,
        *settings.pattern_files,
    )
    return tuple(path for path in paths if path)


def _paths_of_rollback(settings: Settings) -> tuple[Path, ...]:
    backup = settings.file("source")
    return paths_beside(backup) if backup and settings.command is Command.ROLLBACK else ()


def _read_sides(settings: Settings) -> tuple[str, ...]:
    """Return the sides that a run reads."""
    return (settings.side,) if settings.command is Command.EXPORT else ("source", "target")


def read_input_files(settings: Settings) -> InputFiles:
    """Return all that a run takes from files.

    What comes out of a workflow's cache and does not fit is left out with a note: it would be restored for
    every attempt. Elsewhere somebody has named it, or left it there: that is refused.

    Raises `UsageError` where a setting contradicts what was read or names what can't be, `RefusedError` where
    what was read is not for this run, and `ReadError` where a file does not hold what it should.
    """
    if settings.applies:
        _keep_checkpoint_apart(settings)
    approved = _approved(settings)
    notes: list[str] = []
    earlier = _fitting(notes, lambda: _earlier_run(settings, approved)) if settings.resume else None
    receipt = _fitting(notes, lambda: _receipt(settings))
    snapshots = _snapshots(settings)
    contract = read_contract_file(settings.contract) if settings.contract else None
    notes += _other_program(approved or (earlier.plan if earlier else None))
    source, target = snapshots.get("source"), snapshots.get("target")
    backup, undone = settings.file("source"), None
    if settings.command is Command.ROLLBACK and backup and source:
        undone = read_undone(backup, source, settings.target_url, notes.append)
    git = read_file(settings.against_git) if settings.against_git else None
    files = InputFiles(approved, earlier, source, target, contract, receipt, undone, git, tuple(notes))
    if files.rules:
        _refuse_other_rules(settings, files.rules, undone)
    return files


def _snapshots(settings: Settings) -> dict[str, Snapshot]:
    """Return what stands for an environment, by side. Raises `ReadError`, with the mistakes of both sides."""
    snapshots, broken = {}, []
    for side in _read_sides(settings):
        if file := settings.file(side):
            try:
                snapshots[side] = read_file(file)
            except MistakesError as error:
                broken.append(error)
    if broken:
        raise MistakesError.of(broken)
    return snapshots


_Read = TypeVar("_Read")


def _fitting(notes: list[str], read: Callable[[], _Read | None]) -> _Read | None:
    try:
        return read()
    except (RefusedError, UsageError) as error:
        if not in_workflow():
            raise
        notes.append(f"{error.message}; this run goes on without it")
        return None


def _approved(settings: Settings) -> Plan | None:
    """Return the plan that was approved, if there is one.

    Raises `RefusedError` where the file holds none, or one for another pair of environments, and `UsageError`
    where it can't be read.
    """
    if settings.plan is None:
        return None
    try:
        text = settings.plan.read_bytes()
    except OSError as error:
        raise UsageError(f"--plan (HEIMDALL_PLAN): can't be read: {error.strerror}") from None
    plan = plan_from(text, str(settings.plan), expected_digest=settings.expect_digest)
    for side, planned, given in (
        ("source", plan.source.url, settings.place("source")),
        ("target", plan.target.url, settings.target_url),
    ):
        if planned != given:
            raise RefusedError(f"{settings.plan} is for another {side}: {planned}, not {given}", MAKE_ANOTHER)
    return plan


def _earlier_run(settings: Settings, approved: Plan | None) -> EarlierRun | None:
    """Return what an earlier run has noted.

    Raises `RefusedError` where it is of another plan, source or target, or not of the settings of a step.
    """
    path = settings.checkpoint_file
    earlier = read_checkpoint(path, settings.target_url)
    if earlier is None:
        return None
    if approved and earlier.plan.digest != approved.digest:
        raise RefusedError(f"the checkpoint {path} is for another plan: {earlier.plan.digest}", WHAT_NOW)
    if earlier.plan.source.url != settings.place("source"):
        raise RefusedError(
            f"the checkpoint {path} is for another source: {earlier.plan.source.url}", WHAT_NOW
        )
    # a step is given all its settings each time, and what a cache says must not loosen any
    if approved is None and in_workflow() and earlier.plan.rules != settings.rules:
        raise RefusedError(f"the plan in the checkpoint {path} was made with other settings", WHAT_NOW)
    return earlier


def _receipt(settings: Settings) -> Receipt | None:
    if settings.receipt is None or settings.effective_command is not Command.DRIFT:
        return None
    return read_receipt(settings.receipt, settings.place("target"))


def _other_program(plan: Plan | None) -> Iterator[str]:
    """Yield a note where another program made the plan. What this one plans is compared with it anyway."""
    made = plan.made if plan else None
    if made is None:
        return
    then, now = Program(made.version, made.code, made.revision, made.image), this_program()
    if now.differs(then):
        yield (
            f"{then.told_from(now)} made the plan, and {now.told_from(then)} is about to apply it; "
            "name the action by its commit, and both jobs run the same program"
        )


def _keep_checkpoint_apart(settings: Settings) -> None:
    """Raise `UsageError` where the checkpoint would be written in the place of another file."""
    path = settings.checkpoint_file
    others = (*input_paths(settings), *(settings.output_dir / name for name in REPORTS))
    if any(is_same(path, other) for other in others):
        problem = "is the path of another file of this run; name another path"
    elif not settings.resume and not in_workflow() and not may_be_replaced(path):
        problem = f"{path} is not a checkpoint, and would be overwritten; name another file"
    else:
        return
    raise UsageError(f"--checkpoint-file (HEIMDALL_CHECKPOINT_FILE): {problem}")


def _refuse_other_rules(settings: Settings, rules: Rules, undone: Undone | None) -> None:
    """Raise `UsageError` where a setting says otherwise than the plan that is to be carried out.

    A rollback may allow more than settings do: what undoing a plan explains.
    """
    given = rules_of(settings, undone)
    bound = (n for n in Rules.model_fields if undone is None or not n.startswith(("allow_", "max_")))
    otherwise = [
        f"--{name.replace('_', '-')} (HEIMDALL_{name.upper()}): differs from the plan, which has "
        f"{_shown(getattr(rules, name))}; leave it out"
        for name in bound
        if name in settings.model_fields_set and getattr(given, name) != getattr(rules, name)
    ]
    if otherwise:
        raise UsageError(*otherwise)


def _shown(value: object) -> str:
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)
