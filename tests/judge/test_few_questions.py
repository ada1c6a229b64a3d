"""The law of the questions: with the fewest a run plans, and finds after an apply, what it does with all."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.overlaps.renames import SPOT_CHECKS

from .conftest import Servers
from .histories import Asked, Event, History, Wrote, mappings_of, model_of, play
from .judging import APPLY, CACHE_SECONDS
from .model import does_match
from .pairs import ACTIONS, Pair, pairs
from .paths import all_paths

MANY = tuple(Wrote(f"OPTIONS /{number}$", f"z:{number}") for number in range(SPOT_CHECKS + 1))
"""So many actions that not each of them is asked about, written before all others."""

CACHED = "may come from a cache"


@st.composite
def _known_pairs(draw: st.DrawFn) -> Pair:
    """Return a pair in which one list or the other has every pattern that a cascade has left.

    An action that was renamed is the last one that was updated. What neither list has is found by chance, so
    the more often the more is asked.
    """
    pair = draw(pairs())
    shown = {
        f"{row.method} {row.pattern}"
        for history in (pair.source, pair.target)
        for row in model_of(history).rows.values()
    }
    sides = [pair.source, pair.target]
    for name in sorted((mappings_of(pair.source) | mappings_of(pair.target)) - shown):
        number = draw(st.integers(0, 1))
        sides[number] = _then(sides[number], Wrote(name, draw(st.sampled_from(ACTIONS))))
    if draw(st.booleans()):
        sides = [replace(side, beginning=(*MANY, *side.beginning)) for side in sides]
    return Pair(*sides)


@st.composite
def _with_cached_answers(draw: st.DrawFn, history: History) -> History:
    """Return a history in which somebody asks who wins a few requests, and one mapping is written then."""
    model = model_of(history)
    actions = {f"{row.method} {row.pattern}": model.actions[row.action] for row in model.rows.values()}
    if not actions:
        return history
    name = draw(st.sampled_from(sorted(actions)))
    requests = (f"{name.partition(' ')[0]} {path}" for path in all_paths())
    matched = [request for request in requests if any(does_match(name, request))]
    asked = draw(st.lists(st.sampled_from(matched), max_size=3)) if matched else []
    return _then(history, *map(Asked, asked), Wrote(name, actions[name]))


def _then(history: History, *events: Event) -> History:
    return replace(history, events=(*history.events, *events))


@settings(max_examples=min(max(1, settings().max_examples // 4), 150))  # each takes four commands
@given(pair=_known_pairs(), data=st.data())
def test_with_the_fewest_questions_a_run_plans_and_verifies_what_it_does_with_all(
    servers: Servers, pair: Pair, data: st.DataObject
) -> None:
    command = data.draw(st.sampled_from((("plan",), APPLY)), "command")
    cached = data.draw(st.booleans(), "answers in caches")
    if cached:
        pair = Pair(*(data.draw(_with_cached_answers(side)) for side in (pair.source, pair.target)))
    found = []
    for ask in ("fewest", "all"):
        for sandbox, history in ((servers.source, pair.source), (servers.target, pair.target)):
            play(sandbox, history)
            if not cached:
                sandbox.advance(CACHE_SECONDS + 1)
        found.append(servers.run(*command, "--ask", ask))

    few, every = found
    shown = f"{pair!r}\n{few.out}\n{every.out}"
    assert few.code == every.code, shown
    if CACHED not in few.out + every.out:  # what is not believed leaves a choice
        for ended in found:
            ended.plan.pop("made")  # when it was made is nothing that it plans
            ended.reports.get("receipt", {}).pop("ended", None)
        assert few.plan == every.plan, shown
        assert few.reports.get("receipt") == every.reports.get("receipt"), shown
