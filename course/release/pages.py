"""Four pages that are made from the lessons: formulas, terms, interview questions, mistakes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from course.cells import MARKDOWN, Cell, Note
from course.release.source import Lesson

TITLES = {
    "formula_sheet": "Formula sheet",
    "glossary": "Glossary",
    "interview_questions": "Interview questions",
    "common_mistakes": "Common mistakes",
}
SYMBOLS = (
    "$n$ examples, $d$ features, $K$ classes; $X$ (n, d) features, $y$ labels, $Y$ (n, K) one-hot.",
    "$\\Theta$ (K, d+1) holds the weights, with the intercepts $b$ in column 0 and $W$ beside them;",
    "where $\\Theta$ or $\\theta_k$ stands, $X$ and $x$ begin with a 1.",
    "$z$ are scores (logits), $p$ and $P$ (n, K) probabilities; $T$ temperature, $\\lambda$ `lam`,",
    "$\\eta$ `lr`. $c$ is a confidence, $r$ 1 if right and 0 if not, a bar the mean over a bin;",
    "bin $k$ holds $n_k$ predictions, and $v_k$ is its mean of $c(1-c)$.",
    "$\\log$ is natural, and $\\mathrm{lse}(z) = \\log\\sum_j e^{z_j}$.",
)


@dataclass
class Section:
    """What stands below one heading of a lesson, up to the next one.

    Attributes
    ----------
    lesson : Lesson
    above : str
        The course's section it is in, such as "Common mistakes"; empty before the first.
    title : str
        Its own heading, as it stands.
    lines : list of str
        Its Markdown.
    notes : list of Note
    """

    lesson: Lesson
    above: str = ""
    title: str = ""
    lines: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def link(self) -> str:
        """Where it is, from `lessons/`, with the name that JupyterLab gives a heading.

        JupyterLab finds no name that a browser would encode; there the section above must do.
        """
        title = self.title.replace("`", "")
        if not re.fullmatch(r"[A-Za-z0-9 .,:;?!'_-]*", title):
            title = self.above
        return f"{self.lesson.name}.ipynb" + f"#{title.replace(' ', '-')}" * bool(title)


def pages(lessons: Sequence[Lesson]) -> dict[str, str]:
    """Return the text of each page by its file.

    Parameters
    ----------
    lessons : sequence of Lesson

    Returns
    -------
    dict of str to str
    """
    sections = [section for lesson in lessons for section in read_sections(lesson)]
    bodies = {
        "formula_sheet": formula_sheet(sections),
        "glossary": glossary(sections),
        "interview_questions": interview_questions(lessons),
        "common_mistakes": common_mistakes(sections),
    }
    texts = [_page(name, bodies[name]) for name in TITLES]
    return dict(zip(page_files(), texts, strict=True))


def page_files() -> list[str]:
    """Return the files of the pages."""
    return [f"lessons/{name}.md" for name in TITLES]


def formula_sheet(sections: Sequence[Section]) -> list[str]:
    """Return one table of the formulas that are marked; a lesson is named in its first row."""
    rows = ["To print it: [the same on a page or two](formula_sheet.html).", "", *SYMBOLS, ""]
    rows += ["| lesson | | formula |", "|---|---|---|"]
    before = None
    for section, note in _notes(sections, "formula"):
        lesson = "" if section.lesson is before else _title(section.lesson)
        before = section.lesson
        rows.append(f"| {lesson} | [{note.name}]({section.link}) | ${in_a_table(note.text)}$ |")
    return rows


def glossary(sections: Sequence[Section]) -> list[str]:
    """Return the terms that are marked, in the order of the alphabet."""
    return [
        f"- **{note.name}**: {note.text} ([{section.lesson.number}]({section.link}))"
        for section, note in sorted(
            _notes(sections, "term"), key=lambda found: found[1].name.casefold()
        )
    ]


def interview_questions(lessons: Sequence[Lesson]) -> list[str]:
    """Return the questions lesson by lesson."""
    rows = ["Say each answer aloud in sixty seconds; its lesson has a place to write it down."]
    for lesson in lessons:
        found = [f"- {question(cell)}" for cell in lesson.cells if cell.role == "written"]
        rows += ["", f"## {_title(lesson, 'Explain it in an interview')}", "", *found] * bool(found)
    return rows


def common_mistakes(sections: Sequence[Section]) -> list[str]:
    """Return the mistakes lesson by lesson, each with the way to catch it."""
    rows = ["Each is shown in its lesson: what goes wrong, how it looks, and what to do instead."]
    before = None
    for section in sections:
        if section.above != "Common mistakes" or section.title == section.above:
            continue
        if section.lesson is not before:
            rows += ["", f"## {_title(section.lesson, section.above)}", ""]
        rows.append(f"- [{section.title}]({section.link}). {gist(section.lines)}")
        before = section.lesson
    return rows


def read_sections(lesson: Lesson) -> list[Section]:
    """Cut the Markdown that learners see at its headings of level 2 and 3."""
    sections = [Section(lesson)]
    for cell in lesson.cells:
        if cell.kind != "markdown" or cell.role == "solutions only":
            continue
        tokens = MARKDOWN.parse(cell.source)
        headings = {
            opening.map[0]: (opening.markup, inline.content)
            for opening, inline in pairwise(tokens)
            if opening.type == "heading_open" and opening.markup in ("##", "###") and opening.map
        }
        notes = {note.row: note for note in cell.notes}
        for row, line in enumerate(cell.source.split("\n")):
            if row in headings:
                level, title = headings[row]
                above = title if level == "##" else sections[-1].above
                sections.append(Section(lesson, above, title))
            elif row in notes:
                sections[-1].notes.append(notes[row])
            else:
                sections[-1].lines.append(line)
        sections[-1].lines.append("")  # a cell ends a paragraph
    return sections


def question(cell: Cell) -> str:
    """Return a written question, of several lines or one, in one."""
    return re.sub(r"^Q\d+\. ", "", " ".join(cell.question.split()))


def gist(lines: Sequence[str]) -> str:
    """Return how a mistake is caught, or else its symptom, or else what is said first.

    Examples
    --------
    >>> gist(["It happens. Often.", "**Symptom:** `nan`. **Catch it:** look. **Fix:** do."])
    '**Catch it:** look.'
    >>> gist(["It happens. Often."])
    'It happens.'
    """
    text = "\n".join(lines).strip()
    for label in ("Catch it", "Symptom"):
        if found := re.search(rf"\*\*{label}:\*\* .+?(?=\s\*\*\w|\n\n|\Z)", text, re.DOTALL):
            return " ".join(found[0].split())
    first = re.match(r".+?[.?!](?=\s+[^a-z]|\Z)", text, re.DOTALL)  # not after e.g.
    return " ".join(first[0].split()) if first else ""


def in_a_table(latex: str) -> str:
    r"""Write a displayed formula so that it can stand in a cell of a Markdown table.

    Bars would end the cell, Markdown takes the backslash from before punctuation, and GitHub
    knows no \operatorname. A sentence's full stop stays in the lesson.

    Examples
    --------
    >>> in_a_table("\\operatorname{lse}(z)\\,\\{a|b\\} .")
    '\\mathrm{lse}(z) \\lbrace a\\vert b\\rbrace'
    """
    swaps = {r"\operatorname": r"\mathrm", r"\|": r"\Vert ", "|": r"\vert ", r"\{": r"\lbrace "}
    swaps |= {r"\}": r"\rbrace ", r"\,": " ", r"\;": " ", r"\!": ""}
    for old, new in swaps.items():
        latex = latex.replace(old, new)
    return " ".join(latex.split()).rstrip(" .,:;")


def _notes(sections: Sequence[Section], kind: str) -> Iterator[tuple[Section, Note]]:
    for section in sections:
        yield from ((section, note) for note in section.notes if note.kind == kind)


def _title(lesson: Lesson, section: str = "") -> str:
    return f"[{lesson.title}]({Section(lesson, title=section).link})"


def _page(name: str, body: Sequence[str]) -> str:
    others = [f"[{title}]({other}.md)" for other, title in TITLES.items() if other != name]
    made = "Made from the lessons by `course release`; to change it, change a lesson."
    head = [f"# {TITLES[name]}", "", f"*{made}* See also: {', '.join(others)}.", ""]
    return "\n".join([*head, *body]) + "\n"
