"""One command between two sandboxes, as a process of its own: its time, its memory, its requests."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sync.sandbox.log import RequestRecord
from sync.sandbox.process import Sandbox
from tests.benchmarks.limits import Counted

ROOT = Path(__file__).parents[2]
_READING = re.compile(
    r"/api/v1/(?:actions/\?.*limit=100|roles/\?.*limit=100|mappings/list|groups/$"
    r"|roles/groups/[^/]+/roles|roles/[^/]+/actions)"
)
_QUESTION = re.compile(r"/api/v1/mappings/\?")
_MEMBERS = re.compile(r"/api/v1/groups/[^/]+/members")
_PROBE = re.compile("__no_such|/2147483647$")
_OF_THE_TESTS = re.compile("COVERAGE|PYTEST|PYTHONDONTWRITEBYTECODE")
"""What tests are run with, and users are not: without byte code each run would compile everything again."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process took: seconds, of them on a processor, and the most memory in MB."""

    seconds: float
    processor: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Side:
    """What one environment was sent. Seconds are from the first request of a kind to the end of the last.

    `work` is the mean of the seconds from a request's arrival to its answer; so many were sent `beside` those
    of a reading before its last one.
    """

    requests: int
    readings: int
    beside: int
    questions: int
    members: int
    writes: int
    reading_seconds: float
    writing_seconds: float
    read_work: float
    write_work: float


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took and sent."""

    usage: Usage
    source: Side
    target: Side
    waves: tuple[int, ...]

    @property
    def requests(self) -> int:
        """Return the requests to both sides."""
        return self.source.requests + self.target.requests

    @property
    def counted(self) -> Counted:
        """Return what a limit is worked out of."""
        return Counted(self.source.requests, self.target.requests - self.target.writes, self.waves)


def used_by(argv: Sequence[str], folder: Path, **environ: str) -> Usage:
    """Run a command, and return what it used. Raises `AssertionError` with its output where it fails."""
    kept = {name: value for name, value in os.environ.items() if not _OF_THE_TESTS.match(name)}
    place = {"PYTHONPATH": str(ROOT), "CI": "", "GITHUB_ACTIONS": ""}
    start = time.monotonic()
    with Path(folder, "output.txt").open("w+", encoding="utf-8") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, cwd=folder, env=kept | place | environ)
        _, status, usage = os.wait4(process.pid, 0)  # the usage of this one process
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        assert process.returncode == 0, out.read()[-3_000:]
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run(command: str, source: Sandbox, target: Sandbox, folder: Path, concurrency: int) -> Run:
    """Carry out `plan` or `apply`, and return what it took."""
    for sandbox in (source, target):
        sandbox.clear_requests()
    usage = used_by(
        [sys.executable, "-m", "sync", command, f"--concurrency={concurrency}"],
        folder,
        HEIMDALL_SOURCE_URL=source.url,
        HEIMDALL_SOURCE_TOKEN=source.token,
        HEIMDALL_TARGET_URL=target.url,
        HEIMDALL_TARGET_TOKEN=target.token,
    )
    sides = [_side(sandbox.requests()) for sandbox in (source, target)]
    plan = json.loads(Path(folder, "heimdall-sync-report", "plan.json").read_bytes())
    waves = tuple(len(wave["operations"]) for wave in plan["waves"]) if sides[1].writes else ()
    return Run(usage, sides[0], sides[1], waves)


def _side(records: Sequence[RequestRecord]) -> Side:
    by_kind: dict[str, list[RequestRecord]] = {"reading": [], "question": [], "members": [], "write": []}
    for record in records:
        if kind := _kind(record):
            by_kind[kind].append(record)
    return Side(
        requests=len(records),
        readings=len(by_kind["reading"]),
        beside=_beside(records, by_kind["reading"]),
        questions=len(by_kind["question"]),
        members=len(by_kind["members"]),
        writes=len(by_kind["write"]),
        reading_seconds=_span(by_kind["reading"]),
        writing_seconds=_span(by_kind["write"]),
        read_work=_mean(by_kind["reading"]),
        write_work=_mean(by_kind["write"]),
    )


def _kind(record: RequestRecord) -> str:
    if _PROBE.search(record.path):
        return ""
    if record.method != "GET":
        return "write"
    kinds = {"reading": _READING, "question": _QUESTION, "members": _MEMBERS}
    return next((kind for kind, pattern in kinds.items() if pattern.match(record.path)), "")


def _beside(records: Sequence[RequestRecord], readings: Sequence[RequestRecord]) -> int:
    begun = [record.started for record in readings]
    others = [record.started for record in records if _kind(record) != "reading"]
    return sum(min(begun) < each < max(begun) for each in others) if begun else 0


def _span(records: Sequence[RequestRecord]) -> float:
    return max((r.ended or 0 for r in records), default=0) - min((r.started for r in records), default=0)


def _mean(records: Sequence[RequestRecord]) -> float:
    return sum((r.ended or r.started) - r.started for r in records) / max(1, len(records))
