"""Files that are on the disk completely or not at all, room that is held for them, and what to call them."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile


class Room:
    """Room on the disk of a folder, in bytes, until it is released or the process ends.

    Raises `OSError` where there is not that much.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - it is held beyond this
        try:
            while (left := size - self._file.tell()) > 0:
                # bytes that no file system can make smaller; where room ends, less of them is written
                self._file.write(os.urandom(min(_CHUNK, left)))
            os.fsync(self._file.fileno())
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Give the room to whoever writes next; once is enough."""
        self._file.close()


_CHUNK = 1 << 20


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


def name_beside(path: Path, other: Path | None) -> str:
    """Return the end of a path: its name, and as many folders before it as tell it from another one.

    git/heimdall              heimdall
    git/heimdall   heimdall   git/heimdall
    """
    ends, others = (_ends(each) if each else [] for each in (path, other))
    return next((end for end in ends if end not in others), ends[-1])


def _ends(path: Path) -> list[str]:
    # a path such as `.` has no name of its own
    names = [part for part in (path if path.name else path.resolve()).parts if part != path.anchor]
    return ["/".join(names[-count:]) for count in range(1, len(names) + 1)] or [""]
