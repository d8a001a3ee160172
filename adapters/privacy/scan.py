"""Scanning a table for personal data: every column gets a class, by its name, its values and Presidio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from adapters.datasets.table import Table
from adapters.datasets.write import digest_table
from adapters.privacy.columns import classify
from adapters.privacy.engine import Engine, Hit, open_engine
from adapters.privacy.report import ScanReport, check_declared
from adapters.privacy.shapes import SHAPES
from governance.errors import InputError

LONGEST = 400
"""Characters of a cell that are read when asking whether it is a name."""


def scan(table: Table, declared: Mapping[str, str] | None = None, engine: Engine | None = None) -> ScanReport:
    """The class of every column of the table; seconds for the first scan of a process, to load the model.

    Forms and check digits are matched on all distinct values; Presidio reads a sample of those that may be names.
    `declared` maps column names to classes that a person answers for. Raises InputError when it names other columns
    or classes or when the header holds an identifier, ToolFault when Presidio or its model is not there.
    """
    classes = check_declared(declared or {}, table.names)
    _check_header(table)
    reader = engine or open_engine()

    def persons(texts: Sequence[str], context: Sequence[str]) -> int:
        cut = [text[:LONGEST] for text in texts]
        return sum(map(_is_person, cut, reader.find(cut, context)))

    columns = tuple(classify(name, cells, persons, classes.get(name)) for name, cells in table.items())
    return ScanReport(columns, table.height, reader.id, digest_table(table))


def _is_person(text: str, hits: Sequence[Hit]) -> bool:
    """Whether names of people make up at least half of the letters of a text."""
    letters = sum(map(str.isalpha, text))
    named = sum(sum(map(str.isalpha, text[hit.start : hit.end])) for hit in hits if hit.entity == "PERSON")
    return letters > 0 and 2 * named >= letters


def _check_header(table: Table) -> None:
    for position, name in enumerate(table.names, start=1):
        if any(shape.strong and re.search(shape.regex, name, re.IGNORECASE) for shape in SHAPES):
            raise InputError(
                f"the name of column {position} is itself an identifier",
                hint="the file seems to lack its header line",
            )
