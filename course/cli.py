"""The `course` command, for authors and instructors."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from course import terminal


def main(argv: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Run `course COMMAND ...`.

    Parameters
    ----------
    argv : sequence of str, optional
        By default what was typed.
    root : Path, optional
        The course's folder; by default the nearest one above the working directory.

    Returns
    -------
    int
        0 when all went well, 1 when not (what is wrong has been printed); 2 is argparse's.
    """
    parser = argparse.ArgumentParser(prog="course", description=__doc__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_release(commands)
    add_new(commands)
    add_grade(commands)
    terminal.prepare()
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments, root or find_root()))
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith(("utils", "course")):
            raise
        return _fail(f"course needs {error.name}: python -m pip install -r requirements.txt")
    except KeyboardInterrupt:
        return _fail("stopped; every file is either as it was or complete")
    finally:
        terminal.flush()


def add_release(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `course release`."""
    parser = commands.add_parser(
        "release",
        help="run the sources in solutions/ and write the notebooks",
        description="Run solutions/NN_name.md; write it as solutions/NN_name.ipynb and, without "
        "answers, as lessons/NN_name.ipynb.",
    )
    parser.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="like 04 or 04_gradient_descent; none: all"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail on any drift")
    parser.add_argument(
        "--no-run", action="store_true", help="with --check: compare text only, in a second"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="notebooks that run at a time (default: all cores)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="also replace notebooks changed by hand"
    )

    parser.add_argument(
        "--minutes", action="store_true", help="print what each lesson takes, and write nothing"
    )

    def run(arguments: argparse.Namespace, root: Path) -> int:
        # Imported here, so that other commands and --help do not wait for it.
        from course.release import command as release
        from course.release.source import CourseError

        if arguments.no_run and not arguments.check:
            parser.error("--no-run goes with --check")
        if arguments.jobs is not None and arguments.jobs < 1:
            parser.error(f"--jobs must be at least 1, came {arguments.jobs}")
        try:
            if arguments.minutes:
                print(*release.minutes(root, arguments.lessons), sep="\n")
                return 0
            if arguments.no_run:
                found = release.check_sources(root, arguments.lessons)
                print(*found, sep="\n", end="\n" * bool(found), file=sys.stderr)
                return int(bool(found))
            if arguments.check:
                return int(not release.check(root, arguments.lessons, jobs=arguments.jobs))
            good = release.release(
                root, arguments.lessons, jobs=arguments.jobs, overwrite=arguments.overwrite
            )
            return int(not good)
        except CourseError as error:
            return _fail(str(error))

    parser.set_defaults(run=run)


def add_new(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `course new`."""
    parser = commands.add_parser(
        "new",
        help="begin a lesson",
        description="Write a lesson with one exercise that releases and passes every test: its "
        "text in solutions/, its exercise and the answers in course/exercises/.",
    )
    parser.add_argument("number", metavar="NUMBER", help="two digits, like 16")
    parser.add_argument("name", metavar="NAME", help="like conformal_prediction")

    def run(arguments: argparse.Namespace, root: Path) -> int:
        from course.release.new import new
        from course.release.source import CourseError

        try:
            new(root, arguments.number, arguments.name)
        except CourseError as error:
            return _fail(str(error))
        return 0

    parser.set_defaults(run=run)


def add_grade(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `course grade`."""
    parser = commands.add_parser(
        "grade",
        help="grade a class's notebooks in a sandbox",
        description="Grade submissions: a folder per student, flat files, a download from Canvas or "
        "Moodle, zips of these. Stopped at any moment, the same command goes on where it was.",
    )
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    parser.add_argument(
        "--solutions", type=Path, metavar="FOLDER", help="default: the course's solutions"
    )
    parser.add_argument("--out", type=Path, default=Path("grades"), metavar="FOLDER")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="submissions at a time (default: all cores)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="S",
        help="of the cases; of this run alone where the folder has one and others are kept in it "
        "(default: the folder's, or a new one)",
    )
    parser.add_argument(
        "--timeout", type=float, default=60, metavar="SECONDS", help="for each exercise"
    )
    parser.add_argument("--memory", default="2G", metavar="SIZE", help="such as 500M or 2G")
    parser.add_argument("--isolation", choices=("bubblewrap", "none"), default="bubblewrap")
    parser.add_argument("--dask", default="", metavar="ADDRESS", help="of a cluster's scheduler")
    parser.add_argument("--fresh", action="store_true", help="grade unchanged submissions again")
    parser.add_argument(
        "--exercise",
        action="append",
        default=[],
        metavar="NN.M",
        help="grade this exercise again and keep the others; may be given several times",
    )
    parser.add_argument(
        "--late",
        metavar="RATE",
        help="what each of the late_days in adjustments.csv costs, like 10%%/day; kept for later "
        "runs until another is given, or none",
    )
    parser.add_argument(
        "--gradebook", choices=("canvas", "moodle"), default="", help="write an import file too"
    )

    def run(arguments: argparse.Namespace, root: Path) -> int:
        from course.grade import command
        from course.grade.adjustments import read_rate
        from course.grade.key import Limits

        if arguments.jobs is not None and arguments.jobs < 1:
            parser.error(f"--jobs must be at least 1, came {arguments.jobs}")
        if not 0 < arguments.timeout < 1e6:
            parser.error(f"--timeout must be a number of seconds above 0, came {arguments.timeout}")
        memory = _bytes(arguments.memory)
        if memory < 64 * 2**20:
            parser.error(f"--memory must be like 500M or 2G, and at least 64M: {arguments.memory}")
        if arguments.seed is not None and arguments.seed < 0:
            parser.error(f"--seed must be 0 or more, came {arguments.seed}")
        late = None if arguments.late is None else read_rate(arguments.late)
        if arguments.late is not None and late is None:
            parser.error(f"--late must be like 10%/day, or none: {arguments.late}")
        options = command.Options(
            submissions=arguments.submissions,
            solutions=arguments.solutions or root / "solutions",
            out=arguments.out,
            jobs=arguments.jobs or os.cpu_count() or 1,
            seed=arguments.seed,
            limits=Limits(arguments.timeout, memory),
            isolated=arguments.isolation == "bubblewrap",
            dask=arguments.dask,
            fresh=arguments.fresh,
            gradebook=arguments.gradebook,
            late=late,
            exercises=tuple(arguments.exercise),
        )
        try:
            command.run(options)
        except command.GradeError as error:
            return _fail(str(error))
        return 0

    parser.set_defaults(run=run)


def _bytes(text: str) -> int:
    """Read a size such as 500M or 2G; -1 for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if not found:
        return -1
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


def find_root() -> Path:
    """Return the nearest course above the working directory, or else the one this file is in."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "solutions").is_dir():
            return folder
    return Path(__file__).resolve().parents[1]


def _fail(sentence: str) -> int:
    terminal.say(f"course: {sentence}", sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
