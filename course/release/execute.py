"""Run a notebook so that the result is the same to the byte each time, and fit to publish."""

import os
import re
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from course.release.compare import PICTURE, pictures_in
from course.release.notebooks import Draft
from course.release.source import Problem

IGNORE_OUTPUT = "nbval-ignore-output"
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS_PER_CELL = 300
SECONDS_TO_START = 30
STARTS = 3
LARGEST_FILE = 2_000_000
# What differs from run to run: an object's address, a temporary file of the kernel.
PASSING = re.compile(r"\b(at 0x)[0-9a-fA-F]{6,}|\b(ipykernel_)\d+")


class ThisInterpreter(AsyncKernelManager):
    """Starts kernels on the Python that runs the release, whichever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The one kernel there is."""
        launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # No history file, and no warning that the loopback device is not encrypted.
        return KernelSpec(argv=[*launch, "--HistoryManager.enabled=False", "--log-level=ERROR"])


async def run(draft: Draft, root: Path, done: Callable[[], object]) -> list[Problem]:
    """Run the draft's notebook, in place, in a kernel of its own in the notebook's folder.

    Parameters
    ----------
    draft : Draft
        Its `node` gets outputs and execution counts, made comparable from run to run.
    root : Path
        The course's folder; its `utils` is the one that the notebook imports.
    done : callable
        Called after each cell.

    Returns
    -------
    list of Problem
        Empty when the notebook may be published. After a cell that raises, no further one is run.
    """
    with tempfile.TemporaryDirectory(prefix="course-") as scratch:
        try:
            kernel, client = await _start(draft, root, Path(scratch))
        except RuntimeError as error:
            return [Problem(draft.lesson.file, 1, f"no kernel starts: {error}")]
        try:
            problems = await _run_cells(draft, client, done)
        finally:
            await _end(kernel, client)
        return problems or publishable(draft, [str(root), scratch])


async def _start(draft: Draft, root: Path, scratch: Path) -> tuple[ThisInterpreter, NotebookClient]:
    """Return a kernel that answers. Now and then one does not: try another."""
    tries = STARTS
    while True:
        kernel = ThisInterpreter()
        await kernel.start_kernel(
            cwd=str(root / Path(draft.file).parent), env=environment(root, scratch)
        )
        client = NotebookClient(
            draft.node,
            km=kernel,
            record_timing=False,
            timeout=SECONDS_PER_CELL,
            startup_timeout=SECONDS_TO_START,
        )
        try:
            await client.async_start_new_kernel_client()
        except BaseException as problem:  # also when the release is cancelled
            await _end(kernel, client)
            kernel.context.destroy(linger=0)  # nbclient leaves a socket open
            tries -= 1
            if not tries or not isinstance(problem, RuntimeError):
                raise
        else:
            return kernel, client


async def _end(kernel: ThisInterpreter, client: NotebookClient) -> None:
    if client.kc is not None:
        client.kc.stop_channels()
    if kernel.has_kernel:  # nbclient has ended one that did not answer
        await kernel.shutdown_kernel(now=True)


async def _run_cells(
    draft: Draft, client: NotebookClient, done: Callable[[], object]
) -> list[Problem]:
    for index, cell in enumerate(draft.node.cells):
        count = client.code_cells_executed + 1
        try:
            await client.async_execute_cell(cell, index, execution_count=count)
        except CellExecutionError as error:
            raised = " ".join(f"{error.ename}: {error.evalue}".split())
            return [_problem(draft, index, f"raises {raised}")]
        except CellTimeoutError:
            return [_problem(draft, index, f"takes more than {SECONDS_PER_CELL} s")]
        except DeadKernelError:  # also when the release is cancelled while the cell runs
            return [_problem(draft, index, "ended the kernel")]
        done()
    return []


def environment(root: Path, scratch: Path) -> dict[str, str]:
    """Return the kernel's environment: the course's `utils`, and nothing of the author's own.

    The learner's state, IPython's profile and matplotlib's settings are empty ones in `scratch`.
    One thread for linear algebra keeps sums in one order and parallel kernels out of each
    other's way.
    """
    settings = scratch / "matplotlibrc"
    settings.touch()
    own = {"MPLBACKEND", "PYTHONWARNINGS", "PYTHONSTARTUP"}
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    return {name: value for name, value in os.environ.items() if name not in own} | {
        "COURSE_STATE": str(scratch / "state"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "MATPLOTLIBRC": str(settings),
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": path,
    }


def publishable(draft: Draft, private: list[str]) -> list[Problem]:
    """Make a run notebook's outputs comparable, in place, and say what must not be published.

    Parameters
    ----------
    draft : Draft
    private : list of str
        Paths of this machine that no output may show.
    """
    problems = []
    for index, cell in enumerate(draft.node.cells):
        if cell.cell_type != "code":
            continue
        if IGNORE_OUTPUT in cell.metadata.get("tags", []):
            cell.outputs = []
        cell.outputs = merge_streams(cell.outputs)
        problems += [
            _problem(draft, index, fault)
            for output in cell.outputs
            for fault in faults(output, private)
        ]
        if any(pictures_in(output.get("data", {}).get("text/html", "")) for output in cell.outputs):
            draft.node.metadata["course"]["matplotlib"] = version("matplotlib")
    size = len(to_bytes(draft.node))
    if size > LARGEST_FILE:
        sentence = f"the notebook has {size / 1e6:.1f} MB, more than {LARGEST_FILE / 1e6:.0f} MB"
        problems.append(Problem(draft.lesson.file, 1, sentence))
    return problems


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join stream outputs that follow each other: where the kernel cut them is chance."""
    merged: list[NotebookNode] = []
    for output in outputs:
        before = merged[-1] if merged else {}
        if output.output_type == "stream" and before.get("name") == output.name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def faults(output: NotebookNode, private: list[str]) -> list[str]:
    """Say what is wrong with one output, each as the end of a sentence that begins "the cell"."""
    found = []
    data = output.get("data", {})
    if output.get("name") == "stderr":
        first = next((line for line in output.text.splitlines() if line.strip()), "")
        found.append(f"writes to stderr (a learner would see a warning): {_short(first)}")
    if WIDGET in data:
        found.append("shows a widget, which no file can keep: use plots.interactive")
    found += [
        f"shows a picture ({kind}) whose text no page would have: use plots.show"
        for kind in data
        if kind.startswith("image/")
    ]
    for tag in re.findall(r"<img\b[^>]*>", data.get("text/html", "")):
        described = re.search(r'\balt="([^"]*)"', tag)
        if described is None or not described[1].strip():
            found.append("shows a picture without alternative text")
    shown = [PICTURE.sub("", str(v)) for k, v in data.items() if not k.startswith("image/")]
    text = "\n".join(map(str, [*shown, output.get("text"), *output.get("traceback", [])]))
    passing = PASSING.search(text)
    if passing and output.get("name") != "stderr":
        found.append(f"shows {passing[1] or passing[2]}…, which differs in every run")
    found += [f"shows {path}, a path of this machine" for path in private if path in text]
    return found


def to_bytes(node: NotebookNode) -> bytes:
    """Return the notebook file."""
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]
    return (text.rstrip("\n") + "\n").encode()


def _problem(draft: Draft, index: int, what: str) -> Problem:
    cell = draft.cells[index]
    first = _short(cell.source.split("\n")[0])
    return Problem(draft.lesson.file, cell.line, f"the cell `{first}` {what}")


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
