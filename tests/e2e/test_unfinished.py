"""An apply that does not get through: what its reports say first, and that what they say to do works."""

import pytest

from sync.sandbox.example import production, staging
from sync.sandbox.faults import Answer, Die
from tests.e2e.conftest import RunCommand
from tests.servers import lent

FORBIDDEN = Answer(status=403, body='{"error": "Insufficient permissions"}')


def test_one_cause_is_said_once_and_the_same_command_with_resume_finishes(run: RunCommand) -> None:
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        target.add_fault(FORBIDDEN, methods=["POST"], path="^/api/v1/roles/$", times=2)
        ended = run(source, target, "apply")
        assert ended.code == 1
        first = ended.summary.split("\n\n")[1]
        assert "**2 changes failed:**" in first
        assert first.count("Insufficient permissions") == 1
        assert first.endswith("> **To finish:** run the same command again with `--resume`.")
        assert ended.out.count("\nTo finish: run the same command again with --resume.\n") == 1
        assert run(source, target, "apply", "--resume").code == 0


@pytest.mark.parametrize("fault", [FORBIDDEN, Die()], ids=["refused", "gone"])
def test_a_workflow_is_told_what_a_workflow_can_do(
    run: RunCommand, monkeypatch: pytest.MonkeyPatch, fault: Answer | Die
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with lent(staging()) as source, lent(production(), first_id=1000) as target:
        target.add_fault(fault, methods=["POST"], path="^/api/v1/roles/$")
        ended = run(source, target, "apply", "--retries", "1", "--give-up-after", "0.5")
    assert ended.code == 1
    for told in (ended.out, ended.summary, *(failure.text for failure in ended.junit.iter("failure"))):
        assert "--resume" not in (told or "")
    assert "\nTo finish: use Re-run failed jobs.\n" in ended.out
    assert "> **To finish:** use Re-run failed jobs." in ended.summary
    assert any(
        line.startswith("::error ") and line.endswith("→ to finish: use Re-run failed jobs")
        for line in ended.out.splitlines()
    )
