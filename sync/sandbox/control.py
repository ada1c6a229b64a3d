"""What tests do behind the API's back. No part of the API: neither published, logged, delayed nor faulty."""

from fastapi import APIRouter, FastAPI

from sync.model.snapshot import Snapshot, Value
from sync.sandbox.access import TheState, TheWorld
from sync.sandbox.faults import Fault
from sync.sandbox.loading import people_of, snapshot_of, write_order_of
from sync.sandbox.log import RequestRecord
from sync.sandbox.options import People
from sync.sandbox.pool import PoolRecord
from sync.sandbox.resolver import Decision
from sync.sandbox.watch import Moment, Watch
from sync.sandbox.world import World

PREFIX = "/_sandbox"
RESET = ("PUT", f"{PREFIX}/state")
"""The method and the path of the request that begins again with another state."""

router = APIRouter(prefix=PREFIX)


class Beginning(Value):
    """What a sandbox begins again with."""

    snapshot: Snapshot
    people: People = People()
    faults: tuple[Fault, ...] = ()


class Advance(Value):
    """How many seconds pass at once."""

    seconds: float


class Redis(Value):
    """Whether Redis answers."""

    answering: bool


def _endpoint(name: str) -> tuple[str, str]:
    method, _, path_pattern = name.partition(" ")
    return method, path_pattern


@router.get("/requests")
async def list_requests(world: TheWorld) -> list[RequestRecord]:
    """List the requests that have arrived."""
    return world.log.records()


@router.delete("/requests", status_code=204)
async def clear_requests(world: TheWorld) -> None:
    """Empty the log."""
    world.log.clear()


@router.get("/pool")
async def show_pool(world: TheWorld) -> PoolRecord:
    """Show what the connections to the database went through."""
    return world.pool.record


@router.get("/snapshot")
async def show_snapshot(state: TheState) -> Snapshot:
    """Show what the environment holds."""
    return snapshot_of(state)


@router.get("/write-order")
async def show_write_order(state: TheState) -> tuple[str, ...]:
    """List the names of the mappings, the one written first standing first."""
    return write_order_of(state)


@router.get("/people")
async def show_people(state: TheState) -> People:
    """Show who is in which group and who holds which role directly."""
    return people_of(state)


@router.get("/users")
async def list_users(state: TheState) -> list[str]:
    """List everyone who is known, be it by a single request."""
    return list(state.directory.users)


@router.put("/state", status_code=204)
async def begin_again(beginning: Beginning, world: TheWorld) -> None:
    """Replace everything: the state, the people, the log, the faults, the time."""
    world.reset(beginning.snapshot, beginning.people, beginning.faults)


@router.post("/faults", status_code=204)
async def add_fault(fault: Fault, world: TheWorld) -> None:
    """Put a rule in force."""
    world.faults.add(fault)


@router.delete("/faults", status_code=204)
async def clear_faults(world: TheWorld) -> None:
    """Let everything go well again."""
    world.faults.clear()


@router.post("/clock", status_code=204)
async def advance_clock(advance: Advance, world: TheWorld) -> None:
    """Let time pass."""
    world.clock.advance(advance.seconds)


@router.post("/restart", status_code=204)
async def restart(state: TheState) -> None:
    """Do what a restart of the server does."""
    state.restart()


@router.put("/row-order", status_code=204)
async def order_rows(names: list[str], state: TheState) -> None:
    """Let the database return these mappings last, in this order."""
    state.order_rows([_endpoint(name) for name in names])


@router.post("/decisions")
async def look(requests: list[str], state: TheState) -> list[Decision | None]:
    """Show what decides requests (`GET /users/me`) that nobody asked about before, and let nothing move."""
    return [state.resolver.look(*_endpoint(request)) for request in requests]


@router.put("/watch", status_code=204)
async def watch(requests: list[str], world: TheWorld) -> None:
    """Note from now on at each write what decides these requests."""
    world.watch = Watch(world.state, tuple(_endpoint(request) for request in requests))


@router.get("/watch")
async def list_moments(world: TheWorld) -> list[Moment]:
    """List what was noted."""
    return world.watch.moments


@router.put("/redis", status_code=204)
async def answer_or_not(redis: Redis, state: TheState) -> None:
    """Let Redis answer, or not."""
    state.resolver.answering = redis.answering


@router.delete("/redis/entries", status_code=204)
async def lose_entries(state: TheState, name: str | None = None) -> None:
    """Drop the entry of one mapping (`GET /users$`); without a name, flush Redis."""
    if name is None:
        state.resolver.flush()
        return
    mapping = state.mapping_at(*_endpoint(name))
    assert mapping is not None, "only an existing mapping's entry can be named"
    state.resolver.lose(mapping.method, mapping.id)


def create_control(world: World) -> FastAPI:
    """Return the application behind the control paths."""
    app = FastAPI(openapi_url=None)
    app.state.world = world
    app.include_router(router)
    return app
