"""Telling apart what is missing from what stands at another index, once a log is known not to be whole.

An entry names its own index and its predecessor's hash. It is *genuine* at the index it names if it stands there, if
a neighbour by that number vouches for it (the one after quotes its hash, or it quotes the hash of the one before), or
if it is a stranger where it stands: its number and its predecessor's hash both belong elsewhere.
Genuine entries at other indices are displaced; an index that nothing stands at, or only a displaced entry, and that no
genuine entry names, is missing. Everything else that is wrong was altered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ledger.canonical import decode
from ledger.entry import NO_HASH, Entry
from ledger.errors import LedgerError
from ledger.merkle import leaf_hash
from ledger.source import Read, Row
from ledger.spill import Spill

_ABSENT, _BROKEN, _IN_PLACE, _DISPLACED = range(4)


@dataclass(frozen=True, slots=True)
class Places:
    """The first missing index, the first with a displaced entry, and the size by what genuine entries say."""

    missing: int | None
    reordered: int | None
    size: int


NOWHERE = Places(None, None, 0)
"""Of a log in which every entry stands where it should."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """An entry that parses: the index it names, where it stands, its leaf hash, the hash it quotes as before it.

    `stranger` says that the entry standing before it has another hash than the one it quotes.
    """

    named: int
    position: int
    leaf: bytes
    before: bytes
    stranger: bool

    def encode(self) -> bytes:
        numbers = self.named.to_bytes(8, "big") + self.position.to_bytes(8, "big")
        return numbers + self.leaf + self.before + bytes([self.stranger])

    @classmethod
    def decode(cls, raw: bytes) -> _Piece:
        named, position = int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:16], "big")
        return cls(named, position, raw[16:48], raw[48:80], bool(raw[80]))


def diagnose(read: Read, count: int) -> Places:
    """Read the `count` rows once more and say what is missing and what is out of place.

    Needs two bytes for each row. The first missing index is never beyond `count`, so no more is kept.
    """
    standing, named = bytearray(count + 1), bytearray(count + 1)
    moved: int | None = None
    size = 0
    with Spill(81) as spill:
        last = NO_HASH
        for row in read():
            _mark(standing, row.index, _BROKEN)
            piece = _piece(row, last)
            last = leaf_hash(row.raw)
            if piece is not None:
                spill.add(piece.encode())
        for piece in _genuine(spill):
            size = piece.named + 1
            _mark(named, piece.named, 1)
            if piece.named == piece.position:
                _mark(standing, piece.position, _IN_PLACE)
            else:
                _mark(standing, piece.position, _DISPLACED)
                moved = piece.position if moved is None else min(moved, piece.position)
    end = max(size, len(standing.rstrip(b"\x00")))
    gone = (i for i, state in enumerate(standing) if state in (_ABSENT, _DISPLACED) and not named[i])
    missing = next(gone, None)
    return Places(missing if missing is not None and missing < end else None, moved, size)


def _mark(states: bytearray, index: int, state: int) -> None:
    if 0 <= index < len(states):
        states[index] = state


def _piece(row: Row, last: bytes) -> _Piece | None:
    """What the row says of itself; None if it is no entry."""
    try:
        named = int(decode(row.raw)["sequence"])
        entry = Entry.parse(row.raw, named)
    except (LedgerError, LookupError, TypeError, ValueError):
        return None
    stranger = entry.prevhash != last and row.leaf_hash in (None, entry.leaf_hash)
    return _Piece(named, row.index, entry.leaf_hash, entry.prevhash, stranger)


def _genuine(spill: Spill) -> Iterator[_Piece]:
    """The pieces that stand where they say, or that a neighbour by number vouches for."""
    before: list[_Piece] = []
    here: list[_Piece] = []
    for _, group in groupby(map(_Piece.decode, spill), key=lambda piece: piece.named):
        after = list(group)
        yield from _vouched(before, here, after)
        before, here = here, after
    yield from _vouched(before, here, [])


def _vouched(before: list[_Piece], here: list[_Piece], after: list[_Piece]) -> Iterator[_Piece]:
    """Those of the pieces named `here` that are genuine; `before` and `after` are the groups next to them."""
    leaves = {piece.leaf for piece in before if here and piece.named + 1 == here[0].named}
    quoted = {piece.before for piece in after if here and piece.named - 1 == here[0].named}
    for piece in here:
        if piece.named == piece.position or piece.stranger or piece.before in leaves or piece.leaf in quoted:
            yield piece
