"""Stand-ins for what Colab has and a grader may lack: a cell that imports it goes on.

Nothing can be calculated with one. An answer that leans on it fails, and the instructor is told
which package to install.
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from typing import Any

# Of what Colab comes with, what a notebook of this course may well import.
COLAB = frozenset(
    [
        "IPython",
        "PIL",
        "altair",
        "bokeh",
        "cv2",
        "cycler",
        "datasets",
        "gdown",
        "google",
        "graphviz",
        "ipywidgets",
        "jax",
        "keras",
        "lightgbm",
        "networkx",
        "nltk",
        "numba",
        "pandas",
        "plotly",
        "portpicker",
        "polars",
        "psutil",
        "requests",
        "seaborn",
        "skimage",
        "statsmodels",
        "sympy",
        "tabulate",
        "tensorflow",
        "torch",
        "torchvision",
        "tqdm",
        "transformers",
        "wordcloud",
        "xgboost",
        "yaml",
    ]
)
absent: list[str] = []  # the packages that stand-ins were made for, each once


class NotInstalled(type):
    """The type of `anything`: whatever is asked of it gives itself again, and soon ends."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Give itself again, or the function that it decorates."""
        if cls is not anything:  # a class of the student's that inherits from it
            return super().__call__(*arguments, **keywords)
        if len(arguments) == 1 and not keywords and isinstance(arguments[0], types.FunctionType):
            return arguments[0]  # a decorator
        return cls

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return anything

    def __setattr__(cls, name: str, value: Any) -> None: ...

    def __getitem__(cls, key: Any) -> Any:
        return anything

    def __setitem__(cls, key: Any, value: Any) -> None: ...

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __len__(cls) -> int:
        return 0

    def __bool__(cls) -> bool:
        return False

    def __enter__(cls) -> Any:
        return cls

    def __exit__(cls, *exception: object) -> None: ...


class anything(metaclass=NotInstalled):  # noqa: N801  # it stands for values more than for a class
    """What is taken from a package that is not there."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return getattr(type(self), name)


class _Module(types.ModuleType):
    """A module that is not there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return anything


class _Finder(MetaPathFinder, Loader):
    """Asked after all others, it finds what Colab has."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        package = fullname.partition(".")[0]
        module = sys.modules.get(package)
        if package not in COLAB or (
            # The package itself is there, and only has no such part.
            package != "google" and module is not None and not isinstance(module, _Module)
        ):
            return None
        if package not in absent:
            absent.append(package)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None: ...


def install() -> None:
    """Find stand-ins from now on, for what is not found otherwise."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
