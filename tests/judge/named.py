"""Where a run says of a request that it may be decided differently: the one place that knows its reports."""

import json

from .conftest import Ended
from .model import Winner


def is_named(ended: Ended, request: str, winners: tuple[Winner | None, Winner | None]) -> bool:
    """Tell whether a run has named a request, or a mapping that wins it on one of the sides."""
    mappings = {winner.mapping for winner in winners if winner is not None}
    plan = ended.plan or {}
    return not mappings.isdisjoint(plan.get("not_compared") or ()) or any(
        each["name"] in mappings or request in each["reason"] for each in plan.get("blocked") or ()
    )


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
