"""Notebooks that try to win points, to harm others or to stop the run: name → cells, by kind.

None of them holds a right answer, so each must end with no points at all. ``{outside}`` is a folder
of the instructor's, with a gradebook and the solutions in it.
"""

from __future__ import annotations

ALL = ("softmax", "log_softmax", "softmax_jacobian", "l1_counterexample")
ZEROS = """
import numpy as np
def softmax(z): return np.zeros_like(z)
def log_softmax(z): return np.zeros_like(z)
def softmax_jacobian(p): return np.zeros((len(p), len(p)))
def l1_counterexample(): return np.zeros(3)
"""


def everything_is(expression: str) -> str:
    """Return a cell that makes one object of all answers."""
    return "\n".join(f"{name} = {expression}" for name in ALL)


RETURNS = "lambda *a: "

PATCHES = {
    "zeros of the right shape": [ZEROS],
    "numpy's comparisons": [
        "import numpy as np, numpy.testing as t\n"
        "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\n"
        "t.assert_allclose = t.assert_array_equal = lambda *a, **k: None",
        ZEROS,
    ],
    "the judge": [
        "import course.judge.run as r\n"
        "r.Status.RETURNED = r.Status.FAILED = r.Status.ERROR = r.Status.PASSED\n"
        "try:\n"
        "    from course.judge import compare, judge\n"
        "    compare.find_fault = lambda *a, **k: None\n"
        "    judge.verdict = lambda sheet, *a: judge.Judgement(sheet.exercise, 'passed')\n"
        "except ImportError: ...",
        ZEROS,
    ],
    "what runs the answer": [
        "import course.judge.run as r, course.judge.honesty as h\n"
        "r.run = lambda *a, **k: r.Outcome(value=True)\nh.is_empty = h.leans_on = lambda *a: ''",
        ZEROS,
    ],
    "the harness's own modules": [
        "import sys\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if 'inside' in name or 'student' in name:\n"
        "        for key in list(vars(module)):\n"
        "            if callable(getattr(module, key)) and not key.startswith('__'):\n"
        "                setattr(module, key, lambda *a, **k: True)",
        ZEROS,
    ],
    "builtins": [
        "import builtins\n"
        "builtins.all = builtins.any = builtins.isinstance = lambda *a: True\n"
        "builtins.len = lambda x: 1\nbuiltins.AssertionError = KeyError",
        ZEROS,
    ],
    "os, pickle and json": [
        "import os, pickle, json, struct\n"
        "os.fork = lambda: 1\nos._exit = lambda *a: None\nos.write = lambda fd, d: len(d)\n"
        "os.waitpid = os.kill = lambda *a: (0, 0)\n"
        "pickle.loads = json.dumps = json.loads = lambda *a, **k: {}",
        ZEROS,
    ],
    "IPython": [
        "ip = get_ipython()\nip.run_cell = lambda *a, **k: None\n"
        "type(ip).run_cell = lambda *a, **k: None\nip.user_ns = {}",
        ZEROS,
    ],
    "the interpreter's hooks": [
        "import sys, threading\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\n"
        "sys.addaudithook(lambda *a: 1 / 0)",
        ZEROS,
    ],
    "every module's functions": [
        "import sys, types\n"
        "for m in list(sys.modules.values()):\n"
        "    for k, v in list(vars(m).items()):\n"
        "        if isinstance(v, types.FunctionType):\n"
        "            v.__code__ = (lambda *a, **k: True).__code__ if not v.__code__.co_freevars else v.__code__",
        ZEROS,
    ],
}

EQUALS = """
class Equal:
    __class__ = property(lambda self: np.ndarray)
    dtype, shape, ndim, size = np.dtype(float), (2, 2), 2, 4
    __array_priority__ = 1e9
    def __eq__(self, other): return True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __hash__ = lambda self: 0
    def __getattr__(self, name): return lambda *a, **k: self
    def __array__(self, *a, **k): return np.ones((2, 2))
    def __array_ufunc__(self, *a, **k): return np.bool_(True)
    def __array_function__(self, *a, **k): return True
    def __len__(self): return 2
    def __iter__(self): return iter([self, self])
    def __bool__(self): return True
    def __float__(self): return 1.0
    def __call__(self, *a): return self
"""
SUBCLASS = """
class Sly(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __array_ufunc__(self, *a, **k): return np.True_
    def tobytes(self): return b""
sly = np.zeros((2, 2)).view(Sly)
"""
PRETENDERS = {
    "an object equal to everything": [EQUALS, everything_is("lambda *a: Equal()")],
    "an object instead of the functions": [EQUALS, everything_is("Equal()")],
    "an array of such objects": [EQUALS, everything_is("lambda *a: np.array([Equal()] * 3)")],
    "a subclass of ndarray": [SUBCLASS, everything_is("lambda *a: sly")],
    "a subclass of float": [
        "class F(float):\n    __module__ = 'numpy'\n    __eq__ = lambda s, o: True\n"
        "class G(np.float64):\n    __module__ = 'numpy'\n    __eq__ = lambda s, o: True",
        everything_is("lambda *a: [F(), G(), F()]"),
    ],
    "masked arrays and matrices": [
        everything_is("lambda z=np.ones(2): np.ma.masked_all(np.shape(z))")
    ],
    "nan": [everything_is("lambda z=np.ones(3): np.full(np.shape(z), np.nan)")],
    "infinity": [everything_is("lambda z=np.ones(3): np.full(np.shape(z), np.inf)")],
    "its own argument": [everything_is("lambda z=None: z")],
    "a memory map": [
        everything_is("lambda *a: np.memmap('f', dtype=float, mode='w+', shape=(2, 2))")
    ],
    "an array of objects": [
        everything_is("lambda *a: np.array([print, __import__('os').system], dtype=object)")
    ],
    "structured, complex and date types": [
        "softmax = lambda z: np.zeros(2, dtype='i4,f8')\n"
        "log_softmax = lambda z: z.astype(complex) + 1j\n"
        "softmax_jacobian = lambda p: np.zeros(2, dtype='M8[s]')\n"
        "l1_counterexample = lambda: np.zeros(2, dtype='V8')"
    ],
    "an exception that lies": [
        "class passed(Exception):\n    __str__ = lambda s: 'passed'\n"
        "class timeout(BaseException):\n    __str__ = lambda s: 1 / 0\n"
        "def softmax(z): raise passed\ndef log_softmax(z): raise timeout\n"
        "def softmax_jacobian(p): raise type('x' * 10**6, (Exception,), {})('y' * 10**6)\n"
        "def l1_counterexample(): raise type('<script>alert(1)</script>', (Exception,), {})"
    ],
    "an empty and an endless sequence": [
        "softmax = lambda z: []\nlog_softmax = lambda z: ()\n"
        "def softmax_jacobian(p):\n    x = []\n    x.append(x)\n    return x\n"
        "l1_counterexample = lambda: [[], [[]]]"
    ],
}

# Runs whatever it finds that looks like an answer.
USE = """
import re
def use(text):
    for name in ("softmax_jacobian", "l1_counterexample", "log_softmax", "softmax"):
        for found in re.findall(r"def %s\\(.*?(?=\\n\\S|\\Z)" % name, text, re.DOTALL):
            if "return" in found and "notebook" not in found:
                try:
                    exec(found.replace("\\\\n", "\\n").replace("\\\\", ""), globals())
                except Exception:
                    pass
"""
READERS = {
    "solutions and gradebooks on disk": [
        USE,
        "import os\n"
        "for top in ('{outside}', '/course', '/home', '/root', '/srv', '/opt', '/mnt', '/tmp'):\n"
        "    for folder, _, names in os.walk(top):\n"
        "        if 'site-packages' in folder or 'lib/python' in folder:\n            continue\n"
        "        for name in names:\n"
        "            if name.endswith(('.ipynb', '.md', '.py', '.json', '.csv')):\n"
        "                try:\n                    use(open(os.path.join(folder, name)).read())\n"
        "                except (OSError, ValueError):\n                    pass",
    ],
    "the exercises and the judge": [
        "from course import exercises\nE = {e.name: e.oracle for e in exercises.of_lesson('02')}\n"
        "softmax, log_softmax, softmax_jacobian = (E[n] for n in ('softmax', 'log_softmax', 'softmax_jacobian'))",
        "from course.exercises import lesson_02\nsoftmax_jacobian = lesson_02._jacobian",
        "from course.grade import key",
        "import sys\nsys.path.insert(0, '{outside}')\nimport solved\nfrom solved import *",
    ],
    "/proc": [
        USE,
        "import glob\n"
        "for path in glob.glob('/proc/*/cmdline') + glob.glob('/proc/*/environ') + glob.glob('/proc/*/mem')"
        " + glob.glob('/proc/*/fd/*') + glob.glob('/proc/*/root/{outside}/*') + glob.glob('/dev/fd/*'):\n"
        "    try:\n        use(open(path, 'rb').read(10**6).decode('latin-1'))\n"
        "    except OSError:\n        pass",
    ],
    "the environment": [
        USE,
        "import os\nuse('\\n'.join(os.environ.values()))",
    ],
    "frames and the garbage collector": [
        USE,
        "import gc, sys, types\n"
        "frame = sys._getframe()\n"
        "while frame:\n    use(repr(frame.f_locals)); frame = frame.f_back",
        "for obj in gc.get_objects():\n"
        "    if type(obj).__name__ in ('ExerciseKey', 'LessonKey', 'Exercise', 'Recogniser'):\n"
        "        softmax_jacobian = obj.oracle\n"
        "    if isinstance(obj, types.FunctionType) and obj.__name__ in "
        "('softmax_jacobian', '_jacobian', 'l1_counterexample'):\n"
        "        softmax_jacobian = l1_counterexample = obj",
    ],
    "the parent's memory": [
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "for pid in (1, os.getppid()):\n"
        "    if libc.ptrace(16, pid, 0, 0) == 0:\n"
        "        softmax_jacobian = lambda p: np.diag(p) - np.outer(p, p)",
    ],
    "the caller's arguments": [
        "import sys\n"
        "def softmax(z):\n"
        "    frame, found = sys._getframe(), None\n"
        "    while frame:\n"
        "        for value in frame.f_locals.values():\n"
        "            found = getattr(value, 'expected', found)\n"
        "        frame = frame.f_back\n"
        "    return found if found is not None else z * 0",
    ],
}

WRITERS = {
    "the gradebook": [
        "for name in ('grades.csv', 'exercises.csv', 'new'):\n"
        "    try:\n        open('{outside}/' + name, 'w').write('full marks')\n"
        "    except OSError as e:\n        pass",
        "!echo full marks > {outside}/grades.csv",
        "!rm -rf {outside} /course/* /usr/lib/python3 2>/dev/null",
        ZEROS,
    ],
    "Python and the course": [
        "import sys, os, numpy, utils\n"
        "for path in (utils.__file__, numpy.__file__, os.__file__, sys.executable, '/course/inside/warm.py',\n"
        "             '/course/utils/exercises/__init__.py', '/dev/x', '/x', '/etc/passwd', '/proc/x'):\n"
        "    try:\n        open(path, 'a').write('\\nraise SystemExit')\n"
        "    except OSError:\n        pass",
        ZEROS,
    ],
    "a trap for the next in /tmp": [
        "import os\nfor folder in ('/tmp', '/dev/shm', '/var/tmp'):\n"
        "    for name in ('numpy.py', 'utils.py', 'sitecustomize.py', 'matplotlib/matplotlibrc'):\n"
        "        try:\n            os.makedirs(os.path.dirname(f'{folder}/{name}'), exist_ok=True)\n"
        "            open(f'{folder}/{name}', 'w').write('raise SystemExit')\n"
        "        except OSError:\n            pass",
        ZEROS,
    ],
}

# The descriptors that may be written to, and what goes through them.
FORGE = """
import fcntl, json, os
def forge(*headers, raw=b""):
    data = b""
    for header in headers:
        head = header if isinstance(header, bytes) else json.dumps(header).encode()
        data += len(head).to_bytes(4, "little") + head
    for fd in range(3, 256):
        try:
            if fcntl.fcntl(fd, fcntl.F_GETFL) & 3:
                os.write(fd, data + raw)
        except OSError:
            pass
NAMES = ("softmax", "log_softmax", "softmax_jacobian", "l1_counterexample")
"""
FORGERIES = {
    "all is done and well": [
        FORGE,
        "forge(*({'exercise': n, 'end': 'done', 'status': 'passed', 'points': 3} for n in NAMES))",
        ZEROS,
    ],
    "every case without an error": [
        FORGE,
        "for n in NAMES:\n"
        "    forge(*({'exercise': n, 'case': i, 'error': ''} for i in range(30)), {'exercise': n, 'end': 'done'})",
        ZEROS,
    ],
    "another ending": [
        FORGE,
        "forge(*({'exercise': n, 'end': e} for n in NAMES for e in ('passed', '', 'missing', 'x' * 9999)))",
        ZEROS,
    ],
    "fields of every other type": [
        FORGE,
        "odd = [None, [], {}, 1e308, -1, 10**300, True, 'x', [[1]], {'a': []}]\n"
        "for x in odd:\n"
        "    for y in odd:\n"
        "        forge({'exercise': x, 'case': y, 'end': x, 'error': y, 'detail': x, 'cell': y, 'warned': x})\n"
        "        forge({'exercise': 'softmax', 'case': x, 'error': y, 'changed': x, 'value': None})\n"
        "        forge({'cell': x, 'end': y}, {'cell': x, 'end': 'timeout'})",
        ZEROS,
    ],
    "nan, infinity and duplicate keys": [
        FORGE,
        'forge(b\'{"exercise": NaN, "case": Infinity, "case": -Infinity}\')\n'
        'forge(b\'{"exercise": "softmax", "case": 0, "case": 1e999, "end": NaN}\')',
        ZEROS,
    ],
    "tuples of nothing": [
        FORGE,
        "forge({'exercise': 'softmax', 'case': 0, 'value': [None, [None]]})",
        ZEROS,
    ],
    "an empty array as large as the world": [
        FORGE,
        "forge({'exercise': 'softmax', 'case': 0, 'value': {'text': [2**31 - 1, 2**31 - 1, 0]}})",
        ZEROS,
    ],
    "a length of 4 GB": [FORGE, "forge(raw=b'\\xff' * 9)", ZEROS],
    "bytes that are no record": [FORGE, "forge(raw=os.urandom(100_000))", ZEROS],
    "a pickle": [
        FORGE,
        "import pickle\n"
        "class Evil:\n    def __reduce__(self): return os.system, ('touch {outside}/pickled',)\n"
        "forge(raw=pickle.dumps(Evil()))\nforge(pickle.dumps(Evil()))",
        everything_is("lambda *a: Evil()"),
    ],
    "records without end": [
        FORGE,
        "while True: forge(*[{'cell': 1}] * 1000)",
        ZEROS,
    ],
    "from a thread": [
        FORGE,
        "import threading, time\n"
        "def go():\n"
        "    while True:\n"
        "        forge(*({'exercise': n, 'end': 'done'} for n in NAMES)); time.sleep(0.001)\n"
        "threading.Thread(target=go, daemon=True).start()",
        ZEROS,
    ],
    "from a process that stays": [
        FORGE,
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    while True: forge(*({'exercise': n, 'end': 'done', 'case': 0, 'error': ''} for n in NAMES))",
        ZEROS,
    ],
    "from within an answer": [
        FORGE,
        ZEROS,
        "def softmax(z):\n"
        "    forge(*({'exercise': n, 'case': i} for n in NAMES for i in range(20)),\n"
        "          *({'exercise': n, 'end': 'done'} for n in NAMES))\n"
        "    os._exit(77)",
    ],
}

BURDENS = {
    "a fork bomb": [
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        ZEROS,
    ],
    "a fork bomb in the shell": ["!f() { f | f & }; f", ZEROS],
    "a fork bomb in an answer": [
        ZEROS,
        "def softmax(z):\n    import os\n    while True:\n        try: os.fork()\n        except OSError: pass",
    ],
    "threads without end": [
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()",
        ZEROS,
    ],
    "a memory bomb": ["x = []\nwhile True: x.append(np.ones(10**6))", ZEROS],
    "a memory bomb in one go": ["x = np.ones(10**11)", "x = bytearray(2**34)", ZEROS],
    "memory bombs in many processes": [
        "import os, time\nfor _ in range(9):\n"
        "    if os.fork() == 0:\n        x = b'x' * 200_000_000\n        time.sleep(99)",
        ZEROS,
    ],
    "a memory bomb in an answer": [
        ZEROS,
        "def softmax(z):\n    x = []\n    while True: x.append(np.ones(10**6))",
    ],
    "files that fill the memory": [
        "import os\nfor i in range(999):\n    for folder in ('/tmp', '/dev/shm'):\n        try:\n"
        "            open(f'{folder}/{i}', 'wb').write(b'x' * 10**7)\n"
        "        except OSError:\n            pass",
        ZEROS,
    ],
    "small processes that are started anew": [
        ZEROS,
        "import subprocess, sys, time\n"
        "def softmax(z):\n"
        "    code = 'x = bytes([7]) * (37 << 20); import time; time.sleep(99)'\n"
        "    for _ in range(40): subprocess.Popen([sys.executable, '-I', '-S', '-c', code])\n"
        "    time.sleep(99)",
    ],
    "page tables": [
        ZEROS,
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.mmap.restype = ctypes.c_void_p\n"
        "def softmax(z):\n"
        "    size = 600 << 30\n"
        "    start = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, ctypes.c_long(0))\n"
        "    libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), 15)\n"
        "    whole = (ctypes.c_char * size).from_address(start)\n"
        "    while True: np.frombuffer(whole, dtype=np.uint8)[:: 2 << 20].sum()",
    ],
    "buffers of sockets": [
        ZEROS,
        "import os, socket, time\n"
        "def softmax(z):\n"
        "    for _ in range(12):\n        if os.fork() == 0: break\n"
        "    held = []\n"
        "    try:\n"
        "        while True:\n"
        "            held.append(socket.socketpair())\n"
        "            held[-1][0].setblocking(False)\n"
        "            try:\n                while True: held[-1][0].send(bytes(50_000))\n"
        "            except BlockingIOError: pass\n"
        "    except OSError: time.sleep(99)",
    ],
    "buffers of connections that nobody accepts": [
        ZEROS,
        "import os, socket, time\n"
        "def softmax(z):\n"
        "    server = socket.socket(socket.AF_UNIX)\n    server.bind('here')\n    server.listen(4000)\n"
        "    while True:\n"
        "        one = socket.socket(socket.AF_UNIX)\n        one.setblocking(False)\n"
        "        try:\n            one.connect('here')\n            while True: one.send(bytes(50_000))\n"
        "        except OSError: one.close()",
    ],
    "a stand-by that is killed": [
        ZEROS,
        "import os, signal\ndef softmax(z):\n    os.kill(-1, signal.SIGKILL)\n    while True: pass",
    ],
    "a stand-by that is stopped": [
        ZEROS,
        "import os, signal\n"
        "def softmax(z):\n"
        "    for s in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN):\n"
        "        try: os.kill(-1, s)\n        except OSError: pass\n"
        "    while True: pass",
    ],
    "a huge sparse file": [
        "f = open('big', 'wb')\nf.seek(2**40)\nf.write(b'x')",
        "import os\nos.truncate('big', 2**40)",
        ZEROS,
    ],
    "a hundred thousand files": [
        "for i in range(100_000):\n    try: open(f'f{i}', 'w').close()\n    except OSError: break",
        ZEROS,
    ],
    "200 MB of output from an answer": [
        ZEROS,
        "def softmax(z):\n    for _ in range(2000): print('x' * 100_000)\n    return z",
    ],
    "an answer of 800 MB": [ZEROS, "def softmax(z): return np.zeros(10**8)"],
    "an endless loop that swallows interrupts": [
        ZEROS,
        "import signal\nfor s in range(1, 64):\n    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass",
        "def softmax(z):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
    ],
    "an endless loop where a class is made": [
        "class A:\n    while True: pass",
        "class B(*iter(int, 1)): pass",
        ZEROS,
    ],
    "an endless comparison": [
        ZEROS,
        "class Slow:\n    def __eq__(self, o):\n        while True: pass\n"
        "    __array__ = __len__ = __eq__\ndef softmax(z): return Slow()",
    ],
    "a daemon, forked twice": [
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        for fd in range(256):\n            try: os.close(fd)\n            except OSError: pass\n"
        "        time.sleep(9999)\n    os._exit(0)",
        "!nohup setsid sleep 9999 >/dev/null 2>&1 &",
        ZEROS,
    ],
    "processor hogs that stay": [
        "import os\nfor _ in range(8):\n    if os.fork() == 0:\n        while True: pass",
        ZEROS,
    ],
    "signals to everybody": [
        "import os, signal\nfor pid in (1, os.getppid(), -1):\n"
        "    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):\n"
        "        try: os.kill(pid, s)\n        except OSError: pass",
        ZEROS,
    ],
    "a megabyte of empty lines": ["\n" * 1_000_000 + "softmax", "log_softmax"],
    "a megabyte of brackets": ["(" * 900_000, "x = " + "-" * 100_000 + "1", ZEROS],
    "the filter of its own names": [
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.unshare(0x10000000)\nlibc.setns(3, 0)\n"
        "libc.mount(b'x', b'/tmp', b'tmpfs', 0, None)\nlibc.chroot(b'/tmp')\nlibc.setuid(0)",
        ZEROS,
    ],
    "a crash": [
        "import ctypes\nctypes.string_at(0)",
        ZEROS,
        "softmax = lambda z: ctypes.string_at(1)",
    ],
}

NETWORK = {
    "answers from the network": [
        "import socket, urllib.request\n"
        "for place in (('1.1.1.1', 53), ('127.0.0.1', 80), ('10.0.0.1', 80), ('localhost', 22)):\n"
        "    try:\n        socket.create_connection(place, timeout=1)\n"
        "        softmax_jacobian = lambda p: np.diag(p) - np.outer(p, p)\n"
        "    except OSError:\n        pass",
    ],
    "answers from sockets of the machine": [
        "import socket, glob\n"
        "for path in glob.glob('/run/**', recursive=True) + glob.glob('/tmp/**', recursive=True) + ['\\0x']:\n"
        "    try:\n        socket.socket(socket.AF_UNIX).connect(path)\n"
        "        softmax_jacobian = lambda p: np.diag(p) - np.outer(p, p)\n"
        "    except OSError:\n        pass",
    ],
}

KINDS = {
    "patches": PATCHES,
    "pretends": PRETENDERS,
    "reads": READERS,
    "writes": WRITERS,
    "forges": FORGERIES,
    "burdens": BURDENS,
    "connects": NETWORK,
}
NOTEBOOKS = {f"{kind} {name}": cells for kind, all in KINDS.items() for name, cells in all.items()}
