"""What a store keeps beside its entries, re-derived from them: the head, and the keys that preconditions rest on.

The tree proves the entries and nothing else. A key taken out of its table would let a writer pass a precondition that
no longer holds; a head with another last hash or time would spoil the next entry. Both follow from the entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import zip_longest
from types import TracebackType
from typing import Final, Self

from ledger.checkpoint import read_checkpoint
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind, Refused
from ledger.merkle import RightEdge
from ledger.queries import Census
from ledger.schema import EventTypes
from ledger.spill import Spill
from ledger.writing import touches_of

_INDEX: Final = 8
_HINT: Final = "the entries are the record: restore the database from a backup, and find out who changed it"


class Touches:
    """The keys that a log's entries touch, collected while they are read. Use it as a context manager.

    Entries of a type that `types` does not know are left out: nobody here can say what they touch.
    """

    def __init__(self, types: EventTypes) -> None:
        self._declared = {declared.name: declared for declared in types}
        self._unknown: set[int] = set()
        self._derived = Spill(_INDEX + hashlib.sha256().digest_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._derived.__exit__(kind, error, trace)

    def add(self, entry: Entry) -> None:
        """Take one more entry."""
        declared = self._declared.get(entry.type)
        if declared is None:
            self._unknown.add(entry.index)
        elif declared.touches:
            for key in touches_of(declared, entry.subject, entry.data):
                self._derived.add(_item(key, entry.index))

    def compare(self, kept: Iterable[tuple[str, int]]) -> None:
        """Hold the keys that are kept, each with its index, against those of the entries; raises IntegrityError."""
        with Spill(_INDEX + hashlib.sha256().digest_size) as found:
            for key, index in kept:
                if index not in self._unknown:
                    found.add(_item(key, index))
            for derived, stored in zip_longest(self._derived, found):
                if derived != stored:
                    item = min(side for side in (derived, stored) if side is not None)
                    message = "the keys kept for preconditions are not those that the entry touches"
                    raise _altered(message, int.from_bytes(item[:_INDEX], "big"))


def _item(key: str, index: int) -> bytes:
    return index.to_bytes(_INDEX, "big") + hashlib.sha256(key.encode()).digest()


def check_head(census: Census) -> None:
    """Hold a head against the first and the last entry it counts, and the tables against the head.

    Raises IntegrityError (ALTERED); the entries themselves are verified elsewhere.
    """
    head = census.head
    opening, last = Entry.parse(census.first, 0), Entry.parse(census.last, max(head.size - 1, 0))
    if (opening.data.get("log_id"), opening.data.get("origin")) != (head.log_id, head.origin):
        raise _altered("the head bears other names than entry 0", 0)
    if (last.leaf_hash, last.recorded_at) != (head.last_hash, head.last_time):
        raise _altered("the head has another last hash or time than its last entry", last.index)
    if census.entries != head.size:
        raise _altered(f"the table holds {census.entries} entries, the head counts {head.size}", head.size)
    if census.stray_touches:
        raise _altered("keys are kept for preconditions that belong to no entry", head.size)


def check_note(kept: tuple[RightEdge, bytes] | None) -> None:
    """Hold the right edge kept with a signed note against the note; raises IntegrityError (ALTERED)."""
    if kept is None:
        return
    edge, note = kept
    try:
        checkpoint = read_checkpoint(note)
    except Refused as error:
        raise _altered(f"the latest signed note is none: {error.message}", None) from error
    if (edge.size, edge.root()) != (checkpoint.size, checkpoint.root):
        raise _altered("the right edge kept with the latest checkpoint is not that of its tree", None)


def _altered(message: str, index: int | None) -> IntegrityError:
    return IntegrityError(Kind.ALTERED, message, index, _HINT)
