"""No text of a server does anything in what leaves a run."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from sync.model.snapshot import Action, Group, Mapping, Role, Snapshot
from sync.sandbox.example import production, staging
from sync.sandbox.faults import WRITES, Answer
from sync.sandbox.process import Sandbox
from tests.e2e.leaks.conftest import DEBUG, Left, Process
from tests.e2e.test_faults import NO_PROBE
from tests.report.pages import read

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
    page = read(reports.get("report.html", ""))
    assert not [tag for tag, _ in page.tags if tag in {"img", "iframe", "object", "link", "base", "!--"}]
    assert [each.get("type") for tag, each in page.tags if tag == "script"] in (
        [],
        [None],
        ["application/json", None],
    )
    assert all(name != "href" or value.startswith("#") for _, name, value in page.attributes())


@pytest.mark.sampled
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
            ("report.html", "<script>1</script><script>alert(1)</script>"),
            ("report.html", "<a href=https://evil.example>link</a>"),
            ("report.html", "<img alt=''>"),
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
