"""The published schema of `plan.json`: `python -m sync.model.schema` prints it."""

import json
import sys

from sync.model.plan import Plan


def plan_schema() -> str:
    """Return the JSON Schema of `heimdall-sync/plan/2`, made from the model that writes and reads it."""
    schema = Plan.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(plan_schema())
