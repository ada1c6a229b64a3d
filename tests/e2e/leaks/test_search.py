"""The search can fail: what is planted is found, wherever it is planted."""

import json
from pathlib import Path

import pytest

from sync.model.snapshot import Action
from sync.sandbox.example import staging
from sync.sandbox.process import Sandbox
from tests.e2e.leaks.conftest import Process
from tests.e2e.leaks.secrets_in_use import (
    MEMBER,
    SOURCE_TOKEN,
    SPELLINGS,
    found_in,
    found_in_all,
)


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
        places = {Path(place).name.split("-127.")[0] for place, _ in found_in_all(left.places)}
        assert places == {
            "stdout",
            "summary.md",
            "report.html",
            "junit.xml",
            "plan.json",
            "snapshot-source.json",
            "plan",  # that is kept, as the receipt is
            "receipt",
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
