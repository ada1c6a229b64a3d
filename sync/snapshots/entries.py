"""What a TOML file of a snapshot holds, and its schema: `python -m sync.snapshots.entries` prints it."""

import json
import sys

from pydantic import BaseModel, ConfigDict, Field

from sync.model.snapshot import Kind

SCHEMA = "snapshot-folder-1.json"
"""The name of the schema's file, beside an export and among the published ones."""

_WINS_OVER = "Endpoints of other mappings: where a path matches one of them and this one, this one wins"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ActionEntry(_Entry):
    """A right that Heimdall knows by name."""

    name: str = Field(description="The name, for example users:read")
    description: str = ""


class RoleEntry(_Entry):
    """A set of actions."""

    name: str
    description: str = ""
    unreadable: bool = Field(default=False, description="true if the server did not show the actions")
    actions: tuple[str, ...] = Field((), description="Names of the actions that the role holds")


class MappingEntry(_Entry):
    """What ties an endpoint to the action that a caller needs there."""

    endpoint: str = Field(
        pattern=r"^\S+ ", description="A method and a pattern of paths, for example 'GET /users/([^/]+)$'"
    )
    action: str = Field(description="Name of the action that a caller needs")
    description: str = ""
    wins_over: tuple[str, ...] = Field((), description=_WINS_OVER)
    wins_over_in_fallback: tuple[str, ...] = Field(
        (), description=f"{_WINS_OVER}. This is for paths that only the server's database matches"
    )

    @property
    def name(self) -> str:
        """Return what identifies the mapping in every environment."""
        return self.endpoint


class GroupEntry(_Entry):
    """A set of roles. Its members are not part of a snapshot."""

    name: str
    description: str = ""
    unreadable: bool = Field(default=False, description="true if the server did not show the roles")
    roles: tuple[str, ...] = Field((), description="Names of the roles that the group holds")


Entry = ActionEntry | RoleEntry | MappingEntry | GroupEntry


class Contents(_Entry):
    """A part of a snapshot of Heimdall. All files of a folder together are the whole snapshot."""

    actions: tuple[ActionEntry, ...] = ()
    roles: tuple[RoleEntry, ...] = ()
    mappings: tuple[MappingEntry, ...] = ()
    groups: tuple[GroupEntry, ...] = ()

    def of(self, kind: Kind) -> tuple[Entry, ...]:
        """Return the entries of one kind, in the order of the file."""
        entries: tuple[Entry, ...] = getattr(self, kind.plural)
        return entries


def folder_schema() -> str:
    """Return the JSON Schema of a TOML file, made from the models that read it."""
    schema = Contents.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(folder_schema())
