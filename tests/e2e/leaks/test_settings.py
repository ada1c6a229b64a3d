"""Nothing secret leaves a run that got it in the wrong place, and nothing goes to other hosts."""

from urllib.parse import quote

import pytest

from sync.sandbox.faults import WRITES, Answer
from sync.sandbox.process import Sandbox
from tests.e2e.leaks.conftest import DEBUG, Process
from tests.e2e.leaks.other_host import OtherHost
from tests.e2e.leaks.secrets_in_use import (
    CLIENT_SECRET,
    PASSWORD,
    PROXY_USER,
    SOURCE_TOKEN,
    TARGET_TOKEN,
    found_in,
    found_in_all,
)
from tests.e2e.test_faults import NO_PROBE

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
        # not by their text: a token is another one each second, and in each worker
        ids=lambda argv: f"{len(argv)} words",
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
