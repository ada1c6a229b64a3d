"""What every format says of overlaps and of the mappings themselves, in the same words."""

from collections.abc import Sequence

from sync.model.plan import Exposure, Strategy, WinnerChange
from sync.overlaps.answers import Doubt, Remark
from sync.overlaps.lint import Fault, Flaw
from sync.report.document import Document
from sync.report.wording import Wording, plural

_BETWEEN = {
    Strategy.LEAST_PRIVILEGE: "could get through",
    Strategy.ZERO_DOWNTIME: "could be kept out",
}

EXPOSED = "Decided by a third mapping while those that match the same are written"
"""What an exposure is, as a heading."""


_BECAUSE = {Fault.UNREAL: " is text in it", Fault.UNDECIDING: " always does", Fault.BLANK: " more like it"}


def request_of(about: WinnerChange | Exposure) -> str:
    """Return a request as people write it: `GET /users/me`."""
    return f"{about.method} {about.path}"


def decider(name: str | None, action: str | None, wording: Wording) -> str:
    """Return which mapping decides a request, and the action that it asks for."""
    if name is None:
        return "no mapping"
    return wording.text(name) + (f" (action {wording.name(action)})" if action else "")


def before_and_after(decision: WinnerChange, wording: Wording) -> tuple[str, str]:
    """Return which mapping decides a request before a plan, and which after it."""
    return (
        decider(decision.before, decision.before_action, wording),
        decider(decision.after, decision.after_action, wording),
    )


def exposed(exposure: Exposure, strategy: Strategy, wording: Wording) -> str:
    """Return what an exposure means: `GET /users/me by GET /users/([^/]+)$: group 'x' could get through`."""
    groups = ", ".join(map(wording.name, exposure.groups))
    noun = "group" if len(exposure.groups) == 1 else "groups"
    request, mapping = wording.text(request_of(exposure)), wording.text(exposure.mapping)
    return f"{request} by {mapping}: {noun} {groups} {_BETWEEN[strategy]}"


def remarked(remark: Remark, wording: Wording) -> str:
    """Return what a server answered, what its list shows, and what that means."""
    same = remark.answered.mapping == remark.shown.mapping
    answered, shown = (
        decider(winner.mapping, winner.action if same else None, wording)
        for winner in (remark.answered, remark.shown)
    )
    request = wording.text(remark.request)
    return f"{request} in the {remark.side}: decided by {answered}, its list shows {shown}; {remark.doubt}"


def reach(document: Document, wording: Wording) -> str:
    """Return what was compared: `every row, and which mapping wins each overlap`, with what it leaves out."""
    not_compared = document.not_compared
    cached = sum(remark.doubt is Doubt.CACHED for remark in document.remarks)
    but = [_some(not_compared, wording)] if not_compared else []
    but += [f"{plural(cached, 'answer')} that may come from a cache"] if cached else []
    return "every row, and which mapping wins each overlap" + (
        f", but for {' and '.join(but)}" if but else ""
    )


def _some(names: Sequence[str], wording: Wording) -> str:
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return f"the overlaps of {wording.text(names[0])}{more}, whose pattern can't be compared"


def flawed(flaw: Flaw, wording: Wording) -> str:
    """Return what is wrong with a mapping, and what shows it."""
    said = f"mapping {wording.text(flaw.mapping)} {flaw.fault}"
    if not flaw.because:
        return said
    return f"{said}: {wording.text(flaw.because)}{_BECAUSE.get(flaw.fault, '')}"
