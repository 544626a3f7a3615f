"""What the `course` command runs first: it looks whether `course` and `utils` are its own.

PyPI has other packages of both names. This file has the distribution's name, which nobody else has,
and is installed beside them; where the repository itself is installed, it lies two folders deeper.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def main() -> int:
    """Run the command, or say in one sentence why it cannot be run."""
    here = Path(__file__).resolve()
    for name in ("course", "utils"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin not in [folder / name / "__init__.py" for folder in here.parents[:3]]:
            came = origin or "nothing"
            print(
                f"course: Python finds another package called {name} ({came}): "
                "install the course in a virtual environment of its own",
                file=sys.stderr,
            )
            return 1
    from course.cli import main as run

    return run()
