"""One run between two environments: healthcheck, reading, planning, applying and verifying, told as it goes.

A dry run and an apply are the same job; they differ in whether `apply` is called.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Self

from sync.apply.outcome import Verification
from sync.apply.run import Run, judge_of
from sync.apply.verify import verification_of
from sync.errors import ReadError, UnhealthyError
from sync.heimdall.contract import read_contract
from sync.heimdall.health import check_health
from sync.heimdall.reader import Reading, count_members, read_environment
from sync.heimdall.transport import Patience, Transport
from sync.heimdall.writer import Writer
from sync.plan.model import Plan, Rules
from sync.plan.planner import Environment, make_plan
from sync.report import console
from sync.report.document import Document
from sync.report.terminal import Printer
from sync.settings import Command, Settings


@dataclass(frozen=True, slots=True)
class Readings:
    """Both environments as they were read, at the same time."""

    source: Reading
    target: Reading


class Job:
    """One run. Use it as a context manager: it owns the connections to both environments.

    Every method raises a `HeimdallSyncError` for what ends the run; `document` holds what was found by then.
    """

    def __init__(
        self, settings: Settings, printer: Printer, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._printer = printer
        self._sleep = sleep
        self._started = time.monotonic()
        self._resources = ExitStack()
        self._source = self._connect("source")
        self._target = self._connect("target")
        self._document = Document(source_url=self._source.url, target_url=self._target.url)
        live = settings.effective_command is Command.APPLY
        self._printer.show(
            console.header(self._document, console.Mode.LIVE if live else console.Mode.DRY_RUN)
        )

    def __enter__(self) -> Self:
        self._resources.enter_context(self._source)
        self._resources.enter_context(self._target)
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def _connect(self, side: Literal["source", "target"]) -> Transport:
        settings = self._settings
        is_source = side == "source"
        return Transport(
            settings.source_url if is_source else settings.target_url,
            settings.source_token if is_source else settings.target_token,
            read_only=is_source,
            concurrency=settings.concurrency,
            patience=Patience(settings.timeout, settings.retries, self._sleep),
            ca_file=settings.ca_file,
        )

    @property
    def document(self) -> Document:
        """Return what has been found out so far."""
        return replace(
            self._document,
            requests=self._source.sent + self._target.sent,
            seconds=time.monotonic() - self._started,
        )

    def check(self, *, must_write: bool) -> None:
        """Check both environments. Raises `UnhealthyError` where one of them fails.

        A missing permission to write is a failure where the run `must_write`, else a warning.
        """
        with self._printer.progress("Checking both environments"):
            findings = check_health(
                (self._source, self._settings.source_token),
                (self._target, self._settings.target_token),
                now=datetime.now(UTC),
                must_write=must_write,
            )
        self._document = replace(self._document, findings=findings)
        self._printer.show(console.healthcheck(self._document))
        if self._document.unhealthy:
            raise UnhealthyError("the healthcheck failed", "see to what it found, then run again")

    def plan(self) -> Plan:
        """Read both environments and plan what makes the target equal to the source."""
        self._printer.show(console.reading())
        self._contract = read_contract(self._target)
        if not self._contract.published:
            self._printer.show(console.note("The target publishes no API schema: the known one is used."))
        self._readings = self._read()
        plan = self._plan_of(self._readings, self._count_lost_members(self._readings))
        self._document = replace(
            self._document,
            source=self._readings.source.snapshot,
            target=self._readings.target.snapshot,
            plan=plan,
        )
        self._printer.show(console.plan_sections(self._document))
        return plan

    def countdown(self, seconds: int) -> None:
        """Give a person the time to cancel. `KeyboardInterrupt` is what they cancel with."""
        self._printer.show(console.countdown(seconds))
        for _ in range(seconds):
            self._sleep(1)

    def apply(self, plan: Plan) -> None:
        """Carry out a plan and verify the result; what failed is in the document's outcomes."""
        writer = Writer(self._target, self._contract, self._readings.target.ids)
        judge = judge_of(plan, self._readings.source.snapshot, self._readings.target.snapshot)
        run = Run(writer.execute, judge, self._settings.concurrency)
        try:
            with self._printer.progress("Applying", total=len(plan.operations)) as advance:
                run.carry_out(plan.waves, advance)
        finally:
            self._document = replace(self._document, outcomes=tuple(run.outcomes))
            self._printer.show(console.outcomes(self._document))

    def verify(self, plan: Plan) -> bool:
        """Return whether nothing differs any more but what is accepted.

        Both environments are read again for it, unless the plan was empty: then they have just been read.
        """
        try:
            verification = verification_of(self._plan_of(self._read()) if plan.operations else plan)
        except ReadError as error:
            verification = Verification(error=error.message)
        self._document = replace(self._document, verification=verification)
        self._printer.show(console.verification(self._document))
        return verification.identical

    def _read(self) -> Readings:
        with self._printer.progress("Reading both environments"), ThreadPoolExecutor(2) as threads:
            source = threads.submit(read_environment, self._source)
            target = threads.submit(read_environment, self._target)
            return Readings(source.result(), target.result())

    def _plan_of(self, readings: Readings, members: dict[str, int] | None = None) -> Plan:
        return make_plan(
            Environment(self._source.url, readings.source.snapshot),
            Environment(self._target.url, readings.target.snapshot),
            refuses=self._contract.refuses,
            rules=Rules(strategy=self._settings.strategy, accept=self._settings.accept),
            members=members,
        )

    def _count_lost_members(self, readings: Readings) -> dict[str, int]:
        kept = {group.name for group in readings.source.snapshot.groups}
        lost = [group.name for group in readings.target.snapshot.groups if group.name not in kept]
        return count_members(self._target, lost)
