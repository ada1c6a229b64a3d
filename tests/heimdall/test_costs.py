"""What an answer may cost, whatever is in it: measured, and held to what SECURITY.md says."""

import gzip
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MIB = 2**20
READER = r"""
import re, sys
from pathlib import Path
from pydantic import SecretStr
from sync.errors import RemoteError
from sync.heimdall.lists import read_mappings
from sync.heimdall.retries import Patience
from sync.heimdall.transport import Transport

def peak():
    # of this program alone: getrusage begins with what the process held that started it
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

before = peak()
with Transport(sys.argv[1], SecretStr("t"), read_only=True, patience=Patience(tries=1)) as transport:
    try:
        print(*(len(rows) for rows in transport.each(lambda _: read_mappings(transport), sys.argv[2])))
    except RemoteError as error:
        print(error.message)
print(peak() - before)
"""


def listing(value: bytes, count: int) -> bytes:
    return b"[" + (value + b",") * (count - 1) + value + b"]"


def mapping(number: int) -> dict[str, object]:
    return {
        "id": number,
        "path_pattern": f"/{number}/" + "é" * 120,
        "method": "GET",
        "action": f"things_{number}:read",
        "description": "Said at some length, with commas, " * 10,
        "created_at": "2025-01-01T00:00:00",
        "updated_at": None,
        "created_by": "somebody",
    }


BODIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "8.8 kB of numbers": (
        lambda: gzip.compress(listing(b"1", 4_500_000)),
        "answered 200 with more than 500,000 values",
    ),
    "60 MB of numbers": (lambda: listing(b"1", 30_000_000), "answered with more than 16 MiB"),
    "wrong rows": (lambda: listing(b"1", 499_000), "unexpected JSON: 0: Input should be"),
    "objects": (lambda: listing(b'{"":0}', 249_000), "unexpected JSON: 0.id: Field required"),
    "names": (
        lambda: b"[%b]" % b",".join(b'{"%d":{}}' % number for number in range(120_000)),
        "unexpected JSON: 0.id: Field required",
    ),
    "a long text": (
        lambda: b'["' + b"a" * (16 * MIB - 8) + "😀".encode() + b'"]',
        "a text of more than 65,536 characters",
    ),
    "10,000 mappings": (
        lambda: json.dumps([mapping(number) for number in range(10_000)]).encode(),
        "10000",
    ),
}
"""What a server answers, and what is said of it: as much as passes each limit, and as much as does not."""


@contextmanager
def serving(body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if body.startswith(b"\x1f\x8b"):
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def figures() -> tuple[int, int]:
    """Return what SECURITY.md says that one answer and that eight at once cost at most, in MB."""
    text = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())
    found = re.search(
        r"One answer costs at most (\d+) MB of memory, .*; eight at once cost at most (\d+) MB", text
    )
    assert found
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("what", BODIES)
def test_no_answer_costs_more_than_it_may(what: str) -> None:
    one, eight = figures()
    make, expected = BODIES[what]
    with serving(make()) as url:
        for at_once, most in (("1", one), ("12345678", eight)):
            ran = subprocess.run(
                [sys.executable, "-c", READER, url, at_once],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            said, cost = ran.stdout.splitlines()
            assert expected in said
            assert int(cost) <= most
