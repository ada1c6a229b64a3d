"""Generated pairs of servers that hold nearly the same mappings and have lived through different things."""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from .histories import (
    Asked,
    DeletedAction,
    Event,
    Flushed,
    History,
    Lost,
    Renamed,
    Reordered,
    Restarted,
    Wrote,
    mappings_of,
)
from .paths import all_paths, rivals

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ACTIONS = ("a:read", "b:read", "c:read", "d:read")
GONE, ONCE = "gone:read", "once:read"

actions = st.sampled_from(ACTIONS)
descriptions = st.sampled_from(("", "one", "two"))


@dataclass(frozen=True)
class Pair:
    """A source and a target."""

    source: History
    target: History

    def __repr__(self) -> str:
        """Show the pair as what happened to whom: what a failing example prints."""
        return f"\n  source\n{self.source}\n  target\n{self.target}\n"


@dataclass(frozen=True)
class Rows:
    """Mappings that contest each other's requests, and names of others that would do so too."""

    mappings: tuple[Wrote, ...]
    spare: tuple[str, ...]


@st.composite
def _rows(draw: st.DrawFn) -> Rows:
    """Return mappings for each of a few methods, with all that is to be known of them drawn."""
    methods = METHODS[: draw(st.integers(1, 4))]
    if draw(st.integers(0, 5)) == 0:
        methods = (*methods, "ANY")
    spare, mappings = [], []
    for method in methods:
        names = [f"{method} {pattern}" for pattern in draw(rivals(2, 5))]
        spare += names[3:]
        mappings += [Wrote(name, draw(actions), draw(descriptions)) for name in names[:3]]
    return Rows(tuple(mappings), tuple(spare))


@st.composite
def _varied(draw: st.DrawFn, rows: Rows) -> tuple[Wrote, ...]:
    """Return the mappings with something changed, or nothing: description, action, order, one missing."""
    kind = draw(st.sampled_from(("description", "action", "order", "missing", "nothing", "all")))
    varied = list(rows.mappings)
    for number, (name, action, description) in enumerate(map(_parts, rows.mappings)):
        if kind in {"action", "all"} and draw(st.booleans()):
            action = draw(actions)  # noqa: PLW2901 - one part after another is changed
        if kind in {"description", "all"} and draw(st.booleans()):
            description = draw(descriptions)  # noqa: PLW2901
        varied[number] = Wrote(name, action, description)
    if kind in {"order", "all"}:
        varied = draw(st.permutations(varied))
    if kind in {"missing", "all"}:
        varied.pop(draw(st.integers(0, len(varied) - 1)))
    return tuple(varied)


def _parts(wrote: Wrote) -> tuple[str, str, str]:
    return wrote.mapping, wrote.action, wrote.description


@st.composite
def _lived(draw: st.DrawFn, mappings: tuple[Wrote, ...], spare: tuple[str, ...]) -> History:
    """Return a history that leads to these mappings, in which something may have happened besides."""
    kind = draw(st.sampled_from(("nothing", "nothing", "leftover", "renamed", "rows", "asked", "several")))
    names = [mapping.mapping for mapping in mappings]
    beginning, events = list(mappings), list[Event]()
    if kind in {"leftover", "several"}:
        _leave(draw, beginning, events, spare)
    if kind in {"renamed", "several"}:
        _rename(draw, beginning, events)
    there = {wrote.mapping for wrote in beginning if wrote.action != GONE}
    events += [mapping for mapping in mappings if mapping.mapping not in there]
    if draw(st.booleans()):
        events += [mapping for mapping in mappings if draw(st.integers(0, 3)) == 0]
    if kind in {"rows", "several"}:
        events.append(Reordered(tuple(draw(st.permutations(names)))))
        events += draw(st.sampled_from(([], [Restarted()])))
    if kind == "asked":
        events += draw(st.lists(_questions(names), max_size=4))
    allowed = draw(st.sampled_from(((), ACTIONS[:1], ACTIONS)))
    return History(tuple(beginning), tuple(events), ACTIONS, allowed)


def _leave(draw: st.DrawFn, beginning: list[Wrote], events: list[Event], spare: tuple[str, ...]) -> None:
    """Put mappings into the beginning that go by the cascade of their action, some of those wanted too."""
    possible = [name for name in (*(wrote.mapping for wrote in beginning), *spare) if name[:3] != "ANY"]
    for name in draw(st.lists(st.sampled_from(possible), min_size=1, max_size=2, unique=True)):
        beginning[:] = [wrote for wrote in beginning if wrote.mapping != name]
        beginning.insert(draw(st.integers(0, len(beginning))), Wrote(name, GONE))
    events.append(DeletedAction(GONE))


def _rename(draw: st.DrawFn, beginning: list[Wrote], events: list[Event]) -> None:
    """Let one of the actions have had another name when its mappings were written."""
    name = draw(actions)
    if any(wrote.action == name for wrote in beginning):
        events.append(Renamed(ONCE, name))
        beginning[:] = [
            Wrote(wrote.mapping, ONCE, wrote.description) if wrote.action == name else wrote
            for wrote in beginning
        ]


def _questions(names: list[str]) -> st.SearchStrategy[Event]:
    methods = sorted({name.partition(" ")[0] for name in names} - {"ANY"}) or ["GET"]
    requests = st.builds("{} {}".format, st.sampled_from(methods), st.sampled_from(all_paths()))
    return st.builds(Asked, requests)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Return what has happened to one server. Its Redis may have lost something in the end.

    That is nothing for pairs: what a Redis has lost comes back with the questions that a run asks, in front
    of all others, so that no run can foresee who will win.
    """
    rows = draw(_rows())
    history = draw(_lived(draw(_varied(rows)), rows.spare))
    names = sorted({mapping.mapping for mapping in rows.mappings} & mappings_of(history))
    losses = st.one_of(st.just(Flushed()), *([st.builds(Lost, st.sampled_from(names))] if names else []))
    lost = draw(st.lists(st.one_of(losses, _questions(names)), max_size=4))
    return replace(history, events=(*history.events, *lost))


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Return two servers that hold nearly the same."""
    rows = draw(_rows())
    source = draw(_lived(draw(st.sampled_from((rows.mappings, draw(_varied(rows))))), rows.spare))
    return Pair(source, draw(_lived(draw(_varied(rows)), rows.spare)))
