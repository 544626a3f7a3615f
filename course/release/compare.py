"""Say in short how a stored notebook differs from what its source would give now."""

import base64
import io
import re
from copy import deepcopy
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode

from course.release.notebooks import authored

if TYPE_CHECKING:
    import numpy as np

# Measured on figures with lines, bars, points, text and contours: data that are off by 1e-15 to
# 1e-6, as another processor may have them, give shares up to 8e-6 and means up to 1.2e-6; one
# digit that changes in a label gives 2e-4 and 3e-5, a curve that moves by 0.005 at least 6e-5.
SAME_PIXEL = 0.05  # largest difference in any channel (0…1) of pixels that count as the same
SHARE_OF_PIXELS = 5e-5
MEAN_DIFFERENCE = 2e-5
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]*)")  # in an output's HTML


def pictures_in(html: str) -> list[str]:
    """Return the pictures that HTML holds, in base64."""
    return PICTURE.findall(html)


def source_drift(stored: NotebookNode, fresh: NotebookNode) -> list[str]:
    """Compare what stands in the cells.

    Returns
    -------
    list of str
        One sentence for each place; empty when kind, tags and text of all cells agree.
    """
    old, new = [
        ["\n".join(map(str, authored(cell))) for cell in nb.cells] for nb in (stored, fresh)
    ]
    found = []
    for change, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        both = 0
        if change == "replace":
            both = min(i_end - i, j_end - j)
            found += [
                f"cell {i + k + 1}: text is {first_difference(old[i + k], new[j + k])}"
                for k in range(both)
            ]
        if change != "equal":
            found += [f"cell {row + 1} is not in the source" for row in range(i + both, i_end)]
            found += [f"cell {row + 1} of the source is missing" for row in range(j + both, j_end)]
    return found


def output_drift(stored: NotebookNode, fresh: NotebookNode) -> tuple[list[str], str]:
    """Compare outputs, pictures and the rest of two notebooks whose cells agree.

    Returns
    -------
    found : list of str
        One sentence for each difference.
    note : str
        Why pictures were not compared; empty if they were.
    """
    versions = [nb.metadata.get("course", {}).get("matplotlib") for nb in (stored, fresh)]
    note = ""
    if None not in versions and versions[0] != versions[1]:
        note = f"pictures not compared: made by matplotlib {versions[0]}, here is {versions[1]}"
    found = []
    for row, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True), start=1):
        differences = _compare_outputs(old.get("outputs", []), new.get("outputs", []), not note)
        found += [f"cell {row}: {difference}" for difference in differences]
    if not found and _rest(stored) != _rest(fresh):
        found.append("metadata, cell ids or execution counts differ")
    return found, note


def _compare_outputs(
    stored: list[NotebookNode], fresh: list[NotebookNode], pictures: bool
) -> list[str]:
    if len(stored) != len(fresh):
        return [f"{len(stored)} outputs, now {len(fresh)}"]
    found = []
    for old, new in zip(map(_parts, stored), map(_parts, fresh), strict=True):
        if list(old) != list(new):
            found.append(f"output is {', '.join(old)}, now {', '.join(new)}")
            continue
        for kind in old:
            texts = [PICTURE.sub("(picture)", str(value)) for value in (old[kind], new[kind])]
            if texts[0] != texts[1]:
                found.append(f"{kind} is {first_difference(*texts)}")
            elif pictures:
                both = (pictures_in(str(value)) for value in (old[kind], new[kind]))
                differences = (picture_difference(*pair) for pair in zip(*both, strict=True))
                found += [f"picture {each}" for each in differences if each][:1]
    return found


def _parts(output: NotebookNode) -> dict[str, Any]:
    """Take an output apart into what a reader sees of it, by name, sorted."""
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"error": "\n".join(output.traceback)}
    return dict(sorted(output.data.items()))


def picture_difference(stored: str, fresh: str) -> str:
    """Compare two PNGs, given in base64, by their pixels.

    Returns
    -------
    str
        Empty when they agree but for rounding, otherwise how they differ.
    """
    if stored == fresh:
        return ""
    import numpy as np  # here, because a comparison of text alone does not wait for it

    old, new = _pixels(stored), _pixels(fresh)
    if old.shape != new.shape:
        sizes = [f"{shape[1]}×{shape[0]}" for shape in (old.shape, new.shape)]
        return f"has {sizes[0]} pixels, now {sizes[1]}"
    difference = np.abs(old - new)
    share = float(np.mean(np.any(difference > SAME_PIXEL, axis=-1)))
    if share <= SHARE_OF_PIXELS and float(difference.mean()) <= MEAN_DIFFERENCE:
        return ""
    return f"differs in {share:.2%} of its pixels, by {difference.mean():.1g} on average"


def _pixels(picture: str) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Return rows × columns × 4 channels, each 0…1."""
    import numpy as np
    from matplotlib.image import imread

    pixels: np.ndarray[Any, np.dtype[np.float32]]
    pixels = imread(io.BytesIO(base64.b64decode(picture)), format="png")
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=-1)
    opaque = np.ones((*pixels.shape[:2], 4 - pixels.shape[2]), dtype=pixels.dtype)
    return np.concatenate([pixels, opaque], axis=-1)


def _rest(notebook: NotebookNode) -> NotebookNode:
    """Everything but the outputs and the version that drew the pictures."""
    rest = deepcopy(notebook)
    rest.metadata.get("course", {}).pop("matplotlib", None)
    for cell in rest.cells:
        cell.pop("outputs", None)
    return rest


def first_difference(old: str, new: str) -> str:
    r"""Quote the first line that differs, from a little before the difference.

    Examples
    --------
    >>> first_difference("loss\n1.0986", "loss\n1.0987")
    "'1.0986', now '1.0987'"
    >>> first_difference("loss\n1.0986", "loss")
    "'1.0986', now nothing"
    """
    for a, b in zip_longest(old.split("\n"), new.split("\n")):
        if a != b:
            pairs = enumerate(zip_longest(a or "", b or ""))
            same = next((i for i, (x, y) in pairs if x != y), 0)
            return ", now ".join(_quote(line, max(0, same - 30)) for line in (a, b))
    return "the same"


def _quote(line: str | None, start: int) -> str:
    if line is None:
        return "nothing"
    end = start + 60
    return repr("…" * (start > 0) + line[start:end] + "…" * (end < len(line)))
