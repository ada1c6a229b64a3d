"""The published schemas of a plan and of a snapshot in JSON: `python -m sync.model.schema` prints one."""

import json
import sys
from typing import Any

from sync.model.plan import Plan
from sync.model.snapshot import Snapshot


def plan_schema() -> str:
    """Return the JSON Schema of `heimdall-sync/plan/2`, made from the model that writes and reads it."""
    return _as_text(Plan.model_json_schema(mode="serialization"))


def snapshot_schema() -> str:
    """Return the JSON Schema of `heimdall-sync/snapshot/1`, made from the model that writes and reads it."""
    return _as_text(Snapshot.model_json_schema())


def _as_text(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(snapshot_schema() if sys.argv[1:] == ["snapshot"] else plan_schema())
