import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from rich.text import Text

from sync import cli
from sync.ci import in_workflow
from sync.errors import ExitCode, HeimdallSyncError, RefusedError, UsageError
from sync.github import (
    OUTPUTS,
    annotations,
    fold,
    masks,
    outputs_of,
    publish,
    publish_error,
    summary_of,
)
from sync.model.impact import Impact
from sync.model.outcome import Outcome, Status
from sync.model.plan import Verb
from sync.model.snapshot import Kind
from sync.report.document import Document
from sync.report.markdown import Markdown
from sync.run.inputs import NO_INPUTS, inputs, with_inputs
from sync.run.options import Option, options
from sync.run.settings import Settings
from sync.sandbox.example import production, staging
from tests.report.examples import ACCEPTED, APPLIED, OVERLAPPING, PLAN, PLANNED, STARTED, create
from tests.report.hostile import HOSTILE
from tests.servers import lent

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
IN_WORKFLOW = {"GITHUB_ACTIONS": "true"}


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


def read_command(line: str) -> tuple[str, str]:
    """Read a workflow command as the runner does: its name and its message."""
    found = re.fullmatch(r"::(?P<name>[a-z-]+)(?: [^:]*)?::(?P<message>.*)", line)
    assert found, line
    message = found["message"].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return found["name"], message


class TestInputs:
    def test_the_action_has_every_option_that_makes_sense_in_a_workflow(self) -> None:
        names = {option.name for option in options()}
        assert names >= NO_INPUTS
        assert [*ACTION["inputs"]] == [n.replace("_", "-") for n in names_in_order() if n not in NO_INPUTS]

    @pytest.mark.parametrize(("name", "option"), [*inputs()])
    def test_an_input_says_what_the_option_says(self, name: str, option: Option) -> None:
        default = f" (default: {option.default})" if option.default else ""
        assert ACTION["inputs"][name]["description"] == option.description + default
        # it would count as given, and win over a variable
        assert "default" not in ACTION["inputs"][name]
        assert ACTION["inputs"][name]["required"] is (name == "command")

    def test_every_output_is_declared_and_written(self) -> None:
        assert {name: said["description"] for name, said in ACTION["outputs"].items()} == OUTPUTS
        assert [*outputs_of(PLANNED, ExitCode.DONE, "report")] == [*OUTPUTS]

    def test_what_access_changes_is_counted(self) -> None:
        found = outputs_of(PLANNED, ExitCode.DONE, "report")
        assert (found["memberships-lost"], found["destructive"]) == ("37", "true")
        assert PLANNED.plan
        unknown = replace(PLANNED, plan=PLANNED.plan.model_copy(update={"members": {}}))
        found = outputs_of(unknown, ExitCode.DONE, "report")
        assert (found["memberships-lost"], found["destructive"]) == ("", "true")

    @pytest.mark.parametrize(
        ("severity", "impact", "more"),
        [
            ("destructive", PLAN.impact, {"members": {}}),
            ("opens", PLAN.impact, {"members": {"legacy_team": 0}}),
            ("grants", PLAN.impact.model_copy(update={"opened": ()}), {"members": {"legacy_team": 0}}),
            ("grants", Impact(superadmin_granted=("office",)), {"waves": ()}),
            ("grants", Impact(), {"waves": (), "exposures": OVERLAPPING.plan and OVERLAPPING.plan.exposures}),
            ("harmless", Impact(losses=PLAN.impact.losses), {"waves": ()}),
        ],
    )
    def test_the_most_serious_effect_on_access_is_one_word(
        self, severity: str, impact: Impact, more: dict[str, object]
    ) -> None:
        document = replace(PLANNED, plan=PLAN.model_copy(update={"impact": impact, **more}))
        assert outputs_of(document, ExitCode.DONE, "report")["severity"] == severity
        assert outputs_of(STARTED, ExitCode.FAILED, "report")["severity"] == ""

    def test_the_action_passes_only_the_command_where_every_process_can_see_it(self) -> None:
        assert ACTION["runs"]["using"] == "docker"
        assert ACTION["runs"]["args"] == ["${{ inputs.command }}"]
        assert "env" not in ACTION["runs"]

    def test_the_action_starts_what_the_image_starts(self) -> None:
        dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        assert f'ENTRYPOINT ["{ACTION["runs"]["entrypoint"]}"]\n' in dockerfile

    @pytest.mark.parametrize("name", [name for name, _ in inputs()])
    def test_each_input_sets_its_option(self, name: str) -> None:
        environ = IN_WORKFLOW | {f"INPUT_{name.upper()}": "x"}
        variable = f"HEIMDALL_{name.replace('-', '_').upper()}"
        assert with_inputs(environ) == environ | {variable: "x"}

    @pytest.mark.parametrize("empty", ["", "  \n"])
    def test_an_input_that_is_not_given_leaves_the_variable(self, empty: str) -> None:
        environ = IN_WORKFLOW | {"INPUT_RETRIES": empty, "HEIMDALL_RETRIES": "2"}
        assert with_inputs(environ)["HEIMDALL_RETRIES"] == "2"

    def test_an_input_wins_over_the_variable(self) -> None:
        environ = IN_WORKFLOW | {"INPUT_RETRIES": "3", "HEIMDALL_RETRIES": "2"}
        assert with_inputs(environ)["HEIMDALL_RETRIES"] == "3"

    def test_inputs_count_where_a_runner_does_not_say_that_it_is_one(self) -> None:
        environ = {"INPUT_COMMAND": "", "INPUT_RETRIES": "3"}
        assert with_inputs(environ) == environ | {"HEIMDALL_RETRIES": "3"}

    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({}, False),
            ({"GITHUB_ACTIONS": "false"}, False),
            ({"GITHUB_ACTIONS": "true"}, True),
            ({"INPUT_COMMAND": ""}, True),
            ({"INPUT_METHOD": "fcitx"}, False),
            ({"CI": "true"}, False),
        ],
    )
    def test_what_makes_a_step(self, environ: dict[str, str], *, expected: bool) -> None:
        assert in_workflow(environ) is expected


def names_in_order() -> list[str]:
    return [option.name for option in options()]


class TestOutputs:
    def test_a_plan_puts_out_what_it_counts_and_its_digest(self) -> None:
        outputs = outputs_of(PLANNED, ExitCode.DONE, "report")
        counted = sum(int(outputs[name]) for name in ("creates", "updates", "deletes"))
        assert outputs["digest"] == PLAN.digest
        assert outputs["changes"] == str(len(PLAN.operations)) == str(counted)
        assert (outputs["refused"], outputs["identical"], outputs["drift"]) == ("false", "", "")
        assert (outputs["report-dir"], outputs["exit-reason"]) == ("report", "done")

    @pytest.mark.parametrize(
        ("document", "blocked", "left"), [(PLANNED, "1", "1"), (ACCEPTED, "1", "0"), (STARTED, "", "")]
    )
    def test_what_is_blocked_is_open_until_it_is_accepted(
        self, document: Document, blocked: str, left: str
    ) -> None:
        outputs = outputs_of(document, ExitCode.DONE, "report")
        assert (outputs["blocked"], outputs["open"]) == (blocked, left)

    def test_an_apply_puts_out_what_the_verification_found(self) -> None:
        assert APPLIED.verification
        identical = "true" if APPLIED.verification.identical else "false"
        assert outputs_of(APPLIED, ExitCode.FAILED, "report")["identical"] == identical

    def test_a_refusal_says_so(self) -> None:
        document = replace(PLANNED, error=RefusedError("too much goes"))
        outputs = outputs_of(document, ExitCode.REFUSED, "report")
        assert (outputs["refused"], outputs["exit-reason"]) == ("true", "too much goes")
        assert outputs["stale"] == "false"

    def test_a_drift_check_says_whether_there_is_any(self) -> None:
        assert outputs_of(replace(PLANNED, drift={}), ExitCode.DIFFERENT, "report")["drift"] == "true"

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_value_ends_its_block_early(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "output"
        document = replace(PLANNED, error=RefusedError(f"{text}\nend\nother<<EOF\nEOF"))
        for _ in range(2):
            publish(document, ExitCode.REFUSED, "report", IN_WORKFLOW | {"GITHUB_OUTPUT": str(path)})
        assert [*read_outputs(path.read_text(encoding="utf-8"))] == [*OUTPUTS]

    def test_elsewhere_nothing_is_written(self, tmp_path: Path) -> None:
        files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        assert publish(PLANNED, ExitCode.DONE, "report", files) == []
        assert publish_error(UsageError("wrong"), files) == []
        assert [*tmp_path.iterdir()] == []

    @pytest.mark.parametrize("variable", ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
    def test_a_file_that_cannot_be_written_is_an_error(self, tmp_path: Path, variable: str) -> None:
        environ = IN_WORKFLOW | {variable: str(tmp_path)}
        with pytest.raises(HeimdallSyncError, match=f"{variable} can't be written"):
            publish(PLANNED, ExitCode.DONE, "report", environ)
        assert publish_error(UsageError("wrong"), environ)

    def test_wrong_settings_are_told_before_there_is_anything_to_report(self, tmp_path: Path) -> None:
        files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        lines = publish_error(UsageError("--retries: should be a number", "50% missing"), IN_WORKFLOW | files)
        assert [read_command(line.plain) for line in lines] == [
            ("error", "--retries: should be a number"),
            ("error", "50% missing"),
        ]
        outputs = read_outputs((tmp_path / "GITHUB_OUTPUT").read_text())
        assert outputs["exit-reason"] == "--retries: should be a number; 50% missing"
        assert "`--retries`: should be a number" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


class TestAnnotations:
    def test_nothing_is_said_where_all_is_well(self) -> None:
        assert annotations(Document(source_url="https://a.example", target_url="https://b.example")) == []

    def test_at_most_ten_and_the_most_important_first(self) -> None:
        failed = [
            Outcome(operation=create(Kind.ACTION, f"a:{n}", "A"), status=Status.FAILED, reason=f"{n} of 25")
            for n in range(25)
        ]
        document = replace(PLANNED, outcomes=tuple(failed), error=RefusedError("the run was stopped"))
        said = [read_command(line.plain) for line in annotations(document)]
        assert len(said) == 10
        assert said[0] == ("error", "Refused: the run was stopped")
        assert {name for name, _ in said} == {"error"}
        assert re.match(r"And \d+ more: the summary", said[-1][1])

    def test_what_can_not_be_undone_is_a_warning(self) -> None:
        said = [read_command(line.plain) for line in annotations(PLANNED)]
        deleted = [o for o in PLAN.operations if (o.verb, o.kind) == (Verb.DELETE, Kind.GROUP)]
        assert len([m for name, m in said if name == "warning" and "Can't be undone" in m]) == len(deleted)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_text_is_a_command(self, text: str) -> None:
        [line, *_] = annotations(replace(PLANNED, error=RefusedError(text, text)))
        assert "\n" not in line.plain
        assert "\r" not in line.plain
        name, message = read_command(line.plain)
        assert name == "error"
        assert message.isprintable()

    def test_a_title_of_a_fold_is_no_command(self) -> None:
        assert [line.plain for line in fold("50%\n::error::x", [Text("in it")])] == [
            "::group::50%25%0A::error::x",
            "in it",
            "::endgroup::",
        ]


class TestMasks:
    def test_every_secret_is_masked(self) -> None:
        given = {
            option.name: SecretStr(f"value-of-{option.name}")
            for option in options()
            if option.annotation is SecretStr
        }
        assert {"source_token", "target_token", "target_client_secret"} <= {*given}
        masked = [line.plain for line in masks(Settings(**given).secrets)]  # type: ignore[arg-type]
        assert masked == [f"::add-mask::{value.get_secret_value()}" for value in given.values()]

    def test_what_is_not_given_masks_nothing(self) -> None:
        assert masks(Settings().secrets) == []

    def test_a_percent_sign_is_masked_as_it_is(self) -> None:
        [line] = masks(["100%25"])
        assert read_command(line.plain) == ("add-mask", "100%25")


class TestSummary:
    def test_what_fits_is_the_summary_as_it_is(self) -> None:
        assert summary_of(PLANNED, "report") == Markdown(PLANNED).render()

    def test_what_does_not_fit_is_cut_and_says_so(self) -> None:
        document = self.large(3000)
        whole = Markdown(document).render()
        text = summary_of(document, "some/report")
        assert len(whole.encode()) > 900 * 1024 >= len(text.encode())
        cut = [
            int(count.replace(",", "")) for count in re.findall(r"\*\*([\d,]+) rows more are cut:\*\*", text)
        ]
        assert sum(cut) == whole.count("\n| ") - text.count("\n| ")
        assert "`summary.md` of the report folder `some/report`" in text
        # what an approver needs stands all the same
        assert text.splitlines()[0] == whole.splitlines()[0]
        assert document.plan
        assert document.plan.digest in text
        assert text.count("<details>") == text.count("</details>")
        assert text.rstrip().splitlines()[-1] == whole.rstrip().splitlines()[-1]

    @pytest.mark.parametrize("limit", [20_000, 8_000])
    def test_it_stays_below_the_limit_whatever_it_takes(self, limit: int) -> None:
        assert len(summary_of(self.large(500), "report", limit).encode()) <= limit

    @staticmethod
    def large(count: int) -> Document:
        operations = tuple(create(Kind.ACTION, f"a:{n}", "🧨" * 500) for n in range(count))
        wave = PLAN.waves[0].model_copy(update={"operations": operations})
        return replace(PLANNED, plan=PLAN.model_copy(update={"waves": (wave,)}))


class TestAStep:
    """The command as a step of a workflow runs it, between two sandboxes."""

    def test_a_plan(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        with lent(staging()) as source, lent(production()) as target:
            given = IN_WORKFLOW | {name: str(path) for name, path in files.items()}
            given |= {
                "INPUT_COMMAND": "plan",
                "INPUT_SOURCE-URL": source.url,
                "INPUT_SOURCE-TOKEN": source.token,
                "INPUT_TARGET-URL": target.url,
                "INPUT_TARGET-TOKEN": target.token,
                "INPUT_RETRIES": "",
            }
            for name, value in given.items():
                monkeypatch.setenv(name, value)
            monkeypatch.chdir(tmp_path)
            assert cli.main(["plan"]) == ExitCode.DONE
            lines = capsys.readouterr().out.splitlines()
            masked = [f"::add-mask::{sandbox.token}" for sandbox in (source, target)]
        assert lines[:2] == masked
        assert not [line for line in lines[2:] if source.token in line or target.token in line]
        commands = [read_command(line)[0] for line in lines[2:] if line.startswith("::")]
        assert commands[:4] == ["group", "endgroup", "group", "endgroup"]
        assert {*commands[4:]} == {"warning"}
        outputs = read_outputs(files["GITHUB_OUTPUT"].read_text())
        assert f"Plan: {outputs['digest']}" in lines
        assert f"Total Changes: {outputs['changes']}" in lines
        folder = tmp_path / outputs["report-dir"]
        assert files["GITHUB_STEP_SUMMARY"].read_text() == (folder / "summary.md").read_text()

    def test_a_step_without_a_command_does_not_apply(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = tmp_path / "output"
        for name, value in (IN_WORKFLOW | {"INPUT_COMMAND": "", "GITHUB_OUTPUT": str(output)}).items():
            monkeypatch.setenv(name, value)
        assert cli.main([""]) == ExitCode.USAGE
        shown = capsys.readouterr()
        assert "command (HEIMDALL_COMMAND): missing" in shown.err
        # the other problems are told as well
        assert "--source-url (HEIMDALL_SOURCE_URL): missing" in shown.err
        told = [read_command(line) for line in shown.out.splitlines()]
        assert (
            "error",
            "command (HEIMDALL_COMMAND): missing: check, plan, apply, rollback, drift or export",
        ) in told
        assert read_outputs(output.read_text())["changes"] == ""
