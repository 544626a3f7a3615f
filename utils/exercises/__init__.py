"""What each exercise accepts: one module for each lesson, found here by name."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from utils.judge import Exercise


@functools.cache
def by_name() -> dict[str, Exercise]:
    """Return every exercise of the course by the name of the function or class to write."""
    found: dict[str, Exercise] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        for exercise in importlib.import_module(f"{__name__}.{module}").EXERCISES:
            if exercise.name in found:
                raise ValueError(f"two exercises are called {exercise.name!r}")
            found[exercise.name] = exercise
    return found


def of_lesson(lesson: str) -> list[Exercise]:
    """Return the exercises of one lesson ("02"), in order."""
    return [e for e in by_name().values() if e.number.startswith(f"{lesson}.")]
