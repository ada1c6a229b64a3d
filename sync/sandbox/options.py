"""What a sandbox starts with: the people it knows, and how it differs from a plain server."""

from enum import StrEnum

from pydantic import Field

from sync.model.snapshot import Value


class Shift(StrEnum):
    """What goes wrong between two pages of the list of actions."""

    REPEAT = "repeat"
    DROP = "drop"


class People(Value):
    """Memberships by the name of the group, and the roles that people hold directly by the name of the role.

    People are named by their CPF.
    """

    members: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Options(Value):
    """How a sandbox behaves.

    `first_id` is the id that every table counts from, `delay` the seconds that each request spends on its
    way, side by side with others. `read_time` and `write_time` are the seconds of the server's own work for a
    `GET` and for any other request; `serial` does that work for one request at a time. `publish_updates` is
    an API with `PUT` for roles and groups, `no_openapi` one that doesn't publish its schema. With
    `shifting_list` a row is repeated or dropped between two pages of the list of actions, in its first
    `shifting_readings` readings. `cerbos_down` leaves nobody to decide about permissions. `pool` is how many
    connections to its database the server has (the real one: 15; 0: any number). A request that finds none
    left is answered with 500, and after that, or where two tries of one write are under way together, nobody
    is answered for `silence` seconds. `no_cache` looks anew at who decides a request each time.

    A gateway in front of the server lets `rate` requests a second through (0: any number), after a pause up
    to `burst` at once. It refuses the others with 429, and with `no_retry_after` does not say for how long.
    """

    first_id: int = Field(default=1, ge=1)
    delay: float = Field(default=0.0, ge=0)
    serial: bool = False
    read_time: float = Field(default=0.0, ge=0)
    write_time: float = Field(default=0.0, ge=0)
    publish_updates: bool = False
    no_openapi: bool = False
    shifting_list: Shift | None = None
    shifting_readings: int = Field(default=1, ge=0)
    cerbos_down: bool = False
    pool: int = Field(default=0, ge=0)
    silence: float = Field(default=223.0, ge=0)
    no_cache: bool = False
    rate: float = Field(default=0.0, ge=0)
    burst: int = Field(default=1, ge=1)
    no_retry_after: bool = False

    def flags(self) -> list[str]:
        """Return the command-line flags that say the same."""
        flags = []
        for name, value in self.model_dump(mode="json", exclude_defaults=True).items():
            flag = f"--{name.replace('_', '-')}"
            flags.append(flag if value is True else f"{flag}={value}")
        return flags
