"""A little Markdown, for model answers: as they are written here, and no more."""

from __future__ import annotations

import html
import re

_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\$\$(?P<shown>[^$]+)\$\$|\$(?P<tex>[^$]+)\$"
    r"|\*\*(?P<bold>\S(?:[^*]*\S)?)\*\*"
    r"|\*(?P<italic>\S(?:[^*]*\S)?)\*"
    r"|\[(?P<link>[^\]\n]+)\]\([^)\s]+\)"
)
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")


def as_html(text: str) -> str:
    """Return Markdown as HTML that loads nothing; formulas are left as they were typed, as code.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Paragraphs and lists. Everything in it is escaped.

    Examples
    --------
    >>> as_html("*Rubric.* Is $p < q$ (1)?")
    '<p><i>Rubric.</i> Is <code class="tex">p &lt; q</code> (1)?</p>'
    """
    found = []
    parts = re.split(r"^```[^\n]*$", text, flags=re.MULTILINE)
    for place, part in enumerate(parts):
        if place % 2:
            found.append(f"<pre>{html.escape(part.strip())}</pre>")
        else:
            found += [_block(block) for block in re.split(r"\n[ \t]*\n", part) if block.strip()]
    return "\n".join(found)


def _block(block: str) -> str:
    lines = block.strip("\n").split("\n")
    if not _ITEM.match(lines[0]):
        return f"<p>{_inline(block.strip().lstrip('#').lstrip())}</p>"
    items: list[list[str]] = []
    for line in lines:
        if _ITEM.match(line):
            items.append([_ITEM.sub("", line, count=1)])
        else:
            items[-1].append(line.strip())
    ordered = lines[0].lstrip()[0].isdigit()
    kind = "ol" if ordered else "ul"
    return f"<{kind}>{''.join(f'<li>{_inline(chr(10).join(i))}</li>' for i in items)}</{kind}>"


def _inline(text: str) -> str:
    done, found = 0, []
    for each in _INLINE.finditer(text):
        found.append(html.escape(text[done : each.start()]))
        kind, inner = each.lastgroup, each[each.lastgroup or 0]
        match kind:
            case "code":
                found.append(f"<code>{html.escape(inner)}</code>")
            case "tex" | "shown":
                found.append(f'<code class="tex">{html.escape(inner)}</code>')
            case "bold" | "italic":
                found.append(f"<{kind[0]}>{_inline(inner)}</{kind[0]}>")
            case _:
                found.append(html.escape(inner))
        done = each.end()
    return "".join(found) + html.escape(text[done:])
