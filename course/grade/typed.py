"""Tables that a person has typed, in whatever way a spreadsheet saved them.

A spreadsheet changes more than what was typed: it takes 0012345 for a number and 1E5 for another,
reads UTF-8 as the letters of its own country, saves with `;` or tabs. What can be told is put
right; what cannot stops the run, for nothing that a person typed is ever dropped.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

# Where a file is not UTF-8: what spreadsheets save as, by country. The last of them reads anything.
_CODE_PAGES = (
    *("cp1252", "cp1250", "mac_roman", "cp1251", "cp1253", "cp1254", "cp1257", "cp1255", "cp1256"),
    *("cp1258", "cp874", "cp932", "gb18030", "cp949", "cp950", "latin-1"),
)
_MARKS = ("\ufeff", "ï»¿")  # a byte order mark, and one that was taken for letters
_MAX_CELL = 10**7  # signs; the module's own limit is 131 072
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(E[+-]?\d{1,4})?", re.IGNORECASE)
_MINUSES = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-"})


class Names:
    """The students, to be recognised by what a spreadsheet has made of their names.

    Parameters
    ----------
    students : iterable of str
    """

    def __init__(self, students: Iterable[str]) -> None:
        self.all = sorted(set(students))
        self._exact = set(self.all)

    @cached_property
    def _by_form(self) -> dict[str, set[str]]:
        """Made when the first name is not as it should be, which is seldom."""
        found: dict[str, set[str]] = defaultdict(set)
        for student in self.all:
            for form in _forms(student):
                found[form].add(student)
        return found

    def find(self, typed: str) -> str:
        """Return the student who is meant; "" if that is nobody, or could be several.

        Examples
        --------
        >>> names = Names(["0012345", "1E5", "Zoë"])
        >>> [names.find(typed) for typed in ("12345", "1.00E+05", "ZoÃ«", "Zoe")]
        ['0012345', '1E5', 'Zoë', '']
        """
        if typed in self:
            return typed
        found = self._by_form.get(_folded(typed)) or self._by_form.get(_as_number(typed))
        return next(iter(found)) if found and len(found) == 1 else ""

    def __contains__(self, student: str) -> bool:
        return student in self._exact

    def nearest(self, typed: str) -> str:
        """Return whose name is most like what was typed; "" if nobody's is."""
        folded = {_folded(student): student for student in self.all}
        return next(
            (folded[near] for near in difflib.get_close_matches(_folded(typed), folded, 1, 0.4)), ""
        )


def _forms(student: str) -> Iterator[str]:
    """Yield what programs make of a name."""
    yield _folded(student)
    if number := _as_number(student):
        yield number
        for digits in (15, 6):  # what a spreadsheet keeps of a number, and what it shows of one
            yield _as_number(f"{Decimal(number[1:]):.{digits - 1}E}")
    if student.isascii():
        return
    for form in ("NFC", "NFD"):
        data = unicodedata.normalize(form, student).encode("utf-8", "replace")
        for page in ("cp1252", "latin-1", "mac_roman", "cp1250"):
            yield _folded(data.decode(page, "replace"))
        yield _folded(_as_windows_reads(data))
    for page in ("ascii", "cp1252", "cp1250"):
        yield _folded(student.encode(page, "replace").decode(page))  # a question mark for a letter


def _folded(name: str) -> str:
    name = unicodedata.normalize("NFC", name.removeprefix("'")).casefold()
    return " ".join(name.replace("\xa0", " ").split())


def _as_number(text: str) -> str:
    """Return a number in one way of writing, "" if the text is none."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return ""
    try:
        return f"#{Decimal(text.replace(',', '.')).normalize()}"
    except InvalidOperation:
        return ""


def _as_windows_reads(data: bytes) -> str:
    """Decode as Windows does, which knows no byte that is wrong in its code page."""
    return "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte)  # five bytes stand for themselves
        for byte in data
    )


def unscrambled(text: str) -> str:
    """Return UTF-8 that was taken for Windows' own letters as it was; any other text as it is.

    Examples
    --------
    >>> unscrambled("trÃ¨s bien"), unscrambled("très bien")
    ('très bien', 'très bien')
    """
    try:
        data = b"".join(
            bytes([ord(c)]) if 0x7F < ord(c) < 0xA0 else c.encode("cp1252") for c in text
        )
        return data.decode("utf-8")
    except UnicodeError:
        return text


@dataclass(frozen=True)
class Row:
    """A row of a table, and where it stands.

    Attributes
    ----------
    line : int
    cells : dict of str to str
        By the heading; "" where nothing is typed.
    """

    line: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """Return what stands in a column, "" if there is no such column."""
        return self.cells.get(column, "")


def read_table(
    path: Path, columns: Sequence[str], students: Names, more: Sequence[str] = ()
) -> list[Row]:
    """Read a table in any encoding, with commas, semicolons or tabs between its cells.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        It must have these; "student" is one of them.
    students : Names
        Among the ways to read a file, the one in which most of them are found is right.
    more : sequence of str
        Columns that it may have. Others keep the name that a person gave them.

    Returns
    -------
    list of Row
        Empty if there is no such file. Empty rows are left out.

    Raises
    ------
    ValueError
        If it cannot be read; the message is one sentence for the instructor.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    best: list[Row] = []
    most, first_error = -1, None
    for text in _texts(data):
        try:
            rows = _rows(path, text, columns, more)
        except ValueError as error:
            first_error = first_error or error
            continue
        found = sum(bool(students.find(row.get("student"))) for row in rows)
        if found > most:
            best, most = rows, found
        if found == len(rows):
            break
    if most < 0 and first_error:
        raise first_error
    if any(_scrambled(row.get("student"), students) for row in best):
        best = [Row(r.line, {name: unscrambled(r.get(name)) for name in r.cells}) for r in best]
    return best


def _scrambled(typed: str, students: Names) -> bool:
    """Return whether a name is UTF-8 that was taken for something else."""
    return typed not in students and unscrambled(typed) != typed and bool(students.find(typed))


def _texts(data: bytes) -> Iterator[str]:
    """Yield what a file may say, the likeliest first."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield data.decode("utf-16", "replace")
        return
    if b"\0" in data[:200]:
        yield data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
        return
    try:
        yield data.decode("utf-8-sig")
        return
    except UnicodeDecodeError:
        pass
    for page in _CODE_PAGES:
        try:
            yield data.decode(page)
        except UnicodeDecodeError:
            continue


def _rows(path: Path, text: str, columns: Sequence[str], more: Sequence[str]) -> list[Row]:
    skipped = 0
    if text[:4].casefold() == "sep=":  # a line by which a spreadsheet tells itself
        text, skipped = text.partition("\n")[2], 1
    while text.startswith(_MARKS):
        text = text.removeprefix(_MARKS[0]).removeprefix(_MARKS[1])
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    limit = csv.field_size_limit(_MAX_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ours = {*columns, *more}
        head = [_heading(cell.strip(), ours) for cell in next(reader, [])]
        _check_heading(path, head, columns)
        rows, before = [], reader.line_num
        for cells in reader:
            line, before = before + 1 + skipped, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if any(cell.strip() for cell in cells[len(head) :]):
                raise ValueError(
                    f"{path}, line {line} has more cells than the heading: "
                    "a comment with commas needs quotes around it"
                )
            cells += [""] * (len(head) - len(cells))
            pairs = zip(head, map(_plain, cells), strict=False)
            rows.append(Row(line, {name: cell for name, cell in pairs if name}))
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
    finally:
        csv.field_size_limit(limit)
    return rows


def _heading(cell: str, ours: Collection[str]) -> str:
    folded = _folded(cell).replace(" ", "_")
    return folded if folded in ours else cell


def _check_heading(path: Path, head: Sequence[str], columns: Sequence[str]) -> None:
    lacking = [column for column in columns if column not in head]
    if lacking:
        raise ValueError(
            f"{path} needs the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
            f"it has {', '.join(filter(None, head)) or 'none'}"
        )
    twice = [name for name in head if name and head.count(name) > 1]
    if twice:
        raise ValueError(f"{path} has two columns {twice[0]}")


def _plain(cell: str) -> str:
    """Take off the sign that keeps a spreadsheet from seeing a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@\t\r−") else cell


def number(text: str) -> float | None:
    """Return the number that was typed, in any country's way; None if it is none.

    Examples
    --------
    >>> number("1,5"), number(" 2. "), number("−1"), number("1_0"), number("nan")
    (1.5, 2.0, -1.0, None, None)
    """
    text = text.strip().translate(_MINUSES).replace(",", ".")
    return float(text) if re.fullmatch(r"[+-]?(\d{1,9}(\.\d*)?|\.\d+)", text) else None


def unknown(path: Path, line: int, typed: str, students: Names, near: str = "") -> ValueError:
    """Return the error of a row whose student nobody knows."""
    near = near or students.nearest(typed)
    hint = f"; the nearest is {near}" if near else ""
    who = f"no student “{typed}” is known{hint}" if typed else "no student is named"
    return ValueError(f"{path}, line {line}: {who}. Nothing has been written: mend that row")


def listed(found: Collection[str], most: int = 5) -> str:
    """Return the first few of them, and how many more there are."""
    some = list(found)
    more = f" and {len(some) - most} more" if len(some) > most else ""
    return ", ".join(some[:most]) + more


def several(count: int, noun: str) -> str:
    """Return "1 answer", "2 answers"."""
    return f"{count} {noun}{'s' * (count != 1)}"
