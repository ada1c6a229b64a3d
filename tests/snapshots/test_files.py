"""A snapshot in one canonical file."""

from pathlib import Path

import pytest

from sync.errors import MistakesError, ReadError
from sync.sandbox.example import staging
from sync.snapshots.folder import read_snapshot


def test_what_leads_nowhere_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    text = staging().canonical_json()
    file.write_text(text.replace('"actions":[{"name":', '"actions":[{"name":"other"},{"name":'))
    assert any(action.name == "other" for action in read_snapshot(file).actions)
    file.write_text(staging().model_copy(update={"actions": ()}).canonical_json())
    with pytest.raises(MistakesError) as caught:
        read_snapshot(file)
    [problem] = caught.value.problems
    assert problem.startswith(f"{file}: role ")
    assert problem.count(" refers to action ") == 5
    assert "more" in problem.rpartition("; and ")[2]


def test_a_wrong_value_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(
        """{"schema": "heimdall-sync/snapshot/1",
"groups": [{"name": "a, \\"[{b", "roles": ["r"]}],
"actions": [{"name": "x"}, {
  "name": 7}], "roles": [
{"name": "r", "actions": ["x", []]},
{"nam": "r"}]}"""
    )
    with pytest.raises(MistakesError) as caught:
        read_snapshot(file)
    assert [problem.removeprefix(f"{file}:") for problem in caught.value.problems] == [
        "4: actions.1.name: Input should be a valid string",
        "5: roles.0.actions.1: Input should be a valid string",
        "6: roles.1.name: Field required",
        "6: roles.1.nam: Extra inputs are not permitted",
    ]


@pytest.mark.parametrize("text", ["", '{"schema": "heimdall-sync/snapshot/2"}', "[[roles]]"])
def test_anything_else_is_not_a_snapshot(tmp_path: Path, text: str) -> None:
    file = tmp_path / "snapshot.json"
    file.write_text(text)
    with pytest.raises(ReadError, match="is not a snapshot: it is damaged, or another version"):
        read_snapshot(file)
