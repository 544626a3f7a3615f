"""One sandbox for each worker, which all tests share: that it stays sound is what they prove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from course.grade import command, sandbox, scoring
from course.grade.answer_key import make_key
from course.grade.inside.student import Questions, Task
from course.grade.key import LessonKey, Limits, read_solution
from course.grade.reading import read_notebook
from course.grade.record import Grade, Record
from course.grade.sandbox import IsolationError, Sandbox
from course.judge.run import Status
from tests.grade import made

IMPORTS = ("numpy", "utils", "utils.plots", "utils.functions", "scipy.special")


class Grader:
    """Grades made notebooks in one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self._keys: dict[str, LessonKey] = {}

    def key(self, lesson: str) -> LessonKey:
        """Return the answer key of a lesson."""
        if lesson not in self._keys:
            limits = Limits(60.0, 2**30)
            solution = read_solution(made.SOLUTIONS / f"{made.NAMES[lesson]}.ipynb")
            self._keys[lesson] = make_key(solution, 7, self.box, limits)
        return self._keys[lesson]

    def grade(
        self, notebook: Any, lesson: str = "02", seconds: float = 10, memory: int = 2**29
    ) -> Grade:
        """Return the grade of a notebook."""
        cells = read_notebook(made.as_bytes(notebook))
        record = Record("a student", lesson, "file", cells=cells)
        return scoring.grade(record, self.key(lesson), self.box, Limits(seconds, memory))

    def look(self, source: str, seconds: float = 10, memory: int = 2**29) -> Any:
        """Return what a function `look` returns inside, or the name of what it raised."""
        task = Task([source], [Questions("look", [()], None, ())], seconds, memory)
        end, records = self.box.run(task)
        for header, value in records:
            if header.get("exercise") == "look":
                if "case" not in header:
                    return header["end"]
                if header["status"] == Status.RETURNED:
                    return value
                return header["error"] or header["status"]
        return end


def points(grade: Grade) -> dict[str, int]:
    """Return the points of each exercise."""
    return {score.number: score.points for score in grade.exercises}


# What an exercise's status may be in a report.
REPORTED = {
    Status.PASSED,
    Status.FAILED,
    Status.ERROR,
    Status.TIMEOUT,
    Status.MEMORY,
    Status.NOT_ATTEMPTED,
    Status.UNREADABLE,
    Status.FORBIDDEN,
}
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


class Shared:
    """The worker's sandbox, which a run neither starts nor ends."""

    isolated, imports = True, ()

    def __init__(self, box: Sandbox) -> None:
        self.box, self.runs = box, 0

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def close(self) -> None:
        """Leave it to the worker."""

    def start(self) -> None:
        """Leave that to the worker too."""

    def run(self, task: Any) -> Any:
        """Run a task and count it."""
        self.runs += 1
        return self.box.run(task)


Run = Callable[..., Path]


@pytest.fixture
def shared(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> Shared:
    """Let runs take the worker's sandbox."""
    box = Shared(grader.box)
    monkeypatch.setattr(command, "probe", lambda sandbox: None)
    monkeypatch.setattr(command, "_sandbox", lambda *arguments: box)
    return box


@pytest.fixture
def run(shared: Shared, tmp_path: Path) -> Run:
    """Return a function that grades files and returns the grades folder."""

    def grade(files: Mapping[str, bytes] | Path, **options: Any) -> Path:
        if not isinstance(files, Path):
            files = made.put(tmp_path / "in", files)
        values: dict[str, Any] = {
            "submissions": files,
            "solutions": made.SOLUTIONS,
            "out": tmp_path / "out",
            "jobs": 1,
            "seed": 1,
            "limits": Limits(10, 2**29),
            **options,
        }
        command.run(command.Options(**values))
        return Path(values["out"])

    return grade
