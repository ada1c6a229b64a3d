"""What the target held before the first change of a plan: what a rollback takes as its source.

A plan has one backup, however many attempts it takes: an attempt that goes on publishes that of the first,
which is beside the reports or beside the checkpoint. Its name tells which plan it is of, and what it holds
proves it: a plan says by a digest what the target held when it was made.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from sync.disk import is_same
from sync.errors import ReadError
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
) -> tuple[Path, Snapshot, str]:
    """Return the file that holds what the target held before a plan's first change, that, and a remark.

    The file is in the folder. `elsewhere` is where the first attempt's may be besides, None where this is the
    first. Raises `HeimdallSyncError` where nothing can be written.
    """
    first = _first_backup(work.plan, {folder.path, elsewhere}) if elsewhere else None
    if first is None:
        snapshot, remark = _state_before(work, target)
        return folder.keep(record_stem("backup", work.plan, datetime.now(UTC)), snapshot), snapshot, remark
    snapshot = read_snapshot(first)
    here = is_same(first.parent, folder.path)
    return (first if here else folder.keep(first.stem, snapshot)), snapshot, ""


def _first_backup(plan: Plan, folders: Iterable[Path]) -> Path | None:
    """Return the oldest file in the folders that holds what the target held when a plan was made."""
    found = [path for folder in folders for path in folder.glob(f"backup-*-{_short(plan)}*.json")]
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
    return (rebuilt, REBUILT) if _is_before(work.plan, rebuilt) else (target, HALF_WAY)


def _is_of(plan: Plan, path: Path) -> bool:
    try:
        return _is_before(plan, read_snapshot(path))
    except ReadError:
        return False


def _is_before(plan: Plan, snapshot: Snapshot) -> bool:
    return in_scope(snapshot, plan.rules.ignore).digest == plan.target.digest


def _short(plan: Plan) -> str:
    return plan.digest.removeprefix("sha256:")[:12]
