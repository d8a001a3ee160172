"""Reading a CSV (RFC 4180, UTF-8) as governed data: all that is not exactly a table is refused."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.datasets.digest import open_regular
from adapters.datasets.table import DELIMITERS, Table, check_names
from governance.errors import InputError, ToolFault

MAX_FIELD = 131_072  # the csv module's own limit on one cell, in characters
BOM = b"\xef\xbb\xbf"
NOT_CSV = {
    b"{": "JSON",
    b"[": "JSON",
    b"<": "HTML or XML",
    b"%PDF": "PDF",
    b"PK\x03\x04": "a spreadsheet or zip archive",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds on one CSV file: bytes, rows, columns, characters in a cell."""

    max_bytes: int = 512 << 20
    max_rows: int = 5_000_000
    max_columns: int = 2_000
    max_cell: int = 100_000


DEFAULT_LIMITS = Limits()


def read_table(path: Path, limits: Limits = DEFAULT_LIMITS) -> Table:
    """Read a whole CSV with a header; cells stay text, exactly as written.

    Comma, semicolon or tab (whichever the header holds most of) separates cells; a byte order mark is
    dropped.
    Raises InputError naming file and line (never a cell) for what is not such a file, ToolFault when it
    cannot be read.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > limits.max_bytes:
            raise InputError(f"{path} is larger than {limits.max_bytes} bytes", hint="split or sample it")
        return _read(_Lines(file, path, limits), path, limits)


class _Lines:
    """The file's lines as text, hashed and counted on the way, refusing what no text file holds."""

    def __init__(self, file: BinaryIO, path: Path, limits: Limits) -> None:
        self.file, self.path, self.limits = file, path, limits
        self.state = hashlib.sha256()
        self.number = 0
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        while raw := self._next():
            yield self._text(raw)

    def _next(self) -> bytes:
        try:
            raw = self.file.readline(self.limits.max_bytes + 1)
        except OSError as error:
            raise ToolFault(f"{self.path} cannot be read to its end", hint="check the disk") from error
        self.state.update(raw)
        self.number += bool(raw)
        self.size += len(raw)
        if self.size > self.limits.max_bytes:
            raise InputError(f"{self.path} grew past {self.limits.max_bytes} bytes", hint="split or sample it")
        return raw

    def _text(self, raw: bytes) -> str:
        if self.number == 1:
            raw = raw.removeprefix(BOM)
            self._recognise(raw)
        if b"\0" in raw:
            raise InputError(f"{self._here()}: a NUL byte, so this is not a text file", hint=_SAVE)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{self._here()}: byte {error.start + 1} is not UTF-8", hint=_SAVE) from None

    def _recognise(self, raw: bytes) -> None:
        for magic, kind in NOT_CSV.items():
            if raw.lstrip().startswith(magic):
                raise InputError(f"{self._here()}: this looks like {kind}, not a CSV", hint=_SAVE)

    def _here(self) -> str:
        return f"{self.path} line {self.number}"


_SAVE = "save the data as a CSV in UTF-8 with a header line"


def _read(lines: _Lines, path: Path, limits: Limits) -> Table:
    texts = iter(lines)
    first = next(texts, "")
    if not first.strip():
        raise InputError(f"{path} line 1: there is no header" if first else f"{path} is empty", hint=_SAVE)
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(_chain(first, texts), delimiter=delimiter, strict=True)
    try:
        names = _header(next(reader), path, limits)
        rows = _rows(reader, len(names), path, limits)
    except csv.Error as error:
        raise InputError(f"{path} line {lines.number}: {_reason(error)}", hint=_QUOTE) from None
    columns = tuple(list(cells) for cells in zip(*rows, strict=True))
    return Table(names, columns, delimiter, f"sha256:{lines.state.hexdigest()}")


_QUOTE = 'put cells with delimiters, quotes or line breaks in double quotes, and double the quotes inside ("")'


def _reason(error: csv.Error) -> str:
    if "limit" in str(error):
        return f"a cell is longer than {MAX_FIELD} characters"
    return "a quotation is not closed, or text follows it, or a line ends in a bare carriage return"


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _header(names: list[str], path: Path, limits: Limits) -> tuple[str, ...]:
    where = f"{path} line 1"
    if len(names) > limits.max_columns:
        raise InputError(f"{where}: more than {limits.max_columns} columns", hint="leave out what is not needed")
    check_names(names, where)
    if len(names) == 1 and len(names[0].split()) > 3:
        raise InputError(f"{where}: no comma, semicolon or tab between the column names", hint=_SAVE)
    if all(_numeric(name) for name in names):
        raise InputError(f"{where}: only numbers, so this is data, not a header", hint="add column names")
    return tuple(names)


def _numeric(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _rows(reader: Iterator[list[str]], width: int, path: Path, limits: Limits) -> list[list[str]]:
    rows: list[list[str]] = []
    blank = 0
    for row in reader:
        here = f"{path} line {reader.line_num}"  # type: ignore[attr-defined]
        if not row:
            blank = blank or reader.line_num  # type: ignore[attr-defined]
            continue
        if blank:
            raise InputError(f"{path} line {blank}: an empty line between rows", hint="remove it")
        _check_row(row, width, here, limits)
        rows.append(row)
        if len(rows) > limits.max_rows:
            raise InputError(f"{path} has more than {limits.max_rows} rows", hint="split or sample it")
    if not rows:
        raise InputError(f"{path} has a header and no rows", hint="a data set needs at least one row")
    return rows


def _check_row(row: list[str], width: int, here: str, limits: Limits) -> None:
    if len(row) != width:
        raise InputError(f"{here}: {len(row)} cells where the header names {width} columns", hint=_QUOTE)
    if max(map(len, row)) > limits.max_cell:
        raise InputError(f"{here}: a cell is longer than {limits.max_cell} characters", hint="leave long text out")
