"""The words that every format shares, so that all of them say the same about the same thing.

Names, descriptions, reasons and everything else that comes from a server pass through here before
they are shown anywhere: one line stays one line, and nothing invisible stays invisible.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sync.model.outcome import Outcome
from sync.model.plan import Attributes, Blocked, Operation, Plan, Verb
from sync.model.snapshot import Kind, Snapshot

VERBS = tuple(Verb)
"""The order in which people are told about the changes of one kind."""

EDGE_VERBS = (Verb.ASSIGN, Verb.UNASSIGN)

FLAG = r"""--[\w-]+ (?:'[^']*'(?:"'"'[^']*')*|\S+:\S*?|\d+)"""
"""Matches a flag and its value, as a shell quotes it: one thing to copy."""

_RUNNER_COMMAND = re.compile(r"#(?=#\w*\[)")
"""GitHub and Azure run `##[command]` and `##vso[…]` wherever they stand in a line of a log."""


def printable(text: str) -> str:
    r"""Return text as one visible line: what a terminal would act on or hide is written as `\x1b`.

    Line breaks, control characters, marks that turn the direction of writing, characters without a
    width and halves of surrogate pairs are escaped. The result can be encoded in UTF-8 and is valid in
    XML 1.0.
    """
    visible = text  # as nearly every text is: there is no need to look at each character
    if not text.isprintable():
        visible = "".join(char if char.isprintable() else _escaped(char) for char in text)
    return _RUNNER_COMMAND.sub(r"\\x23", visible)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def quoted(name: str) -> str:
    """Return a name in single quotes that it can't leave."""
    return "'" + printable(name).replace("'", "\\'") + "'"


def plural(count: int, noun: str) -> str:
    """Return a number and its noun: `1 change`, `2,500 changes`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


_SIDES = {
    Verb.ASSIGN: ("not assigned", "assigned"),
    Verb.UNASSIGN: ("assigned", "not assigned"),
    Verb.REORDER: ("behind overlapping mappings", "in front of them"),
    Verb.REFRESH: ("uses the old name of its action", "uses the action's new name"),
}
"""What the target holds before and after the operations that change no attribute."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How one format speaks about operations and differences.

    `name` writes the name of an action, a role or a group, `text` everything else that is not ours, and
    `sentence` a sentence that may quote either.
    """

    name: Callable[[str], str]
    text: Callable[[str], str]
    sentence: Callable[[str], str]

    def subject(self, operation: Operation) -> str:
        """Return what an operation changes: `action 'x' to role 'y'`, `mapping GET /p$ -> x`."""
        match operation.verb:
            case Verb.ASSIGN | Verb.UNASSIGN:
                preposition = "to" if operation.verb is Verb.ASSIGN else "from"
                member = f"{operation.member_kind} {self.name(operation.member or '')}"
                return f"{member} {preposition} {operation.kind} {self.name(operation.name)}"
            case _ if operation.kind is Kind.MAPPING:
                attributes = operation.after or operation.before or Attributes()
                action = f" -> {self.text(attributes.action)}" if attributes.action else ""
                return f"mapping {self.text(operation.name)}{action}"
            case _:
                return f"{operation.kind} {self.name(operation.name)}"

    def phrase(self, operation: Operation) -> str:
        """Return an operation within a sentence: `update action 'users:read' description`."""
        return f"{operation.verb} {self._subject_and_change(operation)}"

    def describe(self, operation: Operation) -> str:
        """Return an operation as a line of its own: `[UPDATE] Action 'users:read' description`."""
        text = self._subject_and_change(operation)
        return f"[{operation.verb.upper()}] {text[0].upper()}{text[1:]}"

    def difference(self, blocked: Blocked) -> str:
        """Return what stays different: `role 'auditor' description`, `create action 'Old-Name'`."""
        operation = blocked.operation
        if operation is None:
            name = self.text if blocked.kind is Kind.MAPPING else self.name
            return f"{blocked.kind} {name(blocked.name)}"
        return (
            self._subject_and_change(operation) if operation.verb is Verb.UPDATE else self.phrase(operation)
        )

    def _subject_and_change(self, operation: Operation) -> str:
        subject = self.subject(operation)
        if operation.verb is not Verb.UPDATE:
            return subject
        if operation.kind is not Kind.MAPPING:
            return f"{subject} description"
        before, after = operation.before or Attributes(), operation.after or Attributes()
        changes = []
        if before.action != after.action:
            changes.append(f"was {self.text(before.action or '')}")
        if before.description != after.description:
            changes.append("description")
        return f"{subject} ({', '.join(changes)})"

    def sides(self, operation: Operation | None) -> tuple[str, str]:
        """Return what the target holds before an operation and after it: for an update, as far as it differs.

        `operation` is what makes a difference go away, None where the two sides can't be compared.
        """
        if operation is None:
            return "can't be compared", "can't be compared"
        if operation.verb in _SIDES:
            return _SIDES[operation.verb]
        before, after = operation.before, operation.after
        return self._attributes(before, after), self._attributes(after, before)

    def thing(self, kind: Kind, name: str, member: str | None = None) -> str:
        """Return what differs, whichever way: `action 'x' of role 'y'`, `mapping GET /p$`."""
        holder = f"{kind} {self.text(name) if kind is Kind.MAPPING else self.name(name)}"
        return holder if member is None else f"{MEMBER_OF[kind]} {self.name(member)} of {holder}"

    def states(self, sides: Mapping[str, Attributes | None]) -> dict[str, str]:
        """Return what each side holds of one thing: as far as those that hold it differ, or all of it."""
        there = [attributes for attributes in sides.values() if attributes]
        alike = all(attributes == there[0] for attributes in there)

        def differing(field: str) -> bool:
            return alike or len({getattr(attributes, field) for attributes in there}) > 1

        def state(attributes: Attributes | None) -> str:
            if attributes is None:
                return "missing"
            parts = []
            if attributes.action and differing("action"):
                parts.append(f"action {self.name(attributes.action)}")
            if attributes.description and differing("description"):
                parts.append(f"description {self.name(attributes.description)}")
            return ", ".join(parts) or ("present" if alike else "no description")

        return {side: state(attributes) for side, attributes in sides.items()}

    def _attributes(self, attributes: Attributes | None, other: Attributes | None) -> str:
        if attributes is None:
            return "missing"
        other = other or Attributes()
        parts = []
        if attributes.action and attributes.action != other.action:
            parts.append(f"action {self.name(attributes.action)}")
        if attributes.description and attributes.description != other.description:
            parts.append(f"description {self.name(attributes.description)}")
        return ", ".join(parts) or "no description"


PLAIN = Wording(name=quoted, text=printable, sentence=printable)
"""For consoles and XML."""


def contents_of(snapshot: Snapshot) -> str:
    """Return how much a snapshot holds: `25 actions, 9 roles with 63 assigned actions, 50 mappings, …`."""
    held = {
        Kind.ROLE: [role.actions for role in snapshot.roles],
        Kind.GROUP: [group.roles for group in snapshot.groups],
    }
    parts = []
    for kind in Kind:
        part = plural(len(snapshot.of(kind)), kind.value)
        if kind in held:
            known = [names for names in held[kind] if names is not None]
            part += f" with {plural(sum(map(len, known)), f'assigned {MEMBER_OF[kind]}')}"
            hidden = len(held[kind]) - len(known)
            part += f" (the server does not show those of {hidden:,})" if hidden else ""
        parts.append(part)
    return ", ".join(parts)


MEMBER_OF = {Kind.ROLE: Kind.ACTION, Kind.GROUP: Kind.ROLE}
"""What the kinds that hold something hold."""


def in_order(operations: Iterable[Operation]) -> list[Operation]:
    """Return operations by verb, those of one verb as the plan orders them."""
    return sorted(operations, key=lambda operation: VERBS.index(operation.verb))


def counts_of(operations: Iterable[Operation]) -> Counter[tuple[Kind, Verb]]:
    """Count operations by kind and verb; edges count for the kind that holds them."""
    return Counter((operation.kind, operation.verb) for operation in operations)


def lost_memberships(plan: Plan | None, operation: Operation) -> str:
    """Return what can't be brought back: `the membership of 37 people`, empty where nothing is lost."""
    if plan is None or (operation.verb, operation.kind) != (Verb.DELETE, Kind.GROUP):
        return ""
    members = plan.members.get(operation.name)
    if members is None:
        return "the membership of everyone in it"
    return f"the membership of {members:,} {'person' if members == 1 else 'people'}" if members else ""


def why(outcome: Outcome) -> str:
    """Return why an operation is not done, and whether that is certain."""
    if not outcome.unsettled:
        return outcome.reason
    return f"{outcome.reason} (the target may have made the change)"
