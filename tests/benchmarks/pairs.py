"""Generated pairs of environments, a tenth of each different, with as many overlaps as real APIs."""

import random
from dataclasses import dataclass

from sync.model.snapshot import Mapping, Snapshot
from sync.overlaps.renames import SPOT_CHECKS
from sync.overlaps.search import overlaps_of
from tests.e2e.environments import METHODS, environment, made_different

PAGE = 100
"""The most rows of a page that the server takes."""

_AREA = (
    "/users/([^/]+)$",
    "/users/me$",
    "/teams/([^/]+)/members$",
    "/teams/all/members$",
    "/pulls/([^/]+)/files$",
    "/pulls/comments/([^/]+)$",
    *(f"/things_{number:02}{end}" for number in range(12) for end in ("$", "/([^/]+)$")),
)
"""Thirty mappings, two pairs within each other and one that crosses (a real API: 71 and 43 of 1,223)."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each kind an environment has; a server shows the edges of fifty roles at most."""

    actions: int
    roles: int
    mappings: int
    groups: int


SIZES = {
    100: Size(actions=30, roles=10, mappings=50, groups=10),
    1_000: Size(actions=300, roles=40, mappings=560, groups=100),
    10_000: Size(actions=3_000, roles=40, mappings=6_560, groups=400),
}


def pair(entities: int) -> tuple[Snapshot, Snapshot]:
    """Return a source and a target of so many entities each: the same each time."""
    size = SIZES[entities]
    plain = environment(size.actions, size.roles, size.mappings, size.groups)
    source = plain.model_copy(update={"mappings": tuple(map(_placed, plain.mappings, range(size.mappings)))})
    source = Snapshot.model_validate(source.model_dump(by_alias=True))
    target = made_different(source, descriptions=False)  # the API can't change those of roles and groups
    overlapping = [m.name for m in target.mappings if m.path_pattern.endswith(("/me$", "all/members$"))]
    # what is written last wins: a few overlaps have another winner than in the source
    rewritten = tuple(random.Random(9).sample(overlapping, len(overlapping) // 10 + 1))
    return source, target.model_copy(update={"precedence": rewritten})


def _placed(mapping: Mapping, number: int) -> Mapping:
    area, place = divmod(number, len(_AREA))
    pattern = f"/api/v1/area_{area:03}{_AREA[place]}"
    return mapping.model_copy(update={"method": METHODS[area % 7], "path_pattern": pattern})


def fewest_to_read(snapshot: Snapshot) -> int:
    """Return how many requests read an environment at least: pages, two lists, each role and each group."""
    pages = sum(-(-len(entities) // PAGE) for entities in (snapshot.actions, snapshot.roles))
    return pages + 2 + len(snapshot.roles) + len(snapshot.groups)


@dataclass(frozen=True, slots=True)
class Questions:
    """How many questions to a side can matter: see `sync.overlaps.questions`.

    So many are about the `order` of mappings that the side lists and that ask for different actions, about
    `leftovers` that may win there and that the other side lists, and about actions that may be `renamed`.
    """

    order: int
    leftovers: int
    renamed: int

    @property
    def all(self) -> int:
        """Return how many there are."""
        return self.order + self.leftovers + self.renamed

    def __str__(self) -> str:
        return (
            f"{self.order:,} about order, {self.leftovers:,} about leftovers, {self.renamed:,} about renames"
        )


def questions_that_can_matter(side: Snapshot, other: Snapshot) -> Questions:
    """Return which questions about a side have an answer that its lists don't show."""
    held = {mapping.name: mapping.action for mapping in side.mappings}
    names = frozenset(held) | {mapping.name for mapping in other.mappings}
    candidates = (overlap.candidates(held) for overlap in overlaps_of(names).found)
    return Questions(
        order=sum(len({held[name] for name in among}) > 1 for among in candidates),
        leftovers=len(names - held.keys()),
        renamed=min(SPOT_CHECKS, len(side.actions)),
    )
