"""Who gains access by a plan, who loses it and what opens, in sentences: the weightiest first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from sync.model.impact import AccessChange, Cause, Impact, Requirement
from sync.model.plan import Plan
from sync.report.document import Document
from sync.report.gaps import missing_for_a_moment, recreated_roles
from sync.report.naming import Naming, names_of, weight
from sync.report.sections import Row, Section, Severity, section
from sync.report.wording import Wording, plural

_UNCERTAIN = "only a pattern that can't be compared may match"

_AFTERWARDS = {"Weigh this first": "What weighs most", "Missing for a moment": "Was missing for a moment"}
"""Titles that read otherwise once the changes are made."""

_BECAUSE = {
    Cause.ASSIGNMENT: ("the group is given the role", "the role is taken from the group"),
    Cause.ROLE: ("the role is given the action", "the action is taken from the role"),
    Cause.MAPPING: ("the mapping asks for this action", "the mapping asks for another action"),
    Cause.OVERLAP: ("another mapping wins the request", "another mapping wins the request"),
    Cause.GROUP: ("the group is created", "the group is deleted"),
}


def access(document: Document, wording: Wording) -> list[Section]:
    """Return what a plan changes of who reaches what: what weighs most, who gains, who loses."""
    if document.plan is None:
        return []
    told = _told(document.plan, wording).sections(document.plan)
    is_over = document.outcomes is not None
    return [replace(one, title=_AFTERWARDS.get(one.title, one.title)) if is_over else one for one in told]


def drift_access(document: Document, wording: Wording) -> list[Section]:
    """Return who can reach what in the target because of the drift, the same way."""
    if document.drift_impact is None or document.plan is None or not document.drift:
        return []
    told = _Access(document.drift_impact, document.plan.members, wording).sections()
    return [
        replace(one, title=f"By hand in the target: {one.title[0].lower()}{one.title[1:]}") for one in told
    ]


def unchanged_access(document: Document, wording: Wording) -> list[Section]:
    """Return what a plan changes without a change of access, what dangles after it, and what is not known."""
    return _told(document.plan, wording).rest() if document.plan else []


def who_may(document: Document, wording: Wording) -> list[Section]:
    """Return who may use each endpoint that opens or asks for another action, before and after."""
    if document.plan is None:
        return []
    impact, told = document.plan.impact, _told(document.plan, wording)
    return section(
        "Endpoints that ask for another action, or for none any more",
        map(told.requirement, _requirements(impact)),
    )


def ways(document: Document, wording: Wording) -> list[Section]:
    """Return every access that is gained or lost, with its way and its causes."""
    if document.plan is None:
        return []
    impact, told = document.plan.impact, _told(document.plan, wording)
    rows = (
        told.way(change, gained=gained)
        for changes, gained in ((impact.gains, True), (impact.losses, False))
        for change in changes
    )
    return section("Every access that changes", rows)


def nobody(plan: Plan) -> tuple[str, str]:
    """Return that no access changes, in a few words and with the reason, as far as that is known."""
    hidden = plan.impact.unknown or plan.target.unreadable_roles or plan.target.unreadable_groups
    if hidden:
        return "Nobody is known to gain or lose access:", (
            "through what the target shows, every group reaches the same endpoints as before."
        )
    return "Nobody gains or loses access:", "every group reaches the same endpoints as before."


def groups_changed(impact: Impact) -> str:
    """Return how much changes: `2 groups gain access, 1 loses access, 1 endpoint opens to everyone`."""
    gaining, losing, opened = len(impact.gaining), len(impact.losing), len([*impact.newly_open])
    parts = [f"{plural(gaining, 'group')} {'gains' if gaining == 1 else 'gain'} access"] if gaining else []
    parts += [f"{plural(losing, 'group')} {'loses' if losing == 1 else 'lose'} access"] if losing else []
    parts += [f"{plural(opened, 'endpoint')} open{'s' if opened == 1 else ''} to everyone"] if opened else []
    return ", ".join(parts)


def _requirements(impact: Impact) -> Iterator[Requirement]:
    return chain(impact.opened, impact.changed)


def _told(plan: Plan, wording: Wording) -> "_Access":
    return _Access(plan.impact, plan.members, wording)


class _Access(Naming):
    """One change of access in the words of one format; `members` are counted by group."""

    @property
    def deleted(self) -> frozenset[str]:
        """Return the groups that are deleted."""
        return frozenset(self.impact.deleted)

    def sections(self, plan: Plan | None = None) -> list[Section]:
        """Return the sentences that an approver decides by; without a plan nothing is recreated."""
        impact = self.impact
        losses = [change for change in impact.losses if not self.deleted.issuperset(change.groups)]
        gains = sorted(impact.gains, key=self._heft)
        losses.sort(key=self._heft)
        return [
            *section("Weigh this first", self._weightiest()),
            *(recreated_roles(plan, self) if plan else ()),
            *section("Gains access", (self._sentence(change, gained=True) for change in gains)),
            *section(
                "Loses access", chain(self._lose_all(), (self._sentence(c, gained=False) for c in losses))
            ),
            *section("Becomes protected", map(self._closed, impact.closed)),
            *section("Missing for a moment", missing_for_a_moment(plan, self)),
            *section(
                "Not known, since what these groups hold can't be read",
                (Row(what=f"group {self.group(each)}") for each in impact.unknown),
            ),
        ]

    def rest(self) -> list[Section]:
        """Return what changes nothing for anybody, what is left without use, and what is not known."""
        impact, name = self.impact, self.wording.name
        endpoints = sum(each.endpoints for each in impact.replaced)
        same = [
            f"{name(each.before)} becomes {name(each.after)} for {plural(each.endpoints, 'endpoint')}"
            for each in impact.replaced
        ]
        nothing = [f"{self.some(same)}: the same groups hold both actions"] if endpoints else []
        nothing += (
            [f"another mapping with the same action wins {plural(impact.moved, 'request')}"]
            if impact.moved
            else []
        )
        dangling = impact.dangling
        unreached = sorted(dangling.mappings, key=weight)
        left = (
            ("action", "no role holds", dangling.actions, name),
            ("role", "no group holds", dangling.roles, name),
            ("endpoint", "only groups with superadmin reach", unreached, self.endpoint),
        )
        return [
            *section("Without effect for every group that stays", (Row(what=said) for said in nothing)),
            *section(
                "Used by nobody afterwards",
                (
                    Row(what=f"{plural(len(names), noun)} that {why}: {self.some(names, said, at_most=40)}")
                    for noun, why, names, said in left
                    if names
                ),
            ),
        ]

    def _weightiest(self) -> Iterator[Row]:
        impact = self.impact
        for group in impact.superadmin_granted:
            yield self._grave(f"group {self.group(group)} is given superadmin: it reaches everything")
        for certain in (True, False):
            opened = [r for each in impact.opened if each.certain is certain for r in each.requests]
            becomes = "becomes" if len(opened) == 1 else "become"
            how, why = (becomes, "no mapping matches any more") if certain else ("may become", _UNCERTAIN)
            if opened:
                yield self._grave(f"{self.endpoints(opened)} {how} open to everyone, without a token: {why}")
        emptied = {group: self.members.get(group) for group in impact.deleted if self.members.get(group) != 0}
        if emptied:
            counts = [people for people in emptied.values() if people is not None]
            lost = sum(counts)
            whose = (
                f"{lost:,} {'person' if lost == 1 else 'people'}"
                if lost
                else "everyone in " + ("it" if len(emptied) == 1 else "them")
            )
            whose += " and everyone in those that are not counted" if 0 < len(counts) < len(emptied) else ""
            yield self._grave(
                f"{self.plain_groups([*emptied])} deleted: {whose} {'lose' if lost > 1 else 'loses'} "
                f"the membership, and no rollback brings it back"
            )

    @staticmethod
    def _grave(said: str) -> Row:
        return Row(what=said, severity=Severity.WARNING)

    def _lose_all(self) -> Iterator[Row]:
        """Yield the groups that lose everything that they had."""
        for group in self.impact.superadmin_lost:
            yield Row(
                what=f"group {self.group(group)} loses superadmin, and all that its other roles do not allow"
            )
        deleted = self.impact.deleted
        if deleted:
            mine = (change for change in self.impact.losses if not self.deleted.isdisjoint(change.groups))
            count = len({requests for change in mine for requests in change.requests})
            goes = "is deleted: its" if len(deleted) == 1 else "are deleted: their"
            lost = f"members lose {plural(count, 'endpoint')}, unless another group of theirs gives access"
            yield Row(what=f"{self.groups(deleted)} {goes} {lost} (not known)")

    def _sentence(self, change: AccessChange, *, gained: bool) -> Row:
        groups = [each for each in change.groups if gained or each not in self.deleted]
        verb = ("gain" if gained else "lose") + ("s" if len(groups) == 1 else "")
        reached = self.some(names_of(change.requests), self.endpoint, noun="endpoint")
        return Row(
            what=f"{self.groups(groups)} {verb} {reached}",
            why=f"{self._way(change)}; {self._causes(change, gained=gained)}",
        )

    def _way(self, change: AccessChange) -> str:
        name, actions = self.wording.name, [each.action for each in change.through]
        role, action = (
            ("role" if len(change.roles) == 1 else "roles"),
            ("action" if len(actions) == 1 else "actions"),
        )
        return f"through {role} {self.some(change.roles, name)}, {action} {self.some(actions, name)}"

    @staticmethod
    def _causes(change: AccessChange, *, gained: bool) -> str:
        return " and ".join(_BECAUSE[cause][0 if gained else 1] for cause in change.causes)

    def _closed(self, each: Requirement) -> Row:
        names = self.endpoints(each.requests)
        holders, action = self._holders(each.groups_after), self.wording.name(each.action_after or "")
        return Row(
            what=f"{names}: open to everyone before, reached by {holders} afterwards (action {action})"
        )

    def requirement(self, each: Requirement) -> Row:
        """Return who may use some endpoints before a plan, and who afterwards."""
        return Row(
            what=self.some(names_of(each.requests), self.endpoint, at_most=20),
            before=self._may(each.action_before, each.groups_before),
            after=self._may(each.action_after, each.groups_after)
            if each.certain
            else f"not known: {_UNCERTAIN}",
        )

    def _may(self, action: str | None, groups: Sequence[str]) -> str:
        if action is None:
            return "everyone, without a token"
        return f"{self._holders(groups)} (action {self.wording.name(action)})"

    def _holders(self, groups: Sequence[str]) -> str:
        return self.some(groups, self.wording.name, at_most=20) if groups else "only groups with superadmin"

    def way(self, change: AccessChange, *, gained: bool) -> Row:
        """Return one change of access with all that belongs to it."""
        return Row(
            tag="gains" if gained else "loses",
            what=self.some(change.groups, self.wording.name, at_most=50),
            after=self.some(names_of(change.requests), self.endpoint, at_most=50),
            before=self._way(change).removeprefix("through "),
            why=self._causes(change, gained=gained),
        )

    def _heft(self, change: AccessChange) -> tuple[int, int]:
        names = names_of(change.requests)
        return weight(names[0])[0] if names else 9, -len(names) * len(change.groups)
