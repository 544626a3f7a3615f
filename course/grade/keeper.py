"""Runs one program, and leaves nothing of it: run by its path, with nothing of the course imported.

bubblewrap dies with its parent, and what it runs with it; but for some milliseconds its child waits
for it, and would wait for ever. So its parent is this process, to which the kernel gives every
orphan below. It ends when the grader asks for it, or is no more, however that happened.
"""

import ctypes
import os
import select
import signal
import sys

_CHILD_SUBREAPER = 36


def main(command: list[str]) -> None:
    """Run a program until it ends, or its standard input has no writer, or we are asked to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        ended = os.pidfd_open(os.posix_spawnp(command[0], command, os.environ))
        wait = select.poll()
        wait.register(ended, select.POLLIN)
        wait.register(sys.stdin.fileno(), 0)  # it tells of the last writer's end alone
        wait.poll()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_all()


def _end_all() -> None:
    """Kill what is below, and what comes to us when that has died, until nothing is left."""
    while True:
        for child in _children():
            os.kill(child, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _children() -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208  # pathlib loads slowly
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                parent = int(file.read().rpartition(b") ")[2].split()[1])
        except OSError:  # it has gone
            continue
        if parent == os.getpid():
            found.append(int(name))
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
