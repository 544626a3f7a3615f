"""Who may import whom: each part stands on those below it, and on nothing else."""

import ast
import graphlib
import sys

import pytest

from course.imports import PACKAGES, files_of, modules_in
from tests.answers import ROOT

JUDGED = "course/judge course/exercises utils"
COMMON = "course/cells.py course/setup_cell.py course/files.py course/terminal.py"
# A file goes by the longest of these that it lies in: what of the course it may import.
MAY_IMPORT = {
    "utils": "utils",
    "course/judge": "course/judge",
    # These run beside a student's code, so nothing of right and wrong may come with them.
    "course/judge/run.py": "",
    "course/judge/honesty.py": "",
    "course/exercises/drives.py": "course/judge/run.py",
    "course/grade/inside": "course/grade/inside course/judge/run.py course/judge/honesty.py utils",
    "course/exercises": "course/judge course/exercises/__init__.py course/exercises/common.py "
    "course/exercises/drives.py course/exercises/readings.py utils",
    "course/__init__.py": "",
    "course/check.py": f"course/progress.py {JUDGED}",
    "course/progress.py": JUDGED,
    "course/cells.py": "",
    "course/setup_cell.py": "",
    "course/files.py": "",
    "course/terminal.py": "",
    "course/imports.py": "",
    "course/release": f"course/release {COMMON} {JUDGED}",
    "course/grade": f"course/grade {COMMON} course/imports.py {JUDGED}",
    "course/cli.py": "course",
    "course/launch": "course/cli.py",
}
# Of these files also: what they may import from elsewhere.
NUMPY_ALONE = ("course/judge/run.py", "course/judge/honesty.py", "course/exercises/drives.py")
NEVER = {"course/exercises": "utils/plots"}
# Packages that hold nothing: what is taken from them is a module in them.
BARE = ("course/__init__.py", "course/judge/__init__.py")


def modules(root):
    """Return the course's modules."""
    return sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))


def inside(file, places):
    """Return whether a file is one of these places or lies in one."""
    return any(file == place or file.startswith(f"{place}/") for place in places.split())


def forbidden(root):
    """Yield a sentence for each import that the rules above do not allow."""
    for path in modules(root):
        name = path.relative_to(root).as_posix()
        rules = [place for place in MAY_IMPORT if inside(name, place)]
        if not rules:
            yield f"{name}: no rule says what it may import"
            continue
        rule = max(rules, key=len)
        for target in named_in(path, root):
            other = target.relative_to(root).as_posix()
            allowed = inside(other, MAY_IMPORT[rule]) and not inside(other, NEVER.get(rule, ""))
            if not allowed and other not in BARE:
                yield f"{name} imports {other}"
        if name in NUMPY_ALONE:
            package = path.relative_to(root).parts[:-1]
            for module in modules_in(path.read_text(encoding="utf-8"), root, package):
                first = module.partition(".")[0]
                if first not in {*sys.stdlib_module_names, *PACKAGES, "numpy"}:
                    yield f"{name} imports {first}"


def named_in(path, root):
    """Return the modules that a file names in its imports, without the packages they lie in."""
    package = path.relative_to(root).parts[:-1]
    names = modules_in(path.read_text(encoding="utf-8"), root, package)
    return {last for name in names for last in [*files_of([name], root)][-1:]}


def circle(root):
    """Return the files of a circle of imports, from one back to itself; none if there is none."""
    graph = {path: named_in(path, root) for path in modules(root)}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [path.relative_to(root).as_posix() for path in error.args[1]]
    return []


def private(root):
    """Yield each private name of another module that is imported or read."""
    for path in modules(root):
        name, ours = path.relative_to(root).as_posix(), set()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                parts = {a.asname or a.name.partition(".")[0]: a.name for a in node.names}
                taken = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if not node.level and base.partition(".")[0] not in PACKAGES:
                    continue
                parts = {a.asname or a.name: PACKAGES[0] for a in node.names}
                taken = [f"{base}.{a.name}" for a in node.names]
            else:
                continue
            ours |= {as_name for as_name, of in parts.items() if of.partition(".")[0] in PACKAGES}
            for dotted in taken:
                if ours and any(is_private(part) for part in dotted.split(".")):
                    yield f"{name}:{node.lineno} imports {dotted}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                first = ast.unparse(node).partition(".")[0]
                if first in ours:
                    yield f"{name}:{node.lineno} reads {ast.unparse(node)}"


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def test_each_part_imports_what_it_may():
    assert list(forbidden(ROOT)) == []


def test_no_circles():
    assert circle(ROOT) == []


def test_nothing_takes_a_private_name_of_another_module():
    assert list(private(ROOT)) == []


def test_tests_import_no_tests():
    for path in (ROOT / "tests").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                dotted = [f"{node.module}.{alias.name}" for alias in node.names]
                assert not any(".test_" in name for name in dotted), f"{path.name}: {dotted}"


# That these can fail: a small tree, and one thing wrong in it at a time.

TREE = {
    "utils/__init__.py": '_HOME = {"utils.functions": ["softmax"], "course.check": ["check"]}',
    "utils/functions.py": "import numpy",
    "utils/plots/__init__.py": "from utils.plots.style import show",
    "utils/plots/style.py": "from utils.functions import softmax",
    "course/__init__.py": "",
    "course/cells.py": "",
    "course/check.py": "from course import exercises\nfrom course.judge.run import run",
    "course/cli.py": "def main():\n    from course.release import command",
    "course/judge/__init__.py": "",
    "course/judge/judge.py": "",
    "course/judge/run.py": "import numpy as np\nimport ast",
    "course/judge/honesty.py": "import dis",
    "course/exercises/__init__.py": "def named(name):\n    from course.judge.run import run",
    "course/exercises/drives.py": "from course.judge.run import run",
    "course/exercises/lesson_02.py": "from . import drives\nimport utils\nutils.softmax",
    "course/release/__init__.py": "",
    "course/release/command.py": "from course.cells import Cell",
    "course/grade/__init__.py": "",
    "course/grade/inside/student.py": "from course.judge.run import run",
    "course/grade/command.py": "from course.judge.run import run",
}
# What is appended to which file, and what is found then.
WRONG = {
    "utils imports the course": (
        "utils/functions.py",
        "from course import check",
        "utils/functions.py imports course/check.py",
    ),
    "utils uses what it only passes on": (
        "utils/functions.py",
        "import utils\nutils.check",
        "utils/functions.py imports course/check.py",
    ),
    "SciPy beside a student": (
        "course/judge/run.py",
        "def f():\n    from scipy import special",
        "course/judge/run.py imports scipy",
    ),
    "a check beside a student": (
        "course/exercises/drives.py",
        "import course.check",
        "course/exercises/drives.py imports course/check.py",
    ),
    "honesty runs something": (
        "course/judge/honesty.py",
        "from .run import run",
        "course/judge/honesty.py imports course/judge/run.py",
    ),
    "an exercise draws": (
        "course/exercises/lesson_02.py",
        "from utils.plots.style import show",
        "course/exercises/lesson_02.py imports utils/plots/style.py",
    ),
    "an exercise takes from another lesson": (
        "course/exercises/drives.py",
        "from course.exercises.lesson_02 import EXERCISES",
        "course/exercises/drives.py imports course/exercises/lesson_02.py",
    ),
    "a release grades": (
        "course/release/command.py",
        "def f():\n    import course.grade.command",
        "course/release/command.py imports course/grade/command.py",
    ),
    "a judge knows the exercises": (
        "course/judge/run.py",
        "from course import exercises",
        "course/judge/run.py imports course/exercises/__init__.py",
    ),
    "the sandbox knows a judge": (
        "course/grade/inside/student.py",
        "from course.judge import judge",
        "course/grade/inside/student.py imports course/judge/judge.py",
    ),
    "the grader releases": (
        "course/grade/command.py",
        "from course.release import command",
        "course/grade/command.py imports course/release/command.py",
    ),
    "nobody has a rule": (
        "course/new.py",
        "import utils",
        "course/new.py: no rule says what it may import",
    ),
    "a private name is imported": (
        "course/check.py",
        "from course.cells import _secret",
        "course/check.py:3 imports course.cells._secret",
    ),
    "a private name is read": (
        "course/check.py",
        "exercises._secret",
        "course/check.py:3 reads exercises._secret",
    ),
    "a private module is imported": (
        "course/cli.py",
        "import course._cells as cells",
        "course/cli.py:3 imports course._cells",
    ),
    "a long private name is read": (
        "course/cli.py",
        "import course.cells\ncourse.cells._secret",
        "course/cli.py:4 reads course.cells._secret",
    ),
}


@pytest.fixture
def tree(tmp_path):
    for file, text in TREE.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return tmp_path


def found_in(root):
    return {*forbidden(root), *private(root)}


def test_a_tree_that_keeps_the_rules_passes(tree):
    assert found_in(tree) == set()
    assert circle(tree) == []


@pytest.mark.parametrize("case", WRONG)
def test_what_breaks_a_rule_is_found(tree, case):
    file, line, sentence = WRONG[case]
    with (tree / file).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    assert sentence in found_in(tree)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("course/judge/run.py", "def f():\n    from course import check"),
        ("utils/plots/style.py", "from utils import plots"),
        ("utils/functions.py", "from .plots.style import show"),
    ],
)
def test_a_circle_is_found(tree, file, line):
    with (tree / file).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    found = circle(tree)
    assert file in found
    assert found[0] == found[-1]


def test_bare_packages_hold_nothing():
    for file in BARE:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert tree.body[ast.get_docstring(tree) is not None :] == []


def test_the_rules_speak_of_what_is_there():
    assert all((ROOT / place).exists() for place in [*MAY_IMPORT, *NUMPY_ALONE, *NEVER])
