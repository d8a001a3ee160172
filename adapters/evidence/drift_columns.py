"""Columns as drift sees them: numbers or categories, decided once on the reference, then demanded of every window."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.datasets.table import Table

NUMERIC: Final = "wasserstein"
CATEGORICAL: Final = "jensenshannon"
MAX_CATEGORIES: Final = 50
EMPTIER: Final = 0.1

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its `token` in evidence, the `method` that fits it, its cells as numbers (nan if empty) or text."""

    token: str
    method: str
    numbers: tuple[float, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def empty_share(self) -> float:
        """Share of cells of a numeric column that are empty."""
        return sum(math.isnan(number) for number in self.numbers) / len(self.numbers) if self.numbers else 0.0


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a table cannot be compared with the reference; names columns, never cells."""

    reason: str


def reference_columns(table: Table, names: Sequence[str], spoken: Sequence[str]) -> tuple[list[Column], list[str]]:
    """The columns that can be watched, and the tokens of those that cannot (too many categories, nothing in them)."""
    columns, left_out = [], []
    for name, token in zip(names, spoken, strict=True):
        cells = table.column(name)
        numbers = _numbers(cells)
        if numbers is not None and not all(map(math.isnan, numbers)):
            columns.append(Column(token, NUMERIC, numbers=numbers))
        elif numbers is None and len(set(cells)) <= MAX_CATEGORIES:
            columns.append(Column(token, CATEGORICAL, words=tuple(cells)))
        else:
            left_out.append(token)
    return columns, left_out


def window_columns(table: Table, reference: Sequence[Column], real_names: Sequence[str]) -> list[Column] | Mismatch:
    """The same columns of a window, of the same kinds; a Mismatch where one is absent, of another kind or emptier."""
    columns = []
    for known, name in zip(reference, real_names, strict=True):
        if name not in table.names:
            return Mismatch(f"the window has no column {known.token}")
        cells = table.column(name)
        if known.method == CATEGORICAL:
            columns.append(Column(known.token, CATEGORICAL, words=tuple(cells)))
            continue
        numbers = _numbers(cells)
        if numbers is None:
            return Mismatch(f"column {known.token} of the window is not numeric, as it is in the reference")
        column = Column(known.token, NUMERIC, numbers=numbers)
        if column.empty_share > known.empty_share + EMPTIER or column.empty_share == 1.0:
            return Mismatch(f"column {known.token} of the window has many more empty cells than in the reference")
        columns.append(column)
    return columns


def _numbers(cells: Sequence[str]) -> tuple[float, ...] | None:
    """The cells as finite numbers, nan where empty; None when one is something else."""
    found = []
    for cell in cells:
        text = cell.strip()
        if text and not _NUMBER.fullmatch(text):
            return None
        value = float(text) if text else math.nan
        if math.isinf(value):
            return None
        found.append(value)
    return tuple(found)
