"""Kernels for nbval that start in no time: forked from a process that has imported what they need.

A notebook costs seconds of imports, and there are two for each lesson. Here one process for each
pytest worker imports them once (`parent`) and forks for each notebook; what Jupyter starts is a
small process (`stand_in`) that hands over the connection file and lives as long as the kernel does.
A forked kernel is an ordinary one in every other respect, and `course release --check` uses those.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

NAME = "course"  # of the kernel, for --nbval-kernel-name


def install(scratch: str) -> None:
    """Let Jupyter, in this process and its children, find the kernel.

    Parameters
    ----------
    scratch : str
        A folder of this process's own.
    """
    folder = Path(scratch)
    here = Path(__file__).parent
    if hasattr(os, "fork") and sys.platform != "darwin":  # macOS's libraries do not survive a fork
        stand_in = str(here / "stand_in.py")
        argv = [sys.executable, "-S", "-E", stand_in, str(folder), "{connection_file}"]
    else:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = folder / "kernels" / NAME
    spec.mkdir(parents=True)
    text = json.dumps({"argv": argv, "display_name": NAME, "language": "python"})
    (spec / "kernel.json").write_text(text, encoding="utf-8")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(folder), os.environ.get("JUPYTER_PATH")])
    )
