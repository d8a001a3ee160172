"""Sorting more fixed-width byte strings than memory should hold: sorted runs in a temporary file, then a merge."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from ledger.errors import StoreFault

RUN = 1 << 16
_BLOCK = 1 << 7


class Spill:
    """Collects byte strings of `width` bytes, then gives them in order. Use it as a context manager.

    At most `run` strings are held in memory; up to that many, nothing is written to disk. Raises StoreFault if the
    disk for temporary files refuses.
    """

    def __init__(self, width: int, run: int = RUN) -> None:
        self._width = width
        self._run = run
        self._held: list[bytes] = []
        self._runs: list[tuple[int, int]] = []
        self._written = 0
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, item: bytes) -> None:
        """Take one more string of the agreed width."""
        self._held.append(item)
        if len(self._held) >= self._run:
            self._write()

    def _write(self) -> None:
        self._held.sort()
        block = memoryview(b"".join(self._held))
        start = self._written
        try:
            while block:
                done = os.pwrite(self._file.fileno(), block, self._written)
                block, self._written = block[done:], self._written + done
        except OSError as error:
            raise StoreFault("there is no room to sort in", "free space where temporary files go") from error
        self._runs.append((start, self._written))
        self._held = []

    def __iter__(self) -> Iterator[bytes]:
        self._held.sort()
        return heapq.merge(self._held, *(self._read(start, end) for start, end in self._runs))

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        step = _BLOCK * self._width
        for place in range(start, end, step):
            block = os.pread(self._file.fileno(), min(step, end - place), place)
            for at in range(0, len(block), self._width):
                yield block[at : at + self._width]
