"""Slips of honest students, none of which may cost a point: name → notebook."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.grade.made import answers, as_bytes, code, notebook, released

SOFTMAX = answers()["02.1"]
BODY = SOFTMAX.partition("\n")[2]  # without the marker


def _each(change: Any) -> dict[str, Any]:
    """Return the answered notebook with every cell changed."""
    made = notebook()
    for cell in made["cells"]:
        change(cell)
    return made


def _sources(change: Any) -> dict[str, Any]:
    def one(cell: dict[str, Any]) -> None:
        cell["source"] = change(cell["source"])

    return _each(one)


def _format_3() -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "input": c["source"], "language": "python", "outputs": []}
        if c["cell_type"] == "code"
        else {"cell_type": "markdown", "source": c["source"]}
        for c in notebook()["cells"]
    ]
    sheets = [{"cells": cells, "metadata": {}}]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": sheets}


def _without(*keys: str) -> dict[str, Any]:
    made = notebook()
    return {key: value for key, value in made.items() if key not in keys}


def _added_to_set_up(*lines: str) -> dict[str, Any]:
    """Return a notebook whose set-up cell has lines of the student's own at its end."""
    made = notebook(instead={"02.1": BODY.replace("np.exp", "special_exp")})
    set_up = next(c for c in made["cells"] if c["source"].startswith("# course: set-up"))
    set_up["source"] += "\n" + "\n".join(lines)
    return made


def _stub_kept(before: bool) -> dict[str, Any]:
    """Return a notebook with the stub as it was, and the answer in a new cell beside it."""
    made = notebook(instead={"02.1": next(c for c in _stubs() if "02.1" in c)})
    place = next(i for i, c in enumerate(made["cells"]) if "02.1" in c["source"][:20])
    made["cells"].insert(place if before else place + 1, code(BODY))
    return made


def _stubs() -> list[str]:
    return [c["source"] for c in released()["cells"] if c["source"].startswith("# exercise")]


def _moved() -> dict[str, Any]:
    made = notebook()
    code_cells = [c for c in made["cells"] if c["source"].startswith("# exercise")]
    made["cells"] = [*reversed(code_cells), *(c for c in made["cells"] if c not in code_cells)]
    return made


def _copied(what: str) -> dict[str, Any]:
    made = notebook()
    made["cells"] += [copy.deepcopy(c) for c in made["cells"] if what in c["source"]]
    return made


def _only_checks_deleted() -> dict[str, Any]:
    made = notebook()
    made["cells"] = [c for c in made["cells"] if not c["source"].startswith("check(")]
    return made


def _only_answers() -> dict[str, Any]:
    made = notebook()
    made["cells"] = [c for c in made["cells"] if c["source"].startswith("# exercise")]
    return made


FLOOD = "for _ in range(2000):\n    print('x' * 100_000)"
HELPER = "def shifted(z):\n    return z - np.max(z, axis=-1, keepdims=True)"
BY_HELPER = (
    "def softmax(logits):\n    e = np.exp(shifted(logits))\n    return e / e.sum(-1, keepdims=True)"
)
LISTS = """
def softmax(logits):
    if np.ndim(logits) > 1:
        return [softmax(row) for row in logits]
    e = [float(np.exp(z - max(logits))) for z in logits]
    return [x / sum(e) for x in e]
"""
FLOAT_32 = """
def softmax(logits):
    z = np.asarray(logits - np.max(logits, axis=-1, keepdims=True), dtype=np.float32)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)
"""
SLEEP = "import time\ntime.sleep(0.4)"


NOTEBOOKS: dict[str, dict[str, Any] | bytes] = {
    "as it should be": notebook(),
    # --- cells and files
    "check cells deleted": _only_checks_deleted(),
    "check cells copied": _copied("check("),
    "exercise cells copied": _copied("# exercise"),
    "exercise cells moved to the top in reverse": _moved(),
    "everything but the answers deleted": _only_answers(),
    "exercise markers deleted": _sources(
        lambda s: s.partition("\n")[2] if s.startswith("# exercise") else s
    ),
    "cell metadata stripped": _each(lambda cell: cell.pop("metadata", None)),
    "cell metadata of Colab": _each(lambda cell: cell.update(metadata={"id": "x", "colab": {}})),
    "cell ids missing": _each(lambda cell: cell.pop("id", None)),
    "notebook metadata missing": _without("metadata"),
    "kernelspec unknown": {**notebook(), "metadata": {"kernelspec": {"name": "julia"}}},
    "format numbers missing": _without("nbformat", "nbformat_minor"),
    "format 3": _format_3(),
    "sources as lists of lines": _each(
        lambda cell: cell.update(source=cell["source"].splitlines(keepends=True))
    ),
    "Windows line ends": _sources(lambda s: s.replace("\n", "\r\n")),
    "byte order mark": b"\xef\xbb\xbf" + as_bytes(notebook()),
    "indented JSON with plain accents": json.dumps(
        notebook(first=["# Ünïcödé 🙂"]), indent=4, ensure_ascii=False
    ).encode(),
    "half a character in a comment": notebook(first=["# \ud83d"]),
    "spaces at the ends of lines": _sources(lambda s: s.replace("\n", "  \n")),
    "an output of 10 MB": {
        **notebook(),
        "extra": "x" * 10_000_000,
    },
    "raw and unknown cells": {
        **notebook(),
        "cells": [{"cell_type": "raw", "source": "x"}, {"x": 1}, None, *notebook()["cells"]],
    },
    "a cell of nothing but a comment": notebook(first=["# to do"], last=["", "   \n"]),
    # --- where the answer stands
    "answer in a new cell below the stub": _stub_kept(before=False),
    "answer in a new cell above the stub": _stub_kept(before=True),
    "the last definition counts": notebook(
        first=["def softmax(z):\n    return z"], instead={"02.1": "x = 1"}, last=[BODY]
    ),
    "a helper in a cell of its own": notebook(first=[HELPER], instead={"02.1": BY_HELPER}),
    "a helper below the answer": notebook(last=[HELPER], instead={"02.1": BY_HELPER}),
    "a helper that uses a variable of the lesson": notebook(
        instead={"02.1": BODY.replace("weights = ", "three = len(names)\n    weights = ")}
    ),
    "imports added to the set-up cell": _added_to_set_up("from numpy import exp as special_exp"),
    "code added to the set-up cell": _added_to_set_up(
        "np.set_printoptions(precision=3)", "special_exp = np.exp"
    ),
    "a module written by a cell": notebook(
        first=["%%writefile mine.py\nimport numpy as np\n" + BODY.replace(": np.ndarray", "")],
        instead={"02.1": "from mine import softmax"},
    ),
    # --- other ways to write it
    "float32": notebook(instead={"02.1": FLOAT_32}),
    "lists": notebook(instead={"02.1": LISTS}),
    "another formula": notebook(
        instead={
            "02.1": "def softmax(z):\n"
            "    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))"
        }
    ),
    "from numpy import *": notebook(
        first=["from numpy import *"],
        instead={"02.3": "def softmax_jacobian(p):\n    return diag(p) - outer(p, p)"},
    ),
    "a lambda": notebook(
        instead={"02.3": "softmax_jacobian = lambda p: np.diag(p) - np.outer(p, p)"}
    ),
    "a decorated function": notebook(
        first=["import functools"],
        instead={
            "02.3": "@functools.lru_cache\ndef _two(): return 2\n\n\n"
            "def logged(f):\n    @functools.wraps(f)\n    def g(*a):\n"
            "        print('called')\n        return f(*a)\n    return g\n\n\n"
            "@logged\ndef softmax_jacobian(p):\n    return np.diag(p) - np.outer(p, p)"
        },
    ),
    "a class with __call__": notebook(
        instead={
            "02.3": "class J:\n    def __call__(self, p):\n"
            "        return np.diag(p) - np.outer(p, p)\nsoftmax_jacobian = J()"
        },
    ),
    "names of builtins taken": notebook(first=["sum = 3\nlist = type = print = None\nlen = 4"]),
    "prints while it works": notebook(
        instead={"02.1": BODY.replace("    weights", "    print(logits)\n    weights", 1)}
    ),
    "warns while it works": notebook(
        first=["import warnings"],
        instead={"02.1": BODY.replace("    weights", "    warnings.warn('mind')\n    weights", 1)},
    ),
    "an infinite loop guarded by main": notebook(last=["if __name__ != '__main__':\n    1 / 0"]),
    # --- cells that do odd things
    "a displayed value": notebook(last=["softmax(np.array([1.0, 2.0]))", "utils"]),
    "a warning": notebook(first=["import warnings\nwarnings.warn('careful')"]),
    "a scratch cell that raises before": notebook(
        first=["1 / 0", "undefined_name", "raise SystemExit"]
    ),
    "a scratch cell that raises after": notebook(last=["1 / 0", "assert False"]),
    "a cell that is not Python": notebook(first=["this is not Python", "def f(:\n"]),
    "quit, exit and os._exit": notebook(
        first=["quit()", "exit()", "import sys\nsys.exit()", "import os\nos._exit(0)"],
        last=["exit", "quit", "raise KeyboardInterrupt"],
    ),
    "an endless loop first": notebook(first=["while True: pass"]),
    "an endless loop last": notebook(last=["import time\nwhile True: time.sleep(1)"]),
    "200 MB of printing": notebook(first=[FLOOD], last=[FLOOD]),
    "200 MB of printing to the file descriptor": notebook(
        first=["import os\nfor _ in range(2000): os.write(1, b'x' * 100_000)"]
    ),
    "magics": notebook(
        first=[
            "%matplotlib inline",
            "!ls",
            "%timeit -n1 -r1 1 + 1",
            "%pip --version",
            "?np",
            "%%time\n1",
        ]
    ),
    "a magic over the answer": notebook(instead={"02.1": "%%time\n" + BODY}),
    "%reset at the top": notebook(first=["%reset -f"]),
    "top-level await": notebook(first=["import asyncio\nawait asyncio.sleep(0)"]),
    "input()": notebook(first=["name = input('your name? ')"]),
    "a figure": notebook(last=["plots.scores_and_probabilities([1, 2, 3], list('abc'))"]),
    "a slow but finite cell, three times": notebook(first=[SLEEP] * 3),
    "a hundred scratch cells": notebook(first=["x = 1 + 1"] * 50, last=["x = x + 1"] * 50),
    "a thread left running": notebook(
        first=[
            "import threading, time\nt = threading.Thread(target=time.sleep, args=(9e5,))\nt.start()"
        ],
        last=["t.is_alive()"],
    ),
    "a thread joined in the next cell": notebook(
        first=["import threading\nt = threading.Thread(target=print)\nt.start()", "t.join()"]
    ),
    "a process left running": notebook(
        first=["!sleep 1000 &", "import os\nos.system('sleep 99 &')"]
    ),
    "a cell that forks": notebook(first=["import os\nos.fork()", "os.fork()"]),
    "a pool of processes": notebook(
        first=[
            "import multiprocessing as m\nwith m.Pool(2) as pool:\n    print(pool.map(abs, [1]))"
        ]
    ),
    "warnings made errors": notebook(first=["import warnings\nwarnings.filterwarnings('error')"]),
    "NumPy told to raise": notebook(first=["np.seterr(all='raise')"]),
    "recursion limit raised": notebook(first=["import sys\nsys.setrecursionlimit(10**6)"]),
    "recursion limit lowered": notebook(first=["import sys\nsys.setrecursionlimit(100)"]),
    "another folder": notebook(first=["import os\nos.makedirs('x')\nos.chdir('x')", "%cd /"]),
    "files written": notebook(first=["open('notes.txt', 'w').write('x' * 1_000_000)"]),
    "variables deleted": notebook(last=["del P, Z", "x = 1\ndel x"]),
    "output redirected": notebook(first=["import sys\nsys.stdout = None\nsys.stderr = 3"]),
    "the random state set": notebook(first=["np.random.seed(0)", "np.random.default_rng = None"]),
    "an alarm": notebook(first=["import signal\nsignal.alarm(1)", SLEEP * 3]),
    "memory taken and given back": notebook(first=["x = np.ones(20_000_000)\ndel x"]),
    "attributes of a function": notebook(last=["softmax.author = 'me'\nsoftmax.__name__ = 'mine'"]),
}

LESSON_05: dict[str, dict[str, Any]] = {
    "a class, scratch cells, a class that inherits": notebook(
        "05",
        first=["m = None", "class Base:\n    pass"],
        last=[
            "SoftmaxClassifier().get_params()",
            "SoftmaxClassifier(lam=-1).predict([[1]])",
            "class SoftmaxClassifier(SoftmaxClassifier, Base):\n    pass",
        ],
    ),
}

# --- what a notebook elsewhere can do, and what follows it in its cell is still run

USES = BODY.replace("np.exp", "my_exp")
THEN = "from numpy import exp as my_exp"


def _first(*lines: str) -> dict[str, Any]:
    """Return a notebook whose answer needs the last line of its first cell."""
    return notebook(whole=False, first=["\n".join([*lines, THEN])], instead={"02.1": USES})


ELSEWHERE: dict[str, dict[str, Any]] = {
    "figures in the notebook": _first("%matplotlib inline", "import matplotlib.pyplot as plt"),
    "figures in a window": _first("%matplotlib qt"),
    "figures wherever": _first("%matplotlib"),
    "a magic written as a call": _first("get_ipython().run_line_magic('matplotlib', 'widget')"),
    "pylab": _first("%pylab inline"),
    "sharp figures": _first("%config InlineBackend.figure_format = 'retina'"),
    "modules loaded again": _first("%load_ext autoreload", "%autoreload 2"),
    "an extension that is not there": _first("%load_ext no_such_extension", "%no_such_magic x"),
    "packages installed": _first("%pip install seaborn", "!pip install -q seaborn"),
    "everything forgotten": _first("%reset -f"),
    "a shell": _first("!ls -la", "files = !ls", "!no_such_program"),
    "a timed line": _first("%time sum(range(10))", "%timeit -n1 -r1 sum(range(10))"),
    "Colab's own module": _first("from google.colab import drive, files", "drive.mount('/x')"),
    "packages that Colab has": _first(
        "import pandas as pd",
        "import seaborn as sns",
        "import tensorflow as tf",
        "sns.set_theme(style='whitegrid')",
        "table = pd.DataFrame({'a': [1, 2]})",
        "for name in table.columns: print(table[name].mean())",
        "class Net(tf.keras.Model):\n    pass",
    ),
    "a user's name": _first("import getpass", "print(getpass.getuser())"),
    "a question": _first("name = input('Your name? ')"),
    "parallel loops": _first(
        "from joblib import Parallel, delayed",
        "assert Parallel(n_jobs=2)(delayed(abs)(-k) for k in range(5)) == [*range(5)]",
    ),
    "the course's data": _first("import utils", "assert len(utils.three_clusters().X) == 180"),
    "a timed cell": notebook(
        whole=False, first=["%%time\n" + THEN], instead={"02.1": "%%capture\n" + USES}
    ),
    "cells of another language": notebook(
        whole=False, first=["%%html\n<b>x</b>", "%%sql\nselect 1", "%%bash\nexit 3"]
    ),
    "a magic on top of the answer": notebook(
        whole=False, instead={"02.1": "%matplotlib inline\n" + SOFTMAX}
    ),
}

# Results that are no arrays: what each costs is its own exercise.
ODD: dict[str, str] = {
    "a dictionary": "{'p': z}",
    "a generator": "(row for row in z)",
    "a map": "map(np.exp, z)",
    "a zip": "zip(z, z)",
    "a set": "{1.5}",
    "a function": "np.exp",
    "a class": "int",
    "a module": "np",
    "nothing": "print()",
    "an array with nothing in it": "np.array([None, 2.5])",
    "an array of arrays": "np.array([z, [z]], dtype=object)",
    "decimals": "[__import__('decimal').Decimal('0.25')]",
    "fractions": "__import__('fractions').Fraction(1, 3)",
    "a large whole number": "7**40",
    "a list with a large whole number": "[7**40, 1]",
    "a sparse matrix": "__import__('scipy.sparse').sparse.eye(2).tocsr()",
    "a masked array": "np.ma.masked_less(z, 0)",
    "a date": "__import__('datetime').date(2024, 2, 29)",
    "dates": "np.array(['2024-02-29'], dtype='M8[D]')",
    "durations": "np.array([3], dtype='m8[s]')",
    "a structured array": "np.zeros(3, dtype=[('a', 'f8')])",
    "raw bytes": "np.zeros(3, dtype='V4')",
    "a bytes object": "b'0.5'",
    "bytes that are no text": "np.array([b'\\xff\\xfe'])",
    "complex numbers": "z + 2j",
    "a range": "range(4)",
    "a coroutine": "later()",
    "a list of dictionaries": "[[{'a': 1}], [{}]]",
    "a list that holds itself": "endless",
    "an iterator": "iter([1.0])",
    "a slice": "slice(1, 2)",
    "Ellipsis": "...",
    "an exception": "ValueError('x')",
    "a file": "open('x', 'w')",
    "a lock": "__import__('threading').Lock()",
    "a half of a character": "'\\ud83d'",
}
ODD_FIRST = """
async def later(): return 1
endless = []
endless.append(endless)
"""
