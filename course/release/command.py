"""Release the course: from each source in `solutions/`, the two notebooks that are published."""

import asyncio
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from course.files import write_whole
from course.release.cards import FILES as CARDS
from course.release.cards import cards
from course.release.compare import output_drift, source_drift
from course.release.deeper import check_deeper
from course.release.execute import run, to_bytes
from course.release.exercises import FOLDER, check_exercises
from course.release.minutes import check_time, table
from course.release.notebooks import (
    Draft,
    digest,
    hold_back,
    learner_notebook,
    links,
    solution_notebook,
)
from course.release.pages import page_files, pages
from course.release.readme import DATASHEET, with_table, with_uses
from course.release.sheet import FILE as SHEET
from course.release.sheet import sheet
from course.release.source import Course, CourseError, Lesson, Problem, read_course
from course.release.style import check_style


def release(
    root: Path, names: Sequence[str] = (), *, jobs: int | None = None, overwrite: bool = False
) -> bool:
    """Run and write the notebooks of some lessons, or of all.

    A lesson is written whole or not at all, and of its files only those whose bytes change.

    Parameters
    ----------
    root : Path
        The folder that holds pyproject.toml, solutions/, lessons/ and utils/.
    names : sequence of str
        Like "04" or "04_gradient_descent"; none for all.
    jobs : int, optional
        How many notebooks run at a time; by default one for each core.
    overwrite : bool
        Also replace a notebook that was changed by hand.

    Returns
    -------
    bool
        Whether all went well; what did not has been printed.
    """
    course, lessons, selected = _read(root, names)
    if course.has_no_address:
        _say(f"note: no badges while pyproject.toml has the address {course.address}")
    if _complain(problem for lesson in selected for problem in lesson.problems):
        return False
    for orphan in [] if names else _orphans(root, lessons):
        _say(f"note: {orphan}")
    (root / "lessons").mkdir(exist_ok=True)

    def refused(pair: list[Draft]) -> bool:
        return not overwrite and _complain(
            s for draft in pair for s in _changed_by_hand(root, draft)
        )

    def finish(pair: list[Draft], seconds: list[float]) -> bool:
        if refused(pair):  # someone may have saved it while it ran
            return False
        for draft, took in zip(pair, seconds, strict=True):
            written = write_whole(root / draft.file, to_bytes(draft.node))
            _say(f"{draft.file:<42} {'written' if written else 'unchanged':<9} {took:5.1f} s")
        return True

    pairs = [_drafts(lesson, lessons, course) for lesson in selected]
    ready = [pair for pair in pairs if not refused(pair)]
    good = all(asyncio.run(_run_all(ready, root, jobs, finish))) and len(ready) == len(pairs)
    if good:
        good = _link_neighbours(root, course, lessons, selected)
    _write_texts(root, course, lessons)
    return good


def check(root: Path, names: Sequence[str] = (), *, jobs: int | None = None) -> bool:
    """Run the notebooks without writing them, and print where the stored ones differ.

    Text and outputs must be the same; pictures may differ by rounding. Parameters and result are
    those of `release`.
    """
    course, lessons, selected = _read(root, names)
    if _complain(problem for lesson in selected for problem in lesson.problems):
        return False
    clean = not _complain(_around(root, names, course, lessons, selected))

    def finish(pair: list[Draft], seconds: list[float]) -> bool:
        same = True
        for draft, took in zip(pair, seconds, strict=True):
            found, note = output_drift(_load(root, draft.file), draft.node)
            same = not _complain(f"{draft.file}: {sentence}" for sentence in found) and same
            word = "differs" if found else "as stored"
            _say(f"{draft.file:<42} {word:<9} {took:5.1f} s{'  ' + note if note else ''}")
        return same

    pairs = [_drafts(lesson, lessons, course) for lesson in selected]
    ready = [pair for pair in pairs if not _complain(_source_drift(root, pair))]
    outcomes = asyncio.run(_run_all(ready, root, jobs, finish))
    return clean and all(outcomes) and len(ready) == len(pairs)


def check_sources(root: Path, names: Sequence[str] = ()) -> list[str]:
    """Do what `check` does without running anything, and return what it finds."""
    course, lessons, selected = _read(root, names)
    problems = [str(problem) for lesson in selected for problem in lesson.problems]
    if problems:
        return problems
    found = _around(root, names, course, lessons, selected)
    for lesson in selected:
        found += _source_drift(root, _drafts(lesson, lessons, course))
    return found


def minutes(root: Path, names: Sequence[str] = ()) -> list[str]:
    """Return a table of what lessons take, and where they take too much, in lines."""
    return table(_read(root, names)[2])


def _read(root: Path, names: Sequence[str]) -> tuple[Course, list[Lesson], list[Lesson]]:
    """Read the course; return all lessons and those that are asked for."""
    course = Course.at(root)
    lessons = read_course(course)
    if not lessons:
        raise CourseError(f"{root / 'solutions'} holds no lesson, no file like 02_softmax.md")
    known = {key: lesson for lesson in lessons for key in (lesson.number, lesson.name)}
    wanted = [Path(name).stem for name in names]  # a shell completes 04 to solutions/04_….md
    for name in wanted:
        if name not in known:
            there = ", ".join(lesson.name for lesson in lessons)
            raise CourseError(f"there is no lesson {name}; solutions/ holds {there}")
    chosen = {known[name].name for name in wanted} or {lesson.name for lesson in lessons}
    selected = [lesson for lesson in lessons if lesson.name in chosen]
    for lesson in selected:
        check_exercises(lesson, root)
        check_style(lesson)
        check_deeper(lesson)
        check_time(lesson)
    return course, lessons, selected


def _drafts(lesson: Lesson, lessons: Sequence[Lesson], course: Course) -> list[Draft]:
    return [solution_notebook(lesson), learner_notebook(lesson, lessons, course)]


async def _run_all(
    pairs: list[list[Draft]],
    root: Path,
    jobs: int | None,
    finish: Callable[[list[Draft], list[float]], bool],
) -> list[bool]:
    """Run all notebooks, `jobs` at a time; finish each lesson when both of its have run."""
    gate = asyncio.Semaphore(jobs or os.cpu_count() or 1)
    total = sum(len(draft.cells) for pair in pairs for draft in pair)
    layout = "{desc:<36} {bar:30} {n}/{total} cells"
    with tqdm(total=total, bar_format=layout, disable=None, leave=False) as bar:

        async def run_one(draft: Draft) -> tuple[list[Problem], float]:
            async with gate:
                bar.set_description_str(draft.file)
                start = time.perf_counter()
                problems = await run(draft, root, bar.update)
                hold_back(draft)
                return problems, time.perf_counter() - start

        async def run_lesson(pair: list[Draft]) -> bool:
            results = await asyncio.gather(*map(run_one, pair))
            files: dict[Problem, list[str]] = {}
            for draft, (problems, _) in zip(pair, results, strict=True):
                for problem in problems:
                    files.setdefault(problem, []).append(draft.file)
            if _complain(
                f"{problem} (in {' and '.join(files[problem])})" for problem in sorted(files)
            ):
                return False
            return finish(pair, [seconds for _, seconds in results])

        return await asyncio.gather(*map(run_lesson, pairs))


def _source_drift(root: Path, pair: list[Draft]) -> list[str]:
    """Compare the text of the stored notebooks with their source."""
    found = []
    for draft in pair:
        if (root / draft.file).exists():
            sentences = source_drift(_load(root, draft.file), draft.node)
            found += [f"{draft.file}: {sentence}" for sentence in sentences]
        else:
            found.append(f"{draft.file} is missing")
    return found


def _around(
    root: Path,
    names: Sequence[str],
    course: Course,
    lessons: Sequence[Lesson],
    selected: Sequence[Lesson],
) -> list[str]:
    """Return what is wrong beside the selected lessons.

    If some are asked for by name, the links of their neighbours; if none, all that is made from
    lessons, and files that belong to none.
    """
    if names:
        return [_out_of_date(draft) for draft in _neighbours(root, course, lessons, selected)]
    return _orphans(root, lessons) + [
        f"{file} is not what the lessons give: run `course release`"
        for file, text in _texts(root, lessons, course).items()
        if not (root / file).exists() or (root / file).read_text(encoding="utf-8") != text
    ]


def _neighbours(
    root: Path, course: Course, lessons: Sequence[Lesson], selected: Sequence[Lesson]
) -> Iterator[Draft]:
    """Yield the notebooks beside the selected lessons whose stored links are out of date."""
    chosen = {lesson.name for lesson in selected}
    for place, lesson in enumerate(lessons):
        beside = {other.name for other in lessons[max(place - 1, 0) : place + 2]}
        if lesson.name in chosen or not beside & chosen or lesson.problems:
            continue
        draft = learner_notebook(lesson, lessons, course)
        if (root / draft.file).exists():
            stored = [
                line for cell in _load(root, draft.file).cells for line in cell.source.split("\n")
            ]
            if not set(links(lesson, lessons, course)) <= {*stored, ""}:
                yield draft


def _link_neighbours(
    root: Path, course: Course, lessons: Sequence[Lesson], selected: Sequence[Lesson]
) -> bool:
    """Put new links into the notebooks beside the selected lessons, where nothing else is to do."""
    good = True
    for draft in _neighbours(root, course, lessons, selected):
        stored = _load(root, draft.file)
        released = digest(stored) == stored.metadata.get("course", {}).get("source")
        if released:  # as it is, nobody has changed it
            for line in filter(None, links(draft.lesson, lessons, course)):
                for old, new in zip(stored.cells, draft.node.cells, strict=False):
                    if line in new.source.split("\n"):
                        lines = old.source.split("\n")
                        place = new.source.split("\n").index(line)
                        lines[place : place + 1] = [line]
                        old.source = "\n".join(lines)
            stored.metadata["course"]["source"] = digest(stored)
        if released and not source_drift(stored, draft.node):
            write_whole(root / draft.file, to_bytes(stored))
            _say(f"{draft.file:<42} written: its links to the lessons beside it")
        else:
            good = not _complain([_out_of_date(draft)])
    return good


def _out_of_date(draft: Draft) -> str:
    return (
        f"{draft.file}: its links to the lessons beside it are out of date: "
        f"run `course release {draft.lesson.number}`"
    )


def _write_texts(root: Path, course: Course, lessons: Sequence[Lesson]) -> None:
    """Write what the lessons give beside notebooks, or say what keeps it from being written."""
    wrong = [lesson.file for lesson in lessons if lesson.problems]
    if wrong:  # with a lesson that is not asked for now
        files = [file for file in ("README.md", DATASHEET) if (root / file).exists()]
        files += page_files()
        files += [*CARDS.values(), SHEET]
        _say(
            f"note: not written, because something is wrong in {' and '.join(wrong)}: "
            f"{', '.join(files)}; `course release --check --no-run` says what"
        )
        return
    for file, text in _texts(root, lessons, course).items():
        if write_whole(root / file, text):
            _say(f"{file:<42} written")


def _texts(root: Path, lessons: Sequence[Lesson], course: Course) -> dict[str, str]:
    """Return, by file, what the lessons give beside notebooks: the tables of both READMEs, pages."""
    texts = pages(lessons) | cards(lessons, course) | {SHEET: sheet(lessons)}
    if (readme := root / "README.md").exists():
        texts["README.md"] = with_table(readme.read_text(encoding="utf-8"), lessons, course)
    if (datasheet := root / DATASHEET).exists():
        texts[DATASHEET] = with_uses(datasheet.read_text(encoding="utf-8"), lessons)
    return texts


def _orphans(root: Path, lessons: Sequence[Lesson]) -> list[str]:
    """Name the notebooks and the exercises that belong to no lesson."""
    names = {lesson.name for lesson in lessons}
    numbers = {lesson.number for lesson in lessons}
    return [
        f"{folder}/{path.name} has no source solutions/{path.stem}.md"
        for folder in ("solutions", "lessons")
        for path in sorted((root / folder).glob("*.ipynb"))
        if path.stem not in names
    ] + [
        f"{FOLDER}/{path.name} belongs to no lesson: there is no solutions/{number}_….md"
        for path in sorted((root / FOLDER).glob("lesson_*.*"))
        if (number := path.stem.removeprefix("lesson_")) not in numbers
    ]


def _changed_by_hand(root: Path, draft: Draft) -> list[str]:
    """Say so, if a stored notebook holds text that neither its source nor a release has."""
    if not (root / draft.file).exists():
        return []
    stored = _load(root, draft.file)
    released = stored.metadata.get("course", {}).get("source")
    if digest(stored) in (released, digest(draft.node)):
        return []
    if draft.file.startswith("lessons/"):
        return [
            f"{draft.file} was changed since its release, and lessons are generated: "
            f"put the change into {draft.lesson.file}, or use --overwrite to lose it"
        ]
    return [
        f"{draft.file} was changed since its release and is not what {draft.lesson.file} says: "
        f"run `jupytext --sync {draft.file}` (the newer of the two wins), "
        "or use --overwrite to lose the change"
    ]


def _load(root: Path, file: str) -> NotebookNode:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on what nbformat mends as it reads
            text = (root / file).read_text(encoding="utf-8")
            notebook: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
            return notebook
    except ValueError as error:
        reason = " ".join(str(error).split())[:100]
        raise CourseError(f"{file} is not a notebook: {reason}; remove it or mend it") from None


def _say(line: str) -> None:
    tqdm.write(line, file=sys.stdout)


def _complain(problems: Iterable[object]) -> bool:
    """Print what is wrong; return whether anything is."""
    lines = [str(problem) for problem in problems]
    for line in lines:
        tqdm.write(line, file=sys.stderr)
    return bool(lines)
