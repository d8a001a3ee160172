"""Where proofs read from: a log's exact bytes and leaf hashes by index, whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class EntrySource(Protocol):
    """A log to read from. Indices count from 0; `end` is exclusive; nothing it gives is trusted."""

    def size(self) -> int:
        """Number of entries."""
        ...

    def raw(self, start: int, end: int) -> Iterator[bytes]:
        """The exact bytes of the entries from `start` to before `end`, in order."""
        ...

    def leaf_hashes(self, start: int, end: int) -> Iterator[bytes]:
        """The stored leaf hashes of the same entries, 32 bytes each."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as a store or an export presents it, unverified.

    `leaf_hash` and `columns` are what is kept beside the bytes and must follow from them; a column bears the name of
    the attribute of `Entry` it repeats. `leaf_hash` is None where none is kept.
    """

    index: int
    raw: bytes
    leaf_hash: bytes | None = None
    columns: Mapping[str, object] = field(default_factory=dict)


Read = Callable[[], Iterable[Row]]
"""Starts reading all rows by rising index; called a second time only to say what is wrong."""


def rows_of(source: EntrySource) -> Read:
    """The rows of a source that keeps its entries by index."""

    def read() -> Iterator[Row]:
        size = source.size()
        pairs = zip(source.raw(0, size), source.leaf_hashes(0, size), strict=False)
        for index, (raw, leaf) in enumerate(pairs):
            yield Row(index, raw, leaf)

    return read
