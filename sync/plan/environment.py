"""One side of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.plan.changes import Rules, Side
from sync.plan.diff import in_scope, unreadable
from sync.plan.model import Kind, Snapshot


@dataclass(frozen=True, slots=True)
class Environment:
    """One side of a plan: where it is, and what it is configured with.

    `order` names the contested mappings, the one written first standing first, also those that decide nothing
    now: they will once others are deleted. Where nobody knows it, the snapshot's precedence stands for it.
    `said` is what the server answered: for a request (`GET /users/me`) the name of the mapping that decides
    it, None where none does. Where it was not asked, the order says it.
    """

    url: str
    snapshot: Snapshot
    said: Mapping[str, str | None] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    @property
    def ordered(self) -> Snapshot:
        """Return the snapshot with the order of writing as its precedence, to plan by and to judge by."""
        if not self.order:
            return self.snapshot
        return self.snapshot.model_copy(update={"precedence": self.order})

    def side(self, rules: Rules) -> Side:
        """Return what a plan says of this side: of what is in scope."""
        snapshot = in_scope(self.snapshot, rules.ignore)
        return Side(
            url=self.url,
            digest=snapshot.digest,
            unreadable_roles=tuple(unreadable(snapshot, Kind.ROLE)),
            unreadable_groups=tuple(unreadable(snapshot, Kind.GROUP)),
            precedence=snapshot.precedence,
        )
