"""Names of groups, columns and tools as tokens, so that they can stand in evidence and in findings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,63}")


def is_token(name: str) -> bool:
    """True when the name can stand in evidence as it is."""
    return _TOKEN.fullmatch(name) is not None


def tokens(names: Sequence[str], stem: str) -> list[str]:
    """Each name, or `stem-1`, `stem-2`... (by position) for what is no token; all different if the names are."""
    taken = {name for name in names if is_token(name)}
    found = []
    for position, name in enumerate(names, start=1):
        token = name if is_token(name) else _free(stem, position, taken)
        taken.add(token)
        found.append(token)
    return found


def _free(stem: str, number: int, taken: set[str]) -> str:
    """`stem-number`, or the next number that no other name bears."""
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def tool(distribution: str) -> str:
    """A tool with the version that is installed: `fairlearn@0.15.0`."""
    return f"{distribution}@{version(distribution)}"
