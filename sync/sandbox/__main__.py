"""Run a sandbox: `python -m sync.sandbox --example staging`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sync.errors import HeimdallSyncError
from sync.model.snapshot import Snapshot
from sync.sandbox.example import PEOPLE, production, staging
from sync.sandbox.faults import Fault
from sync.sandbox.options import Options, People, Shift
from sync.sandbox.process import require_extra
from sync.sandbox.tokens import make_token
from sync.sandbox.world import World

FAULTS = TypeAdapter(tuple[Fault, ...])
_EXAMPLES = {"staging": (staging(), People()), "production": (production(), PEOPLE)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sync.sandbox",
        description="A Heimdall admin API. Prints its URL once it listens.",
    )
    parser.add_argument(
        "--token", action="store_true", help="print a superadmin's token for an hour, and end"
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--state", type=Path, help="a snapshot to start with (JSON); nothing otherwise")
    start.add_argument("--example", choices=list(_EXAMPLES), help="start with what the demo starts with")
    parser.add_argument("--people", type=Path, help='{"members": {group: [CPF]}, "roles": {role: [CPF]}}')
    parser.add_argument("--faults", type=Path, help="a list of fault rules (JSON)")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine; loopback otherwise")
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--first-id", type=int, help="the id that every table counts from")
    parser.add_argument("--delay", type=float, help="seconds that a request spends on its way")
    parser.add_argument("--read-time", type=float, help="seconds of the server's own work for a GET")
    parser.add_argument("--write-time", type=float, help="the same for any other request")
    parser.add_argument("--serial", action="store_true", help="work for one request at a time")
    parser.add_argument("--publish-updates", action="store_true", help="PUT for roles and groups")
    parser.add_argument("--no-openapi", action="store_true", help="don't publish the API's schema")
    parser.add_argument(
        "--shifting-list", choices=list(Shift), help="a row that moves between two pages of actions"
    )
    parser.add_argument("--shifting-readings", type=int, help="how many readings of the list meet that")
    parser.add_argument("--cerbos-down", action="store_true", help="nobody decides about permissions")
    parser.add_argument("--pool", type=int, help="connections to its database; any number otherwise")
    parser.add_argument("--silence", type=float, help="seconds without an answer when they are used up")
    parser.add_argument("--no-cache", action="store_true", help="look anew at who decides a request")
    parser.add_argument("--rate", type=float, help="requests a second that are not refused with 429")
    parser.add_argument("--burst", type=int, help="how many of them at once after a pause; 1 otherwise")
    parser.add_argument("--no-retry-after", action="store_true", help="don't say when to send again")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end where standard input ends")
    return parser


def _world(given: dict[str, Any]) -> World:
    """Take what the files hold out of what is given, and leave the options."""
    state, people, faults = (given.pop(name, None) for name in ("state", "people", "faults"))
    snapshot, members = _EXAMPLES.get(given.pop("example", ""), (Snapshot(), People()))
    return World(
        Snapshot.model_validate_json(state.read_bytes()) if state else snapshot,
        People.model_validate_json(people.read_bytes()) if people else members,
        Options(**given),
        FAULTS.validate_json(faults.read_bytes()) if faults else (),
    )


def main() -> None:
    """Serve until stopped. Exit with 1 and the reason where that can't begin."""
    parser = _parser()
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    if given.pop("token"):
        sys.stdout.write(f"{make_token()}\n")
        return
    address, stop_with_stdin = (given.pop("host"), given.pop("port")), given.pop("stop_with_stdin")
    try:
        require_extra()
        from sync.sandbox.server import listen, serve  # noqa: PLC0415 - only where the extra is there

        world, listener = _world(given), listen(*address)
    except HeimdallSyncError as error:
        sys.exit(f"{parser.prog}: {error.message}: {error.hint}")
    except (OSError, ValueError) as error:
        sys.exit(f"{parser.prog}: {error}")
    serve(world, listener, stop_with_stdin=stop_with_stdin)


if __name__ == "__main__":
    main()
