"""In which encoding the names in a zip are written: a zip says only that a name is UTF-8.

macOS and many others write UTF-8 without saying so, and Windows what its console speaks: another
code page in each part of the world. All names of an archive come from one machine, so together
they tell which. The letters of a language look like one in one encoding; in the others they are
signs that no name has, rare characters, or capitals in the middle of words.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_MOST = 200  # names that are looked at, and bytes of each
_IN_UNICODE = 0x7075  # Info-ZIP's extra field: the name once more, in UTF-8

_NO_NAME = 10.0  # a sign that no name has
_MISFIT = 4.0  # a capital after a small letter, a Chinese character that touches a Latin letter
_FORBIDDEN, _ODD = '|"<>*?', "[]{}^~`\\"  # second bytes of characters, taken for ASCII


@dataclass(frozen=True)
class _Encoding:
    """An encoding with what its users write.

    Attributes
    ----------
    name : str
        As Python knows it.
    common : frozenset of str
        Characters that names are made of, where they can be listed.
    leads : tuple of (int, int, float)
        Of those in two bytes: from which first byte to which they cost so much.
    prior : float
        What its being rarer than others costs, once for all names.
    """

    name: str
    common: frozenset[str] = frozenset()
    leads: tuple[tuple[int, int, float], ...] = ()
    prior: float = 0

    def cost(self, names: Iterable[bytes]) -> float:
        """Return how unlikely it is that these names were written in it."""
        return self.prior + sum(map(self._cost, names))

    def _cost(self, raw: bytes) -> float:
        text = raw.decode(self.name, "replace")
        cost = sum(self._of(c) for c in text if not c.isascii() or c in _FORBIDDEN)
        for before, after in pairwise(text):
            raised = before.islower() and after.isupper() and not (before + after).isascii()
            # Scripts meet at a digit or a space, seldom within a word.
            mixed = before.isalpha() and after.isalpha() and _is_latin(before) != _is_latin(after)
            odd = after in _ODD and not before.isascii()
            cost += _MISFIT * (raised or mixed or odd)
        return cost

    def _of(self, char: str) -> float:
        if char == "\ufffd":
            return 2 * _NO_NAME
        if char.casefold() in self.common:
            return 1
        if not (char.isalpha() or char in "´’"):
            return _NO_NAME
        if not self.leads:
            return 2
        raw = char.encode(self.name)
        return next((cost for low, high, cost in self.leads if low <= raw[0] <= high), 5)


def _is_latin(char: str) -> bool:
    return char < "\u0250"


# Two bytes for a character: the first says how common it is, since each of these begins with the
# characters that are. One without an entry is rare.
_ENCODINGS = (
    _Encoding("cp850", frozenset("àâäáãåæçèéëìíîïñòóôöõøùúûüß")),
    _Encoding("cp852", frozenset("áäčďéěíľňóôöőřšťúůüűýžąćęłńśźżăâîßđ"), prior=0.5),
    _Encoding("cp857", frozenset("çğıöşüâîûi̇"), prior=0.7),
    _Encoding("cp866", frozenset(map(chr, range(0x430, 0x460)))),
    _Encoding("gbk", leads=((0xB0, 0xD7, 1), (0xD8, 0xF7, 2))),
    _Encoding(
        "cp932", leads=((0x82, 0x83, 0.9), (0x88, 0x97, 1), (0x98, 0x9F, 2), (0xE0, 0xEA, 2))
    ),
    _Encoding("big5", leads=((0xA4, 0xC6, 1), (0xC9, 0xF9, 3)), prior=0.5),
    # Korea's common syllables lie where half of China's characters do.
    _Encoding("cp949", leads=((0xB0, 0xC8, 0.95),), prior=0.35),
)


def names_of(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Return the names of all entries of a zip, in whatever encoding they were written.

    Parameters
    ----------
    entries : sequence of ZipInfo

    Returns
    -------
    list of str
        A name whose bytes nothing fits holds replacement characters; there is no error.

    Examples
    --------
    >>> entry = zipfile.ZipInfo("x")
    >>> entry.orig_filename = "Dvořák".encode("cp852").decode("cp437")  # as the module reads it
    >>> names_of([entry])
    ['Dvořák']
    """
    raw = {entry.orig_filename: _raw(entry) for entry in entries if _is_open(entry)}
    encoding = _encoding_of(list(raw.values()))
    return [
        _in_unicode(entry, raw[entry.orig_filename])
        or raw[entry.orig_filename].decode(encoding, "replace")
        if _is_open(entry)
        else entry.orig_filename
        for entry in entries
    ]


def _is_open(entry: zipfile.ZipInfo) -> bool:
    """Return whether a name's encoding matters, and the zip does not say it."""
    return not (entry.flag_bits & 0x800 or entry.orig_filename.isascii())


def _raw(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("cp437", "replace")  # as the module has read it


def _encoding_of(names: Sequence[bytes]) -> str:
    """Return in which encoding all these names make most sense."""
    try:
        b"\n".join(names).decode("utf-8")
    except UnicodeDecodeError:
        # The outermost folder or file is the student's, who matters most; each name counts once.
        parts = dict.fromkeys(part for name in names for part in name.split(b"/"))
        some = [part[:_MOST] for part in parts if not part.isascii()][:_MOST]
        return min(_ENCODINGS, key=lambda encoding: encoding.cost(some)).name
    return "utf-8"


def _in_unicode(entry: zipfile.ZipInfo, raw: bytes) -> str:
    """Return a name that stands in UTF-8 beside the one in a code page; "" if none does."""
    extra, start = entry.extra, 0
    while start + 9 < len(extra):
        kind, size, version = struct.unpack_from("<HHB", extra, start)
        end = start + 4 + size
        named = kind == _IN_UNICODE and version == 1
        if named and int.from_bytes(extra[start + 5 : start + 9], "little") == zlib.crc32(raw):
            return extra[start + 9 : end].decode("utf-8", "replace")
        start = end
    return ""
