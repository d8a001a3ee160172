"""A real log in a real database, signed by a real signer: verified where it is, and tampered with by SQL."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select, update

from ledger.checkpoint import Verifier, read_checkpoint
from ledger.entry import NewEvent
from ledger.errors import IntegrityError, Kind, SignerRefused
from ledger.keys import Signer, create_signer
from ledger.log import Log
from ledger.merkle import RightEdge
from ledger.schema import EventTypes
from ledger.source import Row
from ledger.store import Store
from ledger.tables import EntryRow, HeadRow, NoteRow, table_of
from ledger.tiles import export_static
from ledger.trail import Whole, verify_trail, write_trail
from ledger.verify import Verified, verify_static, verify_stored
from tests.ledger.chain import flip
from tests.ledger.logs import LINKED, ORIGIN, VKEY, SetClock, create_log, heartbeat

ENTRIES, HEADS, NOTES = table_of(EntryRow), table_of(HeadRow), table_of(NoteRow)
AWAY = 10**6


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    create_signer(tmp_path / "key", tmp_path / "state", ORIGIN)
    return Signer.open(tmp_path / "key", tmp_path / "state")


@pytest.fixture
def filled(store: Store, signer: Signer) -> Iterator[Log]:
    """Twelve entries, checkpoints at 6 and 10."""
    log = create_log(store, vkey=signer.verifier.vkey())
    for size in (6, 10):
        log.append_many([heartbeat(number, f"app{number % 3}") for number in range(log.size(), size)])
        log.sign(signer)
    log.append_many([heartbeat(number) for number in range(10, 12)])
    yield log
    log.close()


@pytest.fixture
def keys(signer: Signer) -> tuple[Verifier, ...]:
    return (signer.verifier,)


def test_a_log_verifies_where_it_is_kept(filled: Log, keys: tuple[Verifier, ...], tmp_path: Path) -> None:
    """In the store, as an export and as a trail, against its own checkpoint and one kept outside."""
    note = filled.notes()
    assert note is not None and read_checkpoint(note).size == 10
    found = verify_stored(filled, keys, note)
    assert (found.size, found.tail, found.root) == (12, 2, filled.head()[1])
    export_static(tmp_path / "export", filled, note)
    assert verify_static(tmp_path / "export", keys, note).size == 10
    write_trail(tmp_path / "trail", scope=Whole(), source=filled, note=note)
    with verify_trail(tmp_path / "trail", keys, note) as trail:
        assert [entry.raw for entry in trail.entries()] == list(filled.raw(0, 10))


class Growing:
    """A log to which another process appends between any two reads."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def _grow(self) -> None:
        self._log.append(heartbeat(99))

    def notes(self) -> bytes | None:
        note = self._log.notes()
        self._grow()
        return note

    def head(self) -> tuple[int, bytes]:
        head = self._log.head()
        self._grow()
        return head

    def rows(self, start: int, end: int) -> Iterable[Row]:
        for row in self._log.rows(start, end):
            self._grow()
            yield row

    @property
    def types(self) -> EventTypes:
        return self._log.types

    def touches(self, end: int) -> Iterable[tuple[str, int]]:
        for touch in self._log.touches(end):
            self._grow()
            yield touch

    def check_kept(self) -> None:
        self._grow()
        self._log.check_kept()


def test_a_log_verifies_while_others_write(filled: Log, keys: tuple[Verifier, ...]) -> None:
    """What is appended during verification raises no false alarm."""
    assert verify_stored(Growing(filled), keys).size == 13
    assert verify_stored(filled, keys).size == filled.size() > 13


def place(connection: Connection, old: int, new: int) -> None:
    connection.execute(update(ENTRIES).where(ENTRIES.c.sequence == old).values(sequence=new))


def change_bytes(connection: Connection) -> None:
    raw = connection.scalar(select(ENTRIES.c.raw).where(ENTRIES.c.sequence == 5))
    connection.execute(update(ENTRIES).where(ENTRIES.c.sequence == 5).values(raw=flip(raw, 40)))


def change_column(connection: Connection) -> None:
    connection.execute(update(ENTRIES).where(ENTRIES.c.sequence == 5).values(subject="source/other"))


def swap(connection: Connection) -> None:
    for old, new in ((5, AWAY), (6, 5), (AWAY, 6)):
        place(connection, old, new)


def remove(connection: Connection) -> None:
    connection.execute(delete(ENTRIES).where(ENTRIES.c.sequence == 5))


def remove_and_close(connection: Connection) -> None:
    """Take one out, move the later ones up, and count one fewer."""
    remove(connection)
    for index in range(6, 12):
        place(connection, index, index - 1)
    rewind(connection, 11)


def rewind(connection: Connection, size: int) -> None:
    columns = select(ENTRIES.c.raw, ENTRIES.c.leaf_hash).where(ENTRIES.c.sequence < size)
    rows = connection.execute(columns.order_by(ENTRIES.c.sequence)).all()
    edge = RightEdge().extend(row.leaf_hash for row in rows)
    moved = {"last_hash": rows[-1].leaf_hash, "last_time": json.loads(rows[-1].raw)["recordedtime"]}
    connection.execute(update(HEADS).values(size=size, edge=edge.encode(), **moved))


def cut(connection: Connection) -> None:
    """Cut the tail, rewind the head, delete the later checkpoint: consistent in itself."""
    connection.execute(delete(ENTRIES).where(ENTRIES.c.sequence >= 8))
    connection.execute(delete(NOTES).where(NOTES.c.size > 6))
    rewind(connection, 8)


def cut_only(connection: Connection) -> None:
    connection.execute(delete(ENTRIES).where(ENTRIES.c.sequence >= 11))


TAMPERED: dict[str, tuple[Callable[[Connection], None], Kind, int]] = {
    "a byte changed": (change_bytes, Kind.ALTERED, 5),
    "a column changed": (change_column, Kind.ALTERED, 5),
    "two entries swapped": (swap, Kind.REORDERED, 5),
    "an entry deleted": (remove, Kind.MISSING, 5),
    "an entry deleted and the gap closed": (remove_and_close, Kind.MISSING, 5),
    "the unsigned tail cut": (cut_only, Kind.MISSING, 11),
    "the tail cut, the head rewound, the checkpoint deleted": (cut, Kind.TRUNCATED, 8),
}


HEAD_ROW = "UPDATE ledger_head SET "
COPY = "INSERT INTO ledger_entry SELECT log, {0}, 'z', source, subject, 'z', leaf_hash, raw FROM ledger_entry"
DERIVED: dict[str, tuple[str, int | None]] = {
    "a touched key taken out": ("DELETE FROM ledger_touch WHERE key = 'thing:b' AND sequence = 13", 13),
    "all touched keys taken out": ("DELETE FROM ledger_touch", 12),
    "a touched key put in": ("INSERT INTO ledger_touch VALUES (1, 'thing:c', 3)", 3),
    "a touched key of an entry to come": ("INSERT INTO ledger_touch VALUES (1, 'thing:c', 14)", 14),
    "a touched key of no entry": ("INSERT INTO ledger_touch VALUES (1, 'thing:c', -1)", None),
    "an entry below the first": (COPY.format(-1) + " WHERE sequence = 3", 14),
    "an entry past the head": (COPY.format(99) + " WHERE sequence = 3", 14),
    "the head's last hash": (HEAD_ROW + "last_hash = (SELECT leaf_hash FROM ledger_entry WHERE sequence = 3)", 13),
    "the head's last time": (HEAD_ROW + "last_time = '2020-01-01T00:00:00.000000Z'", 13),
    "the head's origin": (HEAD_ROW + "origin = 'elsewhere'", 0),
    "the head's log id": (HEAD_ROW + "log_id = 'elsewhere'", 0),
    "the checkpoint's edge": ("UPDATE ledger_note SET edge = (SELECT edge FROM ledger_head) WHERE size = 10", None),
    "the checkpoint's size": ("UPDATE ledger_note SET size = 14 WHERE size = 10", None),
    "a checkpoint of this size and another root": (
        "UPDATE ledger_note SET size = 14, edge = (SELECT edge FROM ledger_head) WHERE size = 10",
        None,
    ),
}


@pytest.mark.parametrize(("statement", "index"), DERIVED.values(), ids=DERIVED.keys())
def test_what_is_kept_beside_the_entries_is_derived_again(
    filled: Log, store: Store, keys: tuple[Verifier, ...], statement: str, index: int | None
) -> None:
    """No signature covers these columns, yet preconditions and the next entry rest on them."""
    filled.append(NewEvent(LINKED, "thing/a", "cli", "p-1", {"to": "thing:a"}))
    filled.append(NewEvent(LINKED, "thing/a", "cli", "p-1", {"many": ["thing:b", "thing:b", "thing/a"]}))
    verify_stored(filled, keys)
    with store.writing() as connection:
        connection.exec_driver_sql(statement)
    with pytest.raises(IntegrityError) as caught:
        verify_stored(filled, keys)
    assert (caught.value.kind, caught.value.index) == (Kind.ALTERED, index)


def test_touched_keys_are_compared_page_by_page(
    filled: Log, keys: tuple[Verifier, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key is left out or read twice where a page ends; entries of unknown types are nobody's to judge."""
    monkeypatch.setattr("ledger.reader.LEAF_PAGE", 3)
    many = [f"k{number}" for number in range(7)]
    filled.append_many([NewEvent(LINKED, "thing/a", "cli", "p-1", {"many": many}) for _ in range(4)])
    assert len(list(filled.touches(filled.size()))) == 28
    verify_stored(filled, keys)
    filled.types = EventTypes([])
    assert verify_stored(filled, keys).size == 16


ODD: tuple[str, ...] = (
    "UPDATE ledger_entry SET sequence = 5.5 WHERE sequence = 5",
    "UPDATE ledger_entry SET subject = CAST(x'ff' AS TEXT) WHERE sequence = 5",
    "UPDATE ledger_entry SET raw = CAST(x'ff' AS TEXT) WHERE sequence = 5",
    "UPDATE ledger_note SET note = 'text'",
    "UPDATE ledger_note SET note = 5",
    "UPDATE ledger_head SET last_hash = 'text'",
    "UPDATE ledger_head SET last_time = x'00'",
    "UPDATE ledger_head SET log_id = CAST(x'ff' AS TEXT)",
    "INSERT INTO ledger_touch VALUES (1, x'ff', 3)",
    "INSERT INTO ledger_touch VALUES (1, 'k', 3.5)",
    "INSERT INTO ledger_head SELECT 2, 'x', 'y', size, edge, last_hash, last_time FROM ledger_head",
)


@pytest.mark.parametrize("statement", ODD)
def test_values_of_another_kind_are_an_integrity_failure(
    sqlite_log: Log, tmp_path: Path, signer: Signer, statement: str
) -> None:
    """SQLite lets any column hold anything; none of it crashes the verifier or passes for a fault of the disk."""
    sqlite_log.append_many([heartbeat(number) for number in range(8)])
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database:
        database.execute("INSERT INTO ledger_note SELECT log, size, edge, x'00' FROM ledger_head")
        database.execute(statement)
        database.commit()
    store = Store.open(f"sqlite:///{tmp_path}/ledger.db")

    def verify() -> Verified:
        log = Log.open(store, types=EventTypes([]), clock=SetClock(), random=os.urandom)
        return verify_stored(log, (Verifier.parse(VKEY),))

    with closing(store), pytest.raises(IntegrityError) as caught:
        verify()
    assert caught.value.kind in (Kind.ALTERED, Kind.UNTRUSTED_KEY)


@pytest.mark.parametrize(("tamper", "kind", "index"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_in_the_database_is_named(
    filled: Log, store: Store, keys: tuple[Verifier, ...], tamper: Callable[[Connection], None], kind: Kind, index: int
) -> None:
    """Class and first index, against the checkpoint kept from before."""
    older = filled.notes()
    with store.writing() as connection:
        tamper(connection)
    with pytest.raises(IntegrityError) as caught:
        verify_stored(filled, keys, older)
    assert (caught.value.kind, caught.value.index) == (kind, index)


def test_a_cut_log_is_whole_in_itself_and_its_signer_stops(
    filled: Log, store: Store, signer: Signer, keys: tuple[Verifier, ...]
) -> None:
    """Without the outside checkpoint the cut shows in nothing but the claim; the signer, however, remembers."""
    with store.writing() as connection:
        cut(connection)
        assert connection.scalar(select(func.count()).select_from(NOTES)) == 1
    assert "nothing is claimed beyond the size presented" in verify_stored(filled, keys).claim()
    with pytest.raises(SignerRefused, match="smaller than size 10"):
        filled.sign(signer)
