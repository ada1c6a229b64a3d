"""Nothing secret and nobody's number leaves a run that meets a fault."""

import json
from urllib.parse import quote

import pytest

from sync.sandbox.faults import WRITES, Answer, AnyEffect
from sync.sandbox.process import Sandbox
from tests.e2e.leaks.conftest import DEBUG, Process
from tests.e2e.leaks.secrets_in_use import (
    SAID,
    found_in_all,
)
from tests.e2e.test_faults import NO_PROBE, READ_IN_VAIN, WRITTEN_IN_VAIN, patience_for

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


@pytest.mark.sampled
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

        monkeypatch.setattr("sync.run.commands.ReportFolder.write_reports", fail)
        left = here("plan", DEBUG)
        assert left.code == 1
        assert "RuntimeError: nobody expected this" in left.text
        assert found_in_all(left.places) == set()
