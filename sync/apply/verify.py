"""Prove the result: what still differs after an apply."""

from sync.apply.outcome import Verification
from sync.plan.model import Plan


def verification_of(plan: Plan) -> Verification:
    """Return what a plan that was made after an apply says of the apply."""
    return Verification(remaining=plan.operations, blocked=plan.blocked)
