"""The look at a submission's source, which nothing that runs can blind."""

from __future__ import annotations

import time

import pytest

from course.grade.look import MAX_SOURCE, Source
from tests.grade import honest, made

SET_UP = "import numpy as np\nfrom scipy import special\nimport utils"
FORBIDS = ("scipy.special.softmax", "utils.softmax")

LEANING = {
    "by its name": "from scipy.special import softmax as s\ndef f(z):\n    return s(z)",
    "by its module": "def f(z): return special.softmax(z)",
    "by another name of its module": "import scipy.special as sp\nf = lambda z: sp.softmax(z, -1)",
    "by the whole path": "import scipy\ndef f(z): return scipy.special.softmax(z)",
    "by a name given to it": "sm = special.softmax\ndef f(z): return sm(z)",
    "by a name given to a name": "a = special\nb = a.softmax\ndef f(z): return b(z)",
    "by everything of its module": "from scipy.special import *\ndef f(z): return softmax(z)",
    "within": "def f(z):\n    from scipy.special import softmax\n    return softmax(z)",
    "by a helper": "def g(z): return utils.softmax(z)\ndef f(z): return g(z)",
    "by a class": "class f:\n    def __call__(self, z): return utils.softmax(z)",
    "by text": "import importlib\n"
    "def f(z): return getattr(importlib.import_module('scipy.special'), 'softmax')(z)",
    "below a magic": "%matplotlib inline\n!ls\ndef f(z): return special.softmax(z)",
    "in a timed cell": "%%time\ndef f(z): return special.softmax(z)",
}
FREE = {
    "nothing of the kind": "def f(z): return np.exp(z) / np.exp(z).sum()",
    "compared with it elsewhere": "def f(z): return z\nprint(special.softmax(np.ones(3)))",
    "a first try replaced": "f = special.softmax\ndef f(z): return np.exp(z)",
    "another function of that name": "from scipy.special import *\ndef softmax(z): return z\n"
    "def f(z): return softmax(z)",
    "not Python": "def f(z:\n  return special.softmax",
}


@pytest.mark.parametrize("what", LEANING)
def test_a_forbidden_function_is_seen(what: str) -> None:
    assert Source([LEANING[what]], SET_UP).leans_on("f", FORBIDS) in FORBIDS


@pytest.mark.parametrize("what", FREE)
def test_what_is_allowed_is_not_taken_for_forbidden(what: str) -> None:
    assert Source([FREE[what]], SET_UP).leans_on("f", FORBIDS) == ""


SIGNS = {
    "code": "def g(): ...\ng.__code__ = f.__code__",
    "frames": "import sys\nx = sys._getframe(1)",
    "the collector": "import gc",
    "the grader": "from course.judge import run",
    "loaded modules": "import sys\nm = sys.modules['x']",
    "NumPy": "np.allclose = lambda *a: True",
    "NumPy, by another name": "import numpy\nn = numpy\nn.asarray = print",
    "set by a function": "setattr(np, 'asarray', print)",
    "a text that is run": "exec('x = 1')",
    "a text that is written": "open('m.py', 'w').write('f.__code__ = g.__code__')",
    "a file that is written": "%%writefile m.py\nimport gc",
    "a name that is made": "getattr(f, '__co' + 'de__')",
}
PLAIN = {
    "figures": "import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 12\nplt.plot([1])",
    "a table's settings": "import pandas as pd\npd.options.display.max_rows = 9",
    "a class": "class A:\n    def __init__(self): self.x = getattr(self, 'y', 3)",
    "attributes of one's own": "def f(): ...\nf.calls = 3",
    "output": "import sys\nsys.stdout = None",
}


@pytest.mark.parametrize("what", SIGNS)
def test_reaching_for_what_runs_beside_is_seen(what: str) -> None:
    (*_, sign) = Source(["x = 1", SIGNS[what]], SET_UP).signs()
    assert sign.cell == 1 and sign.what
    assert Source([SIGNS[what]], SET_UP).definitions() != [SIGNS[what]]


@pytest.mark.parametrize("what", PLAIN)
def test_what_students_write_is_no_sign(what: str) -> None:
    assert Source([PLAIN[what]], SET_UP).signs() == []


def test_the_solutions_hold_no_sign() -> None:
    for lesson in made.NAMES:
        assert Source([*made.answers(lesson).values()], SET_UP).signs() == []


def test_of_definitions_only_what_defines_is_left() -> None:
    cells = ["import numpy as np\nprint(1)\nx = 3\ndef f(z):\n    return z * x", "f(2)\nexec('')"]
    (left,) = Source(cells).definitions()
    lines = [line for line in left.split("\n") if line]
    assert lines == ["import numpy as np", "x = 3", "def f(z):", "    return z * x"]


LONG = {
    "a chain of attributes": "a" + ".b" * (MAX_SOURCE // 2 - 9),
    "names given to names": "import scipy as a\n" + "a = a.b\n" * 20_000,
    "stars": "".join(f"from m{k} import *\n" for k in range(8_000)),
    "brackets": "(" * (MAX_SOURCE - 9),
    "calls": "f" + "('a')" * (MAX_SOURCE // 5 - 9),
    "signs": "-" * 100_000 + "1",
    "lines of magics": "%x\n" * (MAX_SOURCE // 3 - 9),
    "text": "s = '" + "_" * (MAX_SOURCE - 99) + "'",
}


@pytest.mark.parametrize("what", LONG)
def test_a_long_source_takes_a_short_time(what: str) -> None:
    begun = time.process_time()
    source = Source([LONG[what], "def f(z): return a"], SET_UP)
    source.leans_on("f", FORBIDS)
    source.signs()
    source.definitions()
    assert time.process_time() - begun < 10


def test_what_is_too_long_is_not_looked_at() -> None:
    source = Source(["x = 1\n" * MAX_SOURCE])
    assert source.too_long and source.signs() == []


def test_honest_notebooks_are_parsed() -> None:
    for cells in honest.ELSEWHERE.values():
        Source([made.source_of(c) for c in cells["cells"]], SET_UP).signs()
