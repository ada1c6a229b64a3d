"""What the console says of differences that no change can remove."""

from collections.abc import Iterable

from rich.text import Text

from sync.model.plan import Blocked, Rules
from sync.report.checks import is_protected
from sync.report.lines import Lines, remedy
from sync.report.wording import PLAIN, printable


def blocked_lines(differences: Iterable[Blocked], rules: Rules) -> Lines:
    """Return each difference with its reason and, where nobody has accepted it, what to do about it."""
    lines: Lines = []
    for blocked in differences:
        known_as = "PROTECTED" if is_protected(blocked, rules) else "ACCEPTED"
        tag, style = (known_as, "dim") if blocked.accepted else ("BLOCKED", "bold magenta")
        lines.append(Text(f"  [{tag}] {PLAIN.difference(blocked)}: {printable(blocked.reason)}", style))
        if not blocked.accepted:
            lines += remedy(blocked.remedy)
    return lines
