"""Nothing secret and nobody's number leaves a command that is a process of its own."""

import json

import pytest

from sync.sandbox.process import Sandbox
from tests.e2e.leaks.conftest import DEBUG, Process
from tests.e2e.leaks.secrets_in_use import (
    CLIENT_SECRET,
    SOURCE_TOKEN,
    TARGET_TOKEN,
    found_in,
    found_in_all,
)

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


class TestCommands:
    """As processes of their own, with a witness of everything that they write, reach and start."""

    @pytest.mark.sampled
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
        left = process("rollback", "--backup", report, DEBUG)
        assert left.code == 0
        assert found_in_all(left.places) == set()

    def test_the_demo_does_not_hand_on_what_it_does_not_need(self, process: Process) -> None:
        """Its two sandboxes are children, which know nothing of the environments that are configured."""
        left = process("demo", DEBUG)
        assert left.code == 0, left.text
        assert len(left.noted("child")) == 2
        assert found_in(json.dumps(left.noted("child")).encode()) == set()
        assert found_in_all(left.places) == set()
