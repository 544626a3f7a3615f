"""One sandbox for each worker, which all tests share: that it stays sound is what they prove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.grade import made
from utils.instructor.grade import sandbox, scoring
from utils.instructor.grade.collect import Submission
from utils.instructor.grade.inside.student import Questions, Task
from utils.instructor.grade.key import LessonKey, make_key
from utils.instructor.grade.reading import read_notebook
from utils.instructor.grade.sandbox import IsolationError, Sandbox

IMPORTS = ("numpy", "utils", "utils.plots", "utils.functions", "scipy.special")


class Grader:
    """Grades made notebooks in one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self._keys: dict[str, LessonKey] = {}

    def key(self, lesson: str) -> LessonKey:
        """Return the answer key of a lesson."""
        if lesson not in self._keys:
            limits = scoring.Limits(60.0, 2**30)
            name = made.NAMES[lesson]
            self._keys[lesson] = make_key(made.SOLUTIONS, name, 7, self.box, limits)
        return self._keys[lesson]

    def grade(
        self, notebook: Any, lesson: str = "02", seconds: float = 5, memory: int = 2**29
    ) -> dict[str, Any]:
        """Return the record of a notebook."""
        cells = read_notebook(made.as_bytes(notebook))
        submission = Submission("a student", lesson, "file", "", cells)
        return scoring.grade(
            submission, self.key(lesson), self.box, scoring.Limits(seconds, memory)
        )

    def look(self, source: str, seconds: float = 10, memory: int = 2**29) -> Any:
        """Return what a function `look` returns inside, or the name of what it raised."""
        task = Task([source], [Questions("look", [()], None, ())], seconds, memory)
        end, records = self.box.run(task)
        for header, value in records:
            if header.get("exercise") == "look":
                if "case" in header:
                    return header["error"] or value
                return header["end"]
        return end


def points(record: dict[str, Any]) -> dict[str, int]:
    """Return the points of each exercise."""
    return {score["number"]: score["points"] for score in record["exercises"]}


FULL = {"02.1": 3, "02.2": 3, "02.3": 3, "02.4": 2}  # of lesson 02


@pytest.fixture(scope="session")
def isolation() -> None:
    """Skip where there is no sandbox to be had."""
    try:
        sandbox.probe()
    except IsolationError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def grader(isolation: None) -> Iterator[Grader]:
    """Return the worker's grader."""
    with Sandbox(imports=IMPORTS) as box:
        yield Grader(box)
