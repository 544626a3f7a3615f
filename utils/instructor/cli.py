"""The `course` command, for authors and instructors."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


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
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments, root or find_root()))
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("utils"):
            raise
        return _fail(f"course needs {error.name}: python -m pip install -r requirements.txt")
    except KeyboardInterrupt:
        return _fail("stopped; every file is either as it was or complete")


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

    def run(arguments: argparse.Namespace, root: Path) -> int:
        # Imported here, so that other commands and --help do not wait for it.
        from utils.instructor import release
        from utils.instructor.source import CourseError

        if arguments.no_run and not arguments.check:
            parser.error("--no-run goes with --check")
        if arguments.jobs is not None and arguments.jobs < 1:
            parser.error(f"--jobs must be at least 1, came {arguments.jobs}")
        try:
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


def find_root() -> Path:
    """Return the nearest course above the working directory, or else the one this file is in."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "solutions").is_dir():
            return folder
    return Path(__file__).resolve().parents[2]


def _fail(sentence: str) -> int:
    print(f"course: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
