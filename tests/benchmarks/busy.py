"""What else a machine does while something is measured: figures of a busy one say nothing."""

import os
import resource
import time
from pathlib import Path

MOST_SHARE = 0.1
"""Of the processors' time, what others may take: with more, all seconds are too many."""

LOOK_SECONDS = 2.0
"""How long to look at what others take before the start."""

_STAT = Path("/proc/stat")
_IDLE = slice(3, 5)
"""Of the times in the first line of `/proc/stat`, those in which nobody used a processor (proc(5))."""


class Others:
    """What other programs take of the processors, from the moment on at which this is made."""

    def __init__(self) -> None:
        self.load = os.getloadavg()[0]
        self._begun = _times()

    def use_the_machine(self) -> bool:
        """Tell whether others take so much now that nothing can be measured."""
        time.sleep(LOOK_SECONDS)
        return (self.share or 0.0) > MOST_SHARE

    @property
    def share(self) -> float | None:
        """Return how much of the processors' time others took, None where nothing tells."""
        now = _times()
        if now is None or self._begun is None:
            return None
        every, idle, ours = (after - before for after, before in zip(now, self._begun, strict=True))
        return max(0.0, every - idle - ours) / max(every, 0.01)

    def said(self) -> str:
        """Return what others took, in a sentence; where it was much, that no figure is to be trusted."""
        share = self.share
        taken = "" if share is None else f", and others took {share:.0%} of the processors' time meanwhile"
        said = f"The load was {self.load:.1f} before the start{taken}."
        if (share or 0.0) > MOST_SHARE:
            return f"**The machine was busy: the seconds are too many.** {said}"
        return said


def _times() -> tuple[float, float, float] | None:
    """Return seconds of all processors: every one, idle ones, and those of this process and its children."""
    if not _STAT.exists():
        return None
    first = _STAT.read_text(encoding="ascii").partition("\n")[0]
    times = [int(each) / os.sysconf("SC_CLK_TCK") for each in first.split()[1:9]]
    ours = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(times), sum(times[_IDLE]), sum(each.ru_utime + each.ru_stime for each in ours)
