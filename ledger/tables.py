"""The ledger's tables. The bytes in `ledger_entry.raw` are the ledger; every other column is derived from them.

Hashes, handles and keys are raw bytes (32, 16, 32); times are text in the ledger's form.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from sqlalchemy import BigInteger, Index, LargeBinary, Table, Text, text
from sqlmodel import Field, SQLModel

FORMAT: Final = 1
"""Version of these tables; a store of another version is not opened."""


class FormatRow(SQLModel, table=True):
    """The one row that says which version of the tables this is."""

    __tablename__ = "ledger_format"
    version: int = Field(primary_key=True)


class HeadRow(SQLModel, table=True):
    """One log: its size, right edge and last entry. Writers lock this row; `log` stands for the log id here."""

    __tablename__ = "ledger_head"
    log: int | None = Field(default=None, primary_key=True)
    log_id: str = Field(sa_type=Text, unique=True)
    origin: str = Field(sa_type=Text, unique=True)
    size: int = Field(sa_type=BigInteger)
    edge: bytes = Field(sa_type=LargeBinary)
    last_hash: bytes = Field(sa_type=LargeBinary)
    last_time: str = Field(sa_type=Text)


_CLAIMED = text("claim IS NOT NULL")


class EntryRow(SQLModel, table=True):
    """One entry."""

    __tablename__ = "ledger_entry"
    __table_args__: ClassVar[tuple[Any, ...]] = (
        Index("ledger_entry_id", "log", "source", "id", unique=True),
        Index("ledger_entry_subject", "log", "subject", "sequence"),
        Index(
            "ledger_entry_claim",
            "log",
            "claim",
            unique=True,
            sqlite_where=_CLAIMED,
            postgresql_where=_CLAIMED,
        ),
    )
    log: int = Field(primary_key=True)
    sequence: int = Field(sa_type=BigInteger, primary_key=True)
    id: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    claim: str | None = Field(default=None, sa_type=Text)
    leaf_hash: bytes = Field(sa_type=LargeBinary)
    raw: bytes = Field(sa_type=LargeBinary)


class TouchRow(SQLModel, table=True):
    """A key, other than its subject, that an entry touches: what preconditions are checked against."""

    __tablename__ = "ledger_touch"
    __table_args__: ClassVar[dict[str, Any]] = {"sqlite_with_rowid": False}
    log: int = Field(primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    sequence: int = Field(sa_type=BigInteger, primary_key=True)


class NoteRow(SQLModel, table=True):
    """The signed note of a checkpoint, byte for byte, and the tree's right edge at its size."""

    __tablename__ = "ledger_note"
    log: int = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger, primary_key=True)
    edge: bytes = Field(sa_type=LargeBinary)
    note: bytes = Field(sa_type=LargeBinary)


class PersonKeyRow(SQLModel, table=True):
    """A person's key, wrapped by the key-encryption key of an epoch."""

    __tablename__ = "ledger_person_key"
    log: int = Field(primary_key=True)
    person: str = Field(sa_type=Text, primary_key=True)
    epoch: int
    wrapped: bytes = Field(sa_type=LargeBinary)


class SealedRow(SQLModel, table=True):
    """A sealed value: salt and value under the person's key. Only here does a handle lead to a person."""

    __tablename__ = "ledger_sealed"
    log: int = Field(primary_key=True)
    handle: bytes = Field(sa_type=LargeBinary, primary_key=True)
    pointer: str = Field(sa_type=Text, primary_key=True)
    person: str = Field(sa_type=Text, index=True)
    sealed: bytes = Field(sa_type=LargeBinary)


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a row class."""
    return cast(Table, row.__table__)  # type: ignore[attr-defined]


ROWS: Final = (FormatRow, HeadRow, EntryRow, TouchRow, NoteRow, PersonKeyRow, SealedRow)
