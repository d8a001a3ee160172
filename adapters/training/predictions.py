"""Reading what a command predicted, strictly: each row once, classes that exist, numbers that are numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.datasets.read import Limits, read_table
from adapters.datasets.table import Table
from governance.errors import InputError

HEADERS = (("row", "prediction"), ("row", "prediction", "score"))
MAX_LINE = 1_024

_ROW = re.compile(r"0|[1-9][0-9]{0,8}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_HINT = "write `row,prediction` or `row,prediction,score`, one line for each row of {score}, rows counted from 0"


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predicted classes in the order of the rows, and the score of each (higher: likelier positive) if it was given."""

    classes: tuple[str, ...]
    scores: tuple[float, ...] | None


def read_predictions(path: Path, rows: int, classes: Sequence[str]) -> Predictions:
    """Read a predictions file for `rows` rows whose label is one of `classes`.

    Raises InputError, naming the line but never a cell, for a missing, doubled or unknown row, an unknown class, a
    score that is not a finite number, or another header.
    """
    table = _read(path, rows)
    if table.names not in HEADERS:
        raise InputError("the header of the predictions is not row,prediction[,score]", _HINT)
    order = _order(table.column("row"), rows)
    predicted = table.column("prediction")
    known = frozenset(classes)
    for line, name in enumerate(predicted, start=2):
        if name not in known:
            raise InputError(
                f"predictions line {line}: not one of the classes of the label, letter by letter",
                "write the class as it stands in the data (1 is not 1.0)",
            )
    scores = (
        [_score(text, line) for line, text in enumerate(table.column("score"), 2)] if "score" in table.names else None
    )
    return Predictions(
        tuple(predicted[position] for position in order),
        tuple(scores[position] for position in order) if scores is not None else None,
    )


def _read(path: Path, rows: int) -> Table:
    if not path.exists():
        raise InputError("there is no file of predictions: the command wrote none", _HINT)
    limits = Limits(max_bytes=MAX_LINE * (rows + 1), max_rows=rows, max_columns=3, max_cell=MAX_LINE)
    try:
        return read_table(path, limits)
    except InputError as error:
        reason = error.message.replace(str(path), "the predictions file")
        raise InputError(reason, _HINT) from error


def _order(cells: Sequence[str], rows: int) -> list[int]:
    """For each row, the position of its line; raises InputError unless each row is there exactly once."""
    places: dict[int, int] = {}
    for position, cell in enumerate(cells):
        if not _ROW.fullmatch(cell) or int(cell) >= rows:
            raise InputError(f"predictions line {position + 2}: not the number of a row below {rows}", _HINT)
        if places.setdefault(int(cell), position) != position:
            raise InputError(f"predictions line {position + 2}: this row was predicted before", _HINT)
    if len(places) != rows:
        raise InputError(f"the predictions cover {len(places)} of {rows} rows", _HINT)
    return [places[row] for row in range(rows)]


def _score(text: str, line: int) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise InputError(f"predictions line {line}: the score is not a finite number", _HINT)
    return value
