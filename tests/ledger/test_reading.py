"""Reading a store somebody meddled with: the first entry concerned is named, and its class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import Update, delete, insert, update
from sqlalchemy.sql.dml import UpdateBase

from ledger.errors import IntegrityError, Kind, StoreFault
from ledger.log import Log
from ledger.merkle import RightEdge
from ledger.reader import LEAF_PAGE, PAGE
from ledger.tables import EntryRow, HeadRow, NoteRow, table_of
from tests.ledger.logs import heartbeat

ENTRIES, HEADS, NOTES = table_of(EntryRow), table_of(HeadRow), table_of(NoteRow)


def meddle(log: Log, change: UpdateBase) -> None:
    with log._store.writing() as connection:
        connection.execute(change)


def at(index: int) -> Update:
    return update(ENTRIES).where(ENTRIES.c.sequence == index)


@pytest.fixture
def filled(log: Log) -> Iterator[Log]:
    """Six entries, checkpoints at 3 and 6."""
    log.append_many([heartbeat(number) for number in range(2)])
    log.save_note(3, b"three")
    log.append_many([heartbeat(number) for number in range(3)])
    log.save_note(6, b"six")
    yield log
    log.close()


def failure(act: Callable[[], object]) -> tuple[Kind, int | None]:
    with pytest.raises(IntegrityError) as caught:
        act()
    assert caught.value.hint
    return caught.value.kind, caught.value.index


@pytest.mark.parametrize("index", [0, 3, 5])
def test_a_gap_is_missing_at_its_index(filled: Log, index: int) -> None:
    """Entries, bytes and leaf hashes stop there; the rows, unverified, go on."""
    meddle(filled, delete(ENTRIES).where(ENTRIES.c.sequence == index))
    for stream in (filled.entries(), filled.raw(0, 6), filled.leaf_hashes(0, 6)):
        assert failure(partial(list, stream)) == (Kind.MISSING, index)
    assert failure(lambda: filled.entry(index)) == (Kind.MISSING, index)
    assert [row.index for row in filled.rows()] == [number for number in range(6) if number != index]


def test_other_bytes_are_altered_at_their_index(filled: Log) -> None:
    """One digit of a counter, and the leaf hash kept beside it says so."""
    raw = filled.entry(2).raw
    meddle(filled, at(2).values(raw=raw.replace(b'"counter":1', b'"counter":7')))
    assert failure(lambda: list(filled.entries())) == (Kind.ALTERED, 2)
    assert list(filled.entries(3)) and [entry.index for entry in filled.entries(0, 2)] == [0, 1]


@pytest.mark.parametrize("change", [{"leaf_hash": bytes(32)}, {"raw": b"{}"}, {"raw": b""}])
def test_other_columns_are_altered_at_their_index(filled: Log, change: dict[str, bytes]) -> None:
    """A wrong leaf hash, bytes that are no entry."""
    meddle(filled, at(4).values(**change))
    assert failure(lambda: list(filled.entries())) == (Kind.ALTERED, 4)


def test_an_entry_at_anothers_index_is_altered(filled: Log) -> None:
    """Its sequence belongs to its bytes."""
    meddle(filled, delete(ENTRIES).where(ENTRIES.c.sequence == 2))
    meddle(filled, at(3).values(sequence=2))
    assert failure(lambda: filled.entry(2)) == (Kind.ALTERED, 2)


def test_a_column_of_another_type_is_altered(sqlite_log: Log) -> None:
    """SQLite would store text in place of bytes; the reader does not take it."""
    sqlite_log.append(heartbeat())
    for column in ("raw", "leaf_hash"):
        with sqlite_log._store.writing() as connection:
            connection.exec_driver_sql(f"UPDATE ledger_entry SET {column} = 'text' WHERE sequence = 1")
        assert failure(lambda: list(sqlite_log.rows())) == (Kind.ALTERED, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 5},
        {"edge": b""},
        {"edge": bytes(8)},
        {"edge": RightEdge().append(bytes(32)).encode()},
        {"size": 2**62, "edge": RightEdge().append(bytes(32)).encode()},
    ],
)
def test_a_head_that_contradicts_itself_is_altered(filled: Log, change: dict[str, object]) -> None:
    """Size and right edge belong together; nothing is appended to such a head."""
    meddle(filled, update(HEADS).values(**change))
    assert failure(filled.size) == (Kind.ALTERED, None)
    assert failure(lambda: filled.append(heartbeat())) == (Kind.ALTERED, None)


def test_a_head_that_is_gone_is_altered(filled: Log) -> None:
    """A log without its head takes nothing more."""
    meddle(filled, delete(HEADS))
    assert failure(filled.head) == (Kind.ALTERED, None)
    assert failure(lambda: filled.append(heartbeat())) == (Kind.ALTERED, None)


def test_a_rewound_head_makes_no_fork(filled: Log) -> None:
    """Where the next index is taken, the database refuses the batch: nothing is overwritten."""
    edge = RightEdge().extend(filled.leaf_hashes(0, 4))
    before = list(filled.raw(0, 6))
    meddle(filled, update(HEADS).values(size=4, edge=edge.encode(), last_hash=filled.entry(3).leaf_hash))
    with pytest.raises(StoreFault):
        filled.append(heartbeat(9))
    assert [row.raw for row in filled.rows(0, 6)] == before


def test_a_head_beyond_the_entries_is_missing(filled: Log) -> None:
    """The size promises an entry that is not there."""
    edge = RightEdge().extend([*filled.leaf_hashes(0, 6), bytes(32)])
    meddle(filled, update(HEADS).values(size=7, edge=edge.encode()))
    assert failure(lambda: list(filled.entries())) == (Kind.MISSING, 6)
    assert failure(lambda: list(filled.leaf_hashes(0, 7))) == (Kind.MISSING, 6)


def test_the_edge_of_a_note_is_checked(filled: Log) -> None:
    """A malformed one is named; the notes themselves are bytes for others to verify."""
    assert filled.notes() == b"six"
    meddle(filled, delete(NOTES).where(NOTES.c.size == 6))
    assert filled.notes() == b"three"
    meddle(filled, update(NOTES).values(edge=b"x"))
    assert failure(filled.notes) == (Kind.ALTERED, None)


def test_reading_goes_in_pages(sqlite_log: Log) -> None:
    """A range of several pages comes whole and in order, wherever it starts."""
    sqlite_log.append_many([heartbeat(number) for number in range(2 * PAGE)])
    for start, end in ((0, 2 * PAGE + 1), (1, PAGE + 1), (7, PAGE + 8), (PAGE, PAGE + 1)):
        assert [entry.index for entry in sqlite_log.entries(start, end)] == list(range(start, end))


def test_leaf_hashes_go_in_pages(sqlite_log: Log) -> None:
    """More than a page of them, and the gap at its end is noticed."""
    rows = [
        {"log": 1, "sequence": n, "id": str(n), "source": "s", "subject": "s", "leaf_hash": bytes(32), "raw": b""}
        for n in range(1, LEAF_PAGE + 5)
    ]
    meddle(sqlite_log, insert(ENTRIES).values(rows[0]))
    with sqlite_log._store.writing() as connection:
        connection.execute(insert(ENTRIES), rows[1:])
    assert len(list(sqlite_log.leaf_hashes(0, LEAF_PAGE + 5))) == LEAF_PAGE + 5
    assert len(list(sqlite_log.leaf_hashes(0, LEAF_PAGE))) == LEAF_PAGE
    assert failure(lambda: list(sqlite_log.leaf_hashes(0, LEAF_PAGE + 6))) == (Kind.MISSING, LEAF_PAGE + 5)
