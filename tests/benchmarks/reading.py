"""How much faster eight requests at once read an environment than one: both measured in one run.

The sandbox answers each request after 50 ms, as if it stood on another continent.
"""

import sys
import time

from pydantic import SecretStr

from sync.heimdall.reader import read_environment
from sync.heimdall.transport import Transport
from sync.model.snapshot import SUPERADMIN, Action, Group, Mapping, Role, Snapshot
from sync.sandbox.process import Sandbox, launch

DELAY = 0.05
AT_ONCE = 8


def environment() -> Snapshot:
    """Return 100 actions, 40 roles, 200 mappings and 30 groups."""
    actions = tuple(Action(name=f"action_{n}", description="an action") for n in range(100))
    return Snapshot(
        actions=actions,
        roles=(
            *(Role(name=f"role_{n:02}", actions=(actions[n].name,)) for n in range(39)),
            Role(name=SUPERADMIN),
        ),
        mappings=tuple(
            Mapping(method="GET", path_pattern=f"/{n}$", action=actions[n % 100].name) for n in range(200)
        ),
        groups=tuple(Group(name=f"group_{n:02}", roles=(f"role_{n:02}",)) for n in range(30)),
    )


def seconds_to_read(sandbox: Sandbox, concurrency: int) -> tuple[float, int]:
    """Return how long one reading takes, and how many requests it sends."""
    with Transport(
        sandbox.url, SecretStr(sandbox.token), read_only=True, concurrency=concurrency
    ) as transport:
        start = time.perf_counter()
        read_environment(transport)
        return time.perf_counter() - start, transport.sent


def main() -> int:
    """Print both times and their ratio; return 1 where it is below five."""
    with launch(environment(), delay=DELAY) as sandbox:
        one, requests = seconds_to_read(sandbox, 1)
        many, _ = seconds_to_read(sandbox, AT_ONCE)
    ratio = one / many
    sys.stdout.write(
        f"{requests} requests of {DELAY * 1000:.0f} ms: {one:.2f} s with 1 at once, "
        f"{many:.2f} s with {AT_ONCE} at once, {ratio:.1f} times as fast\n"
    )
    return 0 if ratio >= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
