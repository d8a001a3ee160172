"""What the command line prints: data on stdout, words about progress and trouble on stderr."""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from governance.errors import GovernanceError
from ledger.errors import LedgerError

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: control, format (bidi marks among them), half a surrogate pair, line and paragraph ends."""


def printable(text: str) -> str:
    """`text` as one line without control characters, so that stored text can never drive a terminal or forge a line."""
    return "".join("\ufffd" if unicodedata.category(c) in _UNPRINTABLE else c for c in text)


def to_json(document: Mapping[str, Any]) -> str:
    """`document` as one JSON line; what could drive a terminal, and half a surrogate pair, is escaped."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    return "".join(json.dumps(c)[1:-1] if unicodedata.category(c) in _UNPRINTABLE else c for c in text)


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for JSON; what follows `--` is somebody else's."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return "--json" in arguments[:end]


def encode_anything() -> None:
    """Let a terminal that knows few letters show the others escaped, rather than end a command that has acted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """One line of data on stdout."""
    print(printable(line))


def note(line: str) -> None:
    """One line about what is going on, on stderr."""
    print(printable(line), file=sys.stderr, flush=True)


def emit(document: Mapping[str, Any], as_json: bool, lines: Iterable[str]) -> None:
    """Print `document` as one JSON line, or the readable `lines`."""
    if as_json:
        print(to_json(document), flush=True)
        return
    for line in lines:
        say(line)
    sys.stdout.flush()


def complain_json(kind: str, message: str, hint: str, code: int) -> None:
    """Print what went wrong as the one JSON document of a command."""
    print(to_json({"error": kind, "message": message, "hint": hint, "exit_code": code}), flush=True)


def complain(error: LedgerError | GovernanceError, as_json: bool, code: int) -> None:
    """Print an expected error: message and hint, never a trace."""
    if as_json:
        complain_json(type(error).__name__, error.message, error.hint, code)
    note(f"qayd: {error}")
    if error.hint:
        note(f"  next: {error.hint}")


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Rows as aligned text columns under a header; `none` when there are no rows."""
    if not rows:
        return ["none"]
    widths = [max(len(line[i]) for line in (header, *rows)) for i in range(len(header))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in (header, *rows)]
