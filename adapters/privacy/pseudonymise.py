"""Replacing what names people by keyed pseudonyms.

The result is pseudonymised, not anonymous: who holds the key can tell whose row it is, so it is still personal data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from adapters.datasets.table import Table
from adapters.datasets.write import digest_table
from adapters.privacy.report import ColumnClass, ColumnReport, ScanReport
from adapters.privacy.tokens import Tokeniser, canonical
from governance.errors import InputError

SCHEMA = "qayd/pii-transform/v1"
TOKENISED, DROPPED = "tokenised", "dropped"
DISTINCTIVE = 8
"""Least characters of an identifier that cannot stand in another column by chance."""
_COMMON = frozenset({"RECORD_ID", "DATE_OF_BIRTH", ""})


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """What was done to one column: tokenised or dropped, and how many distinct values it held."""

    name: str
    entity: str
    action: str
    unique: int


@dataclass(frozen=True, slots=True)
class TransformReport:
    """From the table with `source_digest` to the one whose file has `digest`, under the key called `key_id`."""

    source_digest: str
    digest: str
    key_id: str
    domain: str
    rows: int
    changes: tuple[ColumnChange, ...]

    def document(self) -> dict[str, Any]:
        """The report as a canonical object; it holds names of columns and no value."""
        return {
            "schema": SCHEMA,
            "method": "hmac-sha256-128/v1",
            "source_digest": self.source_digest,
            "digest": self.digest,
            "key_id": self.key_id,
            "domain": self.domain,
            "rows": self.rows,
            "columns": [
                {
                    "name": change.name,
                    "entity": change.entity,
                    "action": change.action,
                    "unique": change.unique,
                }
                for change in self.changes
            ],
        }


def pseudonymise(
    table: Table, report: ScanReport, key: bytes, key_id: str, domain: str, drop: Collection[str] = ()
) -> tuple[Table, TransformReport]:
    """The table with every direct column tokenised and every column in `drop` left out; all else as it was.

    Raises InputError when the report is of another table, when a column of free text is not dropped, when `drop` names
    an unknown column or all columns, when key, key id or domain are unfit, and when an identifier that was replaced
    stands in a column that was not.
    """
    source_digest = digest_table(table)
    if report.data_digest != source_digest or tuple(column.name for column in report.columns) != table.names:
        raise InputError("the scan report is about other data", hint="scan this very file first")
    _check_drop(report, drop)
    tokeniser = Tokeniser(key, key_id, domain)
    kept = [_keep(column, table) for column in report.columns if column.name not in drop]
    _check_copies(kept)
    columns = tuple(_tokenised(column, tokeniser) for column in kept)
    result = Table(tuple(column.report.name for column in kept), columns, table.delimiter)
    changes = tuple(_changes(report, drop))
    return result, TransformReport(source_digest, digest_table(result), key_id, domain, table.height, changes)


def _check_drop(report: ScanReport, drop: Collection[str]) -> None:
    names = {column.name for column in report.columns}
    unknown = sorted(set(drop) - names)
    if unknown:
        raise InputError(f"there is no column {unknown[0]!r} to drop", hint="names are case sensitive")
    if names <= set(drop):
        raise InputError("no column would be left")
    text = [c.name for c in report.columns if c.kind is ColumnClass.FREE_TEXT and c.name not in drop]
    if text:
        raise InputError(
            f"columns not classified: {', '.join(map(repr, text))}",
            hint="drop them, or declare what they hold and scan again",
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """A column that stays; `forms` maps each cell to its canonical form, if the column is to be replaced."""

    report: ColumnReport
    cells: list[str]
    forms: dict[str, str]


def _keep(report: ColumnReport, table: Table) -> _Kept:
    cells = table.column(report.name)
    direct = report.kind is ColumnClass.DIRECT
    return _Kept(report, cells, {cell: canonical(report.entity, cell) for cell in set(cells)} if direct else {})


def _tokenised(column: _Kept, tokeniser: Tokeniser) -> list[str]:
    if not column.forms:
        return column.cells
    tokens = {cell: tokeniser.token(column.report.entity, form) for cell, form in column.forms.items()}
    return [tokens[cell] for cell in column.cells]


def _check_copies(kept: list[_Kept]) -> None:
    """Raise InputError when an identifier to be replaced stands, in any of its forms, in a column that stays."""
    named = [column for column in kept if column.forms and column.report.entity not in _COMMON]
    secrets = {trace for column in named for cell in column.forms for trace in _traces(cell)}
    for column in kept:
        if not column.forms and any(not secrets.isdisjoint(_traces(cell)) for cell in set(column.cells)):
            raise InputError(
                f"column {column.report.name!r} repeats identifiers of another column",
                hint="declare it direct, or drop it",
            )


def _traces(cell: str) -> Iterator[str]:
    """Forms by which a cell can be known again, none so short that it may be there by chance."""
    if len(cell) >= DISTINCTIVE:
        for form in (canonical("PERSON", cell), canonical("IBAN_CODE", cell), canonical("AE_PHONE", cell)):
            if len(form) >= DISTINCTIVE:
                yield form


def _changes(report: ScanReport, drop: Collection[str]) -> Iterator[ColumnChange]:
    for column in report.columns:
        if column.name in drop or column.kind is ColumnClass.DIRECT:
            action = DROPPED if column.name in drop else TOKENISED
            yield ColumnChange(column.name, column.entity, action, column.unique)
