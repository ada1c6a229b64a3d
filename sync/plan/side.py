"""One side of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.model import snapshot as model
from sync.model.plan import Rules, Side
from sync.model.ranking import Ranking
from sync.model.snapshot import Kind, Snapshot
from sync.overlaps.winners import Winner
from sync.plan.diff import in_scope, unreadable


class Enforced(Snapshot):
    """A snapshot as its server enforces it; it is not validated.

    Its mappings ask for what the server asks for, leftovers are among them, and its order is the one in which
    all overlapping mappings were written, not the canonical one of a snapshot.
    """


@dataclass(frozen=True, slots=True)
class Environment:
    """One side of a plan: where it is, what it is configured with, and what its server does with that.

    `order` is the one in which the overlapping mappings were written, also those that win nothing now: they
    will once others are deleted. Where nobody knows it, the snapshot's own stands for it. `answered` is what
    the server let win, by request (`GET /users/me`). `stale` are the mappings, by name, for which the server
    asks for another action than its list shows; `leftovers` are those that its list shows no more and that
    still win requests, with the action that they ask for.
    """

    url: str
    snapshot: Snapshot
    order: Ranking | None = None
    answered: Mapping[str, Winner] = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    leftovers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranking(self) -> Ranking:
        """Return in which order the overlapping mappings were written."""
        return self.order or self.snapshot.ranking

    @property
    def actions(self) -> dict[str, str]:
        """Return the action that each mapping asks for on this server, by the name of the mapping."""
        listed = {mapping.name: mapping.action for mapping in self.snapshot.mappings}
        return {**listed, **self.stale, **self.leftovers}

    @property
    def enforced(self) -> "Enforced":
        """Return what the server enforces, to plan by."""
        listed = [
            mapping.model_copy(update={"action": self.stale.get(mapping.name, mapping.action)})
            for mapping in self.snapshot.mappings
        ]
        left = [model.Mapping.named(name, action) for name, action in sorted(self.leftovers.items())]
        return Enforced.model_construct(
            **{name: getattr(self.snapshot, name) for name in Snapshot.model_fields}
            | {"mappings": (*listed, *left)}
        ).ranked(self.ranking)

    def side(self, rules: Rules) -> Side:
        """Return what a plan says of this side: of what is in scope."""
        snapshot = in_scope(self.snapshot, rules.ignore)
        return Side(
            url=self.url,
            digest=snapshot.digest,
            unreadable_roles=tuple(unreadable(snapshot, Kind.ROLE)),
            unreadable_groups=tuple(unreadable(snapshot, Kind.GROUP)),
            precedence=snapshot.precedence,
            rows=snapshot.rows,
        )
