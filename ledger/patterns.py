"""The ASCII patterns of the ledger's public strings."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from ledger.errors import Refused

TOKEN: Final = r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,254}"
SUBJECT: Final = r"[!-~]{1,255}"
DECIMAL: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
DIGEST: Final = r"sha256:[0-9a-f]{64}"
TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
TYPE_NAME: Final = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*"
MAX_STRING: Final = 255


def matches(pattern: str, text: object) -> bool:
    """Whether `text` is an ASCII string of at most 255 characters that matches the whole pattern."""
    return (
        type(text) is str
        and len(text) <= MAX_STRING
        and text.isascii()
        and compiled(pattern).fullmatch(text) is not None
    )


def is_time(text: object) -> bool:
    """Whether `text` is a real UTC time written exactly as `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    if not matches(TIME, text):
        return False
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return True


def shown(name: object) -> str:
    """A name for a message: itself if it is harmless ASCII, else a stand-in."""
    return str(name) if matches(r"[A-Za-z0-9._-]{1,100}", name) else "of an unprintable name"


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern ready for use; raises Refused if it is no regular expression."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise Refused(f"the pattern {pattern!r} is not a regular expression") from error
