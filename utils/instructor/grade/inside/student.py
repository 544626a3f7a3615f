"""One submission: run its cells, call its functions, write down what they did.

From the first cell on this process belongs to the student's code. Whatever it makes of that, it can
only spoil its own record: no expected value is here, and only right values earn points.
"""

from __future__ import annotations

import ast
import contextlib
import os
import pathlib
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from utils import judge

from .wire import pack


@dataclass(frozen=True)
class Questions:
    """One exercise as the sandbox sees it: calls to make, and nothing about their results."""

    name: str
    calls: Sequence[tuple[Any, ...]]
    drive: Callable[..., Any] | None
    forbids: Sequence[str]


@dataclass(frozen=True)
class Task:
    """What is to be done for one submission.

    Attributes
    ----------
    cells : sequence of str
        Code to run, in order.
    exercises : sequence of Questions
    seconds : float
        The time that one cell, and one exercise, may take.
    memory : int
        Bytes that all its processes together may use.
    """

    cells: Sequence[str]
    exercises: Sequence[Questions]
    seconds: float
    memory: int

    def as_message(self) -> tuple[Any, ...]:
        """Return the same as built-in types: inside, this module has another name."""
        exercises = [(e.name, e.calls, e.drive, e.forbids) for e in self.exercises]
        return self.cells, exercises, self.seconds, self.memory

    @classmethod
    def from_message(cls, message: tuple[Any, ...]) -> Task:
        """Return the task that a message holds."""
        cells, exercises, seconds, memory = message
        return cls(cells, [Questions(*each) for each in exercises], seconds, memory)


def attend(task: Task, shell: Any, out: int) -> None:
    """Do a task; records of what happened go to the file descriptor `out`."""

    def tell(header: dict[str, Any], value: Any = None) -> None:
        data = memoryview(pack(header, value))
        while data:
            data = data[os.write(out, data) :]

    _run_cells(task.cells, task.seconds, shell, tell)
    for questions in task.exercises:
        answer = shell.user_ns.get(questions.name)
        if answer is None:
            tell({"exercise": questions.name, "end": "missing"})
            continue
        child = os.fork()
        if child == 0:
            try:
                end = _examine(answer, questions, tell)
            except MemoryError:
                end = "memory"
            tell({"exercise": questions.name, "end": end})
            os._exit(0)
        if not _ended(child, task.seconds):
            _kill(child)
            tell({"exercise": questions.name, "end": "timeout"})
        elif os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            tell({"exercise": questions.name, "end": "died"})


def _examine(answer: Any, questions: Questions, tell: Callable[..., None]) -> str:
    """Make the calls and tell each outcome; return how it ended."""
    if not callable(answer):
        return "not callable"
    if judge._is_empty(answer):
        return "empty"
    leaning = judge.leans_on(answer, questions.forbids)
    if leaning:
        return f"forbidden {leaning}"
    for place, arguments in enumerate(questions.calls):
        with judge._stand_ins(questions.forbids) as used:
            outcome = judge.run(answer, arguments, questions.drive, seconds=None)
        if used:
            return f"forbidden {used[0]}"
        header = {
            "exercise": questions.name,
            "case": place,
            "error": outcome.error,
            "detail": outcome.detail,
            "changed": outcome.changed,
            "warned": outcome.warned,
        }
        tell(header, outcome.value)
        if outcome.error in judge.ENDS_IT:
            break
    return "done"


def _run_cells(cells: Sequence[str], seconds: float, shell: Any, tell: Callable[..., None]) -> None:
    """Run the cells. One that never ends, or ends the process, costs only itself.

    Before a cell that might, the process forks: the child runs it and goes on with the rest, the
    parent waits and takes over, with everything as it was before, if the child gets stuck.
    """
    for place, source in enumerate(cells):
        if _only_defines(source):
            _define(source, shell.user_ns)
            continue
        ready, report = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ready)
            with contextlib.suppress(BaseException):
                shell.run_cell(source, store_history=False, silent=True)
            os.write(report, b".")
            os.close(report)
            continue
        os.close(report)
        if select.select([ready], [], [], seconds)[0] and os.read(ready, 1):
            os.waitpid(child, 0)
            os._exit(0)  # the child has done everything else
        stuck = not _ended(child, 0)
        _kill(child)
        os.close(ready)
        tell({"cell": place, "end": "timeout" if stuck else "ended the process"})


def _define(source: str, scope: dict[str, Any]) -> None:
    """Run a cell that only defines things."""
    with contextlib.suppress(BaseException):
        exec(compile(source, "<cell>", "exec"), scope)


def _only_defines(source: str) -> bool:
    """Return whether a cell holds only imports and definitions, which end soon."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # magics, or worse
    return all(_is_definition(node) for node in tree.body)


def _is_definition(node: ast.stmt) -> bool:
    """Return whether a statement is an import, a function or class without surprises, a text."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.FunctionDef):
        evaluated = [
            *node.decorator_list,
            *node.args.defaults,
            *filter(None, node.args.kw_defaults),
        ]
        return all(isinstance(part, ast.Constant) for part in evaluated)
    if isinstance(node, ast.ClassDef):
        bases = [*node.decorator_list, *(k.value for k in node.keywords)]
        return not bases and all(_is_definition(part) for part in node.body)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _ended(child: int, seconds: float) -> bool:
    """Wait until a process has ended, at most so long. It is not reaped."""
    if not hasattr(os, "pidfd_open"):  # not Linux
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return True
            time.sleep(0.002)
        return False
    handle = os.pidfd_open(child)
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def _kill(child: int) -> None:
    """End a child, which may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def make_shell() -> Any:
    """Make the IPython shell in which cells run, once, before any fork: it takes a moment.

    Returns
    -------
    InteractiveShell
        Without history and without tracebacks, which nobody would see.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor" if _old_ipython() else "nocolor"
    shell: Any = InteractiveShell.instance(config=config)
    shell.showtraceback = lambda *arguments, **keywords: None
    shell.showsyntaxerror = lambda *arguments, **keywords: None
    return shell


def _old_ipython() -> bool:
    import IPython

    return IPython.version_info[0] < 9


def silence() -> None:
    """Send everything that is printed nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    sys.stdout = sys.stderr = pathlib.Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stdin = pathlib.Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
