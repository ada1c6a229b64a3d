"""Where a run says of a request that it may be decided differently: the one place that knows its reports."""

import json

from .conftest import Ended
from .model import Winner


def is_named(ended: Ended, request: str, winners: tuple[Winner | None, Winner | None]) -> bool:
    """Tell whether a run has named a request, or a mapping that wins it on one of the sides.

    A run that ended before it had a plan has said nothing of anything being equal.
    """
    if ended.plan is None:
        return ended.code != 0
    names = {winner.mapping for winner in winners if winner is not None}
    if not names.isdisjoint(ended.plan["not_compared"]):
        return True
    planned = any(each["name"] in names or request in each["reason"] for each in ended.plan["blocked"])
    return planned or any(
        f"{name} " in f"{line} ".replace(": ", " ")
        for line in _open_lines(ended)
        for name in {request, *names}
    )


def _open_lines(ended: Ended) -> list[str]:
    """Return the lines in which the verification after an apply tells what differs; no file has them."""
    lines = map(str.strip, ended.out.partition("VERIFICATION")[2].splitlines())
    return [
        line
        for line in lines
        if line.startswith(("[BLOCKED]", "Still needed")) or "may come from a cache" in line
    ]


def is_exposure(ended: Ended, request: str, mappings: set[str]) -> bool:
    """Tell whether the plan has named a transient exposure of this request, or by one of these mappings."""
    exposures = (ended.plan or {}).get("exposures") or ()
    return any(
        f"{each['method']} {each['path']}" == request or each["mapping"] in mappings for each in exposures
    )


def reservations(ended: Ended) -> str:
    """Show all that a run has named, for a failing test."""
    plan = ended.plan or {}
    return json.dumps({key: plan.get(key) for key in ("blocked", "not_compared", "exposures")}, indent=1)
