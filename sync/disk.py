"""Files that are on the disk completely or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_whole(path: Path, text: str, mode: int) -> None:
    """Write a file so that it is on the disk completely or not at all. Raises `OSError`."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text.encode())
            file.flush()
            temporary.chmod(mode)
            os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file, or would if it were there."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()
