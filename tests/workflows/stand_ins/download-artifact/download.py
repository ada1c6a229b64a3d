"""Bring back artifacts of this run, whatever the attempt, by their ids."""

import os
import shutil
import sys
from pathlib import Path

run = Path(os.environ["STAND_INS_STORE"], "artifacts", os.environ["GITHUB_RUN_ID"])
into = Path(os.environ["DOWNLOADED"])

for number in os.environ["ARTIFACT_IDS"].split(","):
    found = list(run.glob(f"{number.strip()}/*")) if number.strip().isdigit() else []
    if not found:
        sys.exit(f"::error::No artifact of this run has the id {number!r}")
    for artifact in found:
        merged = os.environ["MERGE_MULTIPLE"] == "true"
        shutil.copytree(artifact, into if merged else into / artifact.name, dirs_exist_ok=True)
