"""The formula sheet as one HTML file that prints on a page or two; its formulas are MathML."""

import html
import re
from collections.abc import Sequence

from latex2mathml.converter import convert

from course.release.pages import SYMBOLS, read_sections
from course.release.source import Lesson

FILE = "lessons/formula_sheet.html"
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Formula sheet</title>
<style>
@page {{ size: A4; margin: 12mm; }}
body {{ max-width: 60em; margin: 1em auto; padding: 0 1em; font: 13px/1.4 sans-serif;
  color: #000; background: #fff; }}
main {{ columns: 24em; column-gap: 2em; }}
h1 {{ font-size: 1.4em; margin: 0; }}
h2 {{ font-size: 1.05em; margin: .7em 0 .2em; break-after: avoid; }}
div {{ break-inside: avoid; margin: .2em 0; }}
div p {{ margin: 0; color: #444; font-size: .9em; break-after: avoid; }}
div math {{ font-size: 1.1em; margin-right: 1.4em; }}
@media (max-width: 40em) {{ div {{ overflow: auto hidden; }} }}
@media print {{ body {{ max-width: none; margin: 0; padding: 0; font-size: 12px; }} }}
</style>
</head>
<body>
<h1>Formula sheet</h1>
<p>{symbols}</p>
<main>
{formulas}
</main>
</body>
</html>
"""


def sheet(lessons: Sequence[Lesson]) -> str:
    """Return the file with every formula that the lessons mark.

    Parameters
    ----------
    lessons : sequence of Lesson

    Returns
    -------
    str
    """
    rows = []
    for lesson in lessons:
        notes = [note for s in read_sections(lesson) for note in s.notes if note.kind == "formula"]
        if notes:
            rows.append(f"<h2>{html.escape(lesson.title)}</h2>")
        for note in notes:
            parts = "\n".join(map(mathml, apart(note.text.rstrip(" .,:;"))))
            parts = parts.replace("<math ", '<math displaystyle="true" ')  # fractions of full size
            rows.append(f"<div><p>{html.escape(note.name)}</p>{parts}</div>")
    symbols = html.escape(" ".join(SYMBOLS)).split("$")
    for place in range(1, len(symbols), 2):
        symbols[place] = mathml(html.unescape(symbols[place]))
    text = re.sub("`(.+?)`", r"<code>\1</code>", "".join(symbols))
    return _PAGE.format(symbols=text, formulas="\n".join(rows))


def apart(latex: str) -> list[str]:
    r"""Cut a formula where it may go on in the next line: at wide spaces outside of brackets.

    Examples
    --------
    >>> apart("a, \\qquad b")
    ['a,', 'b']
    >>> apart("\\text{a \\qquad b}")
    ['\\text{a \\qquad b}']
    """
    parts = [""]
    for piece in re.split(r"\\qquad(?![A-Za-z])", latex):
        whole = parts[-1].count("{") == parts[-1].count("}")
        whole &= parts[-1].count(r"\left") == parts[-1].count(r"\right")
        if parts[-1] and whole:
            parts.append(piece)
        else:
            parts[-1] += rf"\qquad{piece}" if parts[-1] else piece
    return [" ".join(part.split()) for part in parts]


def mathml(latex: str) -> str:
    """Return a formula as MathML; a command that is not known is an error.

    Raises
    ------
    ValueError
        If the formula holds a command that would be printed as it stands.
    """
    latex = re.sub(r"\\[bB]igg?[lrm]?(?![A-Za-z])", "", latex)  # brackets grow by themselves
    text: str = convert(latex)
    if "\\" in text:
        raise ValueError(f"the formula sheet cannot show {latex}")
    return text
