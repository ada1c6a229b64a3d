"""What a rollback undoes: the plan that its backup was made for, and how that ended, if known beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sync.apply.receipt import Receipt, RolledBack, read_receipt
from sync.errors import RefusedError, UsageError
from sync.model.plan import Plan, Rules
from sync.model.snapshot import Snapshot
from sync.plan.approval import plan_from
from sync.plan.recreation import as_differences
from sync.plan.resume import undoing
from sync.plan.rollback import with_scope_of
from sync.report.files import PLAN, RECEIPT
from sync.run.backup import is_before, kept, named_plan
from sync.run.option_table import Command
from sync.run.settings import Settings


@dataclass(frozen=True, slots=True)
class Undone:
    """The plan that a rollback undoes, and the receipt of its last apply, None where none is there."""

    plan: Plan
    receipt: Receipt | None


def paths_beside(backup: Path) -> tuple[Path, ...]:
    """Return the files beside a backup that may tell what it undoes."""
    return (*_plans(backup), *_receipts(backup))


def read_undone(
    backup: Path, snapshot: Snapshot, target_url: str, tell: Callable[[str], None]
) -> Undone | None:
    """Return what a rollback undoes, None where nothing beside the backup says it.

    `tell` is told which file can't be used. Raises `RefusedError` where the plan is for another target.
    """
    for path in _plans(backup):
        try:
            plan = plan_from(path.read_bytes(), str(path))
        except OSError as error:
            tell(f"{path} can't be read ({error.strerror}); this run goes on without it")
            continue
        except RefusedError as error:
            tell(f"{error.message}; this run goes on without it")
            continue
        if plan.digest.partition(":")[2].startswith(named_plan(backup) or "-") or is_before(plan, snapshot):
            if plan.target.url != target_url:
                raise RefusedError(
                    f"{backup} is a backup of another target: {plan.target.url}, not {target_url}",
                    "give the URL of the target that the backup was made of",
                )
            return Undone(plan, max(_of_plan(plan, backup), key=lambda receipt: receipt.ended, default=None))
    return None


def rules_of(settings: Settings, undone: Undone | None) -> Rules:
    """Return what a plan is made by: the settings, and in a rollback the scope of the plan that it undoes."""
    if undone is None:
        return settings.rules
    given = "strategy" in settings.model_fields_set
    return with_scope_of(undone.plan.rules, settings.rules, strategy_is_given=given)


def taken_back(settings: Settings, undone: Undone | None, plan: Plan) -> RolledBack | None:
    """Return what the receipt of a rollback says that it took back, None for any other run."""
    if settings.command is not Command.ROLLBACK:
        return None
    if undone is None:
        return RolledBack(plan="", operations=undoing(as_differences(plan.operations)))
    return RolledBack(plan=undone.plan.digest, operations=tuple(as_differences(undone.plan.operations)))


def _of_plan(plan: Plan, backup: Path) -> Iterator[Receipt]:
    for path in _receipts(backup):
        try:
            receipt = read_receipt(path, plan.target.url)
        except UsageError:
            continue  # without one the plan tells what has changed since
        if receipt.plan == plan.digest:
            yield receipt


def _plans(backup: Path) -> list[Path]:
    return _kept_or_last(backup, "plan", PLAN)


def _receipts(backup: Path) -> list[Path]:
    return _kept_or_last(backup, "receipt", RECEIPT)


def _kept_or_last(backup: Path, what: str, last: str) -> list[Path]:
    """Return the files that are kept of a backup's plan, or else that of the last run beside it."""
    found = sorted(backup.parent.glob(kept(what, named_plan(backup) or "-")))
    return found or [path for path in (backup.parent / last,) if path.is_file()]
