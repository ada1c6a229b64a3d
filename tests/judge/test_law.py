"""The laws: what is decided differently after a run was named, and no moment of it lets in or shuts out."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Servers
from .histories import mappings_of
from .judging import APPLY, CACHE_SECONDS, Judgement, Moment, judge
from .model import does_match
from .named import is_exposure
from .pairs import Pair, pairs


@settings(max_examples=min(max(1, settings().max_examples // 2), 150))  # each is judged by all short paths
@given(pair=pairs(), strategy=st.sampled_from(("least-privilege", "zero-downtime")))
def test_no_request_differs_that_was_not_named(servers: Servers, strategy: str, pair: Pair) -> None:
    judgement = judge(servers, pair, *APPLY, "--strategy", strategy)

    assert not judgement.unnamed, f"{pair!r}\n{judgement}"
    broken = sorted(set(_broken(judgement, pair, strategy)))
    assert not broken, f"not at every moment: {broken}\n{pair!r}\n{judgement.ended.out}"
    if judgement.ended.code == 0:
        for sandbox in (servers.source, servers.target):
            sandbox.advance(CACHE_SECONDS + 1)
        again = servers.run("plan", "--detailed-exitcode")
        assert again.code == 0, f"different again: {pair!r}\n{judgement}\n{again.out}"


def _broken(judgement: Judgement, pair: Pair, strategy: str) -> Iterator[str]:
    """Yield the requests that a moment of a run let through, or not, against the strategy's guarantee."""
    names = mappings_of(pair.source) | mappings_of(pair.target)
    for moment in judgement.moments:
        for request in moment.winners:
            rivals = {name for name in names if any(does_match(name, request))}
            if _breaks(judgement, moment, request, strategy) and not is_exposure(
                judgement.ended, request, rivals
            ):
                yield request


def _breaks(judgement: Judgement, moment: Moment, request: str, strategy: str) -> bool:
    for unmapped_is_open in (True, False):
        before, now, after = (
            each.lets_through(request, unmapped_is_open=unmapped_is_open)
            for each in (judgement.moments[0], moment, judgement.moments[-1])
        )
        if before == after != now and now is (strategy == "least-privilege"):
            return True
    return False
