"""The memory of a process, seen from inside one."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

HEAPS = """
import ctypes, gc, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from sync import cli

cli.main(["plan"])  # ends at once: nothing says between what
together = Barrier(8)
def use() -> None:
    together.wait()
    bytearray(100_000)
    together.wait()
with ThreadPoolExecutor(8) as threads:
    [threads.submit(use) for _ in range(8)]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
assert gc.get_threshold()[0] > 1_000
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_all_threads_share_what_they_free(tmp_path: Path) -> None:
    told = tmp_path / "malloc_info.xml"
    subprocess.run([sys.executable, "-c", HEAPS, str(told)], cwd=tmp_path, check=True, capture_output=True)

    assert told.read_text().count("<heap nr=") == 1
