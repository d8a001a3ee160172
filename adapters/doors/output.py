"""What the command line prints: data on stdout, words about progress and trouble on stderr."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from governance.errors import GovernanceError
from ledger.errors import LedgerError


def printable(text: str) -> str:
    """`text` without control characters, so that stored text can never drive a terminal."""
    return "".join(c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf") else "\ufffd" for c in text)


def say(line: str) -> None:
    """One line of data on stdout."""
    print(printable(line))


def note(line: str) -> None:
    """One line about what is going on, on stderr."""
    print(printable(line), file=sys.stderr, flush=True)


def emit(document: Mapping[str, Any], as_json: bool, lines: Iterable[str]) -> None:
    """Print `document` as one JSON line, or the readable `lines`."""
    if as_json:
        print(json.dumps(document, ensure_ascii=False, sort_keys=True), flush=True)
        return
    for line in lines:
        say(line)


def complain(error: LedgerError | GovernanceError, as_json: bool, code: int) -> None:
    """Print an expected error: message and hint, never a trace."""
    if as_json:
        kind = type(error).__name__
        document = {"error": kind, "message": error.message, "hint": error.hint, "exit_code": code}
        print(json.dumps(document, ensure_ascii=False, sort_keys=True), flush=True)
    note(f"qayd: {error}")
    if error.hint:
        note(f"  next: {error.hint}")


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Rows as aligned text columns under a header; `none` when there are no rows."""
    if not rows:
        return ["none"]
    widths = [max(len(line[i]) for line in (header, *rows)) for i in range(len(header))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in (header, *rows)]
