"""The static form of a log: its checkpoint, hash tiles and entry bundles as plain files, after C2SP tlog-tiles.

Source: https://c2sp.org/tlog-tiles. A full tile holds 256 hashes, a full bundle 256 entries; the right edge is made of
partial ones. Everything here is for exactly the size of one checkpoint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ledger.checkpoint import Checkpoint, read_checkpoint
from ledger.errors import IntegrityError, Kind, Refused, StoreFault
from ledger.merkle import HASH_SIZE, RightEdge, leaf_hash, root
from ledger.source import EntrySource, Row

WIDTH = 256
CHECKPOINT = "checkpoint"
MAX_ENTRY_BYTES = 0xFFFF
MAX_FILE_BYTES = WIDTH * (MAX_ENTRY_BYTES + 2)

Reader = Callable[[str], bytes | None]
"""Gives the content of a file of the static form by its path; None if there is no such file."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Path of a hash tile, for instance `tile/0/x001/x234/067.p/8`."""
    return _path(str(level), index, width)


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Path of an entry bundle, for instance `tile/entries/x001/x234/067`."""
    return _path("entries", index, width)


def _path(kind: str, index: int, width: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{kind}/{'/'.join(groups)}{partial}"


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Each entry after its length in two bytes, big-endian; raises Refused for one of more than 65,535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise Refused(f"an entry has {len(entry)} bytes, at most {MAX_ENTRY_BYTES} fit into a bundle")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(raw: bytes) -> tuple[list[bytes], bytes]:
    """The entries `encode_bundle` wrote, and what is left over if the bytes end inside an entry."""
    entries: list[bytes] = []
    place = 0
    while place < len(raw):
        end = place + 2 + int.from_bytes(raw[place : place + 2], "big")
        if place + 2 > len(raw) or end > len(raw):
            return entries, raw[place:]
        entries.append(raw[place + 2 : end])
        place = end
    return entries, b""


def _slices(size: int) -> Iterator[tuple[int, int]]:
    """Number and width of each tile over `size` items."""
    for index in range((size + WIDTH - 1) // WIDTH):
        yield index, min(WIDTH, size - index * WIDTH)


@dataclass(frozen=True, slots=True)
class Tile:
    """A hash tile: its level, its number within the level, and its 1 to 256 hashes one after the other."""

    level: int
    index: int
    content: bytes

    @property
    def path(self) -> str:
        """Where it lies in the static form."""
        return tile_path(self.level, self.index, len(self.content) // HASH_SIZE)

    def first_leaf(self, offset: int) -> int:
        """Index of the first entry under the hash at `offset`."""
        return int((self.index * WIDTH + offset) * WIDTH**self.level)


class _Tiler:
    """Makes hash tiles of all levels as leaf hashes arrive."""

    def __init__(self) -> None:
        self._open: list[list[bytes]] = []
        self._full: list[int] = []

    def add(self, node: bytes, level: int = 0) -> Iterator[Tile]:
        """Take the next hash of a level; gives the tiles that became full by it."""
        if level == len(self._open):
            self._open.append([])
            self._full.append(0)
        nodes = self._open[level]
        nodes.append(node)
        if len(nodes) == WIDTH:
            yield Tile(level, self._full[level], b"".join(nodes))
            above = root(nodes)
            self._full[level] += 1
            nodes.clear()
            yield from self.add(above, level + 1)

    def rest(self) -> Iterator[Tile]:
        """The partial tiles of the right edge."""
        for level, nodes in enumerate(self._open):
            if nodes:
                yield Tile(level, self._full[level], b"".join(nodes))


def hash_tiles(leaves: Iterable[bytes]) -> Iterator[Tile]:
    """Every hash tile of the tree over these leaf hashes."""
    tiler = _Tiler()
    for leaf in leaves:
        yield from tiler.add(leaf)
    yield from tiler.rest()


def static_paths(size: int) -> Iterator[str]:
    """The path of every bundle and tile of a log of `size` entries."""
    yield from (bundle_path(index, width) for index, width in _slices(size))
    level = 0
    while size:
        yield from (tile_path(level, index, width) for index, width in _slices(size))
        level, size = level + 1, size // WIDTH


def static_files(source: EntrySource, checkpoint: Checkpoint) -> Iterator[tuple[str, bytes]]:
    """Path and content of every bundle and tile of the first `checkpoint.size` entries.

    Raises Refused if the source has fewer entries, IntegrityError (ALTERED) at the end if they do not have the
    checkpoint's root.
    """
    size = checkpoint.size
    if source.size() < size:
        raise Refused(f"the checkpoint covers {size} entries, here are {source.size()}", "verify the log first")
    tiler, edge = _Tiler(), RightEdge()
    entries = source.raw(0, size)
    for index, width in _slices(size):
        bundle = list(islice(entries, width))
        leaves = [leaf_hash(entry) for entry in bundle]
        edge = edge.extend(leaves)
        yield bundle_path(index, width), encode_bundle(bundle)
        for tile in chain.from_iterable(map(tiler.add, leaves)):
            yield tile.path, tile.content
    for tile in tiler.rest():
        yield tile.path, tile.content
    if edge.root() != checkpoint.root or edge.size != size:
        message = f"the entries do not have the root the checkpoint of size {size} signs"
        raise IntegrityError(Kind.ALTERED, message, hint="verify the log: it names the first index that is wrong")


def export_static(directory: Path, source: EntrySource, note: bytes) -> Checkpoint:
    """Write the static form for exactly the size of `note`, its checkpoint last and by rename, and return that.

    The directory is new, empty, or an earlier export of the same log (then only what is new is written). Raises
    Refused for any other directory, IntegrityError as `static_files` does, StoreFault if the disk refuses.
    """
    checkpoint = read_checkpoint(note)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _check_directory(directory, source, checkpoint)
        for path, content in static_files(source, checkpoint):
            _write(directory / path, content)
        _write(directory / CHECKPOINT, note, replace=True)
    except OSError as error:
        raise StoreFault(
            f"could not write the export to {directory}: {error.strerror}", "check space and rights"
        ) from error
    return checkpoint


def _check_directory(directory: Path, source: EntrySource, checkpoint: Checkpoint) -> None:
    if not any(directory.iterdir()):
        return
    hint = "export into a new directory"
    try:
        earlier = read_checkpoint((directory / CHECKPOINT).read_bytes())
    except (FileNotFoundError, Refused) as error:
        raise Refused(f"{directory} is not empty and holds no finished export", hint) from error
    if earlier.origin != checkpoint.origin or earlier.size > checkpoint.size:
        raise Refused(f"{directory} holds an export of another log, or a later one", hint)
    if root(source.leaf_hashes(0, earlier.size)) != earlier.root:
        raise Refused(f"{directory} holds an export of another history of this log", "verify both before anything else")


def _write(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Put the file there durably, by rename; one that is there already must have the same content."""
    if not replace and path.exists():
        if path.read_bytes() != content:
            raise Refused(f"{path} holds something else than this log", "export into a new directory")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def directory_reader(directory: Path) -> Reader:
    """Reads the static form from a directory; files larger than any of its files can be are cut."""

    def read(path: str) -> bytes | None:
        try:
            with (directory / path).open("rb") as file:
                return file.read(MAX_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreFault(f"{directory / path} cannot be read: {error.strerror}", "check the export") from error

    return read


@dataclass(frozen=True, slots=True)
class StaticLog:
    """A log in its static form, unverified; `note` is its own checkpoint and says how many entries there should be."""

    reader: Reader
    note: bytes
    expected: int

    @classmethod
    def open(cls, reader: Reader) -> StaticLog:
        """The log whose files `reader` reads; raises Refused if there is no checkpoint.

        A checkpoint that is damaged is not refused here: verification calls it untrusted.
        """
        note = reader(CHECKPOINT)
        if note is None:
            raise Refused("there is no checkpoint here, so this is no finished export", "export the log again")
        try:
            expected = read_checkpoint(note).size
        except Refused:
            expected = 0
        return cls(reader, note, expected)

    def rows(self) -> Iterator[Row]:
        """The entries that are there, with the hashes of the lowest tiles kept beside them."""
        for index, width in _slices(self.expected):
            content = self.reader(bundle_path(index, width)) or b""
            tile = self.reader(tile_path(0, index, width)) or b""
            leaves = [_hash_at(tile, offset) for offset in range(width)]
            for offset, entry in enumerate(_mended(*decode_bundle(content), leaves)):
                leaf = leaves[offset] if offset < width else b""
                yield Row(index * WIDTH + offset, entry, leaf or None)

    def check_hash_tiles(self) -> None:
        """Hold every hash tile against the entries; raises IntegrityError: MISSING or ALTERED with its first leaf."""
        for tile in hash_tiles(leaf_hash(row.raw) for row in self.rows()):
            found = self.reader(tile.path)
            if found != tile.content:
                kind = Kind.MISSING if found is None else Kind.ALTERED
                offsets = range(len(tile.content) // HASH_SIZE)
                wrong = next(
                    (n for n in offsets if _hash_at(found or b"", n) != _hash_at(tile.content, n)), offsets[-1]
                )
                message = f"the hash tile {tile.path} is not what the entries give"
                raise IntegrityError(kind, message, tile.first_leaf(wrong))


def _hash_at(tile: bytes, offset: int) -> bytes:
    return tile[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]


def _mended(entries: list[bytes], rest: bytes, leaves: list[bytes]) -> list[bytes]:
    """The entries of a bundle; one whose lengths were changed has as many as it should, so that none looks cut off."""
    if not rest:
        return entries
    strange = any(leaf_hash(entry) != leaf for entry, leaf in zip(entries, leaves, strict=False))
    if strange or _holds_object(rest[2:]):
        entries = [*entries, rest][: len(leaves)]
        return entries + [b""] * (len(leaves) - len(entries))
    return entries


def _holds_object(raw: bytes) -> bool:
    """Whether a whole JSON object stands at the beginning: then it was not cut, its length was changed."""
    try:
        json.JSONDecoder().raw_decode(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True
