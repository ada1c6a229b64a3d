import threading

import pytest

from sync.apply.carry_out import Execution, guarantee_of
from sync.errors import HeimdallSyncError, Result, UnreachableError
from sync.model.outcome import Outcome, Status
from sync.model.plan import Operation, Plan, Verb
from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.plan.planner import make_plan
from sync.plan.side import Environment

NOTHING = Snapshot()
WANTED = Snapshot(
    actions=(Action(name="read", description="r"), Action(name="write", description="w")),
    roles=(Role(name="editor", description="e", actions=("read", "write")),),
    mappings=(Mapping(method="GET", path_pattern="/x$", action="read"),),
    groups=(Group(name="team", description="t", roles=("editor",)),),
)


def plan_of(source: Snapshot, target: Snapshot) -> Plan:
    return make_plan(Environment("source", source), Environment("target", target), refuses=lambda _: None)


def ignore(_: Outcome) -> None:
    pass


def done(operation: Operation) -> Outcome:
    return Outcome(operation, Status.DONE)


def phrases(run: Execution, status: Status) -> set[str]:
    return {
        " ".join(filter(None, (o.operation.verb, o.operation.kind, o.operation.name, o.operation.member)))
        for o in run.outcomes
        if o.status is status
    }


def test_what_can_not_be_noted_ends_the_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.apply.carry_out.GRACE_SECONDS", 3600)
    plan, said = plan_of(WANTED, NOTHING), []

    def fail(_: Outcome) -> None:
        raise HeimdallSyncError("the disk is full")

    def carry_out() -> None:
        run = Execution(done, guarantee_of(plan, WANTED, NOTHING), 1, fail)
        with pytest.raises(HeimdallSyncError) as caught:
            run.carry_out(plan.waves)
        said.append(caught.value.message)

    thread = threading.Thread(target=carry_out, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert said == ["the disk is full"]


def test_waves_run_one_after_another_and_a_wave_at_once() -> None:
    plan = plan_of(WANTED, NOTHING)
    creations = len(plan.waves[0].operations)
    together = threading.Barrier(creations, timeout=10)
    order: list[Operation] = []

    def execute(operation: Operation) -> Outcome:
        if operation in plan.waves[0].operations:
            together.wait()
        order.append(operation)
        return done(operation)

    run = Execution(execute, guarantee_of(plan, WANTED, NOTHING), concurrency=creations, noted=ignore)
    run.carry_out(plan.waves)
    assert [outcome.status for outcome in run.outcomes] == [Status.DONE] * len(plan.operations)
    place = {operation: number for number, wave in enumerate(plan.waves) for operation in wave.operations}
    assert [place[operation] for operation in order] == sorted(place.values())


def test_what_fails_stops_nothing_but_what_depends_on_it() -> None:
    plan = plan_of(WANTED, NOTHING)

    def execute(operation: Operation) -> Outcome:
        if (operation.verb, operation.name) == (Verb.CREATE, "write"):
            return Outcome(operation, Status.FAILED, "the target answered 500")
        return done(operation)

    run = Execution(execute, guarantee_of(plan, WANTED, NOTHING), concurrency=4, noted=ignore)
    run.carry_out(plan.waves)
    assert phrases(run, Status.FAILED) == {"create action write"}
    assert phrases(run, Status.SKIPPED) == {"assign role editor write"}
    assert [o.reason for o in run.outcomes if o.status is Status.SKIPPED] == [
        "action 'write' is not in the target (the target answered 500)"
    ]


def test_what_would_open_an_endpoint_after_a_failure_is_skipped() -> None:
    """A role that keeps an action it should lose must not see an endpoint mapped to that action."""
    before = Snapshot(
        actions=(Action(name="a"), Action(name="b")),
        roles=(Role(name="r", actions=("b",)),),
        mappings=(Mapping(method="GET", path_pattern="/x$", action="a"),),
        groups=(Group(name="g", roles=("r",)),),
    )
    after = Snapshot(
        actions=before.actions,
        roles=(Role(name="r"),),
        mappings=(Mapping(method="GET", path_pattern="/x$", action="b"),),
        groups=before.groups,
    )
    plan = plan_of(after, before)

    def execute(operation: Operation) -> Outcome:
        if operation.verb is Verb.UNASSIGN:
            return Outcome(operation, Status.FAILED, "the target answered 500")
        return done(operation)

    run = Execution(execute, guarantee_of(plan, after, before), concurrency=4, noted=ignore)
    run.carry_out(plan.waves)
    assert phrases(run, Status.SKIPPED) == {"update mapping GET /x$"}
    skipped = next(outcome for outcome in run.outcomes if outcome.status is Status.SKIPPED)
    assert skipped.reason == (
        "it would let group 'g' reach GET /x$, although that group has no access before or after the sync"
    )


def test_once_the_target_is_gone_the_rest_is_not_tried() -> None:
    plan = plan_of(WANTED, NOTHING)
    tried: list[Operation] = []

    def execute(operation: Operation) -> Outcome:
        tried.append(operation)
        if operation.kind is Kind.ROLE:
            raise UnreachableError("no connection", "is it up?", result=Result.NOT_DONE)
        return done(operation)

    run = Execution(execute, guarantee_of(plan, WANTED, NOTHING), concurrency=1, noted=ignore)
    with pytest.raises(UnreachableError, match="no connection"):
        run.carry_out(plan.waves)
    assert tried[-1].kind is Kind.ROLE
    assert [outcome.operation for outcome in run.outcomes] == tried
    assert run.outcomes[-1].status is Status.FAILED
    assert len(tried) < len(plan.operations)
