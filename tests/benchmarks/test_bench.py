"""The smallest cell, measured for real: the benchmark still runs, and writes its page."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sync.model.snapshot import Snapshot
from tests.benchmarks import naive, pacing
from tests.benchmarks.__main__ import main
from tests.benchmarks.cells import Cell, started
from tests.benchmarks.pairs import fewest_to_read, pair
from tests.benchmarks.runs import run, used_by
from tests.e2e.environments import environment, made_different

CELL = Cell(100, serial=False, delay=0.0, concurrency=8)


@pytest.mark.slow
def test_the_smallest_pair_makes_a_page_and_a_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["bench", "--largest=100", "--minutes=0", "--only-matrix", "--busy", f"--folder={tmp_path}"]
    monkeypatch.setattr(sys, "argv", arguments)

    assert main() in {0, 1}  # the goals of one run on a busy machine are no test

    page = tmp_path.joinpath("performance.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == page
    rows = [line for line in page.splitlines() if line.startswith("| 100 |")]
    assert len(rows) == 3 * 2 * 3, "commands, servers, delays"
    measured = [cell for row in rows for cell in row.split("|")[4:-1] if "*" not in cell]
    assert len(measured) == 3, "what all others are computed from"
    drawing = ET.parse(tmp_path / "performance.svg").getroot()  # noqa: S314 - our own
    assert "".join(drawing.itertext()).count("entities") >= 3


@pytest.mark.slow
def test_a_run_counts_what_the_sandboxes_got(tmp_path: Path) -> None:
    source, target = pair(100)
    with started(CELL, source) as one, started(CELL, target, first_id=1_000) as other:
        planned = run("plan", one, other, tmp_path, CELL.concurrency)
        applied = run("apply", one, other, tmp_path, CELL.concurrency)
        again = run("apply", one, other, tmp_path, CELL.concurrency)

    assert planned.source.readings == planned.target.readings == fewest_to_read(source)
    assert planned.target.writes == 0
    assert applied.target.writes == sum(applied.waves) > 0
    assert again.target.readings == fewest_to_read(source), "one reading"
    assert again.usage.processor > 0
    assert again.usage.megabytes > 10


def test_the_straightforward_script_writes_what_differs(tmp_path: Path) -> None:
    source, target = pair(100)
    with started(CELL, source) as one, started(CELL, target, first_id=1_000) as other:
        used_by(
            [sys.executable, naive.__file__, "apply", one.url, one.token, other.url, other.token], tmp_path
        )
        held = _configured(other.snapshot()), _configured(one.snapshot())

    assert held[0] == held[1]


@pytest.mark.slow
def test_what_limited_servers_and_other_users_met_makes_a_page_and_a_drawing() -> None:
    wanted = environment(20, 5, 20, 5)
    before = made_different(wanted, descriptions=False)
    sides = pacing.limited(wanted, before)
    waiting = {(0.0, "fixed 4"): pacing.beside(wanted, before, 0.0, 4, fixed=True)}

    assert len(sides["target"].records) > len(sides["source"].records) > 20
    assert waiting[0.0, "fixed 4"].waits
    page = pacing.page(sides, waiting, "Measured here.\n")
    assert [line.split("|")[1] for line in page.splitlines() if "%)" in line] == [" source ", " target "]
    assert "\n| 0 ms | fixed 4 | " in page
    drawing = ET.fromstring(pacing.drawing(sides, waiting))  # noqa: S314 - our own
    assert "the limit" in [*drawing.itertext()]


def _configured(snapshot: Snapshot) -> Snapshot:
    return snapshot.model_copy(update={"precedence": (), "rows": ()})
