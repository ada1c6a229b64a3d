"""Everything that one sandbox process holds."""

from sync.model.snapshot import Snapshot
from sync.sandbox.clock import Clock
from sync.sandbox.faults import Fault, Faults
from sync.sandbox.loading import state_of
from sync.sandbox.log import RequestLog
from sync.sandbox.options import Options, People
from sync.sandbox.pool import Pool
from sync.sandbox.rate_limit import Bucket
from sync.sandbox.shifting import ShiftingList
from sync.sandbox.watch import Watch


class World:
    """A state, and what stands between it and those who ask: options, faults, the log, the clock."""

    def __init__(
        self, snapshot: Snapshot, people: People, options: Options, faults: tuple[Fault, ...] = ()
    ) -> None:
        self.options = options
        self.reset(snapshot, people, faults)

    def reset(self, snapshot: Snapshot, people: People, faults: tuple[Fault, ...] = ()) -> None:
        """Begin again with another state, an empty log, the right time and these faults only."""
        clock = Clock()
        self.state = state_of(snapshot, people, self.options.first_id, clock)
        self.state.resolver.remembering = not self.options.no_cache
        self.clock = clock
        self.action_list = ShiftingList(self.options.shifting_list, self.options.shifting_readings)
        self.log = RequestLog()
        self.faults = Faults(faults)
        self.bucket = Bucket(self.options.rate, self.options.burst)
        self.pool = Pool(self.options.pool, self.options.silence)
        self.watch = Watch(self.state)
