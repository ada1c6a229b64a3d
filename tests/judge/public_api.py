"""An API as large ones are, in two versions: collections within collections, and words where others have ids.

Operations are written with `{x}`; the usual rule makes patterns of them: `([^/]+)` for it, `$` at the end.
"""

import random
from collections.abc import Iterator
from itertools import combinations

_NOUNS = """
    accounts addresses agents alerts articles assets audits badges batches benefits bids boards bookings
    branches budgets buildings campaigns cards cases catalogs certificates channels charges claims
    clinics commits contacts contracts coupons courses customers datasets deliveries departments
    deposits devices discounts disputes districts documents domains drafts employees enrolments events
    exams exports facilities fees fines folders forms fleets grants guides households imports incidents
    inspections invoices issues items jobs journals kiosks labels leases letters libraries licences
    lists locations maps meetings messages meters milestones notices offices orders packages parcels
    parks passes patients payments permits plans policies pools posts projects prizes quotas receipts
    records refunds reports routes zones
"""

NOUNS = _NOUNS.split()
"""The names of the collections: a hundred."""

PARTS = ("comments", "files", "members", "notes", "tags", "versions")
WORDS = ("me", "latest", "search")
DEEDS = ("archive", "close", "restore")

Version = int


def operations(version: Version) -> list[str]:
    """Return the operations of one version, in the order in which its mappings were written."""
    chance = random.Random(version)
    found = list(dict.fromkeys(_operations()))
    if version == 2:
        found = [operation for operation in found if chance.random() < 0.8]
        found += [f"GET /{noun}/{{id}}/history" for noun in NOUNS[::9]]
    chance.shuffle(found)
    return found


def _operations() -> Iterator[str]:
    for number, noun in enumerate(NOUNS):
        item = f"/{noun}/{{id}}"
        yield from (f"GET /{noun}", f"POST /{noun}", f"GET {item}", f"PATCH {item}", f"DELETE {item}")
        part, other = PARTS[number % 6], PARTS[(number + 2) % 6]
        yield from (f"GET {item}/{part}", f"POST {item}/{part}", f"GET {item}/{part}/{{part_id}}")
        yield from (f"DELETE {item}/{part}/{{part_id}}", f"POST {item}/{DEEDS[number % 3]}")
        if number % 2:  # a word where others have the id: it lies within
            yield f"GET /{noun}/{WORDS[number // 2 % 3]}"
        if number % 3 == 0:  # all parts of all items: it crosses what the items have
            yield from (f"GET /{noun}/{part}/{{part_id}}", f"GET {item}/{other}")
        if number % 4 == 0:  # words within a part
            yield f"GET {item}/{part}/latest"
        if number % 5 == 0:  # something of one's own: it crosses the same of all others
            yield from (f"GET /{noun}/me/{{section}}", f"GET {item}/{other}")


def mapping_of(operation: str) -> str:
    """Return the name of the mapping of an operation."""
    method, _, path = operation.partition(" ")
    segments = ["([^/]+)" if segment.startswith("{") else segment for segment in path.split("/")]
    return f"{method} {'/'.join(segments)}$"


def action_of(operation: str) -> str:
    """Return the action that an operation asks for: its collection's, to read or to write."""
    method, _, path = operation.partition(" ")
    return f"{path.split('/')[1]}:{'read' if method == 'GET' else 'write'}"


Template = tuple[str | None, ...]
"""The segments of an operation; None for what may be anything. The first one is the method."""


def _template(operation: str) -> Template:
    return tuple(
        None if segment.startswith("{") else segment for segment in operation.replace(" ", "").split("/")
    )


def shared(one: Template, other: Template) -> Template | None:
    """Return what paths of both are made of, None where no path is one of both."""
    if len(one) != len(other) or any(a != b for a, b in zip(one, other, strict=True) if a and b):
        return None
    return tuple(a or b for a, b in zip(one, other, strict=True))


def overlaps(found: list[str]) -> tuple[int, int]:
    """Count the pairs of operations that share paths: those within each other, and those that cross."""
    within = crossing = 0
    for one, other in combinations(map(_template, found), 2):
        both = shared(one, other)
        if both is not None:
            crossing += both not in {one, other}
            within += both in {one, other}
    return within, crossing


def requests(found: list[str]) -> list[str]:
    """Return a request for every set of operations that a path can belong to."""
    templates = {_template(operation) for operation in found}
    known = set(templates)
    while new := {both for one in known for other in templates if (both := shared(one, other))} - known:
        known |= new
    return sorted(
        f"{template[0]} /" + "/".join(segment or "x1" for segment in template[1:]) for template in known
    )
