"""Running an answer: one call, and a record of what it did.

It imports NumPy alone, since the grader runs it beside a student's code, where nothing can be known
of what is right.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import io
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]  # of one call
Drive = Callable[..., Any]  # see `exercise.Exercise`

TIME_LIMIT = 5.0  # seconds for one call; a right answer needs milliseconds
_PATIENCE = 4
PRINT_LIMIT = 2_000  # characters kept of what an answer prints
# What NumPy warns of by default, whatever a notebook has made of it with np.seterr.
_AS_USUAL: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


class Status(StrEnum):
    """How it went: a call, an exercise, a submission. One vocabulary from the call to the report."""

    RETURNED = "returned"  # a call gave plain data; whether it is right is still to be seen
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    NOT_PLAIN = "not plain"
    NOT_ATTEMPTED = "not_attempted"
    FORBIDDEN = "forbidden"
    UNREADABLE = "unreadable"
    # What a sandbox can say of an exercise or a submission besides.
    DONE = "done"
    MISSING = "missing"
    UNDEFINED = "undefined"
    NOT_CALLABLE = "not callable"
    DIED = "died"
    FLOODED = "too much output"
    DAMAGED = "damaged"


# After one of these no further case is run.
ENDS_IT = (Status.TIMEOUT, Status.NOT_ATTEMPTED)


@dataclass(frozen=True)
class Outcome:
    """What one call of an answer did.

    Attributes
    ----------
    value : array, or tuple of values
        What it returned, as plain data, if ``status`` is RETURNED.
    status : Status
        RETURNED, ERROR, TIMEOUT, NOT_PLAIN or NOT_ATTEMPTED.
    error : str
        The exception's type, if ``status`` is ERROR.
    detail : str
        One sentence on an error, or on what came instead of plain data.
    changed : str
        Which argument it changed in place ("its argument"), or "".
    warned : str
        NumPy's first warning, or "".
    printed : str
        What it printed, cut at PRINT_LIMIT.
    where : tuple of (str, int)
        File and line of the answer's own code at which it raised; ("", 0) where that is not known.
    """

    value: Any = None
    status: Status = Status.RETURNED
    error: str = ""
    detail: str = ""
    changed: str = ""
    warned: str = ""
    printed: str = ""
    where: tuple[str, int] = ("", 0)


class NotPlainError(Exception):
    """A returned object is something else than arrays and numbers."""


class TimeLimitError(BaseException):
    """Raised in the learner's code when its time is up; no ``except Exception`` stops it."""


def run(
    answer: Callable[..., Any],
    arguments: Arguments,
    drive: Drive | None = None,
    seconds: float | None = TIME_LIMIT,
) -> Outcome:
    """Call an answer on a copy of the arguments and record what happened.

    Parameters
    ----------
    answer : callable
        The learner's function or class.
    arguments : tuple
        What it is called with. The originals are never handed over.
    drive : callable, optional
        ``drive(answer, *arguments)``, where that is more than one plain call.
    seconds : float
        Time limit; it ends a loop written in Python, not one inside a long C call. None for code
        that is known to end.

    Returns
    -------
    Outcome
    """
    given = copy.deepcopy(arguments)
    printed = _Bounded(PRINT_LIMIT)
    value: Any = None
    status, error, detail, where = Status.RETURNED, "", "", ("", 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            limit = _time_limit(seconds) if seconds else contextlib.nullcontext()
            with limit, _redirected(printed), np.errstate(**_AS_USUAL):
                raw = drive(answer, *given) if drive else answer(*given)
            value = plain(raw)
        except KeyboardInterrupt:
            raise
        except TimeLimitError:
            status = Status.TIMEOUT
            detail = f"still running after {seconds:g} s; is there a loop that never ends?"
        except NotPlainError as problem:
            status, detail = Status.NOT_PLAIN, str(problem)
        except NotImplementedError:
            status = Status.NOT_ATTEMPTED
        except BaseException as problem:  # whatever the learner's code does, the notebook goes on
            status, error, detail = Status.ERROR, type(problem).__name__, _one_line(problem)
            where = line_of(problem)
    changed = _first_change(arguments, given)
    # No deprecation is the learner's fault; what NumPy says about their numbers is.
    warned = next((str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)), "")
    return Outcome(value, status, error, detail, changed, warned, printed.getvalue(), where)


def plain(value: Any) -> Any:
    """Return ``value`` as plain data: arrays, or tuples of plain data.

    Only exact types are believed, so an object that pretends to be an array is not asked anything.

    Raises
    ------
    NotPlainError
        With one sentence that says what came instead.
    """
    kind = type(value)
    if kind is np.ndarray or (issubclass(kind, np.generic) and kind.__module__ == "numpy"):
        array = np.asarray(value)
        if array.dtype.kind not in "biufUS":
            raise NotPlainError(f"returned an array of dtype {array.dtype}, expected numbers")
        return array
    if kind in (int, float, bool, str):
        try:
            return plain(np.asarray(value))
        except NotPlainError:  # an int beyond 64 bits becomes an object
            raise NotPlainError("returned an integer too large for an array") from None
    if kind in (list, tuple):
        parts = tuple(plain(part) for part in value)
        shapes = {part.shape if isinstance(part, np.ndarray) else None for part in parts}
        # A nested list is an array written out; a tuple, or rows of differing lengths, is not.
        return (
            np.stack(parts) if kind is list and len(shapes) == 1 and None not in shapes else parts
        )
    if value is None:
        raise NotPlainError("returned None; is there a `return` at the end?")
    if isinstance(value, np.ndarray):
        raise NotPlainError(f"returned a {kind.__name__}, expected a plain NumPy array")
    raise NotPlainError(
        f"returned an object of type {kind.__name__}, expected NumPy arrays or numbers"
    )


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitError in this thread when the time is up (best effort, on every platform).

    Counted is the time that this process has had: a busy machine is no fault of the answer. One
    that waits gets _PATIENCE times as long. Where there are no threads, in a browser's Python, there is no limit.
    """
    caller = threading.get_ident()
    lock = threading.Lock()
    done = threading.Event()

    def send(exception: Any) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(caller), exception)

    def watch() -> None:
        wait, begun, worked = seconds, time.monotonic(), time.process_time()
        while not done.wait(wait):
            left = seconds - (time.process_time() - worked)
            if left > 0 and time.monotonic() - begun < _PATIENCE * seconds:
                wait = min(left, seconds / 4) + 0.001
                continue
            with lock:
                if not done.is_set():
                    send(ctypes.py_object(TimeLimitError))
            wait = 0.002  # a bare `except:` inside the loop swallows one; the next may get through

    try:
        threading.Thread(target=watch, daemon=True).start()
    except RuntimeError:
        yield
        return
    try:
        yield
    finally:
        while not done.is_set():
            with contextlib.suppress(TimeLimitError), lock:
                done.set()  # from here on nothing more is sent
        with contextlib.suppress(TimeLimitError):
            for _ in range(100):  # what was sent at the last moment arrives here
                pass


class _Bounded(io.TextIOBase):
    """A text stream that keeps the first ``limit`` characters and counts the rest."""

    def __init__(self, limit: int) -> None:
        self.limit, self.kept, self.count = limit, "", 0

    def write(self, text: str) -> int:
        self.count += len(text)
        if len(self.kept) < self.limit:
            self.kept += text[: self.limit - len(self.kept)]
        return len(text)

    def getvalue(self) -> str:
        more = self.count - len(self.kept)
        return self.kept + (f"… and {more} characters more" if more else "")


@contextlib.contextmanager
def _redirected(stream: _Bounded) -> Iterator[None]:
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


def _one_line(problem: BaseException) -> str:
    try:
        return " ".join(str(problem).split())[:300]
    except Exception:  # an exception whose __str__ raises
        return "(its message cannot be printed)"


CELL = "<cell "  # what the file of a student's cell is called in the grader's sandbox


def line_of(problem: BaseException) -> tuple[str, int]:
    """Return file and line of the innermost of the student's cells that an error came through.

    Parameters
    ----------
    problem : BaseException

    Returns
    -------
    tuple of (str, int)
        ("", 0) where there is none.
    """
    found = ("", 0)
    trace = problem.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(CELL):
            found = (file, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _first_change(before: Arguments, after: Arguments) -> str:
    """Return which argument was changed in place ("the second argument"), or an empty string."""
    ordinals = ("first", "second", "third", "fourth", "fifth", "sixth")
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if isinstance(old, np.ndarray) and not (
            old.shape == new.shape and old.dtype == new.dtype and old.tobytes() == new.tobytes()
        ):
            return f"the {ordinals[place]} argument" if len(before) > 1 else "its argument"
    return ""
