"""A table in memory: named columns of text, nothing guessed about types."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from governance.errors import InputError

DELIMITERS = (",", ";", "\t")
MAX_NAME = 128


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, each a list of cells exactly as they stood in the file.

    `digest` is that of the file the table was read from ("sha256:<hex>"), or "" for a table made in memory.
    """

    names: tuple[str, ...]
    columns: tuple[list[str], ...]
    delimiter: str = ","
    digest: str = ""

    def __post_init__(self) -> None:
        """Raise InputError unless names are sound and columns of equal length."""
        check_names(self.names, "table")
        if self.delimiter not in DELIMITERS:
            raise InputError("the table's delimiter is not a comma, semicolon or tab")
        if len(self.columns) != len(self.names):
            raise InputError(f"{len(self.names)} column names for {len(self.columns)} columns")
        if len({len(cells) for cells in self.columns}) > 1:
            raise InputError("the table's columns differ in length")

    @property
    def height(self) -> int:
        """Number of rows, the header not counted."""
        return len(self.columns[0])

    def column(self, name: str) -> list[str]:
        """Cells of one column; InputError when there is no such column."""
        if name not in self.names:
            raise InputError("a column that was asked for is not in the table", hint="column names are case sensitive")
        return self.columns[self.names.index(name)]

    def items(self) -> Iterator[tuple[str, list[str]]]:
        """(name, cells) of every column, in file order."""
        return zip(self.names, self.columns, strict=True)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The rows in file order, one cell per column."""
        return zip(*self.columns, strict=True)


def from_rows(names: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> Table:
    """A table made in memory from rows of cells; InputError when a row's length is not that of the header."""
    if any(len(row) != len(names) for row in rows):
        raise InputError("the rows of a table differ in length")
    columns = tuple(list(cells) for cells in zip(*rows, strict=True)) if rows else tuple([] for _ in names)
    return Table(tuple(names), columns, delimiter)


def check_names(names: Sequence[str], where: str) -> None:
    """Raise InputError unless the column names are present, printable, short and unlike one another.

    The message gives the column's position only: a file without a header has personal data in its first
    line.
    """
    if not names:
        raise InputError(f"{where}: there are no columns")
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        trouble = _trouble(name)
        if trouble:
            raise InputError(f"{where}: the name of column {position} {trouble}", hint=_NAME_HINT)
        earlier = seen.setdefault(name.strip(), position)
        if earlier != position:
            raise InputError(f"{where}: columns {earlier} and {position} have the same name", hint=_NAME_HINT)


_NAME_HINT = "give every column a short name of its own in the first line (with pandas, write with index=False)"


def _trouble(name: str) -> str:
    if not name.strip():
        return "is empty"
    if len(name) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character == "\ufeff" for character in name):
        return "holds a control character"
    return ""
