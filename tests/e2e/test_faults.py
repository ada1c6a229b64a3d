"""What can go wrong between the command and a server, and the end that each of it must come to.

Either the run finishes and both environments are equal, or it ends with an error that says what happened and
what to do, and `apply --resume` finishes it once the fault is gone.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path

import pytest

from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.example import production, staging
from sync.sandbox.faults import WRITES, Answer, AnyEffect, Close, Hang, Huge, Mislabel, Truncate
from sync.sandbox.process import Sandbox
from tests.conftest import Impatient
from tests.e2e.certificates import make_certificate, tls_before
from tests.e2e.conftest import Ended, RunCommand, equal, writes
from tests.servers import lent

WANTED = Snapshot(
    actions=(
        Action(name="read", description="Read"),
        Action(name="write", description="Write"),
        Action(name="export", description="Export"),
    ),
    roles=(
        Role(name="viewer", description="Views", actions=("read",)),
        Role(name="editor", description="Edits", actions=("write", "export")),
        Role(name="auditor", description="Audits", actions=("read",)),
        Role(name=SUPERADMIN, description="Everything"),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/things$", action="read"),
        Mapping(method="GET", path_pattern="/export$", action="export"),
    ),
    groups=(
        Group(name="team", description="A team", roles=("viewer", "auditor")),
        Group(name="crew", description="A crew", roles=("editor",)),
    ),
)
BEFORE = Snapshot(
    actions=(
        Action(name="read", description="Reads"),
        Action(name="write", description="Write"),
        Action(name="doomed", description="Goes"),
    ),
    roles=(
        Role(name="viewer", description="A viewer", actions=("read", "doomed")),
        Role(name="editor", description="Edits", actions=("write",)),
        Role(name="contractor", description="Goes", actions=("write",)),
        Role(name=SUPERADMIN, description="Everything"),
    ),
    mappings=(
        Mapping(method="GET", path_pattern="/things$", action="write"),
        Mapping(method="GET", path_pattern="/doomed$", action="doomed"),
    ),
    groups=(
        Group(name="team", description="The team", roles=("viewer", "contractor")),
        Group(name="left", description="Goes", roles=("viewer",)),
    ),
)
"""A pair that takes every kind of write, and few of each."""

KINDS_OF_WRITES = {
    "create action": ("POST", "/actions/$"),
    "create role": ("POST", "/roles/$"),
    "create mapping": ("POST", "/mappings/$"),
    "create group": ("POST", "/groups/$"),
    "update action": ("PUT", "/actions/"),
    "update role": ("PUT", "/roles/"),
    "update mapping": ("PUT", "/mappings/"),
    "update group": ("PUT", "/groups/"),
    "assign action": ("POST", "/roles/[^/]+/actions$"),
    "assign role": ("POST", "/roles/groups/[^/]+/roles$"),
    "unassign action": ("DELETE", "/roles/[^/]+/actions/"),
    "unassign role": ("DELETE", "/roles/groups/[^/]+/roles/"),
    "delete action": ("DELETE", "/actions/"),
    "delete role": ("DELETE", "/roles/[^/]+$"),
    "delete mapping": ("DELETE", "/mappings/"),
    "delete group": ("DELETE", "/groups/[^/]+$"),
}
NO_PROBE = "(?!.*(__no_such|2147483647))^/api/v1"

READS = {
    "health": "/healthz$",
    "user": "/users/me$",
    "actions": r"/actions/\?",
    "roles": r"/roles/\?",
    "mappings": "/mappings/list$",
    "groups": "/groups/$",
    "actions of a role": "/roles/editor/actions$",
    "roles of a group": "/roles/groups/team/roles$",
}

FOR_GOOD = 3600.0
"""Seconds that no test waits: a request that hangs for so long is never answered."""

PAGE = "<html><body>The proxy regrets.</body></html>"


def page(status: int = 200, *, done: bool = False) -> Answer:
    """Return what a proxy says in place of the server, which may have carried the request out."""
    return Answer(status=status, body=PAGE, content_type="text/html", done=done)


def busy(status: int, **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body='{"error": "busy"}', headers=told)


def date_in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


SURVIVED: dict[str, AnyEffect] = {
    "reset": Close(reset=True),
    "closed": Close(),
    "429": busy(429),
    "429 for seconds": busy(429, Retry_After="20"),
    "429 until a date": busy(429, Retry_After=date_in(20)),
    "429 until a date without a zone": busy(429, Retry_After="Wed, 21 Oct 2015 07:28:00"),
    "429 until nonsense": busy(429, Retry_After="²"),
    "502": page(502),
    "503": page(503),
    "504": page(504),
    "no connection to its database": Answer(
        status=500, body='{"error": "QueuePool limit of size 5 overflow 10 reached", "status_code": 500}'
    ),
    "content type": Mislabel(content_type="text/html; charset=utf-16"),
}
"""What the next try, or a patient look, makes good: of reads and writes alike."""

READ_AGAIN = SURVIVED | {"cut": Truncate(), "time-out": Hang(seconds=FOR_GOOD)}
LOST: dict[str, AnyEffect] = {
    "closed": Close(done=True),
    "reset": Close(done=True, reset=True),
    "cut": Truncate(),
    "time-out": Hang(seconds=FOR_GOOD, done=True),
    "502": page(502, done=True),
    "503": page(503, done=True),
    "504": page(504, done=True),
    "429": Answer(status=429, body='{"error": "busy"}', done=True),
    "page": page(done=True),
    "half of the JSON": Answer(status=201, body='{"id": 7, "na', done=True),
    "nothing": Answer(status=200, done=True),
}
"""A write that was done, and whose answer did not arrive."""
WRITTEN_AGAIN = (
    SURVIVED
    | {f"done, {name}": effect for name, effect in LOST.items()}
    | {
        "time-out": Hang(seconds=FOR_GOOD),
        "page": page(),
        "half of the JSON": Answer(status=201, body='{"id": 7, "na'),
    }
)
READ_IN_VAIN: dict[str, tuple[AnyEffect, str]] = {
    "closed": (Close(), "the connection was closed before the answer was complete"),
    "cut": (Truncate(), "the connection was closed before the answer was complete"),
    "time-out": (Hang(seconds=FOR_GOOD), r"no answer within 0\.4 s"),
    "429": (busy(429), "answered 429"),
    "503": (page(503), "answered 503, 2 times"),
    "page": (page(), "answered 200 with text that is not JSON"),
    "half of the JSON": (Answer(body='{"actions": [{"id'), "answered 200 with text that is not JSON"),
    "brackets": (Answer(body="[" * 90_000), "answered 200 with text that is not JSON"),
    "many brackets": (Answer(body="[" * 200_000), "answered 200 with more than 100,000 values"),
    "redirect": (Answer(status=302, headers={"Location": "https://heimdall.invalid"}), "answered 302"),
}
"""A read that goes wrong each time, and what is said of it."""
WRITTEN_IN_VAIN: dict[str, tuple[AnyEffect, str]] = {
    "503": (page(503), "answered 503, 2 times"),
    "redirect": (Answer(status=307, headers={"Location": "https://heimdall.invalid"}), "answered 307"),
    "reset": (Close(reset=True), "the connection was closed before the answer was complete"),
    "time-out": (Hang(seconds=FOR_GOOD), r"no answer within 0\.4 s"),
    "429": (busy(429), "answered 429"),
    "page": (page(), "answered 200 with text that is not JSON"),
    "huge": (Huge(size=200 * 2**20), "answered with more than 1 MiB"),
}
"""A write that goes wrong each time, and what is said of it."""
CONCURRENCY = 8
QUICK = ("--timeout", "0.4")


@pytest.fixture(scope="module")
def shared_pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with lent(WANTED) as source, lent(BEFORE, publish_updates=True, first_id=1000) as target:
        yield source, target


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Sandbox]:
    with lent(WANTED) as sandbox:
        yield sandbox


@pytest.fixture
def pair(shared_pair: tuple[Sandbox, Sandbox]) -> tuple[Sandbox, Sandbox]:
    source, target = shared_pair
    source.reset(WANTED)
    target.reset(BEFORE)
    return shared_pair


def patience_for(effect: AnyEffect) -> tuple[str, ...]:
    """Return the flags of a run that meets an effect: the shortest time-out that a busy machine keeps."""
    if isinstance(effect, Answer) and effect.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "--give-up-after", "0.5"  # no number of tries ends that
    return QUICK if isinstance(effect, Hang) else ()


def sent_again(effect: AnyEffect) -> list[str]:
    """Return the kinds of writes that are sent again: an answer without a body can't be cut."""
    if isinstance(effect, Mislabel):
        return []
    with_body = [kind for kind in KINDS_OF_WRITES if KINDS_OF_WRITES[kind][0] != "DELETE"]
    return with_body if isinstance(effect, Truncate) else [*KINDS_OF_WRITES]


def assert_ended_equal(ended: Ended, target: Sandbox) -> None:
    assert ended.code == 0, ended.out
    assert equal(target.snapshot(), WANTED)


def assert_resumable(run: RunCommand, pair: tuple[Sandbox, Sandbox], ended: Ended, *said: str) -> None:
    """Assert that an error was told in full, and that the next run finishes once the fault is gone."""
    assert ended.code in {1, 4}
    for pattern in said:
        assert re.search(pattern, ended.out), f"{pattern}\n{ended.out}"
    lines = ended.out.splitlines()
    told = [n for n, line in enumerate(lines) if line.startswith(("✗", "  ✗", "  [FAILED]", "[target] ✗"))]
    assert told
    assert ended.cases("failure")
    for sandbox in pair:
        sandbox.clear_faults()
    assert_ended_equal(run(*pair, "apply", "--resume"), pair[1])


def disturb(
    sandbox: Sandbox, kinds: dict[str, tuple[str, str]], effect: AnyEffect, times: int | None
) -> None:
    for method, path in kinds.values():
        sandbox.add_fault(effect, methods=[method], path=NO_PROBE + path, times=times)


def test_the_pair_takes_every_kind_of_write(run: RunCommand, pair: tuple[Sandbox, Sandbox]) -> None:
    ended = run(*pair, "apply")
    assert_ended_equal(ended, pair[1])
    got = Counter(
        name
        for name, (method, path) in KINDS_OF_WRITES.items()
        for write in writes(pair[1])
        if re.search(f"^{method} /api/v1{path}", write)
    )
    assert set(got) == set(KINDS_OF_WRITES)
    assert sum(got.values()) == len(writes(pair[1]))


@pytest.mark.sampled
class TestReads:
    @pytest.mark.parametrize("fault", READ_AGAIN)
    def test_what_is_read_again(self, run: RunCommand, pair: tuple[Sandbox, Sandbox], fault: str) -> None:
        """Of each kind of read one goes wrong, in both environments."""
        effect = READ_AGAIN[fault]
        for sandbox in pair:
            for path in READS.values():
                sandbox.add_fault(effect, methods=["GET"], path=path)
        assert_ended_equal(run(*pair, "apply", *patience_for(effect)), pair[1])

    @pytest.mark.parametrize(("number", "fault"), [*enumerate(READ_IN_VAIN)])
    def test_what_is_read_in_vain(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], number: int, fault: str
    ) -> None:
        """Each of them goes wrong in one environment, every other one in the target."""
        effect, said = READ_IN_VAIN[fault]
        sandbox = pair[number % 2]
        sandbox.add_fault(effect, methods=["GET"], path=READS["actions"], times=None)
        ended = run(*pair, "apply", "--retries", "2", *patience_for(effect))
        assert ended.code == 1
        assert re.search(f"✗ (.* by its rate limit .*: )?GET {sandbox.url}/api/v1/actions/", ended.out)
        assert "Nothing was changed." in ended.out
        assert writes(pair[1]) == []
        assert_resumable(run, pair, ended, said)

    @pytest.mark.parametrize("fault", ["closed", "503", "page"])
    def test_a_verification_in_vain(self, run: RunCommand, pair: tuple[Sandbox, Sandbox], fault: str) -> None:
        """All writes are done by then, but nobody has proved it."""
        effect, said = READ_IN_VAIN[fault]
        pair[1].add_fault(effect, methods=["GET"], path=READS["groups"], nth=2, times=None)
        ended = run(*pair, "apply", "--retries", "2")
        assert ended.code == 1
        assert_resumable(run, pair, ended, "✗ Not verified: GET", said)


@pytest.mark.sampled
class TestWrites:
    @pytest.mark.parametrize("fault", WRITTEN_AGAIN)
    def test_what_is_written_again(self, run: RunCommand, pair: tuple[Sandbox, Sandbox], fault: str) -> None:
        """Of each kind of write one goes wrong, and all of them end well."""
        effect = WRITTEN_AGAIN[fault]
        disturb(pair[1], KINDS_OF_WRITES, effect, times=1)
        ended = run(*pair, "apply", *patience_for(effect))
        assert_ended_equal(ended, pair[1])
        assert "[FAILED]" not in ended.out
        assert "Errors:   0\n" in ended.out
        operations = sum(len(wave["operations"]) for wave in ended.plan["waves"])
        assert len(writes(pair[1])) == operations + len(sent_again(effect))

    @pytest.mark.parametrize(
        ("kind", "fault"),
        [
            *((kind, "redirect") for kind in KINDS_OF_WRITES),
            *(("create action", fault) for fault in WRITTEN_IN_VAIN if fault != "redirect"),
        ],
    )
    def test_what_is_written_in_vain(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], kind: str, fault: str
    ) -> None:
        effect, said = WRITTEN_IN_VAIN[fault]
        disturb(pair[1], {kind: KINDS_OF_WRITES[kind]}, effect, times=None)
        ended = run(*pair, "apply", "--retries", "2", *patience_for(effect))
        assert ended.code == 1
        assert_resumable(run, pair, ended, rf"\[FAILED\] {kind} .*: .*{said}.*\n +→ \w+")

    @pytest.mark.parametrize("status", [500, 503])
    def test_what_was_refused_and_is_done_is_no_error_of_an_identical_pair(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], status: int
    ) -> None:
        """Nothing depends on it; that it is done is what the verification finds."""
        refused = Answer(status=status, body='{"error": "no"}', done=True)
        disturb(pair[1], {"": KINDS_OF_WRITES["update action"]}, refused, times=None)
        ended = run(*pair, "apply", "--retries", "1")
        assert_ended_equal(ended, pair[1])
        assert "Errors:   0\n" in ended.out
        assert ended.cases("failure") == []

    @pytest.mark.parametrize("kind", KINDS_OF_WRITES)
    def test_what_is_done_and_never_answered(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], kind: str
    ) -> None:
        """What depends on it is left alone; the verification tells whether that is everything."""
        disturb(pair[1], {kind: KINDS_OF_WRITES[kind]}, Close(done=True), times=None)
        ended = run(*pair, "apply", "--retries", "2")
        assert re.search(rf"\[FAILED\] {kind} .*the target may have made the change", ended.out)
        assert (ended.code == 0) == equal(pair[1].snapshot(), WANTED)
        if ended.code == 0:
            assert "planned changes were made.**" in ended.summary
            assert "\nErrors:   0\n" in ended.out
        pair[1].clear_faults()
        assert_ended_equal(run(*pair, "apply", "--resume"), pair[1])

    @pytest.mark.parametrize("fault", ["closed", "time-out", "502", "page", "half of the JSON"])
    def test_what_was_created_without_an_answer_is_found_and_its_id_used(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], fault: str
    ) -> None:
        """The new mapping asks for the new action, which the server knows by its id alone."""
        disturb(pair[1], {"": KINDS_OF_WRITES["create action"]}, LOST[fault], times=1)
        assert_ended_equal(run(*pair, "apply", *patience_for(LOST[fault])), pair[1])
        asked = [record for record in pair[1].requests() if re.match("/api/v1/actions/($|[?])", record.path)]
        assert [(record.method, record.status) for record in asked[1:4]] == [
            ("POST", asked[1].status),  # the answer that was lost
            ("POST", 400),  # it exists
            ("GET", 200),
        ]

    def test_a_server_that_can_no_longer_decide(self, run: RunCommand, pair: tuple[Sandbox, Sandbox]) -> None:
        """Without Cerbos every write answers 503, and every read is well."""
        down = Answer(status=503, body='{"error": "Authorization service unavailable", "status_code": 503}')
        pair[1].add_fault(down, methods=WRITES, path=NO_PROBE, times=None)
        ended = run(*pair, "apply")
        assert ended.code == 1
        assert equal(pair[1].snapshot(), BEFORE)
        operations = sum(len(wave["operations"]) for wave in ended.plan["waves"])
        assert len(writes(pair[1])) <= 5 * operations
        assert_resumable(run, pair, ended, r"\[FAILED\] create action 'export': .* answered 503, 5 times")

    def test_a_server_that_can_not_decide_from_the_start(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox]
    ) -> None:
        pair[1].add_fault(busy(503), methods=WRITES, times=None)
        ended = run(*pair, "apply")
        assert ended.code == 4
        assert writes(pair[1]) == []
        assert_resumable(run, pair, ended, r"✗ DELETE .* answered 503, 5 times")


class TestPace:
    """A gateway that has had enough, on a pair with eight requests at once."""

    @pytest.fixture
    def waits(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        asked: list[float] = []
        monkeypatch.setattr(Impatient, "sleep", lambda _, seconds: asked.append(seconds))
        return asked

    @pytest.mark.parametrize("told", ["seconds", "date"])
    def test_one_429_slows_all_threads_and_loses_nothing(
        self, run: RunCommand, waits: list[float], told: str
    ) -> None:
        with lent(staging()) as source, lent(production(), first_id=1000) as target:
            until = date_in(20) if told == "date" else "20"
            target.add_fault(busy(429, Retry_After=until), methods=WRITES, path=NO_PROBE, nth=5)
            ended = run(source, target, "apply")
            operations = sum(len(wave["operations"]) for wave in ended.plan["waves"])
            assert ended.code == 0
            assert equal(target.snapshot(), staging())
            assert len(writes(target)) == operations + 1
            records = target.requests()
        refused = next(record.number for record in records if record.status == 429)
        begun_since = len(records) - refused - CONCURRENCY  # at most so many were under way
        long = [wait for wait in waits if wait > 10]
        assert len(long) >= begun_since > operations - CONCURRENCY
        assert long[0] < 20.2
        assert max(long) < 20.2 + operations  # they are spaced by a second at most

    def test_nobody_waits_longer_than_a_minute_for_what_a_gateway_asks(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], waits: list[float]
    ) -> None:
        pair[1].add_fault(busy(503, Retry_After="86400"), path=READS["actions"])
        assert_ended_equal(run(*pair, "apply"), pair[1])
        assert 55 < max(waits) < 61

    def test_waits_grow_are_bounded_and_differ(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], waits: list[float]
    ) -> None:
        pair[1].add_fault(busy(502), path=READS["actions"], times=11)
        assert_ended_equal(run(*pair, "apply", "--retries", "12"), pair[1])
        waits = [wait for wait in waits if wait]
        for wait, at_least in zip(waits, [0.5, 1, 2, 4, 8, 10, 10, 10, 10, 10, 10], strict=True):
            assert at_least <= wait <= at_least + 0.5
        assert len({round(wait % 0.5, 6) for wait in waits}) > 5


class TestElsewhere:
    @pytest.mark.sampled
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("kind", ["read mappings", "create action"])
    def test_a_token_does_not_follow_a_redirect(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], elsewhere: Sandbox, status: int, kind: str
    ) -> None:
        method, path = (KINDS_OF_WRITES | {"read mappings": ("GET", READS["mappings"])})[kind]
        there = {"Location": f"{elsewhere.url}/api/v1/mappings/list"}
        disturb(pair[1], {kind: (method, path)}, Answer(status=status, headers=there), times=None)
        ended = run(*pair, "apply")
        assert elsewhere.requests() == ()
        assert ended.code == 1
        assert f"answered {status}" in ended.out

    def test_a_host_that_is_not_known(self, run: RunCommand, pair: tuple[Sandbox, Sandbox]) -> None:
        ended = run(*pair, "apply", "--target-url", "https://heimdall.invalid")
        assert ended.code == 4
        assert writes(pair[1]) == []
        assert_resumable(run, pair, ended, "the host name is not known\n +→ check the URL")

    def test_a_certificate_of_an_authority_that_is_not_known(
        self, run: RunCommand, pair: tuple[Sandbox, Sandbox], tmp_path: Path
    ) -> None:
        certificate, key = make_certificate(tmp_path)
        with tls_before(pair[1], certificate, key) as url:
            ended = run(*pair, "apply", "--target-url", url)
            assert ended.code == 4
            assert (
                "TLS failed\n      → check the server's certificate; "
                "give a private authority's certificate with --ca-file" in ended.out
            )
            assert pair[1].requests() == ()
            trusted = run(*pair, "apply", "--resume", "--target-url", url, "--ca-file", str(certificate))
        assert_ended_equal(trusted, pair[1])


MEASURED = r"""
import re, sys
from pathlib import Path
from sync.cli import main
code = main(sys.argv[1:])
# of this program alone: getrusage begins with what the process held that started it
print(int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
sys.exit(code)
"""


@pytest.mark.parametrize("side", ["source", "target"])
def test_200_mb_are_not_kept(pair: tuple[Sandbox, Sandbox], tmp_path: Path, side: str) -> None:
    """The process takes about 75 MB, and much less than an answer that it would keep and read would add."""
    source, target = pair
    pair[side == "target"].add_fault(Huge(size=200 * 2**20), path=READS["mappings"], times=None)
    environ = {
        "HEIMDALL_SOURCE_URL": source.url,
        "HEIMDALL_SOURCE_TOKEN": source.token,
        "HEIMDALL_TARGET_URL": target.url,
        "HEIMDALL_TARGET_TOKEN": target.token,
    }
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, "apply"],
        env=os.environ | environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "answered with more than 16 MiB\n      → check that the URL is right" in ended.stdout
    assert int(ended.stdout.splitlines()[-1]) < 75 + 200
    assert writes(target) == []
