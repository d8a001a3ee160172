"""Verifying a whole log against keys and checkpoints that the caller trusts (docs/ledger-format.md, section 5).

One pass re-hashes every entry, rebuilds the tree and checks every rule an entry must keep; memory does not grow with
the log. What is found is reported as the first class that applies: UNTRUSTED KEY, FORKED, TRUNCATED, MISSING,
REORDERED, ALTERED, with the first index concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from ledger.checkpoint import Checkpoint, Verifier, open_checkpoint
from ledger.derived import Touches
from ledger.diagnose import NOWHERE, diagnose
from ledger.entry import Entry
from ledger.errors import IntegrityError, Kind, Refused
from ledger.scan import Scan, Watch
from ledger.schema import EventTypes
from ledger.source import Read, Row
from ledger.tiles import StaticLog, directory_reader

_HINT = "keep the evidence: copy the store as it is, then compare it with the newest export or backup"


@dataclass(frozen=True, slots=True)
class Verified:
    """A log found whole: its size and root, the newest trusted checkpoint, and the older one it was held against."""

    size: int
    root: bytes
    checkpoint: Checkpoint | None
    older: Checkpoint | None

    @property
    def tail(self) -> int:
        """How many entries at the end no signature covers yet."""
        return self.size - (self.checkpoint.size if self.checkpoint else 0)

    def claim(self) -> str:
        """What was shown, in one sentence, and no more than that."""
        signed = f"{self.size - self.tail} of {self.size} entries are covered by a signed checkpoint"
        if self.older is None:
            return f"{signed}; no older checkpoint was given, so nothing is claimed beyond the size presented"
        return f"{signed}; they continue the checkpoint of size {self.older.size} given from outside"


def verify_log(
    read: Read,
    *,
    verifiers: Sequence[Verifier],
    notes: Sequence[bytes] = (),
    older: bytes | None = None,
    head: tuple[int, bytes] | None = None,
    watch: Watch | None = None,
) -> Verified:
    """Verify all rows of a log against `verifiers` and return what was found whole.

    `notes` are the log's own signed checkpoints (the newest is enough), `older` is one kept outside, `head` is the
    store's own word on size and root. `watch` is shown the entries on the way; what it learns holds once this returns.
    Raises IntegrityError with class and first index, Refused without a key.
    """
    trusted = open_trusted(notes, older, verifiers)
    signed = {checkpoint.size: checkpoint.root for checkpoint in trusted}
    origins = {checkpoint.origin for checkpoint in trusted} or {verifier.name for verifier in verifiers}
    with Scan(signed, origins, watch) as scan:
        scan.read(read())
        if head is not None:
            scan.check_head(*head)
        _raise_forked(scan, sorted(signed))
        places = diagnose(read, scan.count) if scan.misplaced else NOWHERE
        _raise_truncated(max(scan.size, places.size), max(signed, default=0))
        _raise_at(Kind.MISSING, places.missing, "there is no such entry, though later ones are here")
        _raise_at(Kind.MISSING, scan.missing, "there is no such entry, though the store's head counts it")
        _raise_at(Kind.REORDERED, places.reordered, "an entry that belongs to another index stands here")
        if scan.complaint is not None:
            _raise_at(Kind.ALTERED, *scan.complaint)
        newest = max(trusted, key=lambda checkpoint: checkpoint.size, default=None)
        return Verified(scan.size, scan.root(), newest, trusted[-1] if older is not None else None)


def open_trusted(notes: Iterable[bytes], older: bytes | None, verifiers: Sequence[Verifier]) -> tuple[Checkpoint, ...]:
    """The checkpoints in `notes`, then the one in `older`, all signed by trusted keys and of one log.

    Raises IntegrityError: UNTRUSTED KEY, or FORKED where two of one size have different roots.
    """
    if not verifiers:
        raise Refused("nothing can be verified without a trusted key", "pass the log's verifier key")
    every = [*notes, *([] if older is None else [older])]
    trusted = tuple(open_checkpoint(note, verifiers) for note in every)
    for before, after in pairwise(sorted(trusted, key=lambda checkpoint: checkpoint.size)):
        if before.origin != after.origin:
            message = f"the checkpoints are of two logs, {before.origin} and {after.origin}"
            raise IntegrityError(Kind.UNTRUSTED_KEY, message, hint="pass checkpoints of one log only")
        if before.size == after.size and before.root != after.root:
            message = f"two checkpoints of size {before.size} are signed with different roots"
            raise IntegrityError(Kind.FORKED, message, 0, _HINT)
    return trusted


def _raise_forked(scan: Scan, sizes: Sequence[int]) -> None:
    """FORKED: the entries match one signed root but not a smaller one, or are whole in themselves and match none."""
    differing = [size for size in sizes if scan.agrees(size) is False]
    if not differing:
        return
    first = differing[0]
    proven = max((size for size in sizes if size < first and scan.agrees(size)), default=0)
    if scan.consistent or scan.proven > first:
        span = f"they part at an index from {proven} to {first - 1}"
        message = f"this history is not the one signed at size {first}; {span}"
        raise IntegrityError(Kind.FORKED, message, proven, _HINT)


def _raise_truncated(present: int, signed: int) -> None:
    if present == 0:
        message = "there is no entry, not even the one that opens a log"
        raise IntegrityError(Kind.TRUNCATED, message, 0, _HINT)
    if present < signed:
        message = f"{present} entries are here, a trusted checkpoint covers {signed}"
        raise IntegrityError(Kind.TRUNCATED, message, present, _HINT)


def _raise_at(kind: Kind, index: int | None, message: str) -> None:
    if index is not None:
        raise IntegrityError(kind, message, index, _HINT)


class StoredLog(Protocol):
    """A log in a store, while others may be writing to it."""

    def notes(self) -> bytes | None:
        """The signed note of the latest checkpoint, None before the first."""
        ...

    def head(self) -> tuple[int, bytes]:
        """Size and root by the store's own word."""
        ...

    def rows(self, start: int, end: int) -> Iterable[Row]:
        """The rows as they are kept, by rising index."""
        ...

    @property
    def types(self) -> EventTypes:
        """The types of its events."""
        ...

    def touches(self, end: int) -> Iterable[tuple[str, int]]:
        """The keys kept as touched by the entries before `end`, each with the entry's index."""
        ...

    def check_kept(self) -> None:
        """Hold what else is kept against the entries; raises IntegrityError."""
        ...


def verify_stored(
    log: StoredLog, verifiers: Sequence[Verifier], older: bytes | None = None, watch: Watch | None = None
) -> Verified:
    """Verify a log where it is kept, up to the head it has now; entries appended meanwhile are left for next time.

    What the store keeps beside the entries is derived from them again and compared. `watch` is shown every entry on
    the way (see `verify_log`). Raises IntegrityError like `verify_log`.
    """
    note = log.notes()  # before the head, which may only be larger than what was signed
    head = log.head()
    notes = () if note is None else (note,)
    with Touches(log.types) as touches:

        def show(entry: Entry) -> None:
            touches.add(entry)
            if watch is not None:
                watch(entry)

        found = verify_log(
            lambda: log.rows(0, head[0]), verifiers=verifiers, notes=notes, older=older, head=head, watch=show
        )
        touches.compare(log.touches(head[0]))
    log.check_kept()
    return found


def verify_static(directory: Path, verifiers: Sequence[Verifier], older: bytes | None = None) -> Verified:
    """Verify a log exported as static tiles: its checkpoint, every entry, and every hash tile.

    Raises IntegrityError like `verify_log`, Refused if the directory holds no checkpoint, StoreFault if it cannot be
    read.
    """
    return verify_tiles(StaticLog.open(directory_reader(directory)), verifiers, older)


def verify_tiles(static: StaticLog, verifiers: Sequence[Verifier], older: bytes | None = None) -> Verified:
    """The same for a static form read from anywhere."""
    found = verify_log(static.rows, verifiers=verifiers, notes=(static.note,), older=older)
    if found.tail:
        raise IntegrityError(Kind.ALTERED, "entries were added past the checkpoint", found.size - found.tail, _HINT)
    static.check_hash_tiles()
    return found
