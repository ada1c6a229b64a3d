"""Who decides each short path on both sides, before and after a run: what nobody named must be alike."""

from collections.abc import Iterable
from dataclasses import dataclass

from sync.sandbox.process import Sandbox
from sync.sandbox.resolver import Decision

from .conftest import Ended, Servers
from .histories import mappings_of, play, requests_of
from .model import Winner, does_match
from .named import is_named, reservations
from .pairs import Pair
from .paths import all_paths

CACHE_SECONDS = 300
APPLY = ("apply", "--max-delete-percent", "100", "--allow-empty-source")

Winners = tuple[Winner | None, Winner | None]


@dataclass(frozen=True)
class Moment:
    """Who decides some requests on the target at one moment, and what the one group may do."""

    winners: dict[str, Winner | None]
    allowed: frozenset[str]

    def lets_through(self, request: str, *, unmapped_is_open: bool) -> bool:
        """Tell whether the group's request gets through."""
        winner = self.winners[request]
        return unmapped_is_open if winner is None else winner.action in self.allowed


@dataclass(frozen=True)
class Judgement:
    """What came of a run: who decides each request on the source and on the target."""

    ended: Ended
    before: dict[str, Winners]
    after: dict[str, Winners]
    moments: tuple[Moment, ...] = ()
    listed: frozenset[str] = frozenset()
    """The mappings that a list showed before the run, on one side or the other."""

    @property
    def different(self) -> dict[str, Winners]:
        """Return the requests that are decided differently now."""
        return {request: both for request, both in self.after.items() if both[0] != both[1]}

    @property
    def unnamed(self) -> dict[str, Winners]:
        """Return those of them that the run said nothing of, as far as anybody can know of them."""
        return {
            request: both
            for request, both in self.different.items()
            if not is_named(self.ended, request, both) and self._is_knowable(both)
        }

    def _is_knowable(self, both: Winners) -> bool:
        """Tell whether a list shows who wins: what a cascade left and none shows is met by chance only."""
        return all(winner is None or winner.mapping in self.listed for winner in both)

    def __str__(self) -> str:
        """Show one request for each pair of mappings that differ, and what the run has said."""
        examples = {both: request for request, both in reversed(self.unnamed.items())}
        lines = [
            f"    {request}: before {_shown(self.before[request])}; after {_shown(both)}"
            for both, request in examples.items()
        ]
        return "\n".join(["  decided by (source | target)", *lines, self.ended.out, reservations(self.ended)])


def _shown(both: Winners) -> str:
    return " | ".join(str(winner) for winner in both)


def winners(sandbox: Sandbox, requests: list[str]) -> list[Winner | None]:
    """Return who decides requests past every cache. Asking moves nothing."""
    return [_winner(decision) for decision in sandbox.look(requests)]


def _winner(decision: Decision | None) -> Winner | None:
    return None if decision is None else Winner(f"{decision.method} {decision.path_pattern}", decision.action)


def both_winners(servers: Servers, requests: Iterable[str]) -> dict[str, Winners]:
    """Return who decides each request on the source and on the target."""
    asked = list(requests)
    pairs = zip(winners(servers.source, asked), winners(servers.target, asked), strict=True)
    return dict(zip(asked, pairs, strict=True))


def judge(servers: Servers, pair: Pair, *argv: str, paths: tuple[str, ...] = all_paths()) -> Judgement:
    """Let both servers live through their histories, run a command (an apply), and look at every path."""
    play(servers.source, pair.source)
    play(servers.target, pair.target)
    requests = list(requests_of(pair.source, pair.target, paths=paths))
    listed = {
        mapping.name for server in (servers.source, servers.target) for mapping in server.snapshot().mappings
    }
    before = both_winners(servers, requests)
    watched = examples(pair, requests)
    for sandbox in (servers.source, servers.target):
        # what was written and asked for before is no news any more; a Date header has whole seconds
        sandbox.advance(CACHE_SECONDS + 1)
    servers.target.watch(watched)
    ended = servers.run(*(argv or APPLY))
    after = both_winners(servers, requests)
    noted = servers.target.moments()
    allowed = [frozenset(pair.target.allowed), *(frozenset(moment.allowed["office"]) for moment in noted)]
    looks = [
        {request: before[request][1] for request in watched},
        *(dict(zip(watched, map(_winner, moment.decisions), strict=True)) for moment in noted),
    ]
    return Judgement(ended, before, after, tuple(map(Moment, looks, allowed)), frozenset(listed))


def examples(pair: Pair, requests: Iterable[str]) -> list[str]:
    """Return one request for each set of mappings that a request can match, in one dialect or the other."""
    names = sorted(mappings_of(pair.source) | mappings_of(pair.target))
    found = {tuple(does_match(name, request) for name in names): request for request in requests}
    return list(found.values())
