"""What each write has made of who decides and who may do what: the environment at every moment of a run."""

from sync.model.snapshot import Value
from sync.sandbox.resolver import Decision
from sync.sandbox.state import State


class Moment(Value):
    """What holds between two writes: the decision of each request watched, and what each group may do."""

    decisions: tuple[Decision | None, ...]
    allowed: dict[str, tuple[str, ...]]


class Watch:
    """Note a moment at each write, as long as any requests are watched. Nothing moves by that."""

    def __init__(self, state: State, requests: tuple[tuple[str, str], ...] = ()) -> None:
        self.moments: list[Moment] = []
        self._state = state
        self._requests = requests

    def note(self) -> None:
        """Note what holds now."""
        if self._requests:
            decisions = (self._state.resolver.look(*request) for request in self._requests)
            groups = self._state.groups
            self.moments.append(
                Moment(
                    decisions=tuple(decisions),
                    allowed={group: tuple(self._state.actions_of(group)) for group in groups},
                )
            )
