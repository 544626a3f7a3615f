"""The process that kernels are forked from: it imports once what the lessons import."""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

# Before Matplotlib is imported: what ipykernel would set. pyplot itself is left to the kernels,
# since it picks the backend.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

import ipykernel.ipkernel  # noqa: F401
import matplotlib.figure  # noqa: F401
import numpy as np  # noqa: F401
import scipy.stats  # noqa: F401
import sklearn.pipeline  # noqa: F401
from ipykernel.kernelapp import IPKernelApp


def main(path: str, watched: int) -> None:
    """Fork a kernel for each connection until the watched process ends."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels
    while _lives(watched):
        if not select.select([server], [], [], 1)[0]:
            continue
        line, _ = server.accept()
        request = json.loads(line.makefile().readline())
        if os.fork() == 0:
            server.close()
            _become_kernel(request, line)
        line.close()
    Path(path).unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _become_kernel(request: dict[str, Any], line: socket.socket) -> NoReturn:
    """Run a kernel in this forked process, until it is shut down or its stand-in ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    line.sendall(f"{os.getpid()}\n".encode())

    def watch() -> None:
        with contextlib.suppress(OSError):
            while line.recv(1):
                pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    sys.path[0] = ""  # as for a kernel: the notebook's folder
    sys.argv = ["ipykernel_launcher", *request["argv"]]
    try:
        IPKernelApp.launch_instance()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
