"""One form for text that is written in many, with a way back to where things stood in the original.

Arabic-Indic, Persian and full-width digits become ASCII digits, Unicode's dashes "-" and its spaces " "; zero-width
characters, controls of direction and tatweel go.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DIGIT_ZEROS = (0x0660, 0x06F0, 0xFF10)
SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u00ad"
INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"  # zero width, marks and embeddings of direction
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u061c\ufeff\u0640"  # joiners, isolates, tatweel
)

_REPLACED = {
    **{zero + value: str(value) for zero in DIGIT_ZEROS for value in range(10)},
    **{ord(space): " " for space in SPACES},
    **{ord(dash): "-" for dash in DASHES},
}
_REMOVED = frozenset(INVISIBLE)
_TABLE: dict[int, str | None] = {**_REPLACED, **{ord(mark): None for mark in INVISIBLE}}


@dataclass(frozen=True, slots=True)
class Normalised:
    """Text in one form; `offsets[i]` is where its character i stood in the original, the last item its length."""

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that became `text[start:end]`; for an empty span, an empty one."""
        if start >= end:
            return self.offsets[start], self.offsets[start]
        return self.offsets[start], self.offsets[end - 1] + 1


def normalise(text: str) -> Normalised:
    """Text in one form, with the offsets of the original."""
    kept = [(index, character) for index, character in enumerate(text) if character not in _REMOVED]
    plain = "".join(_REPLACED.get(ord(character), character) for _, character in kept)
    return Normalised(plain, (*(index for index, _ in kept), len(text)))


def fold(text: str) -> str:
    """Text in one form, without offsets: what `normalise(text).text` is, quickly."""
    return text if text.isascii() and "\t" not in text else text.translate(_TABLE)


_LETTERS = str.maketrans("أإآٱىةؤئ", "ااااي\u0647وي")
_GAPS = re.compile(r"[\s\-_'\u2019`.,\u060c]+")


def fold_name(text: str) -> str:
    """A person's name for comparison: one script form, no vowel marks, no case, single spaces.

    Arabic alef and ya forms become one letter each and ta marbuta becomes ha, as Arabic search engines do; Latin
    letters lose their accents, and the hyphen of Al-Something becomes a space.
    """
    parts = unicodedata.normalize("NFKD", fold(text).translate(_LETTERS))
    bare = "".join(character for character in parts if not unicodedata.combining(character))
    return _GAPS.sub(" ", bare.translate(_LETTERS)).strip().casefold()
