"""One pass over a log's rows: every hash, every link, every rule of an entry, and the roots at given sizes.

Nothing is decided here: the pass notes the first index where something is wrong, and `ledger.verify` names the class.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ledger.entry import NO_HASH, Entry
from ledger.errors import IntegrityError
from ledger.merkle import EMPTY_ROOT, HASH_SIZE, RightEdge, leaf_hash
from ledger.source import Row
from ledger.spill import RUN, Spill

OPENING = "ledger.opened.v1"
_BATCH = 1024
_INDEX = 8

Watch = Callable[[Entry], object]
"""Is shown every entry that parses, in the order of reading, while nothing is decided yet."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The row before: its index and leaf hash, and whether the leaf hash kept beside it fits."""

    index: int
    leaf: bytes
    clean: bool


class Scan:
    """What is known of a log after reading it once. Use it as a context manager: it may sort on disk.

    `signed` maps the sizes of trusted checkpoints to their roots; `origins` are the names the log may bear.
    """

    def __init__(
        self, signed: Mapping[int, bytes], origins: Collection[str], watch: Watch | None = None, run: int = RUN
    ) -> None:
        self.count = 0
        self.size = 0
        self.complaint: tuple[int, str] | None = None
        self.missing: int | None = None
        self.misplaced = False
        self._signed = signed
        self._origins = origins
        self._watch = watch
        self._roots = {0: EMPTY_ROOT}
        self._edge = RightEdge()
        self._pending: list[bytes] = []
        self._gapless = True
        self._before: _Seen | None = None
        self._bad_links: list[int] = []
        self._recorded_at = ""
        self._names = Spill(HASH_SIZE + _INDEX, run)
        self._subjects = Spill(3 * HASH_SIZE + _INDEX, run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._names.__exit__(kind, error, trace)
        self._subjects.__exit__(kind, error, trace)

    @property
    def consistent(self) -> bool:
        """Whether the log is whole in itself, whatever was signed."""
        return self.complaint is None and self.missing is None and not self.misplaced

    @property
    def proven(self) -> int:
        """The largest signed size whose root these entries have; 0 if none."""
        return max((size for size in self._signed if self.agrees(size)), default=0)

    def root(self) -> bytes:
        """The root over all entries read."""
        return self._edge.root()

    def agrees(self, size: int) -> bool | None:
        """Whether the first `size` entries have the signed root; None if there are not as many in a row."""
        root = self._roots.get(size)
        return None if root is None else root == self._signed[size]

    def read(self, rows: Iterable[Row]) -> None:
        """Read all rows; call it once."""
        for row in rows:
            self._read(row)
        self._grow()
        if self._bad_links:
            self._blame_link()
        if self.consistent:
            self._check_subjects()
            self._check_names()

    def check_head(self, size: int, root: bytes) -> None:
        """Hold the store's own word on its size and root against what was read."""
        if size > self.size:
            self.missing = self.size
        elif size < self.size:
            self._complain(size, f"the store's head counts {size} entries only")
        elif self.complaint is None and self._gapless and root != self.root():
            self._complain(min(self.proven, max(size - 1, 0)), "the store's head has another root than its entries")

    def _complain(self, index: int, message: str) -> None:
        if self.complaint is None or index < self.complaint[0]:
            self.complaint = (index, message)

    def _read(self, row: Row) -> None:
        self.count += 1
        if row.index != self.size:
            self.misplaced, self._gapless = True, False
        if row.index < self.size:
            self._complain(row.index, "two entries stand at this index")
        self.size = max(self.size, row.index + 1)
        seen = _Seen(row.index, leaf_hash(row.raw), True)
        if row.leaf_hash is not None and row.leaf_hash != seen.leaf:
            self._complain(row.index, "the bytes do not have the leaf hash kept beside them")
            seen = _Seen(row.index, seen.leaf, False)
        self._push(seen.leaf)
        try:
            entry = Entry.parse(row.raw, row.index)
        except IntegrityError as error:
            self.misplaced = True
            self._complain(row.index, error.message.partition(": ")[2])
        else:
            self._check_entry(entry, row, seen)
            if self._watch is not None:
                self._watch(entry)
        self._before = seen

    def _push(self, leaf: bytes) -> None:
        if self._gapless:
            self._pending.append(leaf)
            if self.size in self._signed or len(self._pending) == _BATCH:
                self._grow()

    def _grow(self) -> None:
        self._edge = self._edge.extend(self._pending)
        self._pending.clear()
        if self._edge.size in self._signed:
            self._roots[self._edge.size] = self._edge.root()

    def _check_entry(self, entry: Entry, row: Row, seen: _Seen) -> None:
        for name, value in row.columns.items():
            if getattr(entry, name) != value:
                self._complain(entry.index, f"the column {name} does not follow from the bytes")
        if entry.index == 0:
            self._check_opening(entry)
        self._check_link(entry, seen)
        if entry.recorded_at < self._recorded_at:
            self._complain(entry.index, "it was recorded before the entry that precedes it")
        self._recorded_at = max(self._recorded_at, entry.recorded_at)
        self._remember(entry)

    def _check_link(self, entry: Entry, seen: _Seen) -> None:
        before = self._before
        if before is None or before.index != entry.index - 1 or not (before.clean and seen.clean):
            return
        if entry.prevhash != before.leaf and len(self._bad_links) < 2:
            self._bad_links.append(entry.index)

    def _check_opening(self, entry: Entry) -> None:
        if entry.type != OPENING or entry.data.get("origin") not in self._origins:
            self._complain(0, "it does not open the log whose key was given")
        if entry.prevhash != NO_HASH:
            self._complain(0, "it quotes an entry before the first")

    def _remember(self, entry: Entry) -> None:
        index = entry.index.to_bytes(_INDEX, "big")
        self._subjects.add(_digest("subject", entry.subject) + index + entry.leaf_hash + entry.subjectprev)
        self._names.add(_digest("id", entry.source, entry.id) + index)
        if entry.claim is not None:
            self._names.add(_digest("claim", entry.claim) + index)

    def _blame_link(self) -> None:
        """Complain of the one of two neighbours that was changed, as far as signatures and the next link tell."""
        index = self._bad_links[0]
        twice = self._bad_links[1:] == [index + 1]
        changed = index if twice or self.proven >= index else index - 1
        self._complain(
            changed, "the entry after it quotes another hash" if changed < index else "its prevhash is wrong"
        )

    def _check_subjects(self) -> None:
        last = (b"", NO_HASH)
        for item in self._subjects:
            subject, index = item[:HASH_SIZE], int.from_bytes(item[HASH_SIZE : HASH_SIZE + _INDEX], "big")
            leaf, quoted = item[-2 * HASH_SIZE : -HASH_SIZE], item[-HASH_SIZE:]
            if quoted != (last[1] if subject == last[0] else NO_HASH):
                self._complain(index, "its subjectprev is not the entry before it with the same subject")
            last = (subject, leaf)

    def _check_names(self) -> None:
        last = b""
        for item in self._names:
            if item[:HASH_SIZE] == last:
                self._complain(int.from_bytes(item[HASH_SIZE:], "big"), "its id or claim was taken by an earlier entry")
            last = item[:HASH_SIZE]


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
