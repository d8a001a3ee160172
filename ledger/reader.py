"""Reading a log back: its head, its entries in order, its leaf hashes, its signed notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledger import queries
from ledger.derived import check_head, check_note
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind, Refused
from ledger.source import Row
from ledger.store import Store

PAGE: Final = 512
LEAF_PAGE: Final = 8192
_COMPARE: Final = "compare it with a backup; a checkpoint kept elsewhere tells which one is right"


class Reader:
    """One log of a store, to read. What it streams is read in pages, so a long walk never holds up a writer."""

    def __init__(self, store: Store, head: queries.Head) -> None:
        self._store = store
        self._log = head.log
        self.log_id: str = head.log_id
        self.origin: str = head.origin

    def size(self) -> int:
        """Number of entries."""
        return self._head().size

    def head(self) -> tuple[int, bytes]:
        """Size and RFC 6962 root of the tree."""
        edge = self._head().edge
        return edge.size, edge.root()

    def entry(self, index: int) -> Entry:
        """The entry at `index`; raises Refused if there is none yet, IntegrityError if it is gone or not as written."""
        if not 0 <= index < self.size():
            raise Refused(f"the ledger has no index {index}", "indices count from 0 to the size less one")
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[Entry]:
        """The entries from `start` to before `end` (the present size if None), parsed, each against its leaf hash.

        Raises IntegrityError (MISSING, ALTERED) at the first that is not as written. This proves each entry's form,
        not the log: that is `ledger.verify`.
        """
        for row in self._whole(start, end):
            entry = Entry.parse(row.raw, row.index)
            if entry.leaf_hash != row.leaf_hash:
                message = "the bytes do not have the leaf hash kept beside them"
                raise IntegrityError(Kind.ALTERED, message, row.index, _COMPARE)
            yield entry

    def raw(self, start: int, end: int) -> Iterator[bytes]:
        """The exact bytes of the entries from `start` to before `end`; raises IntegrityError (MISSING) at a gap."""
        return (row.raw for row in self._whole(start, end))

    def rows(self, start: int = 0, end: int | None = None) -> Iterator[Row]:
        """The rows as the table has them, unverified, by rising index; gaps are not noticed here."""
        stop = self.size() if end is None else end
        while start < stop:
            try:
                with self._store.reading() as connection:
                    page = queries.entries(connection, self._log, start, stop, PAGE)
            except IntegrityError as error:
                if error.index is not None:
                    raise
                raise IntegrityError(error.kind, "the database file is damaged", start, error.hint) from error
            yield from page
            if len(page) < PAGE:
                return
            start = page[-1].index + 1

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        """The stored leaf hashes of the same entries, 32 bytes each; raises IntegrityError (MISSING) at a gap."""
        while start < end:
            with self._store.reading() as connection:
                page = queries.leaves(connection, self._log, start, end, LEAF_PAGE)
            for index, leaf in page:
                if index != start:
                    raise _missing(start)
                yield leaf
                start += 1
            if len(page) < LEAF_PAGE and start < end:
                raise _missing(start)

    def touches(self, end: int) -> Iterator[tuple[str, int]]:
        """The keys kept as touched by the entries before `end`, each with the entry's index, unverified."""
        after = ("", -1)
        while True:
            with self._store.reading() as connection:
                page = queries.touches(connection, self._log, end, after, LEAF_PAGE)
            yield from page
            if len(page) < LEAF_PAGE:
                return
            after = page[-1]

    def check_kept(self) -> None:
        """Hold head, row counts and the latest checkpoint's edge against the entries; raises IntegrityError."""
        with self._store.reading() as connection:
            census = queries.census(connection, self._log)
            note = queries.last_note(connection, self._log)
        check_head(census)
        check_note(note)

    def notes(self) -> bytes | None:
        """The signed note of the latest checkpoint, byte for byte, or None before the first."""
        with self._store.reading() as connection:
            found = queries.last_note(connection, self._log)
        return None if found is None else found[1]

    def note_sizes(self, most: int = 64) -> list[int]:
        """Sizes of the latest signed checkpoints, at most this many, the largest first."""
        with self._store.reading() as connection:
            return queries.note_sizes(connection, self._log, most)

    def _head(self) -> queries.Head:
        with self._store.reading() as connection:
            return queries.head(connection, self._log)

    def _whole(self, start: int, end: int | None) -> Iterator[Row]:
        """The rows of the range, without a gap."""
        stop = self.size() if end is None else end
        for row in self.rows(start, stop):
            if row.index != start:
                raise _missing(start)
            yield row
            start += 1
        if start < stop:
            raise _missing(start)


def _missing(index: int) -> IntegrityError:
    return IntegrityError(Kind.MISSING, "the entry is gone", index, "restore the database from a backup")
