"""Keep a folder's files, but hidden ones, as an artifact of this run whose name is taken from then on.

Patterns of files, one a line, are taken in place of a folder; the artifact begins where all of them do.
"""

import json
import os
import shutil
import sys
from pathlib import Path

name, patterns = os.environ["ARTIFACT"], os.environ["UPLOADED"].split()
folder = Path(patterns[0]) if len(patterns) == 1 else Path(os.path.commonpath(map(os.path.dirname, patterns)))
artifacts = Path(os.environ["STAND_INS_STORE"], "artifacts")

if set(name) & set('":<>|*?\r\n\\/'):
    sys.exit(f"::error::{name} is no name for an artifact")
there = folder.rglob("*") if len(patterns) == 1 else (file for each in patterns for file in Path().glob(each))
files = [
    file.relative_to(folder)
    for file in sorted(there)
    if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
]
if not files:
    match os.environ["IF_NO_FILES_FOUND"]:
        case "error":
            sys.exit(f"::error::No files were found with the provided path: {folder}")
        case "warn":
            print(f"::warning::No files were found with the provided path: {folder}")
        case "ignore":
            print("No files were found")
        case other:
            sys.exit(f"::error::Unrecognized if-no-files-found: {other}")
    sys.exit()
run = artifacts / os.environ["GITHUB_RUN_ID"]
if list(run.glob(f"*/{name}")):
    sys.exit("::error::Conflict: an artifact with this name already exists on the workflow run")
number = str(len(list(artifacts.glob("*/*"))) + 1)
for file in files:
    kept = run / number / name / file
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / file, kept)
environments = Path(os.environ["STAND_INS_STORE"], "environments.json")
known = json.loads(environments.read_text()) if environments.exists() else {}
environments.write_text(json.dumps({**known, name: os.environ.get("STAND_INS_ENVIRONMENT", "")}))
with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
    outputs.write(f"artifact-id={number}\n")
