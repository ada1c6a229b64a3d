"""An operation → its request → what became of it."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from sync.errors import GivenUpError, RemoteError, Result, TokenError, WriteError
from sync.heimdall.answers import Answer
from sync.heimdall.contract import Contract
from sync.heimdall.lists import read_actions, read_groups, read_mappings, read_roles
from sync.heimdall.routes import body_of, path_of
from sync.heimdall.rows import NamedRow
from sync.heimdall.transport import Transport
from sync.model.outcome import Outcome, Status
from sync.model.plan import Attributes, Operation, Verb
from sync.model.snapshot import Kind

_NOT_FOUND = {Kind.ACTION: HTTPStatus.BAD_REQUEST}
"""What deleting something that is not there answers, where it is not 404."""

_EXISTS = {Kind.ACTION: HTTPStatus.BAD_REQUEST}
"""What creating something that is there answers, where it is not 409."""


class Writer:
    """Carry out operations on the target, from many threads, with one request each."""

    def __init__(self, transport: Transport, contract: Contract, ids: dict[tuple[Kind, str], int]) -> None:
        """Start with the target's numbers for what is there; those of what is created are added."""
        self._transport = transport
        self._contract = contract
        self._ids = dict(ids)

    def execute(self, operation: Operation) -> Outcome:
        """Send an operation's request and say what became of it; no error is raised for what fails.

        Raises `GivenUpError` where the target is not asked any more, and `TokenError` where there is no token
        that it accepts any more.
        """
        lost = False
        try:
            answer = self._send(operation)
            lost = answer.after_loss
            if answer.ok:
                self._remember(operation, answer)
                return Outcome(operation, Status.DONE)
            if lost and self._was_done(operation, answer):
                return Outcome(operation, Status.DONE)
        except (TokenError, GivenUpError) as error:
            if lost:  # and the look that would have settled it failed
                error.result = Result.UNKNOWN
            raise
        except RemoteError as error:
            unsettled = lost or error.result is Result.UNKNOWN
            return Outcome(operation, Status.FAILED, error.message, error.hint, unsettled=unsettled)
        return Outcome(
            operation, Status.FAILED, f"the target answered {answer.message}", _remedy(operation, answer)
        )

    def _send(self, operation: Operation) -> Answer:
        route = self._contract.route(operation)
        if route is None:
            raise AssertionError(f"planned without a request: {operation}")
        return self._transport.send(
            route.method, path_of(operation, route, self._id_of), body=body_of(operation, self._id_of)
        )

    def _id_of(self, kind: Kind, name: str) -> int:
        try:
            return self._ids[kind, name]
        except KeyError:
            raise WriteError(f"the target's ID of {kind} {name!r} is unknown", "run again") from None

    def _remember(self, operation: Operation, answer: Answer) -> None:
        if operation.verb is Verb.CREATE and isinstance(answer.content, dict):
            number = answer.content.get("id")
            if isinstance(number, int):
                self._ids[operation.kind, operation.name] = number

    def _was_done(self, operation: Operation, answer: Answer) -> bool:
        """Settle a request whose first answer was lost, from what the server says when it comes again."""
        kind = operation.kind
        match operation.verb:
            case Verb.DELETE:
                return answer.status == _NOT_FOUND.get(kind, HTTPStatus.NOT_FOUND)
            case Verb.UNASSIGN:
                return answer.status == HTTPStatus.NOT_FOUND
            case Verb.CREATE if answer.status == _EXISTS.get(kind, HTTPStatus.CONFLICT):
                return self._found_as_wanted(operation)
        return False

    def _found_as_wanted(self, operation: Operation) -> bool:
        for name, (number, attributes) in self._look(operation.kind).items():
            if name == operation.name:
                self._ids[operation.kind, name] = number
                return attributes == operation.after
        return False

    def _look(self, kind: Kind) -> dict[str, tuple[int, Attributes]]:
        if kind is Kind.MAPPING:
            return {
                row.name: (
                    row.id,
                    Attributes(description=row.description, action=row.action),
                )
                for row in read_mappings(self._transport)
            }
        readers: dict[Kind, Callable[[Transport], Sequence[NamedRow]]] = {
            Kind.ACTION: read_actions,
            Kind.ROLE: read_roles,
            Kind.GROUP: read_groups,
        }
        rows = readers[kind](self._transport)
        return {row.name: (row.id, Attributes(description=row.description)) for row in rows}


def _remedy(operation: Operation, answer: Answer) -> str:
    match operation.verb, operation.kind, answer.status:
        case Verb.DELETE, Kind.ROLE, HTTPStatus.INTERNAL_SERVER_ERROR:
            return "a user may hold this role directly: take it from those users in Heimdall, then run again"
        case _, _, HTTPStatus.FORBIDDEN:
            return "give the token's user the superadmin role; heimdall-sync check shows what is missing"
        case Verb.CREATE, _, (HTTPStatus.BAD_REQUEST | HTTPStatus.CONFLICT):
            return "somebody else is changing the target; wait until nobody does, then run again"
    return "remove the cause, then run again: the changes already made stay"
