"""What a module of the course imports of the course: read from the source, nothing is run."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGES = ("utils", "course")


@functools.cache
def imported_by(file: Path, root: Path) -> frozenset[Path]:
    """Return the course's own files that a module names in its imports.

    What stands under ``if TYPE_CHECKING`` does not count. A name that `utils` loads at first use
    (``utils.softmax``) counts as the module that it stands in.

    Parameters
    ----------
    file : Path
        A Python file.
    root : Path
        The folder that holds `utils` and `course`.

    Returns
    -------
    frozenset of Path
    """
    package = file.relative_to(root).with_suffix("").parts[:-1]
    source = file.read_text(encoding="utf-8")
    return frozenset(files_of(modules_in(source, root, package), root))


def closure(files: Iterable[Path], root: Path) -> set[Path]:
    """Return files, all that they import of the course, what these import, and so on.

    Parameters
    ----------
    files : iterable of Path
    root : Path
        See `imported_by`.

    Returns
    -------
    set of Path
    """
    todo, found = list(files), set[Path]()
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            todo += imported_by(file, root)
    return found


def modules_in(source: str, root: Path, package: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted names of the course that a piece of code imports or loads.

    Parameters
    ----------
    source : str
        Python; code that cannot be read names nothing.
    root : Path
        See `imported_by`.
    package : tuple of str
        Where the code stands, for imports with a leading dot.

    Yields
    ------
    str
        Such as "utils.functions"; not all of them need be modules.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    # Where `utils` is no more than imported, what stands in expressions names nothing.
    for node in _walk(tree, bool(_SPOKEN.search(source))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
            yield from (_lazy(root).get(alias.name, "") for alias in node.names if base == "utils")
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "utils"
        ):
            yield _lazy(root).get(node.attr, f"utils.{node.attr}")


def files_of(names: Iterable[str], root: Path) -> Iterator[Path]:
    """Yield the files that are run when these dotted names are imported: packages come first."""
    for name in names:
        parts = name.split(".")
        if parts[0] not in PACKAGES:
            continue
        for length in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:length])
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if file.is_file():
                    yield file


_SPOKEN = re.compile(r"(?<!from )(?<!import )\butils\s*\.|\\\n")


def _walk(tree: ast.AST, expressions: bool = True) -> Iterator[ast.AST]:
    """Yield all nodes, or all statements, but those that only a type checker sees."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if not (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
            yield node
            if expressions:
                todo += ast.iter_child_nodes(node)
            else:
                for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                    inner = getattr(node, name, ())
                    todo += inner if isinstance(inner, list) else ()


@functools.cache
def _lazy(root: Path) -> dict[str, str]:
    """Return the names that `utils` loads at first use, each with its module."""
    tree = ast.parse((root / "utils" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOME":
            home: dict[str, list[str]] = ast.literal_eval(node.value)
            return {name: module for module, names in home.items() for name in names}
    return {}
