"""Faults by rule: which requests go wrong, and how."""

import re
import signal
from typing import Annotated, Literal

from pydantic import Field

from sync.model.snapshot import Value

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""The methods that change something."""


class Effect(Value):
    """What happens to a request instead of the usual. `done` tells whether it is carried out all the same."""

    done: bool = False


class Answer(Effect):
    """Answer this, whatever the API says."""

    kind: Literal["answer"] = "answer"
    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = Field(default_factory=dict)


class Close(Effect):
    """Close the connection without an answer, or `reset` it."""

    kind: Literal["close"] = "close"
    reset: bool = False


class Die(Effect):
    """End the whole process at once, without an answer."""

    kind: Literal["die"] = "die"


class Hang(Effect):
    """Let `seconds` pass, before the request is carried out or (`done`) between that and its answer."""

    kind: Literal["hang"] = "hang"
    seconds: float


class Interrupt(Effect):
    """Send a signal to the process `pid`, let `seconds` pass, and then answer as usual.

    The request is carried out after all that, or (`done`) before.
    """

    kind: Literal["interrupt"] = "interrupt"
    pid: int
    number: int = signal.SIGKILL
    seconds: float = 0.0


class Truncate(Value):
    """Carry the request out, and close the connection in the middle of the answer's body."""

    kind: Literal["truncate"] = "truncate"


class Mislabel(Value):
    """Carry the request out, and say that the answer is of another content type."""

    kind: Literal["mislabel"] = "mislabel"
    content_type: str


class DropRows(Value):
    """Leave the last `rows` rows out of a list, and its `total` as it was."""

    kind: Literal["drop_rows"] = "drop_rows"
    rows: int = Field(default=1, ge=1)


class Huge(Value):
    """Answer with a JSON string of `size` bytes."""

    kind: Literal["huge"] = "huge"
    size: int = Field(ge=2)


AnyEffect = Annotated[
    Answer | Close | Die | Hang | Interrupt | Truncate | Mislabel | DropRows | Huge,
    Field(discriminator="kind"),
]


class Fault(Value):
    r"""A rule: of the requests that match, `times` from the `nth` on meet the effect.

    A request matches with one of `methods` (none: any) and where the regular expression `path` is found in
    its decoded path and query (`^/api/v1/roles/\?skip=50`). `times` None means from then on, for good.
    """

    effect: AnyEffect
    methods: frozenset[str] = frozenset()
    path: str = ""
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request is one that the rule counts."""
        return (not self.methods or method in self.methods) and re.search(self.path, path) is not None

    def hits(self, occurrence: int) -> bool:
        """Tell whether the n-th request that matches meets the effect."""
        return self.nth <= occurrence and (self.times is None or occurrence < self.nth + self.times)


class Faults:
    """The rules in force, each with the number of requests that have matched it."""

    def __init__(self, rules: tuple[Fault, ...] = ()) -> None:
        self._rules = list(rules)
        self._matched = [0 for _ in rules]

    def add(self, rule: Fault) -> None:
        """Put a rule in force, counting from now on."""
        self._rules.append(rule)
        self._matched.append(0)

    def clear(self) -> None:
        """Let everything go well again."""
        self._rules.clear()
        self._matched.clear()

    def effect_on(self, method: str, path: str) -> AnyEffect | None:
        """Return what a request meets, by the first rule that hits it. Every rule counts it."""
        effect = None
        for index, rule in enumerate(self._rules):
            if rule.matches(method, path):
                self._matched[index] += 1
                if effect is None and rule.hits(self._matched[index]):
                    effect = rule.effect
        return effect
