"""How values are written for people."""

from __future__ import annotations

import unicodedata

JOINERS = "\n\u200c\u200d"  # a line's end, and what Arabic script needs between letters


def moment(time: str) -> str:
    """`2026-11-23T13:50:12.000000Z` as `2026-11-23 13:50:12 UTC`; anything else as it is."""
    date, letter, clock = time.partition("T")
    return f"{date} {clock[:8]} UTC" if letter and clock.endswith("Z") else time


def short(digest: str) -> str:
    """`sha256:` and the first twelve hex digits of a digest; anything else as it is."""
    return f"{digest[:19]}…" if digest.startswith("sha256:") and len(digest) > 19 else digest


def duration(milliseconds: int) -> str:
    """`1 h 2 min 3.4 s` of a duration in milliseconds."""
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0) + [f"{rest / 1000:.1f} s"]
    return " ".join(words)


def visible(words: str) -> str:
    """The words, with characters that would hide or reorder text (controls, direction overrides) shown as U+FFFD."""
    return "".join("\ufffd" if _hides(char) else char for char in words)


def _hides(char: str) -> bool:
    return char not in JOINERS and (unicodedata.category(char) in ("Cc", "Cf", "Cs") or char in "\ufffe\uffff")
