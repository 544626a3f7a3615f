"""One submission from reading to report: whose it is, what it holds, what it earned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from course.grade.guesses import Forecast
from course.grade.notebook import UnreadableError
from course.grade.reading import Cells
from course.judge.run import Status

if TYPE_CHECKING:
    from course.grade.reader import Place, Reader


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One property of an exercise: PASSED, FAILED, or NOT_ATTEMPTED if it was not judged."""

    says: str
    points: int
    status: Status


@dataclass(frozen=True, slots=True)
class Score:
    """How one exercise of one submission went.

    Attributes
    ----------
    number, name : str
        "02.1", "softmax".
    points, max_points : int
    status : Status
    finding : str
        For the instructor: the known mistake's name, or what was wrong.
    says : str
        For the student: what a tutor would say. No expected value and no hidden case is in it.
    groups : tuple of GroupScore
    """

    number: str
    name: str
    points: int
    max_points: int
    status: Status
    finding: str
    says: str
    groups: tuple[GroupScore, ...]


@dataclass(frozen=True)
class Grade:
    """What a submission earned; nothing in it says whose it is, so equal files share one.

    Attributes
    ----------
    exercises : tuple of Score
    flags : tuple of str
        Sentences for the instructor.
    written : dict of str to str
        Number of an interview question to what was answered; "" where nothing was.
    forecasts : tuple of Forecast
        What its author expected of the lesson's predictions; no points come of them.
    """

    exercises: tuple[Score, ...] = ()
    flags: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    forecasts: tuple[Forecast, ...] = ()

    @property
    def points(self) -> int:
        """Points of all exercises."""
        return sum(score.points for score in self.exercises)

    def with_again(self, other: Grade, numbers: Collection[str]) -> Grade:
        """Return this grade with some exercises as another has them, and all else as it was."""
        mine = {score.number: score for score in self.exercises}
        scores = tuple(
            score if score.number in numbers else mine.get(score.number, score)
            for score in other.exercises
        )
        # A flag that is of an exercise begins with its number.
        kept = [flag for flag in self.flags if flag.partition(" ")[0] not in numbers]
        new = [flag for flag in other.flags if flag.partition(" ")[0] in numbers]
        return Grade(scores, (*kept, *new), other.written, other.forecasts)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Grade:
        """Return what `as_json` was made of; TypeError, KeyError or ValueError for anything else."""
        return cls(
            exercises=tuple(_score(each) for each in plain["exercises"]),
            flags=tuple(map(str, plain["flags"])),
            written=dict(plain["written"]),
            # Journals of earlier versions have none.
            forecasts=tuple(Forecast(**each) for each in plain.get("forecasts", ())),
        )


def _score(plain: dict[str, Any]) -> Score:
    groups = tuple(_group_score(**each) for each in plain["groups"])
    return _whole_score(**{**plain, "groups": groups})


# Most of a class's scores are alike: those that are share one, or thousands would not fit.


@lru_cache(maxsize=4096)
def _group_score(says: str, points: int, status: str) -> GroupScore:
    return GroupScore(says, points, Status(status))


@lru_cache(maxsize=4096)
def _whole_score(*, status: str, **others: Any) -> Score:
    return Score(status=Status(status), **others)


@dataclass(frozen=True)
class Source:
    """Where what counts of a submission can be read.

    Attributes
    ----------
    place : Place
    digest : str
        SHA-256 of the notebook.
    lesson : str
        The one that its own marks belong to; "" where they do not say.
    beside : tuple of (str, str)
        See `Cells`.
    """

    place: Place
    digest: str
    lesson: str = ""
    beside: tuple[tuple[str, str], ...] = ()

    def read(self, reader: Reader) -> Cells:
        """Return what counts of it; UnreadableError if it is not what it was."""
        digest, cells = reader.notebook(self.place)
        if digest != self.digest:
            raise UnreadableError("has changed meanwhile")
        return Cells(tuple(cells), self.beside)


@dataclass(frozen=True)
class Record:
    """One student's notebook of one lesson.

    Attributes
    ----------
    student : str
        As the folder, the file or the learning platform names them.
    lesson : str
        "02"; "" where the file does not say.
    file : str
        Where it was found.
    platform_id : str
        The student's number on Canvas or Moodle, if the download says.
    notes : tuple of str
        What the instructor should know of the file: an older version, a late mark.
    problem : str
        Why it cannot be graded; "" if it can.
    entry : str
        The name of its grade in the journal; "" if it cannot be graded.
    digest : str
        SHA-256 of what the file holds; "" where it cannot be had.
    source : Source or None
        Where it can be read; None in a record of an earlier run, or of what cannot be.
    cells : Cells or None
        What has been read of it, for as long as it is being graded: a class's does not fit.
    grade : Grade
        What it earned, once that is known.
    remarks : tuple of str
        What the instructor alone should know, found anew in every run.
    seed : int or None
        Of the cases, where they are others than the folder's.
    """

    student: str
    lesson: str
    file: str
    platform_id: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    entry: str = ""
    digest: str = ""
    source: Source | None = None
    cells: Cells | None = None
    grade: Grade = Grade()
    remarks: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def flags(self) -> list[str]:
        """What the instructor should look at."""
        return [*self.notes, *self.remarks, *self.grade.flags]

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """The order of reports: by student, then by lesson."""
        return self.student.casefold(), self.student, self.lesson

    def as_json(self) -> dict[str, Any]:
        """Return what the next run has to know of it."""
        kept = ("student", "lesson", "file", "platform_id", "notes", "problem", "entry", "digest")
        plain = {name: getattr(self, name) for name in kept}
        return plain if self.seed is None else {**plain, "seed": self.seed}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Record:
        """Return what `as_json` was made of; TypeError for anything else."""
        return cls(**{**plain, "notes": tuple(plain.get("notes", ()))})
