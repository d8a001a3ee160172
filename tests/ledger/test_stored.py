"""A real log in a real database, signed by a real signer: verified where it is, and tampered with by SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select, update

from ledger.checkpoint import Verifier, read_checkpoint
from ledger.errors import IntegrityError, Kind, SignerRefused
from ledger.keys import Signer, create_signer
from ledger.log import Log
from ledger.merkle import RightEdge
from ledger.source import Row
from ledger.store import Store
from ledger.tables import EntryRow, HeadRow, NoteRow, table_of
from ledger.tiles import export_static
from ledger.trail import Whole, verify_trail, write_trail
from ledger.verify import verify_static, verify_stored
from tests.ledger.chain import flip
from tests.ledger.logs import ORIGIN, create_log, heartbeat

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
    leaves = connection.scalars(
        select(ENTRIES.c.leaf_hash).where(ENTRIES.c.sequence < size).order_by(ENTRIES.c.sequence)
    )
    edge = RightEdge().extend(leaves)
    connection.execute(update(HEADS).values(size=size, edge=edge.encode()))


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
