"""What the benchmark computes."""

import pytest

from sync.overlaps.search import overlaps_of
from tests.benchmarks.limits import Counted, Server, within_budget
from tests.benchmarks.pairs import SIZES, fewest_to_read, pair, questions_that_can_matter

FAR = Server(delay=0.1, read_time=0.015, write_time=0.025)


def test_reads_take_the_delay_as_often_as_the_connections_allow_or_the_servers_own_work() -> None:
    assert FAR.reading(100, 1) == pytest.approx(11.5)
    assert FAR.reading(100, 4) == pytest.approx(100 / 4 * 0.115)
    assert FAR.reading(100, 16) == pytest.approx(1.5), "one at a time, however many ask"


def test_a_wave_begins_when_the_one_before_has_ended() -> None:
    assert FAR.writing((1, 1, 1), 8) == pytest.approx(3 * 0.125)
    assert FAR.writing((9,), 8) == pytest.approx(2 * 0.125)
    assert FAR.writing((80,), 16) == pytest.approx(80 * 0.025)


def test_both_sides_are_read_at_the_same_time() -> None:
    assert Counted(10, 20, (4,)).limit(FAR, 1) == pytest.approx(20 * 0.115 + 4 * 0.125)


def test_the_budget_goes_to_what_is_named_first_and_then_to_what_costs_least() -> None:
    costs = {"dear": 50.0, "cheap": 1.0, "middling": 20.0, "needed": 30.0}
    assert within_budget(costs, ["needed"], 52) == ["needed", "cheap", "middling"]
    assert within_budget(costs, ["dear"], 49) == ["cheap", "middling"]


@pytest.mark.parametrize("entities", [100, 1_000])
def test_a_pair_has_its_size_and_the_overlaps_of_a_real_api(entities: int) -> None:
    source, target = pair(entities)
    size = SIZES[entities]
    counts = len(source.actions), len(source.roles), len(source.mappings), len(source.groups)
    assert counts == (size.actions, size.roles, size.mappings, size.groups)
    assert sum(counts) == entities
    found = overlaps_of(frozenset(mapping.name for mapping in source.mappings)).found
    assert len(found) == pytest.approx(114 / 1_223 * size.mappings, rel=0.4)
    assert source.digest != target.digest
    assert 0 < questions_that_can_matter(target, source).order <= len(found) * 2


def test_the_fewest_requests_are_pages_lists_roles_and_groups() -> None:
    assert fewest_to_read(pair(1_000)[0]) == 3 + 1 + 2 + 40 + 100
