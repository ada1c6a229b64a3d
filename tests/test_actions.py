from dataclasses import replace
from pathlib import Path

import pytest

from sync.actions import outputs_of, write_outputs
from sync.errors import ExitCode, HeimdallSyncError, RefusedError
from tests.report.examples import APPLIED, PLAN, PLANNED


def read_outputs(text: str) -> dict[str, str]:
    """Read what a step wrote as the runner does: `name<<delimiter`, lines, the delimiter."""
    outputs, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        outputs[name] = "\n".join(value)
    return outputs


def test_a_plan_puts_out_what_it_counts_and_its_digest() -> None:
    outputs = outputs_of(PLANNED, ExitCode.DONE, "report")
    assert outputs["digest"] == PLAN.digest
    assert outputs["changes"] == str(len(PLAN.operations))
    assert int(outputs["creates"]) + int(outputs["updates"]) + int(outputs["deletes"]) == len(PLAN.operations)
    assert (outputs["refused"], outputs["identical"], outputs["drift"]) == ("false", "", "")
    assert (outputs["report-dir"], outputs["exit-reason"]) == ("report", "done")


def test_an_apply_puts_out_what_the_verification_found() -> None:
    assert APPLIED.verification
    identical = "true" if APPLIED.verification.identical else "false"
    assert outputs_of(APPLIED, ExitCode.FAILED, "report")["identical"] == identical


def test_a_refusal_says_so() -> None:
    refused = outputs_of(replace(PLANNED, error=RefusedError("too much goes")), ExitCode.REFUSED, "report")
    assert (refused["refused"], refused["exit-reason"]) == ("true", "too much goes")


def test_a_drift_check_says_whether_there_is_any() -> None:
    assert outputs_of(replace(PLANNED, drift={}), ExitCode.DIFFERENT, "report")["drift"] == "true"


def test_no_value_ends_its_block_early(tmp_path: Path) -> None:
    path = tmp_path / "output"
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(path)}
    hostile = {"one": "a\nend\nother<<EOF\nEOF", "two": "::set-output name=x::y"}
    write_outputs(hostile, environ)
    write_outputs({"three": ""}, environ)
    assert read_outputs(path.read_text(encoding="utf-8")) == hostile | {"three": ""}


def test_elsewhere_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "output"
    write_outputs({"one": "x"}, {"GITHUB_OUTPUT": str(path)})
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HeimdallSyncError, match="the outputs can't be written"):
        write_outputs({"one": "x"}, {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path)})
