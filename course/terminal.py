"""What is printed arrives: on a terminal of any encoding, and where nobody reads to the end."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

# What stands for a sign that a terminal's encoding lacks; a letter is spelt by its number.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("–—−‑", "-"),
        "…": "...",
        "→": "->",
        "×": "x",
        "·": ",",
        "≤": "<=",
        "≥": ">=",
        "✓": "+",
        "✗": "x",
    }
)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = error.object[error.start : error.end].translate(_PLAIN)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("course", _spell)


def prepare() -> None:
    """Let standard output and error take every letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="course")


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line; where the reader has gone, as with `| head`, the work goes on unheard.

    Parameters
    ----------
    text : str
    stream : text stream, optional
        By default standard output.
    """
    stream = stream or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except OSError:
        silence(stream)


def flush() -> None:
    """Write out what is left, so that Python does not try, and complain, at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            silence(stream)


def silence(stream: TextIO) -> None:
    """Send all that is still printed nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except OSError:  # not a stream of the system's
        pass
    finally:
        os.close(nowhere)
