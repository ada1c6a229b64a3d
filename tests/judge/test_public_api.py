"""Two versions of a large API: what real paths look like, crossings included."""

import random
from functools import cache

import pytest

from . import public_api
from .conftest import Servers
from .histories import History, Wrote, play
from .judging import APPLY, Judgement, both_winners

VERSIONS = {version: public_api.operations(version) for version in (1, 2)}


@cache
def _requests() -> list[str]:
    return public_api.requests([*VERSIONS[1], *VERSIONS[2]])


def _history(operations: list[str]) -> History:
    return History(
        tuple(
            Wrote(public_api.mapping_of(operation), public_api.action_of(operation))
            for operation in operations
        )
    )


def _judge(servers: Servers, source: History, target: History) -> Judgement:
    play(servers.source, source)
    play(servers.target, target)
    before = both_winners(servers, _requests())
    ended = servers.run(*APPLY)
    return Judgement(ended, before, both_winners(servers, _requests()))


def test_it_is_as_large_and_as_tangled_as_real_ones() -> None:
    assert [len(VERSIONS[version]) for version in (1, 2)] == [1176, 949]
    # pairs that lie within each other, and pairs that cross
    assert public_api.overlaps(VERSIONS[1]) == (75, 108)
    assert public_api.overlaps(VERSIONS[2]) == (48, 87)


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "before"), [(1, 2), (2, 1)])
def test_one_version_after_another(servers: Servers, wanted: int, before: int) -> None:
    judgement = _judge(servers, _history(VERSIONS[wanted]), _history(VERSIONS[before]))

    assert judgement.ended.code == 0, judgement.ended.out
    assert len([both for both in judgement.before.values() if both[0] != both[1]]) > 60
    assert not judgement.different, judgement


@pytest.mark.slow
def test_the_same_written_in_another_order(servers: Servers) -> None:
    shuffled = random.Random(3).sample(VERSIONS[1], len(VERSIONS[1]))

    judgement = _judge(servers, _history(VERSIONS[1]), _history(shuffled))

    assert judgement.ended.code == 0, judgement.ended.out
    assert not judgement.different, judgement


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["description", "action"])
def test_a_tenth_of_it_described_or_mapped_otherwise(servers: Servers, kind: str) -> None:
    chance = random.Random(4)
    source = _history(VERSIONS[1])
    varied = [
        wrote
        if chance.random() > 0.1
        else Wrote(wrote.mapping, wrote.action, "said otherwise")
        if kind == "description"
        else Wrote(wrote.mapping, "accounts:read")
        for wrote in source.beginning
    ]

    judgement = _judge(servers, source, History(tuple(varied), actions=("accounts:read",)))

    assert judgement.ended.code == 0, judgement.ended.out
    assert not judgement.different, judgement
