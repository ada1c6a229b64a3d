"""A cache in a folder: entries never change, and belong to the paths that they were saved from."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

STORE = Path(os.environ["STAND_INS_STORE"], "cache")


def entries() -> list[tuple[Path, Any]]:
    """Return every entry's folder and what it is, the newest first."""
    folders = sorted(STORE.glob("*"), reverse=True)
    return [(folder, json.loads((folder / "entry.json").read_text())) for folder in folders]


def files_of(paths: str) -> list[Path]:
    """Return the files that patterns match, one pattern a line."""
    return [file for pattern in paths.split() for file in sorted(Path().glob(pattern))]


def save(paths: str, key: str) -> None:
    """Keep copies. Like the action, it only warns where there is nothing to keep or the key is taken."""
    files = files_of(paths)
    if not files:
        print(f"::warning::Path Validation Error: {paths} does not exist")
        return
    found = entries()
    if any(entry == {"key": key, "path": paths} for _, entry in found):
        print(f"::warning::Failed to save: the key {key} is taken")
        return
    folder = STORE / f"{len(found):04}"
    for file in files:
        kept = folder / "content" / file
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept)
    (folder / "entry.json").write_text(json.dumps({"key": key, "path": paths}))


def restore(paths: str, key: str, restore_keys: str) -> None:
    """Bring back the entry with that key, or else the newest whose key begins as asked."""
    outputs = {"cache-hit": "", "cache-matched-key": ""}
    usable = [(folder, entry["key"]) for folder, entry in entries() if entry["path"] == paths]
    exact = [(folder, found) for folder, found in usable if found == key]
    begun = [
        (folder, found)
        for beginning in restore_keys.split()
        for folder, found in usable
        if found.startswith(beginning)
    ]
    for folder, found in (exact or begun)[:1]:
        shutil.copytree(folder / "content", Path(), dirs_exist_ok=True)
        outputs = {"cache-hit": str(found == key).lower(), "cache-matched-key": found}
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["save", paths, key]:
            save(paths, key)
        case ["restore", paths, key, restore_keys]:
            restore(paths, key, restore_keys)
