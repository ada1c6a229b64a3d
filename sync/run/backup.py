"""What the target held before the first change of a plan: what a rollback takes as its source.

A plan has one backup, however many attempts it takes: an attempt that goes on publishes that of the first,
which is beside the reports or beside the checkpoint. Its name tells which plan it is of, and what it holds
proves it: a plan says by a digest what the target held when it was made. The plan is kept beside it: it says
what a rollback undoes.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from sync.disk import is_same
from sync.errors import ReadError, UsageError
from sync.model.plan import Plan
from sync.model.snapshot import Snapshot
from sync.plan.diff import in_scope
from sync.plan.resume import Work, before
from sync.report.files import ReportFolder
from sync.snapshots.folder import read_snapshot

REBUILT = (
    "The backup of the first attempt is missing, so this one is rebuilt from the plan: it holds what the "
    "target held before the first attempt."
)
_NAME = re.compile(r"backup-.+-(?P<plan>[0-9a-f]{12})(?:-\d+)?\.json")

HALF_WAY = "This backup holds the state at the start of this attempt, after the first attempt's changes."


def record_stem(what: str, plan: Plan, now: datetime) -> str:
    """Return the name, without its ending, of what is kept for good: of which target, when, of which plan.

    It is `backup-heimdall.example-20250131T235959Z-0123456789ab`.
    """
    parts = urlsplit(plan.target.url)
    place = re.sub(r"[^A-Za-z0-9.-]+", "_", parts.netloc + parts.path)[:100]
    return f"{what}-{place}-{now:%Y%m%dT%H%M%SZ}-{_short(plan)}"


def keep_backup(
    work: Work, target: Snapshot, folder: ReportFolder, elsewhere: Path | None
) -> tuple[Path, str]:
    """Return the file that holds what the target held before a plan's first change, and a remark.

    The file is in the folder. `elsewhere` is where the first attempt's may be besides, None where this is the
    first. Raises `HeimdallSyncError` where nothing can be written.
    """
    first = _first_backup(work.plan, {folder.path, elsewhere}) if elsewhere else None
    if first is None:
        snapshot, remark = _state_before(work, target)
        return folder.keep(record_stem("backup", work.plan, datetime.now(UTC)), snapshot), remark
    here = is_same(first.parent, folder.path)
    return (first if here else folder.keep(first.stem, read_snapshot(first))), ""


def keep_plan(plan: Plan, folder: ReportFolder) -> None:
    """Keep a plan beside its backup, once. Raises `HeimdallSyncError` where it can't be written."""
    if not any(folder.path.glob(kept("plan", _short(plan)))):
        folder.keep(record_stem("plan", plan, datetime.now(UTC)), plan)


def kept(what: str, short: str) -> str:
    """Return the pattern of what is kept for good of a plan: names hold the start of its digest."""
    return f"{what}-*-{short}*.json"


def named_plan(backup: Path) -> str:
    """Return the start of the digest of the plan that a backup's name tells, empty where it tells none."""
    found = _NAME.fullmatch(backup.name)
    return found["plan"] if found else ""


def backup_in(folder: Path) -> Path:
    """Return the backup in a folder, of several of one plan that of its first attempt.

    Raises `UsageError` where there is none, or where there are several of different plans.
    """
    found = sorted(folder.glob("backup-*.json"), key=lambda path: path.name)
    if not found:
        raise UsageError("the folder holds no backup-….json; name another folder, or the file")
    if len({named_plan(path) for path in found}) > 1:
        raise UsageError(f"the folder holds {len(found)} backups of different plans; name one of these files")
    return found[0]


def is_before(plan: Plan, snapshot: Snapshot) -> bool:
    """Tell whether a snapshot is what the target held when a plan was made."""
    return in_scope(snapshot, plan.rules.ignore).digest == plan.target.digest


def _first_backup(plan: Plan, folders: Iterable[Path]) -> Path | None:
    """Return the oldest file in the folders that holds what the target held when a plan was made."""
    found = [path for folder in folders for path in folder.glob(kept("backup", _short(plan)))]
    return next((path for path in sorted(found, key=lambda path: path.name) if _is_of(plan, path)), None)


def _state_before(work: Work, target: Snapshot) -> tuple[Snapshot, str]:
    """Return what the target held before a plan's first change, and what must be said of that.

    What is done already can be undone on paper; the plan's digest shows whether the result is right.
    """
    if not work.done:
        return target, ""
    try:
        rebuilt = Snapshot.model_validate_json(before(work.plan, target, work.done).canonical_json())
    except ValidationError:
        return target, HALF_WAY
    return (rebuilt, REBUILT) if is_before(work.plan, rebuilt) else (target, HALF_WAY)


def _is_of(plan: Plan, path: Path) -> bool:
    try:
        return is_before(plan, read_snapshot(path))
    except ReadError:
        return False


def _short(plan: Plan) -> str:
    return plan.digest.removeprefix("sha256:")[:12]
