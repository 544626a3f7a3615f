"""The judge: what an exercise is, what happened when an answer ran, and whether it was right.

`check` uses it beside the learner's code; the grader runs the two halves apart, because they only
share plain data: :func:`run` calls the answer and returns an :class:`Outcome`, and :func:`verdict`
compares the outcomes with what was expected.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import dis
import functools
import io
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]

TIME_LIMIT = 5.0  # seconds for one call; a right answer needs milliseconds
PRINT_LIMIT = 2_000  # characters kept of what an answer prints
# What NumPy warns of by default, whatever a notebook has made of it with np.seterr.
_AS_USUAL: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


@dataclass(frozen=True)
class Group:
    """Cases that show one property, worth points when the values of all of them are right.

    Parameters
    ----------
    says : str
        The property, as the learner reads it: "large scores stay finite".
    points : int
        What the group is worth.
    cases : callable
        ``cases(rng)`` returns a list of argument tuples, the smallest first. Anything random comes
        from ``rng``, so that `check` and a grader can use different seeds.
    law : callable, optional
        ``law(arguments, result)`` returns one sentence on what is visibly wrong with a result of
        the right shape ("your rows sum to 0.75 and 1.25"), or None. Where the exercise has an
        oracle it only words the message and the values decide; where it has none, it decides.
    quiet : bool
        True where the exercise is about doing it without a warning.
    """

    says: str
    points: int
    cases: Callable[[np.random.Generator], list[Arguments]]
    law: Callable[[Arguments, Any], str | None] | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Misconception:
    """A known wrong answer: its name, an implementation, and what a tutor would say."""

    name: str
    wrong: Callable[..., Any]
    says: str


@dataclass(frozen=True)
class Exercise:
    """What one exercise accepts. It holds no solution.

    Parameters
    ----------
    number : str
        "02.1": lesson and place.
    call : str
        The call as the learner writes it, ``"softmax(logits)"``; the name before the bracket is
        the name of the function or class to define.
    groups : sequence of Group
        What is judged, in the order in which it is told.
    oracle : callable, optional
        ``oracle(*arguments)`` returns the expected value, a plain array, number, or tuple of them.
        Left out where many answers are right; then every group needs a law.
    misconceptions : sequence of Misconception
        Known wrong answers; of two that fit equally well the first is named.
    forbids : sequence of str
        Dotted names the answer may not lean on, such as ``"scipy.special.softmax"``.
    rtol, atol : float
        Tolerances of the comparison.
    drive : callable, optional
        ``drive(answer, *arguments)`` where the exercise is more than one call, such as fitting a
        class and predicting with it. It returns plain values.
    signature : callable, optional
        ``signature(arguments, value)`` where an answer draws at random: what two answers with the
        same mistake have in common whatever they drew, as a plain value. Known mistakes are
        recognised by it; by the values themselves if it is left out.
    """

    number: str
    call: str
    groups: Sequence[Group]
    oracle: Callable[..., Any] | None = None
    misconceptions: Sequence[Misconception] = ()
    forbids: Sequence[str] = ()
    rtol: float = 1e-6
    atol: float = 1e-9
    drive: Callable[..., Any] | None = None
    signature: Callable[[Arguments, Any], Any] | None = None

    def __post_init__(self) -> None:
        if self.oracle is None and any(group.law is None for group in self.groups):
            raise ValueError(f"exercise {self.number} has no oracle, so every group needs a law")

    @property
    def name(self) -> str:
        """The name of the function or class that the learner defines."""
        return self.call.partition("(")[0]

    @property
    def arguments(self) -> list[str]:
        """The names of the arguments, for messages."""
        inside = self.call.partition("(")[2].rstrip(")")
        return [part.partition("=")[0].strip() for part in inside.split(",") if part.strip()]

    @property
    def max_points(self) -> int:
        """The points of all groups together."""
        return sum(group.points for group in self.groups)

    def sheet(self, seed: int) -> Sheet:
        """Return the cases of a seed; made once, so that the next try is judged at once."""
        if seed not in self._sheets:
            self._sheets[seed] = Sheet(self, seed)
        return self._sheets[seed]

    @functools.cached_property
    def _sheets(self) -> dict[int, Sheet]:
        return {}


@dataclass(frozen=True)
class Outcome:
    """What one call of an answer did.

    ``value`` is plain (arrays, numbers, tuples of them) when ``error`` is empty. ``error`` is the
    name of what went wrong: an exception's type, or ``"timeout"``, ``"not plain"``, ``"forbidden"``.
    """

    value: Any = None
    error: str = ""
    detail: str = ""
    changed: str = ""
    warned: str = ""
    printed: str = ""


@dataclass(frozen=True)
class Fault:
    """Why a case failed: the kind, one sentence, and what was expected if that helps."""

    kind: str
    says: str
    expected: Any = None


class NotPlainError(Exception):
    """A returned object is something else than arrays and numbers."""


class TimeLimitError(BaseException):
    """Raised in the learner's code when its time is up; no ``except Exception`` stops it."""


# --- running an answer ---------------------------------------------------------------------------


def run(
    answer: Callable[..., Any],
    arguments: Arguments,
    drive: Callable[..., Any] | None = None,
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
        See :class:`Exercise`.
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
    error = detail = ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            limit = _time_limit(seconds) if seconds else contextlib.nullcontext()
            with limit, _redirected(printed), np.errstate(**_AS_USUAL):
                value = drive(answer, *given) if drive else answer(*given)
            value = plain(value)
        except KeyboardInterrupt:
            raise
        except TimeLimitError:
            error, detail = (
                "timeout",
                f"still running after {seconds:g} s; is there a loop that never ends?",
            )
        except NotPlainError as problem:
            error, detail = "not plain", str(problem)
        except BaseException as problem:  # whatever the learner's code does, the notebook goes on
            error, detail = type(problem).__name__, _one_line(problem)
    changed = _first_change(arguments, given)
    # No deprecation is the learner's fault; what NumPy says about their numbers is.
    warned = next((str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)), "")
    return Outcome(value, error, detail, changed, warned, printed.getvalue())


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
    """Raise TimeLimitError in this thread when the time is up (best effort, on every platform)."""
    caller = threading.get_ident()
    lock = threading.Lock()
    done = threading.Event()

    def send(exception: Any) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(caller), exception)

    def watch() -> None:
        wait = seconds
        while not done.wait(wait):
            with lock:
                if not done.is_set():
                    send(ctypes.py_object(TimeLimitError))
            wait = 0.002  # a bare `except:` inside the loop swallows one; the next may get through

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
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


def _first_change(before: Arguments, after: Arguments) -> str:
    """Return which argument was changed in place ("the second argument"), or an empty string."""
    ordinals = ("first", "second", "third", "fourth", "fifth", "sixth")
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if isinstance(old, np.ndarray) and not (
            old.shape == new.shape and old.dtype == new.dtype and old.tobytes() == new.tobytes()
        ):
            return f"the {ordinals[place]} argument" if len(before) > 1 else "its argument"
    return ""


# --- comparing with what was expected ------------------------------------------------------------


def find_fault(
    exercise: Exercise, group: Group, arguments: Arguments, outcome: Outcome, expected: Any
) -> Fault | None:
    """Return what is wrong with one outcome, or None if it is right.

    Looked at in this order: the call ended, type, shape, values, input unchanged (told, and paid
    for, in the first group alone), no warning (where the group asks for that).

    Parameters
    ----------
    exercise, group
        What the case belongs to.
    arguments : tuple
        What the answer was called with.
    outcome : Outcome
        What it did.
    expected : array, number or tuple
        What the oracle returns; ignored where the exercise has none.
    """
    if outcome.error == "NotImplementedError":
        return Fault("not attempted", "not attempted yet")
    if outcome.error in ("timeout", "not plain", "forbidden"):
        return Fault(outcome.error, outcome.detail)
    if outcome.error:
        return Fault("raised", f"raised {outcome.error}: {outcome.detail}".rstrip(": "))
    if exercise.oracle is None:
        problem = _told(group, arguments, outcome.value)
        fault = Fault("values", problem) if problem else None
    else:
        expected = plain(expected)
        fault = _compare(outcome.value, expected, exercise.rtol, exercise.atol)
        if fault and fault.kind == "values":
            problem = _told(group, arguments, outcome.value)
            fault = Fault("values", problem, expected) if problem else fault
    if fault:
        return fault
    if outcome.changed and group is exercise.groups[0]:
        return Fault(
            "changed", f"the result is right, but your code changed {outcome.changed} in place"
        )
    if group.quiet and outcome.warned:
        return Fault("warned", f"the result is right, but NumPy warned: {outcome.warned}")
    return None


def _told(group: Group, arguments: Arguments, value: Any) -> str | None:
    """Return what the group's law says, if it has one."""
    try:
        return group.law(arguments, value) if group.law else None
    except Exception:  # a law looks at arrays of the right kind and shape; who knows what came
        return "the result is not of the kind that the docstring describes"


def _compare(value: Any, expected: Any, rtol: float, atol: float) -> Fault | None:
    if isinstance(expected, tuple):
        if not isinstance(value, tuple) and not (
            isinstance(value, np.ndarray) and value.ndim and len(value) == len(expected)
        ):
            return Fault("type", f"returned one value, expected a tuple of {len(expected)}")
        if len(value) != len(expected):
            return Fault("type", f"returned {len(value)} values, expected {len(expected)}")
        for place, (got, wanted) in enumerate(zip(value, expected, strict=True), start=1):
            fault = _compare(got, wanted, rtol, atol)
            if fault:
                return Fault(
                    fault.kind, f"value {place} of {len(expected)}: {fault.says}", expected
                )
        return None
    if isinstance(value, tuple):
        return Fault("type", "returned a tuple or a ragged list, expected one array")
    if value.shape != expected.shape:
        return Fault("shape", f"returned shape {value.shape}, expected shape {expected.shape}")
    if (expected.dtype.kind in "US") != (value.dtype.kind in "US"):
        return Fault("type", f"returned dtype {value.dtype}, expected dtype {expected.dtype}")
    return (
        None
        if agree(value, expected, rtol, atol)
        else Fault("values", "the values differ", expected)
    )


def agree(a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Return whether two plain values are equal up to rounding (nan equals nan).

    A float32 or float16 result is allowed the rounding of its own type.
    """
    if isinstance(a, tuple) or isinstance(b, tuple):
        return len(a) == len(b) and all(agree(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "US" or b.dtype.kind in "US":
        return bool(np.array_equal(a.astype(str), b.astype(str)))
    for array in (a, b):
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            eps = float(np.finfo(array.dtype).eps)
            rtol, atol = max(rtol, 1e3 * eps), max(atol, 10 * eps)
    with np.errstate(all="ignore"):
        return bool(np.allclose(a.astype(float), b.astype(float), rtol, atol, equal_nan=True))


# --- a whole exercise ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """A case that failed: its arguments, what the answer did, and why that is wrong."""

    arguments: Arguments
    outcome: Outcome
    fault: Fault


@dataclass
class GroupResult:
    """How one group went; ``failure`` is its first failing case, None if the group passed."""

    group: Group
    failure: Failure | None = None
    judged: bool = True


@dataclass
class Judgement:
    """How one answer went: ``status`` is passed, failed, error, timeout, not_attempted, forbidden."""

    exercise: Exercise
    status: str
    results: list[GroupResult] = field(default_factory=list)
    misconception: Misconception | None = None
    detail: str = ""

    @property
    def points(self) -> int:
        """The points of the groups whose cases are all right."""
        if self.status in ("not_attempted", "forbidden"):
            return 0
        return sum(r.group.points for r in self.results if r.judged and r.failure is None)

    @property
    def first_failure(self) -> GroupResult | None:
        """The first group that failed."""
        return next((r for r in self.results if r.failure), None)


Case = tuple[Group, Arguments]


def judge(
    exercise: Exercise,
    answer: Callable[..., Any],
    seed: int = 0,
    seconds: float | None = TIME_LIMIT,
) -> Judgement:
    """Judge an answer in this process.

    Parameters
    ----------
    exercise : Exercise
        What it must do.
    answer : callable
        The learner's function or class.
    seed : int
        The seed of the cases.
    seconds : float
        See `run`.

    Returns
    -------
    Judgement
    """
    if is_empty(answer):
        return Judgement(exercise, "not_attempted")
    leaning = leans_on(answer, exercise.forbids)
    if leaning:
        return Judgement(exercise, "forbidden", detail=leaning)
    sheet = exercise.sheet(seed)
    outcomes: list[Outcome | None] = [None] * len(sheet.cases)
    for place, (_, arguments) in enumerate(sheet.cases):
        with stand_ins(exercise.forbids) as used:
            outcome = run(answer, arguments, exercise.drive, seconds)
        if used:
            return Judgement(exercise, "forbidden", detail=used[0])
        outcomes[place] = outcome
        if outcome.error in ENDS_IT:
            break
    return verdict(exercise, sheet.cases, sheet.expected, outcomes, sheet.recogniser)


class Sheet:
    """The cases of an exercise for one seed, what the oracle expects, and known wrong answers.

    Parameters
    ----------
    exercise : Exercise
    seed : int
    """

    def __init__(self, exercise: Exercise, seed: int) -> None:
        oracle = exercise.oracle
        self.cases = cases_of(exercise, seed)
        self.expected = [oracle(*copy.deepcopy(a)) if oracle else None for _, a in self.cases]
        self.recogniser = Recogniser(exercise, self.cases, self.expected)


ENDS_IT = ("timeout", "NotImplementedError")  # after one of these no further case is run


def cases_of(exercise: Exercise, seed: int) -> list[Case]:
    """Return all cases of an exercise, each with its group, in the order of the groups."""
    return [
        (group, arguments)
        for place, group in enumerate(exercise.groups)
        for arguments in group.cases(np.random.default_rng([seed, place]))
    ]


def verdict(
    exercise: Exercise,
    cases: Sequence[Case],
    expected: Sequence[Any],
    outcomes: Sequence[Outcome | None],
    recogniser: Recogniser,
) -> Judgement:
    """Judge what an answer did, wherever it ran.

    Parameters
    ----------
    exercise : Exercise
        What it should have done.
    cases : sequence of (Group, arguments)
        From `cases_of`.
    expected : sequence
        The right result of each case; ignored where the exercise has no oracle.
    outcomes : sequence of Outcome or None
        What the answer did in each case; None where it was not run.
    recogniser : Recogniser
        For the same cases.

    Returns
    -------
    Judgement
    """
    results = {id(group): GroupResult(group) for group in exercise.groups}
    faults: list[Fault | None] = []
    for (group, arguments), wanted, outcome in zip(cases, expected, outcomes, strict=True):
        result, fault = results[id(group)], None
        if outcome is None:
            result.judged = result.failure is not None
        else:
            fault = find_fault(exercise, group, arguments, outcome, wanted)
            if fault and result.failure is None:
                result.failure = Failure(arguments, outcome, fault)
        faults.append(fault)
    judgement = Judgement(exercise, "passed", list(results.values()))
    first = judgement.first_failure
    if first is None or first.failure is None:
        return judgement
    kind = first.failure.fault.kind
    judgement.status = {
        "not attempted": "not_attempted",
        "timeout": "timeout",
        "raised": "error",
    }.get(kind, "failed")
    if judgement.status in ("failed", "error"):
        judgement.misconception = recogniser.recognise(outcomes, first.group)
    return judgement


class Recogniser:
    """Compares answers with the known wrong ones, each of which is run once for all answers.

    Parameters
    ----------
    exercise, cases, expected
        As for `verdict`.
    """

    def __init__(self, exercise: Exercise, cases: Sequence[Case], expected: Sequence[Any]) -> None:
        self.exercise, self.cases, self.expected = exercise, cases, expected
        self._did: dict[tuple[int, int], tuple[_Trace, bool]] = {}

    def recognise(self, outcomes: Sequence[Outcome | None], failing: Group) -> Misconception | None:
        """Return the known wrong answer that behaves like this one.

        It must fail wherever this answer first fails, and agree with it on every case of that
        group; of several, the one that agrees on the most cases overall.
        """
        best, most = None, 0
        traces = {
            place: _Trace(self.exercise, *self.cases[place], outcome)
            for place, outcome in enumerate(outcomes)
            if outcome is not None
        }
        for number, misconception in enumerate(self.exercise.misconceptions):
            agreements, fits, fails = 0, True, False
            for place, trace in traces.items():
                other, wrong = self._known(number, place)
                same = _alike(trace, other)
                agreements += same
                if trace.group is failing:
                    fits = fits and same
                    fails = fails or wrong
                if not fits:
                    break
            if fits and fails and agreements > most:
                best, most = misconception, agreements
        return best

    def _known(self, number: int, place: int) -> tuple[_Trace, bool]:
        """Return what a known wrong answer does in one case, and whether that is wrong."""
        if (number, place) not in self._did:
            (group, arguments), wanted = self.cases[place], self.expected[place]
            wrong = self.exercise.misconceptions[number].wrong
            outcome = run(wrong, arguments, self.exercise.drive, seconds=None)
            fault = find_fault(self.exercise, group, arguments, outcome, wanted)
            trace = _Trace(self.exercise, group, arguments, outcome)
            self._did[number, place] = trace, fault is not None
        return self._did[number, place]


@dataclass(frozen=True)
class _Trace:
    """What one call did, for comparing it with many others."""

    exercise: Exercise
    group: Group
    arguments: Arguments
    outcome: Outcome

    @functools.cached_property
    def shown(self) -> Any:
        """What of the value is compared: its signature, or all of it."""
        signature, value = self.exercise.signature, self.outcome.value
        return plain(signature(self.arguments, value)) if signature else value


def _alike(first: _Trace, second: _Trace) -> bool:
    a, b, exercise = first.outcome, second.outcome, first.exercise
    if a.error or b.error:
        return a.error == b.error
    if bool(a.changed) != bool(b.changed):
        return False
    if first.group.quiet and bool(a.warned) != bool(b.warned):
        return False
    try:
        return agree(first.shown, second.shown, exercise.rtol, exercise.atol)
    except Exception:  # one a tuple, the other not; or a signature that met who knows what
        return False


def listed(values: Any, digits: int = 4) -> str:
    """Return the first numbers of a vector as a law tells them: "0.75, 1.25, 1, 1 …"."""
    more = " …" if len(values) > 4 else ""
    return ", ".join(f"{v:.{digits}g}" for v in values[:4]) + more


# --- answers that are missing or lean on the finished version ---------------------------------


def is_empty(answer: Any) -> bool:
    """Return whether a function's body is nothing but a docstring, ``pass`` or ``...``."""
    if not isinstance(answer, types.FunctionType):
        return False
    does = [i for i in dis.get_instructions(answer) if i.opname not in ("RESUME", "NOP")]
    return all(
        ("CONST" in i.opname and i.argval is None) or i.opname == "RETURN_VALUE" for i in does
    )


def leans_on(answer: Any, forbids: Sequence[str]) -> str:
    """Return the forbidden name that the answer's code refers to, or an empty string.

    It looks at the global names that a function (or a class's methods, or the learner's own helper
    functions it calls) uses. Honest use only: whoever wants to hide it can.
    """
    targets = {id(obj): dotted for dotted in forbids if (obj := _resolve(dotted)) is not None}
    if id(answer) in targets:
        return targets[id(answer)]
    seen: set[int] = set()
    todo = [answer]
    while todo:
        obj = todo.pop()
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        if isinstance(obj, type):
            inherited = next((base for base in obj.__mro__ if id(base) in targets), None)
            if inherited:
                return targets[id(inherited)]
            todo += [part for part in vars(obj).values() if isinstance(part, types.FunctionType)]
        code = getattr(obj, "__code__", None)
        if not isinstance(code, types.CodeType):
            continue
        for name in _names(code) & set(obj.__globals__):
            value = obj.__globals__[name]
            if id(value) in targets:
                return targets[id(value)]
            if isinstance(value, types.FunctionType) and value.__globals__ is obj.__globals__:
                todo.append(value)
    return ""


def _names(code: types.CodeType) -> set[str]:
    """Return the global names that a piece of code uses, inner functions included."""
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _resolve(dotted: str) -> Any:
    """Return the object of a dotted name, None if its module is not loaded."""
    module, _, name = dotted.rpartition(".")
    return getattr(sys.modules[module], name, None) if module in sys.modules else None


@contextlib.contextmanager
def stand_ins(forbids: Sequence[str]) -> Iterator[list[str]]:
    """Replace forbidden functions while an answer runs; yields the names that were called."""
    used: list[str] = []
    replaced: list[tuple[types.ModuleType, str, Any]] = []

    def stand_in(dotted: str) -> Callable[..., Any]:
        def raise_instead(*args: Any, **kwargs: Any) -> Any:
            used.append(dotted)
            raise RuntimeError(f"{dotted} is what this exercise asks you to write")

        return raise_instead

    try:
        for dotted in forbids:
            module, _, name = dotted.rpartition(".")
            if _resolve(dotted) is not None:
                replaced.append((sys.modules[module], name, _resolve(dotted)))
                setattr(sys.modules[module], name, stand_in(dotted))
        yield used
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)
