"""Every question the ledger asks its tables, on a connection the caller holds.

Lists of keys travel as one JSON parameter, so one statement serves any number of them. SQLite takes CROSS JOIN as an
order: first the keys, then the index; left to itself it would walk the whole log for each list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Table, insert, select, text, tuple_, update
from sqlalchemy.sql.elements import TextClause

from ledger.errors import IntegrityError, Kind, Refused
from ledger.merkle import RightEdge
from ledger.source import Row
from ledger.tables import EntryRow, FormatRow, HeadRow, NoteRow, PersonKeyRow, SealedRow, TouchRow, table_of

ENTRIES: Final = table_of(EntryRow)
FORMATS: Final = table_of(FormatRow)
HEADS: Final = table_of(HeadRow)
NOTES: Final = table_of(NoteRow)
PERSON_KEYS: Final = table_of(PersonKeyRow)
SEALED: Final = table_of(SealedRow)
TOUCHES: Final = table_of(TouchRow)

_KEYS: Final = {
    "sqlite": "json_each(:keys) AS k",
    "postgresql": "jsonb_array_elements_text(CAST(:keys AS jsonb)) AS k(value)",
}


def _over_keys(template: str) -> Mapping[str, TextClause]:
    return {dialect: text(template.format(keys=keys)) for dialect, keys in _KEYS.items()}


_LAST_OF: Final = _over_keys(
    "SELECT k.value, (SELECT e.leaf_hash FROM ledger_entry e WHERE e.log = :log AND e.subject = k.value"
    " ORDER BY e.sequence DESC LIMIT 1) FROM {keys}"
)
_BY_ID: Final = _over_keys(
    "SELECT e.id, e.sequence, e.raw FROM {keys} CROSS JOIN ledger_entry e"
    " WHERE e.log = :log AND e.source = :source AND e.id = k.value"
)
_CLAIMED: Final = _over_keys(
    "SELECT e.claim FROM {keys} CROSS JOIN ledger_entry e"
    " WHERE e.log = :log AND e.claim = k.value AND e.claim IS NOT NULL"
)
_TOUCHED: Final = _over_keys(
    "SELECT k.value FROM {keys} WHERE EXISTS (SELECT 1 FROM ledger_entry e WHERE e.log = :log AND e.subject = k.value"
    " AND e.sequence >= :as_of) OR EXISTS (SELECT 1 FROM ledger_touch t WHERE t.log = :log AND t.key = k.value"
    " AND t.sequence >= :as_of) LIMIT 1"
)
_CENSUS: Final = text(
    "SELECT h.log, h.log_id, h.origin, h.size, h.edge, h.last_hash, h.last_time,"
    " (SELECT e.raw FROM ledger_entry e WHERE e.log = h.log AND e.sequence = 0) AS first_raw,"
    " (SELECT e.raw FROM ledger_entry e WHERE e.log = h.log AND e.sequence = h.size - 1) AS last_raw,"
    " (SELECT count(*) FROM ledger_entry) AS entries,"
    " (SELECT count(*) FROM ledger_touch t WHERE t.log <> h.log OR t.sequence < 0 OR t.sequence >= h.size) AS strays"
    " FROM ledger_head h WHERE h.log = :log"
)
_SAVE_NOTE: Final = text(
    "INSERT INTO ledger_note (log, size, edge, note) VALUES (:log, :size, :edge, :note)"
    " ON CONFLICT (log, size) DO UPDATE SET note = excluded.note"
)
_ADD_PERSON_KEY: Final = text(
    "INSERT INTO ledger_person_key (log, person, epoch, wrapped) VALUES (:log, :person, :epoch, :wrapped)"
    " ON CONFLICT (log, person) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: its local number, names, size with right edge, last leaf hash and last recorded time."""

    log: int
    log_id: str
    origin: str
    edge: RightEdge
    last_hash: bytes
    last_time: str

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.edge.size


@dataclass(frozen=True, slots=True)
class Census:
    """A head, the bytes of the first and the last entry it counts, and how many rows the tables hold.

    `entries` counts all of them, also those no head counts; `stray_touches` the keys that belong to no entry.
    """

    head: Head
    first: bytes
    last: bytes
    entries: int
    stray_touches: int


def heads(connection: Connection, *, lock: bool = False) -> list[Head]:
    """All logs of the store, at most two: callers want to know whether there is exactly one.

    `lock` keeps others from beginning a log until the transaction ends.
    """
    if lock:
        connection.execute(select(FORMATS).with_for_update()).all()
    return [_head(row) for row in connection.execute(select(HEADS).order_by(HEADS.c.log).limit(2))]


def head(connection: Connection, log: int, *, lock: bool = False) -> Head:
    """The head of this log; `lock` keeps every other writer out until the transaction ends."""
    query = select(HEADS).where(HEADS.c.log == log)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise IntegrityError(Kind.ALTERED, "the head of the log is gone", None, "restore the database from a backup")
    return _head(row)


def add_head(connection: Connection, *, log_id: str, origin: str) -> int:
    """A head for a new, empty log; returns its local number."""
    values = {
        "log_id": log_id,
        "origin": origin,
        "size": 0,
        "edge": RightEdge().encode(),
        "last_hash": bytes(32),
        "last_time": "",
    }
    added = connection.execute(insert(HEADS).values(values)).inserted_primary_key
    return int(added[0]) if added else 0


def move_head(connection: Connection, log: int, edge: RightEdge, last_hash: bytes, last_time: str) -> None:
    """Write the head after a batch."""
    values = {"size": edge.size, "edge": edge.encode(), "last_hash": last_hash, "last_time": last_time}
    connection.execute(update(HEADS).where(HEADS.c.log == log).values(values))


def add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert these rows, if any, in one go."""
    if rows:
        connection.exec_driver_sql(_insert(connection.dialect.name, table), rows)


@cache
def _insert(dialect: str, table: Table) -> str:
    """An INSERT in the driver's own words: on the way of every entry, the layer between costs as much as all else."""
    named = ":{0}" if dialect == "sqlite" else "%({0})s"
    columns = [column.name for column in table.columns]
    values = ", ".join(named.format(name) for name in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - names of our own tables


def last_of(connection: Connection, log: int, subjects: Iterable[str]) -> dict[str, bytes]:
    """Leaf hash of the last entry of each of these subjects that has one."""
    rows = _ask(connection, _LAST_OF, subjects, log=log)
    return {subject: bytes(leaf) for subject, leaf in rows if leaf is not None}


def by_id(connection: Connection, log: int, source: str, ids: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """Index and bytes of those entries of `source` that have one of these ids."""
    rows = _ask(connection, _BY_ID, ids, log=log, source=source)
    return {found: (sequence, bytes(raw)) for found, sequence, raw in rows}


def claimed(connection: Connection, log: int, claims: Iterable[str]) -> set[str]:
    """Those of these claims that an entry already holds."""
    return {row[0] for row in _ask(connection, _CLAIMED, claims, log=log)}


def touched(connection: Connection, log: int, as_of: int, keys: Iterable[str]) -> str | None:
    """One of these keys that an entry at or after index `as_of` has as its subject or touches."""
    for row in _ask(connection, _TOUCHED, keys, log=log, as_of=as_of):
        return str(row[0])
    return None


def entries(connection: Connection, log: int, start: int, end: int, limit: int) -> list[Row]:
    """At most `limit` entries of the range, by index; gaps are left to the caller to notice."""
    c = ENTRIES.c
    query = select(c.sequence, c.raw, c.leaf_hash, c.id, c.source, c.subject, c.claim)
    within = query.where(c.log == log, c.sequence >= start, c.sequence < end)
    return [_entry(row) for row in connection.execute(within.order_by(c.sequence).limit(limit))]


def leaves(connection: Connection, log: int, start: int, end: int, limit: int) -> list[tuple[int, bytes]]:
    """Index and leaf hash of at most `limit` entries of the range."""
    c = ENTRIES.c
    query = select(c.sequence, c.leaf_hash).where(c.log == log, c.sequence >= start, c.sequence < end)
    return [(sequence, leaf) for sequence, leaf in connection.execute(query.order_by(c.sequence).limit(limit))]


def touches(connection: Connection, log: int, end: int, after: tuple[str, int], limit: int) -> list[tuple[str, int]]:
    """At most `limit` of the touched keys kept for the entries below `end`, each with its index, from `after` on."""
    c = TOUCHES.c
    within = (c.log == log) & (c.sequence < end) & (tuple_(c.key, c.sequence) > after)
    rows = connection.execute(select(c.key, c.sequence).where(within).order_by(c.key, c.sequence).limit(limit))
    page = [(row.key, row.sequence) for row in rows]
    for key, sequence in page:
        if type(key) is not str or type(sequence) is not int or sequence < 0:
            raise IntegrityError(Kind.ALTERED, "a touched key is not of its form", None, _FSCK)
    return page


def census(connection: Connection, log: int) -> Census:
    """What is kept beside the entries, as of one moment."""
    row = connection.execute(_CENSUS, {"log": log}).first()
    if row is None:
        raise IntegrityError(Kind.ALTERED, "the head of the log is gone", None, _FSCK)
    bodies = [raw if type(raw) is bytes else b"" for raw in (row.first_raw, row.last_raw)]
    return Census(_head(row), bodies[0], bodies[1], row.entries, row.strays)


def last_note(connection: Connection, log: int) -> tuple[RightEdge, bytes] | None:
    """The signed note of the largest checkpoint, with the right edge at its size."""
    c = NOTES.c
    row = connection.execute(
        select(c.size, c.edge, c.note).where(c.log == log).order_by(c.size.desc()).limit(1)
    ).first()
    if row is None:
        return None
    edge = _edge(row.edge)
    if type(row.note) is not bytes or row.size != edge.size:
        raise IntegrityError(Kind.ALTERED, "a signed note is not kept as it was", None, _FSCK)
    return edge, row.note


def person_key(connection: Connection, log: int, person: str) -> tuple[int, bytes] | None:
    """Epoch and wrapped key of a person."""
    c = PERSON_KEYS.c
    row = connection.execute(select(c.epoch, c.wrapped).where(c.log == log, c.person == person)).first()
    if row is None:
        return None
    if type(row.epoch) is not int or type(row.wrapped) is not bytes:
        raise IntegrityError(Kind.ALTERED, "a person's key is not kept as it was", None, _FSCK)
    return row.epoch, row.wrapped


def add_person_key(connection: Connection, log: int, person: str, epoch: int, wrapped: bytes) -> None:
    """Keep a person's wrapped key, unless one is there."""
    connection.execute(_ADD_PERSON_KEY, {"log": log, "person": person, "epoch": epoch, "wrapped": wrapped})


def sealed_value(connection: Connection, log: int, handle: bytes, pointer: str) -> tuple[str, bytes] | None:
    """Person and sealed bytes behind a handle and pointer."""
    c = SEALED.c
    within = (c.log == log) & (c.handle == handle) & (c.pointer == pointer)
    row = connection.execute(select(c.person, c.sealed).where(within)).first()
    if row is None:
        return None
    if type(row.person) is not str or type(row.sealed) is not bytes:
        raise IntegrityError(Kind.ALTERED, "a sealed value is not kept as it was", None, _FSCK)
    return row.person, row.sealed


def note_sizes(connection: Connection, log: int, most: int) -> list[int]:
    """Sizes of the latest checkpoints that were signed, at most this many, the largest first."""
    query = select(NOTES.c.size).where(NOTES.c.log == log).order_by(NOTES.c.size.desc()).limit(most)
    return [int(size) for size in connection.execute(query).scalars()]


def save_note(connection: Connection, log: int, edge: RightEdge, note: bytes) -> None:
    """Keep a note; one of the same size replaces it."""
    connection.execute(_SAVE_NOTE, {"log": log, "size": edge.size, "edge": edge.encode(), "note": note})


def _ask(
    connection: Connection, query: Mapping[str, TextClause], keys: Iterable[str], **values: object
) -> Iterator[Any]:
    listed = orjson.dumps(sorted(keys)).decode("ascii")
    return iter(connection.execute(query[connection.dialect.name], {"keys": listed, **values}))


def _head(row: Any) -> Head:
    edge = _edge(row.edge)
    if edge.size != row.size:
        raise IntegrityError(Kind.ALTERED, "the size and the right edge of the head disagree", None, _FSCK)
    texts = (row.log_id, row.origin, row.last_time)
    if type(row.last_hash) is not bytes or any(type(text) is not str for text in texts):
        raise IntegrityError(Kind.ALTERED, "the head of the log is not of its form", None, _FSCK)
    return Head(row.log, row.log_id, row.origin, edge, row.last_hash, row.last_time)


_FSCK: Final = "run `qayd ledger verify`, and restore the database from a backup"


def _edge(raw: bytes) -> RightEdge:
    try:
        return RightEdge.parse(raw)
    except (Refused, TypeError) as error:
        raise IntegrityError(Kind.ALTERED, "a right edge is not of its form", None, _FSCK) from error


def _entry(row: Any) -> Row:
    if type(row.sequence) is not int:
        raise IntegrityError(Kind.ALTERED, "an entry stands at an index that is no integer", None, _FSCK)
    if type(row.raw) is not bytes or type(row.leaf_hash) is not bytes:
        raise IntegrityError(Kind.ALTERED, "a column does not hold what the ledger wrote", row.sequence, _FSCK)
    columns = {"id": row.id, "source": row.source, "subject": row.subject, "claim": row.claim}
    return Row(row.sequence, row.raw, row.leaf_hash, columns)
