"""One submission: run its cells, call its functions, write down what they did.

From the first cell on this process belongs to the student's code. Whatever it makes of that, it can
only spoil its own record: no expected value is here, and only right values earn points.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import getpass
import os
import pathlib
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course.judge import honesty, run
from course.judge.run import Status

from . import stand_ins
from .wire import pack

ALL_CELLS = 5  # times the limit of one: what all cells together may take
FINISHED = 77  # exit status of the process that has come to the end of the task


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
    figures : bool
        Whether to have ready what draws; without that it is loaded when it is used.
    """

    cells: Sequence[str]
    exercises: Sequence[Questions]
    seconds: float
    memory: int
    figures: bool = False

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
        try:
            record = pack(header, value)
        except Exception as problem:  # whatever an answer returned costs its own case alone
            record = pack({**header, "status": Status.NOT_PLAIN, "detail": str(problem)[:300]})
        data = memoryview(record)
        while data:
            data = data[os.write(out, data) :]

    sys.path.append("")  # as in a notebook: a module that a cell has written can be imported
    _run_cells(task.cells, task.seconds, shell, tell)
    if stand_ins.absent:
        tell({"absent": stand_ins.absent[:20]})
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000))
    left = list(task.exercises)
    while left:
        answers = [functools.partial(_answer, each, shell.user_ns, tell) for each in left]
        done, ended = _guarded(answers, task.seconds)
        if ended is not Status.DONE:
            tell({"exercise": left[done].name, "end": ended})
        left = left[done + 1 :]


def _answer(questions: Questions, scope: dict[str, Any], tell: Callable[..., None]) -> None:
    """Make the calls of one exercise; tell each outcome, and how it ended."""
    tell({"begun": questions.name})  # a sign of life, see `warm`
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # or our own would be errors, where a cell asked for that
        try:
            end, detail = _examine(scope.get(questions.name), questions, tell)
        except MemoryError:
            end, detail = Status.MEMORY, ""
    tell({"exercise": questions.name, "end": end, "detail": detail})


def _examine(answer: Any, questions: Questions, tell: Callable[..., None]) -> tuple[Status, str]:
    """Make the calls and tell each outcome; return how it ended, and what is forbidden."""
    if answer is None:
        return Status.MISSING, ""
    if not callable(answer):
        return Status.NOT_CALLABLE, ""
    if honesty.is_empty(answer):
        return Status.NOT_ATTEMPTED, ""
    leaning = honesty.leans_on(answer, questions.forbids)
    if leaning:
        return Status.FORBIDDEN, leaning
    me = os.getpid()
    for place, arguments in enumerate(questions.calls):
        with honesty.stand_ins(questions.forbids) as used:
            outcome = run.run(answer, arguments, questions.drive, seconds=None)
        if os.getpid() != me:
            os._exit(0)  # the answer forked
        if used:
            return Status.FORBIDDEN, used[0]
        header = {
            "exercise": questions.name,
            "case": place,
            "status": outcome.status,
            "error": outcome.error[:80],
            "detail": outcome.detail[:300],
            "changed": outcome.changed,
            "warned": outcome.warned[:200],
            "where": outcome.where,
        }
        tell(header, outcome.value)
        if outcome.status in run.ENDS_IT:
            break
    return Status.DONE, ""


def _run_cells(cells: Sequence[str], seconds: float, shell: Any, tell: Callable[..., None]) -> None:
    """Run the cells. One that never ends, or ends the process, costs only itself."""
    end = time.monotonic() + ALL_CELLS * seconds
    for place, source in enumerate(cells):
        if _only_defines(source):
            _define(place, source, shell.user_ns, tell)
            continue
        left = min(seconds, end - time.monotonic())
        ended = Status.NOT_ATTEMPTED  # no time is left
        if left > 0:
            cell = functools.partial(_run_cell, place, source, shell, tell)
            _, ended = _guarded([cell], left)
        if ended is not Status.DONE:
            tell({"cell": place, "end": ended})


def _run_cell(place: int, source: str, shell: Any, tell: Callable[..., None]) -> None:
    """Run one cell; tell where it failed, if it did."""
    tell({"begun": place})
    shell.compile.get_code_name = lambda *_: _name_of(place)
    result = shell.run_cell(source, store_history=False, silent=True)
    problem = result.error_before_exec or result.error_in_exec
    if problem is not None:
        tell({"cell": place, **_failure(place, problem)})


def _failure(place: int, problem: BaseException) -> dict[str, Any]:
    """Return what there is to tell of an error in a cell."""
    where = run.line_of(problem)
    if isinstance(problem, SyntaxError) and problem.lineno and not where[1]:
        where = (_name_of(place), problem.lineno)
    return {
        "failed": type(problem).__name__[:80],
        "detail": " ".join(str(problem).split())[:200],
        "where": where,
    }


def _name_of(place: int) -> str:
    """Return what the file of a cell is called in tracebacks."""
    return f"{run.CELL}{place}>"


def _guarded(actions: Sequence[Callable[[], Any]], seconds: float) -> tuple[int, Status]:
    """Do things of which each may never end, or end the process.

    A copy of the process stands by. If this one gets stuck or ends, the copy goes on in its place,
    with everything as it was before the first of them.

    Parameters
    ----------
    actions : sequence of callable
    seconds : float
        The time that each of them may take.

    Returns
    -------
    done : int
        How many came to their end.
    how : Status
        DONE if all did; in the copy, TIMEOUT or DIED.
    """
    me = os.getpid()
    here = os.pidfd_open(me) if hasattr(os, "pidfd_open") else None  # not on macOS
    waiting, report = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which a cell may have left running
        copy = os.fork()
    if copy == 0:
        os.close(report)
        done, ended = _stand_by(waiting, here, len(actions), seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(me, signal.SIGKILL)
    else:
        os.close(waiting)
        for action in actions:
            with contextlib.suppress(BaseException):
                action()
            if os.getpid() != me:
                os._exit(0)  # the action forked; only the original goes on
            with contextlib.suppress(BrokenPipeError):
                os.write(report, b".")
        with contextlib.suppress(ChildProcessError):
            os.waitpid(copy, 0)
        done, ended = len(actions), Status.DONE
    for descriptor in (waiting if copy == 0 else report, here):
        if descriptor is not None:
            os.close(descriptor)
    return done, ended


def _stand_by(waiting: int, process: int | None, count: int, seconds: float) -> tuple[int, Status]:
    """Return how many actions were reported, and what kept the next; end with the last of them."""
    for stop in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):  # SIGSTOP cannot be sent
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(stop, signal.SIG_IGN)
    signs = [waiting] if process is None else [waiting, process]
    for done in range(count):
        seen = select.select(signs, [], [], seconds)[0]
        if waiting not in seen or not os.read(waiting, 1):
            return done, Status.DIED if seen else Status.TIMEOUT
    os._exit(0)


def _define(place: int, source: str, scope: dict[str, Any], tell: Callable[..., None]) -> None:
    """Run a cell that only defines things; tell where it failed, if it did."""
    try:
        exec(compile(source, _name_of(place), "exec"), scope)
    except BaseException as problem:
        with contextlib.suppress(BaseException):
            tell({"cell": place, **_failure(place, problem)})


def _only_defines(source: str) -> bool:
    """Return whether a cell holds only imports and definitions, which end soon."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # magics, or worse
    return all(_is_definition(node) for node in tree.body)


def _is_definition(node: ast.stmt) -> bool:
    """Return whether a statement is an import, a function or class without surprises, a constant."""
    if isinstance(node, ast.Import):
        return all(_is_known(alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return _is_known(node.module or "")
    if isinstance(node, ast.FunctionDef):
        evaluated = [
            *node.decorator_list,
            *node.args.defaults,
            *filter(None, node.args.kw_defaults),
        ]
        return all(isinstance(part, ast.Constant) for part in evaluated)
    if isinstance(node, ast.ClassDef):
        evaluated = [*node.decorator_list, *(k.value for k in node.keywords)]
        named = all(isinstance(base, ast.Name | ast.Attribute) for base in node.bases)
        return named and not evaluated and all(_is_definition(part) for part in node.body)
    if isinstance(node, ast.Assign):
        named = all(isinstance(target, ast.Name) for target in node.targets)
        return named and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_known(module: str) -> bool:
    """Return whether a module is there, or belongs to a package that is."""
    return module.partition(".")[0] in sys.modules


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
    shell._tee = lambda channel: contextlib.nullcontext()  # it would keep all that is printed
    shell.showsyntaxerror = lambda *arguments, **keywords: None
    _be_patient_with_magics(shell)
    stand_ins.install()
    for module, name in ((builtins, "input"), (getpass, "getpass")):
        setattr(module, name, lambda *arguments, **keywords: "")  # nobody is there to ask
    return shell


def rehearse(shell: Any) -> None:
    """Do once what every submission does: what is loaded or made at first use is there then."""

    def tell(header: dict[str, Any], value: Any = None) -> None:
        pack(header, value)

    scope: dict[str, Any] = {}
    for _ in range(20):  # Python makes code faster, where it is, that has run a few times
        _define(0, "def rehearsed(x):\n    return [x, x]", scope, tell)
        _answer(Questions("rehearsed", [(1.0,)], None, ()), scope, tell)
    _run_cell(0, "rehearsed = len('1')", shell, tell)
    shell.user_ns.pop("rehearsed", None)


# Magics that show, install or clear something, which nobody would see or need here.
_NO_USE = frozenset(
    [
        "autoreload",
        "aimport",
        "config",
        "conda",
        "connect_info",
        "debug",
        "edit",
        "gui",
        "load_ext",
        "mamba",
        "matplotlib",
        "micromamba",
        "pdb",
        "pip",
        "qtconsole",
        "reload_ext",
        "reset",
        "reset_selective",
        "save",
        "store",
        "tensorflow_version",
        "tb",
        "unload_ext",
        "uv",
        "xdel",
        "xmode",
    ]
)


def _be_patient_with_magics(shell: Any) -> None:
    """Let a magic that has no use here, is not there or fails cost nothing that follows it."""
    one_line, whole_cell = shell.run_line_magic, shell.run_cell_magic

    def run_line_magic(name: str, line: str, _stack_depth: int = 1) -> Any:
        if name == "pylab":
            return _pylab(shell.user_ns)
        if name in _NO_USE or shell.find_line_magic(name) is None:
            return None
        with contextlib.suppress(Exception):
            return one_line(name, line, _stack_depth + 1)
        return None

    def run_cell_magic(name: str, line: str, cell: str) -> Any:
        name = {"shell": "bash"}.get(name, name)  # Colab's name for it
        if shell.find_cell_magic(name) is None:
            return None
        with contextlib.suppress(Exception):
            return whole_cell(name, line, cell)
        return None

    shell.run_line_magic, shell.run_cell_magic = run_line_magic, run_cell_magic
    shell.magic = lambda text: run_line_magic(*text.lstrip("%").partition(" ")[::2])
    shell.enable_gui = lambda *arguments, **keywords: None
    shell.enable_matplotlib = lambda *arguments, **keywords: ("", "agg")
    shell.enable_pylab = lambda *arguments, **keywords: _pylab(shell.user_ns)


def _pylab(scope: dict[str, Any]) -> None:
    """Bring in what `%pylab` does."""
    with contextlib.suppress(ImportError):
        exec(
            "import numpy\nimport matplotlib\nfrom matplotlib import pylab, mlab, pyplot\n"
            "np = numpy\nplt = pyplot\nfrom pylab import *\nfrom numpy import *",
            scope,
        )


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
