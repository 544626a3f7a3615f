"""Review cards for a spaced-repetition program such as Anki: terms, mistakes, interview questions."""

import csv
import html
import io
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt

from course.release.pages import gist, question, read_sections
from course.release.source import Course, Lesson

FILES = {"learner": "lessons/review_cards.tsv", "teacher": "solutions/review_cards.tsv"}
# What Anki reads at the top of a text file; the columns are front, back and tags.
HEAD = "#separator:tab\n#html:true\n#tags column:3\n"
_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_MATHEMATICS = re.compile(r"\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$]+?)\$", re.DOTALL)


class Card(NamedTuple):
    """One card.

    Attributes
    ----------
    front, back : str
        HTML.
    tags : str
        Separated by spaces.
    """

    front: str
    back: str
    tags: str


def cards(lessons: Sequence[Lesson], course: Course) -> dict[str, str]:
    """Return the text of each file of cards: without model answers for learners, with them beside.

    Parameters
    ----------
    lessons : sequence of Lesson
    course : Course

    Returns
    -------
    dict of str to str
    """
    return {
        file: as_text([card for lesson in lessons for card in _of(lesson, course, who)])
        for who, file in FILES.items()
    }


def as_text(found: Sequence[Card]) -> str:
    """Return the file that holds some cards."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(found)
    return HEAD + text.getvalue()


def as_html(markdown: str) -> str:
    r"""Return Markdown as HTML on one line, with its formulas as Anki writes them.

    Examples
    --------
    >>> as_html("**odds** of $p<1$, `a < b`")
    '<strong>odds</strong> of \\(p&lt;1\\), <code>a &lt; b</code>'
    """
    formulas: list[str] = []

    def put_away(found: re.Match[str]) -> str:
        signs = r"\[{}\]" if found["display"] else r"\({}\)"
        text = " ".join((found["display"] or found["inline"]).split())
        formulas.append(signs.replace("{}", html.escape(text)))
        return f"\ue000{len(formulas) - 1}\ue001"  # characters that no text has

    text = _MARKDOWN.render(_MATHEMATICS.sub(put_away, markdown)).strip()
    if text.count("<p>") == 1 and text.startswith("<p>") and text.endswith("</p>"):
        text = text.removeprefix("<p>").removesuffix("</p>")
    text = text.replace("</p>\n", "</p>")
    text = re.sub(r"<pre>.*?</pre>", lambda m: m[0].replace("\n", "<br>"), text, flags=re.DOTALL)
    return re.sub("\ue000(\\d+)\ue001", lambda m: formulas[int(m[1])], " ".join(text.split()))


def _of(lesson: Lesson, course: Course, who: str) -> Iterator[Card]:
    tag = f"lesson-{lesson.number}"
    for section in read_sections(lesson):
        for note in section.notes:
            if note.kind == "term":
                yield Card(as_html(f"**{note.name}**"), as_html(note.text), f"{tag} term")
        if section.above == "Common mistakes" and section.title != section.above:
            yield Card(
                as_html(
                    f"A common mistake of lesson {lesson.number}: {section.title}. How do you notice it?"
                ),
                as_html(re.sub(r"^\*\*\w[\w ]*:\*\* ", "", gist(section.lines))),
                f"{tag} mistake",
            )
    file = f"solutions/{lesson.name}.ipynb"
    link = f"`{file}`" if course.has_no_address else f"[{file}]({course.link(file)})"
    for cell in lesson.cells:
        if cell.role == "written":
            model = "\n".join(cell.answer_lines).partition("*Rubric.*")[0]
            words = f"Say it aloud in sixty seconds, then compare: {cell.number} in {link}."
            back = model if who == "teacher" else words
            yield Card(as_html(question(cell)), as_html(back), f"{tag} interview")
