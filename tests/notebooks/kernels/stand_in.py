"""What Jupyter takes for the kernel: it asks `parent` to fork one, and ends when that ends.

It is run by itself with few modules, since it is started for each notebook.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time


def main(folder: str, connection_file: str) -> None:
    """Have a kernel forked, pass interrupts on, and wait for its end."""
    line = _connect(f"{folder}/socket")
    request = {
        "argv": ["-f", connection_file, "--HistoryManager.enabled=False"],
        "folder": os.getcwd(),  # noqa: PTH109 (pathlib takes time to import)
        "environment": dict(os.environ),
    }
    line.sendall(json.dumps(request).encode() + b"\n")
    kernel = int(line.makefile().readline())
    signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
    while line.recv(1):  # nothing until the kernel closes its end; it does the same if we end
        pass


def _connect(path: str) -> socket.socket:
    """Connect to the parent process, which the first to come starts."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(path)
        return line
    except OSError:
        parent = __file__.replace("stand_in.py", "parent.py")
        # It watches over the pytest worker, which is two processes up from here at most.
        subprocess.Popen(
            [sys.executable, parent, path, str(os.getppid())],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    for _ in range(600):
        try:
            line.connect(path)
            return line
        except OSError:
            time.sleep(0.1)
    sys.exit("the process that kernels are forked from does not start")


if __name__ == "__main__":
    main(*sys.argv[1:])
