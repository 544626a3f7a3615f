"""A look at the source of a submission, on the trusted side, where nothing it does can blind us.

It may only take points away, or tell the instructor. Whoever wants to hide something from it can:
what keeps a grade honest is that nothing that runs beside a student's code decides.
"""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_SOURCE = 200_000  # characters of all cells that are looked at; more is no answer to a lesson

_MOST = 20  # meanings of a name, parts of a dotted one: a bound on what is looked at

# Cell magics that run their cell as Python, and those that write it to a file.
_RUN = ("time", "timeit", "capture", "prun")
_WRITE = ("writefile", "file")
_MAGIC = re.compile(r"^([ \t]*+)(?:[%!?].*|\w[\w, \t]*+=[ \t]*+[%!].*|.*\?)$", re.MULTILINE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What no answer needs, and what getting at the code beside it does.
_INNER = _words(
    "__code__ __globals__ __closure__ cell_contents __subclasses__ __builtins__ f_back f_builtins "
    "f_globals f_locals tb_frame gi_frame cr_frame _getframe _current_frames currentframe "
    "get_objects get_referrers get_referents settrace setprofile addaudithook meta_path "
    "__setattr__ __dict__"
)
_INNER_MODULES = _words(
    "course inside ctypes _ctypes cffi gc inspect marshal importlib imp pickle operator"
)
_MAKERS = _words("exec eval compile __import__ setattr delattr globals vars locals")
# Of these modules what is set is used beside the answers too.
_SHARED = _words(
    "builtins contextlib copy dis functools io json math numpy os scipy signal struct sys threading "
    "time types utils warnings"
)
_HARMLESS = _words("sys.stdout sys.stderr sys.stdin sys.path")
_IN_TEXT = re.compile(
    r"__code__|__globals__|_getframe|get_objects|sys\.modules"
    r"|\bcourse\.(?:judge|exercises|grade)\b|\binside\.(?:warm|student)\b"
)


@dataclass(frozen=True)
class Sign:
    """Where the source reaches into what runs beside it: the cell (from 0), its line, what."""

    cell: int
    line: int
    what: str


class Source:
    """The cells of a submission, parsed once.

    Parameters
    ----------
    cells : sequence of str
        The student's own.
    given : str
        The imports that they may rely on.
    """

    def __init__(self, cells: Sequence[str], given: str = "") -> None:
        self.cells = cells
        self.too_long = sum(map(len, cells)) > MAX_SOURCE
        looked_at = [""] * len(cells) if self.too_long else cells
        self._trees = [_as_python(cell) for cell in looked_at]
        self._written = [_parsed(_as_written(cell)) for cell in looked_at]
        # All that is in each cell, its statements first: they are gone over more than once.
        self._nodes = [list(ast.walk(tree)) for tree in self._trees]
        self._bound: dict[str, ast.stmt] = {}  # name → the last statement that binds it
        for tree in self._trees:
            for node in tree.body:
                self._bound.update(dict.fromkeys(_binds(node), node))
        self._means = _Meanings([_nodes_of(given), *self._nodes])

    def leans_on(self, name: str, forbids: Sequence[str]) -> str:
        """Return the forbidden name that an answer's source refers to, or an empty string.

        Parameters
        ----------
        name : str
            Of the answer; what it uses of the student's own is looked at as well.
        forbids : sequence of str
            Dotted names.
        """
        seen: set[str] = set()
        todo = [name]
        while todo and forbids:
            one = todo.pop()
            node = self._bound.get(one)
            if one in seen or node is None:
                continue
            seen.add(one)
            nodes = list(ast.walk(node))
            own = {each.id for each in nodes if isinstance(each, ast.Name)}
            found = self._means.dotted_in(nodes, shadowed=set(self._bound) - {one})
            used = sorted(found & set(forbids))
            if used:
                return used[0]
            todo += sorted(own & set(self._bound))
        return ""

    def uses(self, forbids: Sequence[str]) -> str:
        """Return a forbidden name that the source refers to anywhere, or an empty string."""
        found = [self._means.dotted_in(nodes, shadowed=set()) for nodes in self._nodes]
        return min(set[str]().union(*found) & set(forbids), default="")

    def signs(self) -> list[Sign]:
        """Return where the source reaches into what runs beside it, in order."""
        found = []
        for number, (nodes, written) in enumerate(zip(self._nodes, self._written, strict=True)):
            found += [Sign(number, *sign) for sign in self._signs_among(nodes)]
            found += [Sign(number, *sign) for sign in self._signs_in(written)]
        return found

    def definitions(self) -> list[str]:
        """Return the cells with nothing but what they define, and nothing that is a sign."""
        kept = []
        for cell, tree, written in zip(self.cells, self._trees, self._written, strict=True):
            if written.body and not any(self._signs_in(written)):
                kept.append(cell)
                continue
            body = [n for n in tree.body if _defines(n) and not any(self._signs_in(n))]
            with contextlib.suppress(RecursionError, ValueError):
                kept.append("\n".join(ast.unparse(node) for node in body))
        return [cell for cell in kept if cell]

    def _signs_in(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        """Yield line and text of each sign in a piece of source."""
        return self._signs_among(ast.walk(tree))

    def _signs_among(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
        for node in nodes:
            what = self._sign(node)
            if what:
                yield getattr(node, "lineno", 1), what

    def _sign(self, node: ast.AST) -> str:
        """Return what a node reaches for, "" if it is as harmless as most."""
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            return next((f"import {n}" for n in names if _is_inner(n)), "")
        if isinstance(node, ast.ImportFrom):
            return f"from {node.module} import …" if _is_inner(node.module or "") else ""
        if isinstance(node, ast.Attribute):
            if node.attr in _INNER or (node.attr == "modules" and _is_name(node.value, "sys")):
                return f".{node.attr}"
            if isinstance(node.ctx, ast.Store | ast.Del):
                targets = self._means.of(node)
                shared = [t for t in targets if t.partition(".")[0] in _SHARED]
                return f"{min(shared)} = …" if shared and not _HARMLESS & targets else ""
            return ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _MAKERS:
                return f"{node.func.id}(…)"
            dynamic = len(node.args) > 1 and not isinstance(node.args[1], ast.Constant)
            return "getattr(…)" if node.func.id == "getattr" and dynamic else ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = None if len(node.value) > 5_000 else _IN_TEXT.search(node.value)
            return f"“{found[0]}”" if found else ""
        return ""


class _Meanings:
    """What the names of a notebook stand for: the dotted names of what was imported."""

    def __init__(self, cells: Sequence[Sequence[ast.AST]]) -> None:
        self._known: dict[str, set[str]] = {}
        self._stars: set[str] = set()
        given: list[ast.Assign] = []
        for nodes in cells:
            for node in nodes:
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    self._learn_import(node)
                elif isinstance(node, ast.Assign) and isinstance(
                    node.value, (ast.Name, ast.Attribute, ast.Call)
                ):
                    given.append(node)
        for _ in range(3):  # a = special; b = a.softmax
            for node in given:
                for name in filter(None, map(_name_of, node.targets)):
                    self._learn(name, self.of(node.value))

    def _learn(self, name: str, meant: set[str]) -> None:
        known = self._known.setdefault(name, set())
        if len(known) < _MOST:
            known |= {dotted for dotted in meant if dotted.count(".") < _MOST}

    def _learn_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                self._learn(alias.asname or whole, {whole})
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name != "*":
                    self._learn(alias.asname or alias.name, {f"{node.module}.{alias.name}"})
                elif len(self._stars) < _MOST:
                    self._stars.add(node.module)

    def of(self, node: ast.AST) -> set[str]:
        """Return the dotted names that an expression may stand for."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute) and len(parts) < _MOST:
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            firsts = self._known.get(node.id, set())
        elif isinstance(node, ast.Call) and node.args and _text_of(node.args[-1]):
            text = _text_of(node.args[-1])
            called = getattr(node.func, "attr", _name_of(node.func))
            if called == "getattr":
                firsts = {f"{meant}.{text}" for meant in self.of(node.args[0])}
            else:
                firsts = {text} if called in ("__import__", "import_module") else set()
        else:
            firsts = set()
        return {".".join([first, *reversed(parts)]) for first in firsts}

    def dotted_in(self, nodes: Iterable[ast.AST], shadowed: set[str]) -> set[str]:
        """Return every dotted name that a piece of source, all its nodes, speaks of.

        `shadowed` names are the student's own: with `from … import *` they are not the module's.
        """
        found = set[str]()
        for node in nodes:
            if isinstance(node, ast.Name) and node.id in shadowed:
                continue
            if isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
                found |= self.of(node)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found |= {f"{module}.{node.id}" for module in self._stars}
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
        return found


@lru_cache(maxsize=16)
def _nodes_of(given: str) -> list[ast.AST]:
    """Return all that a lesson's imports consist of; each is parsed once."""
    return list(ast.walk(_parsed(given)))


def _parsed(source: str) -> ast.Module:
    """Parse source; what does not parse is empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _as_python(cell: str) -> ast.Module:
    """Parse a cell without its magics, line for line; nothing of one that is another language."""
    head, _, rest = cell.lstrip().partition("\n")
    if head.startswith("%%"):
        if head[2:].split(" ")[0] not in _RUN:
            return ast.Module([], [])
        cell = "\n" + rest
    tree = _parsed(cell)
    return tree if tree.body else _parsed(_MAGIC.sub(r"\1pass", cell))


def _as_written(cell: str) -> str:
    """Return what a cell writes to a file."""
    head, _, rest = cell.lstrip().partition("\n")
    return "\n" + rest if head.startswith("%%") and head[2:].split(" ")[0] in _WRITE else ""


def _binds(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds where all can see them."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            parts: Iterable[Any] = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from filter(None, map(_name_of, parts))
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        yield from filter(None, [_name_of(node.target)])
    elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.stmt):
                yield from _binds(inner)


def _defines(node: ast.stmt) -> bool:
    """Return whether a statement does no more than bind names."""
    plain = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    if isinstance(node, ast.Assign):
        names = all(
            isinstance(part, ast.Name)
            for target in node.targets
            for part in (target.elts if isinstance(target, ast.Tuple) else [target])
        )
        return names
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name)
    return isinstance(node, plain)


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _text_of(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_inner(module: str) -> bool:
    return module.partition(".")[0] in _INNER_MODULES and module != "course.check"
