"""Nothing secret and nobody's number leaves the process, and no text of a server does anything."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from markdown_it import MarkdownIt

from sync import cli
from sync.plan.model import Action, Group, Mapping, Role, Snapshot
from sync.sandbox.example import production, staging
from sync.sandbox.faults import WRITES, Answer, AnyEffect
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox, launch
from sync.sandbox.token_endpoint import TokenServer
from tests.conftest import Impatient
from tests.e2e.other_host import OtherHost
from tests.e2e.secrets_in_use import (
    CLIENT_SECRET,
    HOLDER,
    MEMBER,
    PASSWORD,
    PROXY_USER,
    REFRESH_TOKEN,
    SOURCE_OPERATOR,
    SOURCE_TOKEN,
    SPELLINGS,
    TARGET_TOKEN,
    contents_of,
    found_in,
    found_in_all,
)
from tests.e2e.test_faults import NO_PROBE, READ_IN_VAIN, WRITTEN_IN_VAIN, patience_for

REPOSITORY = Path(__file__).parents[2]
WITNESS = Path(__file__).parent / "witness"
PEOPLE = People(members={"legacy_team": (MEMBER, HOLDER)}, roles={"contractor": (HOLDER,)})
DEBUG = "--debug"


@dataclass(frozen=True)
class Left:
    """What a process has left: its exit code, and everything that it has written anywhere."""

    code: int
    places: dict[str, bytes]
    notes: tuple[tuple[str, Any], ...] = ()

    @property
    def text(self) -> str:
        return (self.places["stdout"] + self.places["stderr"]).decode()

    def noted(self, what: str) -> list[Any]:
        return [seen for kind, seen in self.notes if kind == what]


Process = Callable[..., Left]


@pytest.fixture(scope="module")
def shared_pair() -> Iterator[tuple[Sandbox, Sandbox]]:
    with launch(staging()) as source, launch(production(), first_id=1000) as target:
        yield source, target


@pytest.fixture
def pair(shared_pair: tuple[Sandbox, Sandbox]) -> tuple[Sandbox, Sandbox]:
    source, target = shared_pair
    source.reset(staging())
    target.reset(production(), people=PEOPLE)
    return shared_pair


@pytest.fixture
def environ(pair: tuple[Sandbox, Sandbox]) -> dict[str, str]:
    source, target = pair
    return {
        "HEIMDALL_SOURCE_URL": source.url,
        "HEIMDALL_SOURCE_TOKEN": SOURCE_TOKEN,
        "HEIMDALL_TARGET_URL": target.url,
        "HEIMDALL_TARGET_TOKEN": TARGET_TOKEN,
        "HTTPS_PROXY": f"http://{PROXY_USER}:{quote(PASSWORD, safe='')}@127.0.0.1:9",
    }


@pytest.fixture
def process(tmp_path: Path, environ: dict[str, str]) -> Process:
    """Return a function that runs a command as a process of its own, under the eyes of a witness."""

    def run_process(*argv: str, code: list[str] | None = None, **more: str) -> Left:
        folder, notes = tmp_path / "cwd", tmp_path / "notes"
        folder.mkdir(exist_ok=True)
        notes.unlink(missing_ok=True)
        places = os.pathsep.join(map(str, (WITNESS, REPOSITORY)))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        ended = subprocess.run(
            [sys.executable, *(code or ["-m", "sync"]), *argv],
            env=kept | environ | {"PYTHONPATH": places, "WITNESS": str(notes)} | more,
            cwd=folder,
            capture_output=True,
            check=False,
        )
        seen = tuple((kind, what) for kind, what in map(json.loads, notes.read_text().splitlines()))
        written = [folder / str(what) for kind, what in seen if kind == "file"]
        places_of = {"stdout": ended.stdout, "stderr": ended.stderr, **contents_of([folder, *written])}
        return Left(ended.returncode, places_of, seen)

    return run_process


COMMANDS: dict[str, tuple[int, list[str]]] = {
    "check": (0, ["check"]),
    "plan": (0, ["plan"]),
    "dry run": (0, ["--dry-run"]),
    "apply": (1, ["apply"]),
    "resume": (1, ["apply", "--resume"]),
    "drift": (2, ["drift"]),
    "export": (0, ["export"]),
    "help": (0, ["--help"]),
    "wrong usage": (64, ["plan", "--source-tokn", SOURCE_TOKEN, "--concurrency", CLIENT_SECRET]),
    "tokens as flags": (0, ["plan", "--source-token", SOURCE_TOKEN, f"--target-token={TARGET_TOKEN}"]),
}
"""Each with its exit code: an apply fails, because somebody holds a role that is to be deleted."""


class TestTheSearch:
    """It can fail: what is planted is found, wherever it is planted."""

    @pytest.mark.parametrize("name", sorted(set(SPELLINGS.values())))
    def test_each_secret_is_found_in_what_holds_it(self, name: str) -> None:
        for spelling, its_name in SPELLINGS.items():
            if its_name == name:
                assert found_in(b"before " + spelling + b" after") == {name}

    def test_a_token_is_found_whole_and_in_part(self) -> None:
        assert found_in(SOURCE_TOKEN.encode()) == {
            "the source's token's payload",
            "the source's token's signature",
        }
        assert found_in(b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9") == set()

    def test_what_is_configured_is_found_in_every_place(
        self, pair: tuple[Sandbox, Sandbox], process: Process
    ) -> None:
        """A name that looks like a CPF is a name: that is how this shows where the search looks."""
        planted = Action(name=MEMBER, description=f"Signed {SOURCE_TOKEN}")
        pair[0].reset(staging().model_copy(update={"actions": (*staging().actions, planted)}))
        left = process("apply")
        places = {Path(place).name for place, _ in found_in_all(left.places)}
        assert places == {
            "stdout",
            "summary.md",
            "junit.xml",
            "plan.json",
            "snapshot-source.json",
            "sync_checkpoint.json",
            "receipt.json",
        }

    def test_the_witness_sees_files_children_and_connections(self, process: Process, tmp_path: Path) -> None:
        planted = (
            "import socket, subprocess, sys; open(sys.argv[1], 'w').write(sys.argv[2]);"
            "subprocess.run(['true'], env={'A': sys.argv[2]}); socket.socket().connect_ex(('127.0.0.1', 9))"
        )
        elsewhere = tmp_path / "elsewhere"
        left = process(str(elsewhere), MEMBER, code=["-c", planted])
        assert found_in_all(left.places) == {(str(elsewhere), "the CPF of a group's member")}
        assert found_in(json.dumps(left.noted("child")).encode()) == {"the CPF of a group's member"}
        assert left.noted("connection") == [["127.0.0.1", 9]]


class TestCommands:
    """As processes of their own, with a witness of everything that they write, reach and start."""

    @pytest.mark.parametrize("name", COMMANDS)
    def test_nothing_is_found(self, pair: tuple[Sandbox, Sandbox], process: Process, name: str) -> None:
        code, argv = COMMANDS[name]
        left = process(*argv, DEBUG)
        assert left.code == code, left.text
        assert found_in_all(left.places) == set()
        assert left.noted("child") == []
        hosts = {f"http://{host}:{port}" for host, port in left.noted("connection")}
        assert hosts <= {sandbox.url for sandbox in pair}

    def test_nothing_is_found_of_an_approved_plan_and_its_receipt(self, process: Process) -> None:
        report = "heimdall-sync-report"
        assert process("plan").code == 0
        left = process("apply", "--plan", f"{report}/plan.json", DEBUG)
        assert left.code == 1
        assert found_in_all(left.places) == set()
        left = process("apply", "--plan", f"{report}/plan.json", "--resume", DEBUG)
        assert left.code == 1
        assert "before" in left.text
        assert found_in_all(left.places) == set()
        left = process("drift", "--receipt", f"{report}/receipt.json", DEBUG)
        assert left.code == 2
        assert found_in_all(left.places) == set()

    def test_the_demo_does_not_hand_on_what_it_does_not_need(self, process: Process) -> None:
        """Its two sandboxes are children, which know nothing of the environments that are configured."""
        left = process("demo", DEBUG)
        assert left.code == 0, left.text
        assert len(left.noted("child")) == 2
        assert found_in(json.dumps(left.noted("child")).encode()) == set()
        assert found_in_all(left.places) == set()


@pytest.fixture
def here(
    environ: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Process:
    """Return a function that runs a command in this process, which is quicker and nothing else."""

    def run_here(*argv: str, **more: str) -> Left:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        folder = tmp_path / "cwd"
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        code = cli.main(argv, Impatient())
        out, err = capfd.readouterr()
        return Left(code, {"stdout": out.encode(), "stderr": err.encode(), **contents_of([folder])})

    return run_here


SAID = f"no: Bearer {SOURCE_TOKEN} / {TARGET_TOKEN} of {SOURCE_OPERATOR}, 816.987.654-02 and {HOLDER}"
TELLTALES: dict[str, AnyEffect] = {
    **{
        str(status): Answer(status=status, body=json.dumps({"error": SAID}))
        for status in (400, 401, 403, 500, 503)
    },
    "422": Answer(
        status=422,
        body=json.dumps(
            {
                "error": "Validation error",
                "details": [{"type": "t", "loc": ["body", SAID], "msg": SAID, "input": SAID}],
            }
        ),
    ),
    "detail": Answer(status=404, body=json.dumps({"detail": [SAID]})),
    "page": Answer(status=500, body=f"<html>{SAID}</html>", content_type="text/html"),
    "wrong shape": Answer(body=json.dumps({SAID: SAID, "id": SAID, "cpf": 1, "actions": [{"id": SAID}]})),
    "list of wrong shape": Answer(body=json.dumps([{"subject": SAID, "id": SAID, "name": SAID}, SAID])),
    "redirect": Answer(status=307, headers={"Location": f"http://127.0.0.1:9/?token={quote(SAID)}"}),
    "retry": Answer(status=503, headers={"Retry-After": quote(SAID)}),
}
"""What a debugging proxy, or a server that quotes what it got, could answer."""


class TestFaults:
    @pytest.mark.parametrize("fault", READ_IN_VAIN)
    def test_reads_in_vain(self, pair: tuple[Sandbox, Sandbox], here: Process, fault: str) -> None:
        effect, _ = READ_IN_VAIN[fault]
        pair[0].add_fault(effect, methods=["GET"], path=r"/actions/\?", times=None)
        left = here("apply", "--retries", "2", DEBUG, *patience_for(effect))
        assert left.code == 1
        assert "Traceback" in left.text
        assert found_in_all(left.places) == set()

    @pytest.mark.parametrize("fault", WRITTEN_IN_VAIN)
    def test_writes_in_vain(self, pair: tuple[Sandbox, Sandbox], here: Process, fault: str) -> None:
        effect, _ = WRITTEN_IN_VAIN[fault]
        pair[1].add_fault(effect, methods=["POST"], path=f"{NO_PROBE}/roles/$", times=None)
        left = here("apply", "--retries", "2", DEBUG, *patience_for(effect))
        assert left.code == 1
        assert "[FAILED]" in left.text
        assert found_in_all(left.places) == set()

    @pytest.mark.parametrize("path", ["/healthz", "/users/me", "/openapi", "/mappings/list", "/members$"])
    def test_a_server_that_quotes_what_it_got_when_it_is_read(
        self, pair: tuple[Sandbox, Sandbox], here: Process, path: str
    ) -> None:
        for effect in TELLTALES.values():
            pair[1].clear_faults()
            pair[1].add_fault(effect, methods=["GET"], path=path, times=None)
            pair[1].add_fault(effect, methods=["GET"], path="/readyz", times=None)
            left = here("plan", "--retries", "1", DEBUG)
            assert (effect, found_in_all(left.places)) == (effect, set())

    @pytest.mark.parametrize("path", [NO_PROBE, "__no_such|2147483647"], ids=["changes", "probes"])
    @pytest.mark.parametrize("effect", TELLTALES.values(), ids=TELLTALES)
    def test_a_server_that_quotes_what_it_got_when_it_is_written_to(
        self, pair: tuple[Sandbox, Sandbox], here: Process, effect: AnyEffect, path: str
    ) -> None:
        pair[1].add_fault(effect, methods=WRITES, path=path, times=None)
        left = here("apply", "--retries", "1", DEBUG)
        assert left.code in {1, 4}
        assert found_in_all(left.places) == set()

    def test_a_mistake_of_ours(self, here: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("nobody expected this")

        monkeypatch.setattr("sync.commands.write_reports", fail)
        left = here("plan", DEBUG)
        assert left.code == 1
        assert "RuntimeError: nobody expected this" in left.text
        assert found_in_all(left.places) == set()


MISPLACED = {
    "a token as a URL": {"HEIMDALL_SOURCE_URL": SOURCE_TOKEN},
    "a password in a URL": {"HEIMDALL_TARGET_URL": f"https://{PROXY_USER}:{PASSWORD}@heimdall.invalid"},
    "a token in a URL": {"HEIMDALL_TARGET_URL": f"https://heimdall.invalid/?token={TARGET_TOKEN}"},
    "a password in a token URL": {
        "HEIMDALL_TARGET_TOKEN": "",
        "HEIMDALL_TARGET_TOKEN_URL": f"https://{PROXY_USER}:{PASSWORD}@heimdall.invalid/token",
        "HEIMDALL_TARGET_CLIENT_ID": "sync",
        "HEIMDALL_TARGET_CLIENT_SECRET": CLIENT_SECRET,
    },
    "a token as the file of one": {
        "HEIMDALL_SOURCE_TOKEN": "",
        "HEIMDALL_SOURCE_TOKEN_FILE": SOURCE_TOKEN,
    },
    "a token as a certificate": {"HEIMDALL_CA_FILE": SOURCE_TOKEN},
    "a token as a plan": {"HEIMDALL_PLAN": SOURCE_TOKEN},
    "a token as a receipt": {"HEIMDALL_RECEIPT": SOURCE_TOKEN},
    "a token as a file of patterns": {"HEIMDALL_ACCEPT": f"@{SOURCE_TOKEN}"},
    "a token as a digest": {"HEIMDALL_EXPECT_DIGEST": SOURCE_TOKEN},
    "a token with Bearer": {"HEIMDALL_SOURCE_TOKEN": f"Bearer {SOURCE_TOKEN}"},
    "a token with a line break": {"HEIMDALL_TARGET_TOKEN": f"{TARGET_TOKEN}\n{SOURCE_TOKEN}"},
    "a secret with a line break": {"HEIMDALL_TARGET_CLIENT_SECRET": f"{CLIENT_SECRET}\nx"},
    "two ways to a token": {"HEIMDALL_TARGET_TOKEN_FILE": "/dev/null"},
}


class TestSettings:
    @pytest.mark.parametrize("mistake", MISPLACED)
    def test_a_secret_in_the_wrong_place(self, here: Process, mistake: str) -> None:
        left = here("apply", DEBUG, **MISPLACED[mistake])
        assert left.code == (4 if mistake == "a token as the file of one" else 64), left.text
        assert found_in_all(left.places) == set()

    @pytest.mark.parametrize(
        "argv",
        [
            [SOURCE_TOKEN],
            ["plan", SOURCE_TOKEN],
            [f"--{SOURCE_TOKEN}"],
            [f"-t{SOURCE_TOKEN}"],
            ["--token", SOURCE_TOKEN],
            ["--retries", SOURCE_TOKEN],
            [f"--strategy={SOURCE_TOKEN}"],
            [f"--dry-run={SOURCE_TOKEN}"],
            ["apply", "--source-url", f"https://{PROXY_USER}:{PASSWORD}@heimdall.invalid"],
        ],
        ids=str,
    )
    def test_a_secret_as_a_wrong_argument(self, here: Process, argv: list[str]) -> None:
        left = here(*argv, DEBUG)
        assert left.code == 64
        assert found_in_all(left.places) == set()


class TestOtherHosts:
    def test_a_redirect_gets_nothing(self, pair: tuple[Sandbox, Sandbox], here: Process) -> None:
        with OtherHost() as other:
            there = Answer(status=307, headers={"Location": f"http://{other.address}/"})
            pair[0].add_fault(there, methods=["GET"], path="/mappings/list", times=None)
            pair[1].add_fault(there, methods=WRITES, path=NO_PROBE, times=None)
            assert here("apply", DEBUG).code == 1
            pair[0].clear_faults()
            assert here("apply", DEBUG).code == 1
        assert other.received == b""

    def test_a_proxy_gets_its_password_and_nothing_else(self, here: Process) -> None:
        with OtherHost() as proxy:
            left = here(
                "apply",
                "--retries=1",
                DEBUG,
                HEIMDALL_TARGET_URL="https://heimdall.invalid",
                HTTPS_PROXY=f"http://{PROXY_USER}:{quote(PASSWORD, safe='')}@{proxy.address}",
            )
        assert left.code == 4
        assert "the proxy did not connect" in left.text
        assert found_in_all(left.places) == set()
        assert proxy.received.startswith(b"CONNECT heimdall.invalid:443")
        assert found_in(bytes(proxy.received)) == {"the proxy's password as Basic"}

    @pytest.mark.parametrize(
        "place", ["127.0.0.1:9", "heimdall.invalid", "heimdall.invalid:port", "[:", "x..invalid:1"]
    )
    def test_a_proxy_that_is_none(self, here: Process, place: str) -> None:
        left = here(
            "check",
            DEBUG,
            HEIMDALL_TARGET_URL="https://heimdall.invalid",
            HTTPS_PROXY=f"http://{PROXY_USER}:{quote(PASSWORD, safe='')}@{place}",
        )
        assert left.code == 4
        assert "the proxy did not connect" in left.text
        assert found_in_all(left.places) == set()


class TestTokens:
    """Secrets that tokens are had for."""

    @pytest.fixture
    def endpoint(self) -> Iterator[TokenServer]:
        with TokenServer("sync", CLIENT_SECRET, refresh_token=REFRESH_TOKEN, lifetime=3600) as server:
            yield server

    @pytest.fixture(params=["client", "refresh token"])
    def oauth(self, endpoint: TokenServer, request: pytest.FixtureRequest) -> dict[str, str]:
        refresh_token = REFRESH_TOKEN if request.param == "refresh token" else ""
        return {
            "HEIMDALL_TARGET_TOKEN": "",
            "HEIMDALL_TARGET_TOKEN_URL": endpoint.url,
            "HEIMDALL_TARGET_CLIENT_ID": "sync",
            "HEIMDALL_TARGET_CLIENT_SECRET": CLIENT_SECRET,
            "HEIMDALL_TARGET_REFRESH_TOKEN": refresh_token,
        }

    def test_nothing_is_found_where_they_are_good(
        self, process: Process, endpoint: TokenServer, oauth: dict[str, str]
    ) -> None:
        left = process("apply", DEBUG, **oauth)
        assert left.code == 1
        assert "[FAILED]" in left.text
        assert found_in_all(left.places) == set()
        for token in endpoint.issued:
            _, payload, signature = token.split(".")
            for place, content in left.places.items():
                assert payload.encode() not in content, place
                assert signature.encode() not in content, place

    @pytest.mark.parametrize("status", [200, 307, 400, 401, 403, 500])
    def test_nothing_is_found_where_the_endpoint_quotes_them(
        self, here: Process, endpoint: TokenServer, oauth: dict[str, str], status: int
    ) -> None:
        said = f"{CLIENT_SECRET} {REFRESH_TOKEN} {quote(CLIENT_SECRET)} {SAID}"
        with OtherHost() as other:
            answer = Answer(
                status=status,
                body=json.dumps({"error": "invalid_client", "error_description": said, said: said}),
                headers={"Location": f"http://{other.address}/"},
            )
            endpoint.answer_next(*[answer] * 20)
            left = here("apply", DEBUG, **oauth)
        assert left.code == 4
        assert found_in_all(left.places) == set()
        assert other.received == b""

    def test_nothing_is_found_of_a_token_file(self, process: Process, tmp_path: Path) -> None:
        file = tmp_path / "token"
        files = {"HEIMDALL_TARGET_TOKEN": "", "HEIMDALL_TARGET_TOKEN_FILE": str(file)}
        for content, code in [
            (f"{TARGET_TOKEN}\n", 1),
            (f"Bearer {TARGET_TOKEN}", 4),
            (f"{TARGET_TOKEN}\n{SOURCE_TOKEN}", 4),
        ]:
            file.write_text(content)
            left = process("apply", DEBUG, **files)
            assert left.code == code, left.text
            assert found_in_all(left.places) == set()


HOSTILE = (
    "a | b || c",
    "`code` and ```` fence",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]><failure>&lt;&xxe;<!ENTITY x>",
    "first\nsecond\r\n\r\n# third",
    "\n::error::x",
    "::error::x",
    "  ::set-output name=digest::x",
    "::stop-commands::x",
    "##[add-mask]x ##vso[task.complete]x",
    "\x1b[2J\x1b]8;;https://evil.example\x07here\x1b]8;;\x07 \x9b31m \x00\x08",
    "\u202egnp.exe\u200b",
    "🧨" * 500,
    "[link](https://evil.example) ![image](https://evil.example/x.png) <https://evil.example>",
    "[x]: https://evil.example www.evil.example",
    "| --- |\n> [!CAUTION]",
)
"""Texts that would do something where they are shown, if one let them."""

OUR_TAGS = {"<details", "</details", "<summary", "</summary", "<b", "</b", "<sub", "</sub"}
"""All the HTML that a summary has."""


def with_texts(snapshot: Snapshot, texts: tuple[str, ...], *, odd: bool) -> Snapshot:
    """Return a snapshot whose rows say these texts, as descriptions or (rows older than the rules) as names.

    `odd` says which half of the names it has, so that of each kind some are created and some deleted.
    """
    names = [text for number, text in enumerate(texts) if number % 2 == odd]
    described = [f"{text}{'!' if odd else ''}" for text in texts]
    in_paths = [name for name in names if "/" not in name]  # no server can route to the others
    return snapshot.model_copy(
        update={
            "actions": (
                *snapshot.actions,
                *(Action(name=name, description=name) for name in names),
                *(Action(name=f"text:{n}", description=text) for n, text in enumerate(described)),
            ),
            "roles": (
                *snapshot.roles,
                *(Role(name=name, description=name, actions=(name,)) for name in in_paths),
                *(Role(name=f"text:{n}", description=text) for n, text in enumerate(described)),
            ),
            "mappings": (
                *snapshot.mappings,
                *(Mapping(method="GET", path_pattern=name, action=name) for name in names),
                *(
                    Mapping(method="PUT", path_pattern=f"/{n}$", action="users:read", description=text)
                    for n, text in enumerate(described)
                ),
            ),
            "groups": (
                *snapshot.groups,
                *(Group(name=name, description=name, roles=(name,)) for name in in_paths),
                *(Group(name=f"text:{n}", description=text) for n, text in enumerate(described)),
            ),
        }
    )


def assert_harmless(left: Left) -> None:
    """Assert that no text of a server does anything in the formats that people and tools read."""
    for stream in ("stdout", "stderr"):
        text = left.places[stream].decode()
        assert not [character for character in text if character != "\n" and not character.isprintable()]
        # the runner takes a command after spaces as well, and the older form in the middle of a line
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    reports = {Path(place).name: content.decode() for place, content in left.places.items()}
    if "summary.md" in reports:
        tokens = MarkdownIt("commonmark").enable("table").parse(reports["summary.md"])
        inline = [child for token in tokens for child in token.children or ()]
        assert not [token for token in inline if token.type in {"link_open", "image"}]
        html = [token.content for token in (*tokens, *inline) if token.type.startswith("html")]
        assert not [text for text in html if re.search(r"script|img|onerror|evil|xxe", text)]
        assert {tag for text in html for tag in re.findall(r"</?\w+", text)} <= OUR_TAGS
        ET.fromstring(reports["junit.xml"])  # noqa: S314 - our own


class TestTextOfServers:
    @pytest.mark.parametrize(
        ("place", "text"),
        [
            ("stdout", "::error::x"),
            ("stdout", "  ::set-output name=digest::x"),
            ("stderr", "in the middle ##[add-mask]x"),
            ("stdout", "\x1b[2J"),
            ("stderr", "first\rsecond"),
            ("summary.md", "[link](https://evil.example)"),
            ("summary.md", "![image](https://evil.example/x.png)"),
            ("summary.md", "<https://evil.example>"),
            ("summary.md", "text <script>alert(1)</script>"),
            ("summary.md", "<iframe>"),
            ("junit.xml", "<testsuites>]]>&</testsuites>"),
        ],
    )
    def test_what_is_not_escaped_is_seen(self, place: str, text: str) -> None:
        good = {"stdout": b"", "stderr": b"", "summary.md": b"", "junit.xml": b"<testsuites/>"}
        assert_harmless(Left(0, good))
        with pytest.raises((AssertionError, ET.ParseError)):
            assert_harmless(Left(0, good | {place: text.encode()}))

    @pytest.mark.parametrize("command", ["plan", "apply", "drift", "export"])
    def test_descriptions_and_names_do_nothing(
        self, pair: tuple[Sandbox, Sandbox], process: Process, command: str
    ) -> None:
        pair[0].reset(with_texts(staging(), HOSTILE, odd=True))
        pair[1].reset(with_texts(production(), HOSTILE, odd=False))
        left = process(command, "--max-delete-percent=100", DEBUG)
        assert left.code == {"plan": 0, "apply": 1, "drift": 2, "export": 0}[command], left.text
        assert_harmless(left)
        if command != "export":
            assert r"\n::error::x" in left.text
            assert r"\x1b[2J" in left.text

    def test_what_a_server_says_of_refused_writes_does_nothing(
        self, pair: tuple[Sandbox, Sandbox], here: Process
    ) -> None:
        for number, said in enumerate(HOSTILE, start=1):
            refused = Answer(status=409, body=json.dumps({"error": said}))
            pair[1].add_fault(refused, methods=WRITES, path=NO_PROBE, nth=number)
        left = here("apply", DEBUG)
        assert left.code == 1
        assert r"the target answered 409 \n::error::x" in left.text
        assert_harmless(left)

    @pytest.mark.parametrize("said", HOSTILE)
    def test_what_a_server_says_of_refused_reads_does_nothing(
        self, pair: tuple[Sandbox, Sandbox], here: Process, said: str
    ) -> None:
        refused = Answer(status=409, body=json.dumps({"error": said}))
        pair[1].add_fault(refused, methods=["GET"], path="/mappings/list", times=None)
        left = here("plan", DEBUG)
        assert "Traceback" in left.text
        assert_harmless(left)
