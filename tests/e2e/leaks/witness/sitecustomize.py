"""Put on `PYTHONPATH`, this notes what a Python process writes to, connects to and starts."""

import json
import os
import sys

_CHILDREN = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def _note(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and isinstance(args[2], int) and args[2] & _WRITING:
        seen: list[object] = ["file", args[0]]
    elif event == "socket.connect":
        seen = ["connection", args[1]]
    elif event in _CHILDREN:
        seen = ["child", args]
    else:
        return
    os.write(_NOTES, (json.dumps(seen, default=str) + "\n").encode())


if "WITNESS" in os.environ:
    _NOTES = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    sys.addaudithook(_note)
