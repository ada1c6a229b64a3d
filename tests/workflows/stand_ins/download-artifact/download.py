"""Bring back artifacts of a run, whatever the attempt, by their ids or by a pattern, which may match none.

Without a token it looks into the list of this job's own run, where nothing is if STAND_INS_LISTING is broken.
"""

import os
import re
import shutil
import sys
from pathlib import Path

number_of_run = os.environ["ASKED_RUN"] if os.environ["ASKED_BY"] else os.environ["GITHUB_RUN_ID"]
if not os.environ["ASKED_BY"] and os.environ.get("STAND_INS_LISTING") == "broken":
    number_of_run = "none"
run = Path(os.environ["STAND_INS_STORE"], "artifacts", number_of_run)
into = Path(os.environ["DOWNLOADED"])


def fetch(artifact: Path) -> None:
    """Copy an artifact into the folder, or into one of its name there."""
    merged = os.environ["MERGE_MULTIPLE"] == "true"
    shutil.copytree(artifact, into if merged else into / artifact.name, dirs_exist_ok=True)


if pattern := os.environ.get("PATTERN"):
    # as minimatch takes it: a star, and one or more digits
    expression = re.escape(pattern).replace(re.escape("+([0-9])"), "[0-9]+")
    for artifact in run.glob("*/*"):
        if re.fullmatch(expression.replace(r"\*", "[^/]*"), artifact.name):
            fetch(artifact)
    sys.exit()
for number in os.environ["ARTIFACT_IDS"].split(","):
    found = list(run.glob(f"{number.strip()}/*")) if number.strip().isdigit() else []
    if not found:
        sys.exit(f"::error::No artifact of this run has the id {number!r}")
    for artifact in found:
        fetch(artifact)
