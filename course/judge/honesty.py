"""Looking for what an answer may not lean on: the finished version of what it is to do.

Honest use only: whoever wants to hide it can. It imports the standard library alone, since the grader runs
it beside a student's code.
"""

from __future__ import annotations

import contextlib
import dis
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any


def is_empty(answer: Any) -> bool:
    """Return whether a function's body is nothing but a docstring, ``pass`` or ``...``."""
    if not isinstance(answer, types.FunctionType):
        return False
    does = (i for i in dis.get_instructions(answer) if i.opname not in ("RESUME", "NOP"))
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
            original = _resolve(dotted)
            if original is not None:
                module, _, name = dotted.rpartition(".")
                replaced.append((sys.modules[module], name, original))
                setattr(sys.modules[module], name, stand_in(dotted))
        yield used
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)
