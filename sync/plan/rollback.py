"""A rollback: a plan whose source is a backup. What of it undoes a plan, and what it takes back besides.

    the undone plan         create role 'auditor'    delete group 'old'
    the rollback            delete role 'auditor'    create group 'old'    delete role 'by_hand'
                            undoes the plan          undoes the plan       takes back what changed since

What undoes a plan was there before it, so no guardrail needs to stop it. What goes beyond that is judged like
any other plan.
"""

from sync.model.plan import Operation, Plan, Rules, Verb
from sync.model.ranking import Ranking
from sync.model.snapshot import Kind
from sync.plan.drafting import Refuses
from sync.plan.guardrails import objections_to_plan
from sync.plan.planned_winners import AS_IT_IS, WRITES
from sync.plan.planner import make_plan
from sync.plan.resume import after, undoing
from sync.plan.side import Environment

_PATTERNS = ("accept", "protect", "ignore", "recreate")


def with_scope_of(undone: Rules, given: Rules, *, strategy_is_given: bool) -> Rules:
    """Return given rules with the scope of an undone plan added: what that plan left alone stays as it is."""
    patterns = {name: (*getattr(undone, name), *getattr(given, name)) for name in _PATTERNS}
    scope = {name: tuple(dict.fromkeys(found)) for name, found in patterns.items()}
    strategy = given.strategy if strategy_is_given else undone.strategy
    return given.model_copy(update={**scope, "strategy": strategy})


def undoes(plan: Plan, undone: Plan) -> list[Operation]:
    """Return the operations of a rollback that undo a plan, those that only move mappings included."""
    expected = {*undoing(undone.operations)}
    return [op for op in plan.operations if op in expected or op.verb in AS_IT_IS]


def besides(plan: Plan, undone: Plan) -> tuple[Operation, ...]:
    """Return the operations of a rollback that undo nothing of a plan: they take back what changed since."""
    expected = {*undoes(plan, undone)}
    return tuple(op for op in plan.operations if op not in expected)


def allowing_what_undoes(
    plan: Plan, undone: Plan, source: Environment, target: Environment, refuses: Refuses
) -> Plan:
    """Return a rollback that allows what guardrails object to, where undoing a plan explains all of it.

    A guardrail that also objects to the rest of the rollback, once the plan is undone, allows nothing.
    """
    asked = _refused(plan, source, target)
    if not asked:
        return plan
    left = _once_undone(plan, undone, source, target)
    rest = make_plan(source, left, refuses=refuses, rules=plan.rules)
    explained = asked - _refused(rest, source, left)
    given = {name: 100 if name == "max_delete_percent" else True for name in explained}
    return plan.model_copy(update={"rules": plan.rules.model_copy(update=given)})


def _refused(plan: Plan, source: Environment, target: Environment) -> set[str]:
    """Return the settings that would allow what guardrails refuse; who runs the plan is not looked at."""
    objections = objections_to_plan(plan, source.snapshot, target.enforced)
    settings = (each.setting.removeprefix("--").replace("-", "_") for each in objections if not each.allowed)
    return {name for name in settings if name.startswith(("allow_", "max_"))}


def _once_undone(plan: Plan, undone: Plan, source: Environment, target: Environment) -> Environment:
    """Return the target as it is once a rollback has undone a plan, and nothing besides."""
    done = undoes(plan, undone)
    written = {op.name for op in done if op.kind is Kind.MAPPING and op.verb in WRITES}
    order = target.ranking
    in_front = [name for name in source.ranking.written if name in written]
    kept = [name for name in order.written if name not in written]
    held = after(plan, target.snapshot, (op for op in done if op.verb is not Verb.REFRESH))
    return Environment(target.url, held.ranked(Ranking((*kept, *in_front), order.rows)))
