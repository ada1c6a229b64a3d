"""A cache in a folder: entries never change, and belong to the path that they were saved from."""

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


def save(path: str, key: str) -> None:
    """Keep a copy. Like the action, it only warns where there is nothing to keep or the key is taken."""
    if not Path(path).exists():
        print(f"::warning::Path Validation Error: {path} does not exist")
        return
    found = entries()
    if any(entry == {"key": key, "path": path} for _, entry in found):
        print(f"::warning::Failed to save: the key {key} is taken")
        return
    folder = STORE / f"{len(found):04}"
    folder.mkdir(parents=True)
    shutil.copy(path, folder / "content")
    (folder / "entry.json").write_text(json.dumps({"key": key, "path": path}))


def restore(path: str, key: str, restore_keys: str) -> None:
    """Bring back the entry with that key, or else the newest whose key begins as asked."""
    outputs = {"cache-hit": "", "cache-matched-key": ""}
    usable = [(folder, entry["key"]) for folder, entry in entries() if entry["path"] == path]
    exact = [(folder, found) for folder, found in usable if found == key]
    begun = [
        (folder, found)
        for beginning in restore_keys.split()
        for folder, found in usable
        if found.startswith(beginning)
    ]
    for folder, found in (exact or begun)[:1]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "content", path)
        outputs = {"cache-hit": str(found == key).lower(), "cache-matched-key": found}
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["save", path, key]:
            save(path, key)
        case ["restore", path, key, restore_keys]:
            restore(path, key, restore_keys)
