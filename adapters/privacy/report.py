"""What a scan says of a table: one class per column, counts, and never a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from governance.errors import InputError
from governance.evidence import quantise

SCHEMA = "qayd/pii-scan/v1"


class ColumnClass(StrEnum):
    """What a column holds. DIRECT names a person; QUASI may, together with others; FREE_TEXT is not classified."""

    DIRECT = "direct"
    QUASI = "quasi"
    ATTRIBUTE = "attribute"
    LABEL = "label"
    FREE_TEXT = "free_text"
    PSEUDONYM = "pseudonym"


DECLARABLE = (
    ColumnClass.DIRECT,
    ColumnClass.QUASI,
    ColumnClass.ATTRIBUTE,
    ColumnClass.LABEL,
    ColumnClass.FREE_TEXT,
)


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column: its class, the kind of identifier ("" if none), and on what basis that was decided.

    `unique` counts distinct filled cells, `sampled` those of them that were looked at for `entity` and `hits` those
    that are one. `declared` is the class a person gave beforehand, "" if none.
    """

    name: str
    kind: ColumnClass
    entity: str
    basis: str
    unique: int
    sampled: int
    hits: int
    declared: str = ""

    @property
    def share(self) -> str:
        """Hits per sampled value, as a decimal string of six significant digits."""
        return quantise(Decimal(self.hits) / Decimal(self.sampled)) if self.sampled else "0"

    def document(self) -> dict[str, Any]:
        """The report on this column as a canonical object."""
        return {
            "name": self.name,
            "class": str(self.kind),
            "entity": self.entity,
            "basis": self.basis,
            "declared": self.declared,
            "unique": self.unique,
            "sampled": self.sampled,
            "hits": self.hits,
            "share": self.share,
        }


@dataclass(frozen=True, slots=True)
class ScanReport:
    """A scan of the table with digest `data_digest` by `engine` (Presidio, model and recognisers, with versions)."""

    columns: tuple[ColumnReport, ...]
    rows: int
    engine: str
    data_digest: str

    @property
    def identified_columns(self) -> int:
        """Number of columns that name people in the clear."""
        return sum(column.kind is ColumnClass.DIRECT for column in self.columns)

    @property
    def unclassified_columns(self) -> int:
        """Number of columns of free text or of values that nothing is known about."""
        return sum(column.kind is ColumnClass.FREE_TEXT for column in self.columns)

    def document(self) -> dict[str, Any]:
        """The report as a canonical object; column names are the only text taken from the data."""
        classes = Counter(str(column.kind) for column in self.columns)
        return {
            "schema": SCHEMA,
            "engine": self.engine,
            "data_digest": self.data_digest,
            "rows": self.rows,
            "identified_columns": self.identified_columns,
            "unclassified_columns": self.unclassified_columns,
            "classes": {str(kind): classes[str(kind)] for kind in ColumnClass},
            "columns": [column.document() for column in self.columns],
        }


def check_declared(declared: Mapping[str, str], names: tuple[str, ...]) -> dict[str, ColumnClass]:
    """Classes given beforehand, by column; InputError for an unknown column or class."""
    known = {str(kind): kind for kind in DECLARABLE}
    for name, kind in declared.items():
        if name not in names:
            raise InputError(f"a class is declared for column {name!r}, which the table does not have")
        if kind not in known:
            raise InputError(f"column {name!r} is declared as {kind!r}", hint=f"use one of {', '.join(known)}")
    return {name: known[kind] for name, kind in declared.items()}
