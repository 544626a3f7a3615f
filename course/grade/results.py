"""All that the reports tell, and what stands out of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.grade.adjustments import Tally
from course.grade.guesses import Forecast
from course.grade.key import Lesson
from course.grade.marks import Marks
from course.grade.record import Record, Score
from course.judge.run import Status

NO_ISOLATION = "Graded without isolation: submissions ran with the instructor's own rights."


@dataclass(frozen=True)
class Results:
    """All that the reports tell.

    Attributes
    ----------
    records : tuple of Record
        All submissions with their grades, sorted by student and lesson.
    lessons : dict of str to Lesson
        By number, in order.
    marks : Marks
        The written answers and what a person has typed of them.
    tallies : dict of (student, lesson) to Tally
        What each has, adjustments, marks and lateness included.
    isolated : bool
        False is said on every report.
    seed : int
        Said on the class page, so that an appeal can be graded on the same cases.
    """

    records: tuple[Record, ...]
    lessons: Mapping[str, Lesson]
    marks: Marks
    tallies: Mapping[tuple[str, str], Tally]
    isolated: bool
    seed: int

    @property
    def warning(self) -> str:
        """What every report has to say first; "" for nothing."""
        return "" if self.isolated else NO_ISOLATION

    @property
    def max_points(self) -> int:
        """Points of all exercises."""
        return sum(lesson.max_points for lesson in self.lessons.values())

    @property
    def max_total(self) -> int:
        """Points of all exercises and written answers."""
        return sum(lesson.max_total for lesson in self.lessons.values())

    def for_exercises(self) -> dict[str, float]:
        """Return each student's points for exercises, as a person has adjusted them."""
        points: dict[str, float] = defaultdict(float)
        for record in self.records:
            tally = self.tallies.get((record.student, record.lesson))
            points[record.student] += tally.for_exercises if tally else 0
        return points

    def forecasts(self) -> Iterator[tuple[Record, Forecast, str]]:
        """Yield each forecast with whose it is and what came; "" where the solutions do not say."""
        for record in self.records:
            outcomes = self.lessons[record.lesson].outcomes if record.lesson in self.lessons else {}
            for forecast in record.grade.forecasts:
                yield record, forecast, outcomes.get(forecast.prediction, "")


@dataclass(frozen=True)
class Hardness:
    """How a class did on one exercise.

    Attributes
    ----------
    number, name : str
    share : float
        Of its points, how much all have together.
    full, untried, of : int
        How many have all its points, have not tried, and handed in its lesson.
    """

    number: str
    name: str
    share: float
    full: int
    untried: int
    of: int


@dataclass(frozen=True)
class Mistake:
    """What went wrong in one way, `count` times of `of`, in one exercise."""

    number: str
    name: str
    finding: str
    says: str
    count: int
    of: int


def hardest(records: Iterable[Record]) -> list[Hardness]:
    """Return the exercises, the one with the smallest share of its points first."""
    scores: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for record in records:
        for score in record.grade.exercises:
            scores[score.number, score.name].append(score)
    rows = [
        Hardness(
            number=number,
            name=name,
            share=sum(s.points for s in some) / sum(s.max_points for s in some),
            full=sum(s.status is Status.PASSED for s in some),
            untried=sum(s.status is Status.NOT_ATTEMPTED for s in some),
            of=len(some),
        )
        for (number, name), some in scores.items()
    ]
    return sorted(rows, key=lambda row: (row.share, row.number))


def mistakes(records: Iterable[Record]) -> list[Mistake]:
    """Return what went wrong, the commonest first; where as many, wrong values before errors."""
    of: Counter[str] = Counter()
    alike: dict[tuple[str, str, str], list[Score]] = defaultdict(list)
    for record in records:
        for score in record.grade.exercises:
            of[score.number] += 1
            if score.status in (Status.FAILED, Status.ERROR) and score.finding:
                alike[score.number, score.name, _PERSONAL.sub("", score.finding)].append(score)
    found = []
    for (number, name, kind), some in alike.items():
        findings, says = {s.finding for s in some}, {s.says for s in some}
        # What is of one student's own stands there only where it is of all of them.
        finding = findings.pop() if len(findings) == 1 else kind
        say = says.pop() if len(says) == 1 else ""
        is_error = some[0].status is Status.ERROR
        found.append((is_error, Mistake(number, name, finding, say, len(some), of[number])))
    found.sort(key=lambda pair: (-pair[1].count, pair[0], pair[1].number, pair[1].finding))
    return [mistake for _, mistake in found]


# Which line of one's own raised it, and one's own values.
_PERSONAL = re.compile(
    r", line [0-9]+, .*(?=, with \w+$)| \(line [0-9]+, .*\)$|; (?:yours|your) .*$", re.DOTALL
)


def highlights(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Yield label and text of what stands out: the hardest exercise, mistakes, what to look at."""
    for first in hardest(records)[:1]:
        if first.share < 1:
            yield "hardest", f"{first.number} {first.name} ({first.share:.0%} of its points)"
    for mistake in mistakes(records)[:1]:
        yield (
            "most common",
            f"“{mistake.finding}” ({mistake.count} of {mistake.of}, {mistake.number})",
        )
    look = [(r.student, (*r.remarks, *r.grade.flags)) for r in records]
    flagged = [(student, flags[0]) for student, flags in look if flags]
    if flagged:
        shown = ", ".join(f"{student} ({flag})" for student, flag in flagged[:3])
        more = f" and {len(flagged) - 3} more, see class.html" if len(flagged) > 3 else ""
        yield "look at", shown + more
