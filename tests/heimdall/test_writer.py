from collections import Counter
from collections.abc import Iterator

import pytest

from sync.errors import GivenUpError
from sync.heimdall.contract import read_contract
from sync.heimdall.reader import read_environment
from sync.heimdall.writer import Writer
from sync.model.outcome import Outcome, Status
from sync.model.plan import Attributes, Operation, Verb
from sync.model.snapshot import Action, Group, Kind, Mapping, Role, Snapshot
from sync.sandbox.faults import Answer, AnyEffect, Close, DropRows
from sync.sandbox.options import People
from sync.sandbox.process import Sandbox
from tests.conftest import Connect
from tests.servers import lent

BEFORE = Snapshot(
    actions=(Action(name="old", description="o"), Action(name="users:read", description="one")),
    roles=(Role(name="admin", actions=("users:read",)), Role(name="empty"), Role(name="superadmin")),
    mappings=(
        Mapping(method="GET", path_pattern="/users$", action="users:read", description="list"),
        Mapping(method="POST", path_pattern="/users$", action="users:read"),
    ),
    groups=(Group(name="team", roles=("admin",)), Group(name="left")),
)


def op(verb: Verb, kind: Kind, name: str, **more: object) -> Operation:
    return Operation.model_validate({"verb": verb, "kind": kind, "name": name, **more})


def text(description: str, action: str | None = None) -> Attributes:
    return Attributes(description=description, action=action)


EVERY_KIND = [
    op(Verb.CREATE, Kind.ACTION, "users:write", after=text("new")),
    op(Verb.UPDATE, Kind.ACTION, "users:read", before=text("one"), after=text("two")),
    op(Verb.DELETE, Kind.ACTION, "old", before=text("o")),
    op(Verb.CREATE, Kind.ROLE, "auditor", after=text("new")),
    op(Verb.UPDATE, Kind.ROLE, "admin", before=text(""), after=text("described")),
    op(Verb.DELETE, Kind.ROLE, "empty", before=text("")),
    op(Verb.ASSIGN, Kind.ROLE, "admin", member="old"),
    op(Verb.UNASSIGN, Kind.ROLE, "admin", member="users:read"),
    op(Verb.CREATE, Kind.MAPPING, "PUT /users/([^/]+)$", after=text("", "users:read")),
    op(Verb.UPDATE, Kind.MAPPING, "GET /users$", before=text("list", "users:read"), after=text("", "old")),
    op(
        Verb.REORDER,
        Kind.MAPPING,
        "GET /users$",
        before=text("list", "users:read"),
        after=text("list", "users:read"),
    ),
    op(Verb.DELETE, Kind.MAPPING, "GET /users$", before=text("list", "users:read")),
    op(Verb.CREATE, Kind.GROUP, "new_team", after=text("new")),
    op(Verb.UPDATE, Kind.GROUP, "team", before=text(""), after=text("described")),
    op(Verb.DELETE, Kind.GROUP, "left", before=text("")),
    op(Verb.ASSIGN, Kind.GROUP, "left", member="admin"),
    op(Verb.UNASSIGN, Kind.GROUP, "team", member="admin"),
]


@pytest.fixture(scope="module")
def target() -> Iterator[Sandbox]:
    with lent(BEFORE, publish_updates=True, first_id=1000) as sandbox:
        yield sandbox


def writer_to(sandbox: Sandbox, connect: Connect, **options: float) -> Writer:
    transport = connect(sandbox, **options)
    writer = Writer(transport, read_contract(transport), read_environment(transport).ids)
    sandbox.clear_requests()
    return writer


@pytest.mark.parametrize("operation", EVERY_KIND, ids=lambda o: f"{o.verb} {o.kind}")
def test_one_request_carries_an_operation_out(
    target: Sandbox, connect: Connect, operation: Operation
) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    before = target.snapshot()
    assert writer.execute(operation) == Outcome(operation, Status.DONE)
    assert len(target.requests()) == 1
    if operation.verb is Verb.REORDER:
        assert target.snapshot() == before
        assert target.write_order() == ("POST /users$", "GET /users$")
    else:
        assert target.snapshot() != before


@pytest.mark.sampled
@pytest.mark.parametrize("operation", EVERY_KIND, ids=lambda o: f"{o.verb} {o.kind}")
@pytest.mark.parametrize(
    "effect",
    [
        Close(done=True),
        Close(),
        Answer(status=502, done=True),
        Answer(status=503),
        Answer(status=504, done=True),
    ],
    ids=["done, closed", "closed", "done, 502", "503", "done, 504"],
)
def test_an_answer_that_says_nothing_is_settled_by_trying_again(
    target: Sandbox, connect: Connect, operation: Operation, effect: AnyEffect
) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    target.add_fault(effect, methods=["POST", "PUT", "DELETE"])
    assert writer.execute(operation) == Outcome(operation, Status.DONE)
    sent = Counter(record.method for record in target.requests())
    assert sum(sent.values()) - sent["GET"] == 2


def test_the_number_of_what_was_created_unheard_is_looked_up(target: Sandbox, connect: Connect) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    target.add_fault(Close(done=True), methods=["POST"])
    assert writer.execute(EVERY_KIND[0]).status is Status.DONE
    mapping = op(Verb.CREATE, Kind.MAPPING, "PATCH /users$", after=text("", "users:write"))
    assert writer.execute(mapping).status is Status.DONE


@pytest.mark.parametrize(
    "operation",
    [operation for operation in EVERY_KIND if operation.verb is Verb.CREATE],
    ids=lambda o: f"{o.verb} {o.kind}",
)
def test_what_was_there_already_is_not_taken_for_ours(
    target: Sandbox, connect: Connect, operation: Operation
) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    assert operation.after
    other = operation.model_copy(
        update={"after": operation.after.model_copy(update={"description": "other"})}
    )
    assert writer.execute(other).status is Status.DONE
    refused = writer.execute(operation)
    assert refused.status is Status.FAILED
    assert not refused.unsettled
    target.add_fault(Close(), methods=["POST"])
    assert writer.execute(operation).status is Status.FAILED


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (403, "give the token's user the superadmin role; heimdall-sync check shows what is missing"),
        (422, "remove the cause, then run again: the changes already made stay"),
        (500, "remove the cause, then run again: the changes already made stay"),
        (409, "somebody else is changing the target; wait until nobody does, then run again"),
    ],
)
def test_a_refusal_is_what_the_server_says(
    target: Sandbox, connect: Connect, status: int, remedy: str
) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    target.add_fault(Answer(status=status, body='{"error": "no"}'), methods=["POST"])
    operation = EVERY_KIND[3]
    reason = f"the target answered {status} no"
    assert writer.execute(operation) == Outcome(operation, Status.FAILED, reason, remedy)


def test_a_role_that_a_user_holds_says_what_its_500_means(target: Sandbox, connect: Connect) -> None:
    target.reset(BEFORE, people=People(roles={"empty": ("22222222222",)}))
    outcome = writer_to(target, connect).execute(op(Verb.DELETE, Kind.ROLE, "empty", before=text("")))
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("the target answered 500")
    assert "a user may hold this role directly" in outcome.remedy


def test_no_answer_at_all_leaves_it_open_whether_it_was_done(target: Sandbox, connect: Connect) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    target.add_fault(Close(done=True), methods=["POST"], times=None)
    outcome = writer.execute(EVERY_KIND[0])
    assert outcome.status is Status.FAILED
    assert outcome.unsettled


def test_a_look_that_finds_a_list_cut_short_settles_nothing(target: Sandbox, connect: Connect) -> None:
    target.reset(BEFORE)
    writer = writer_to(target, connect)
    target.add_fault(Close(done=True), methods=["POST"])
    target.add_fault(DropRows(rows=1), methods=["GET"], times=None)
    outcome = writer.execute(EVERY_KIND[0])
    assert outcome.status is Status.FAILED
    assert outcome.unsettled


def test_a_target_that_is_gone_is_an_error(connect: Connect) -> None:
    with lent(BEFORE) as sandbox:
        writer = writer_to(sandbox, connect)
        sandbox.kill()
        with pytest.raises(GivenUpError, match="no connection"):
            writer.execute(EVERY_KIND[0])
